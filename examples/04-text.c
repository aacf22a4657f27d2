/* SPDX-License-Identifier: Apache-2.0 */
/* A text function alone, without any host: Calico's custom-resources.yaml on standard input, with the pod network written in, and every other
 * byte as it was.
 *
 *     04-text 172.16.0.0/16 192.168.1.0/24 <custom-resources.yaml
 */
#include <stdio.h>
#include <stdlib.h>

#include <libkb.h>

#define INPUT_MAX ((size_t)8 << 20)

static int
fail(kb_ctx *kb)
{
	kb_err *err = kb_error(kb);

	fprintf(stderr, "%s\n", kb_err_cause(err));
	kb_err_free(err);
	kb_free(kb);
	return 1;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: 04-text POD-CIDR NODE-CIDR <custom-resources.yaml\n", stderr);
		return 2;
	}
	kb_ctx *kb = kb_new();
	int overlaps = kb_cidr_overlaps(kb, argv[1], argv[2]);
	if (overlaps < 0)
		return fail(kb);
	if (overlaps) {
		fprintf(stderr, "%s overlaps %s\n", argv[1], argv[2]);
		kb_free(kb);
		return 1;
	}
	char *text = malloc(INPUT_MAX);
	size_t size_bytes = text ? fread(text, 1, INPUT_MAX, stdin) : 0;
	kb_bytes *rewritten = kb_calico_set_pod_cidr(kb, text, size_bytes, argv[1]);
	free(text);
	if (!rewritten)
		return fail(kb);
	fwrite(kb_bytes_data(rewritten), 1, kb_bytes_size(rewritten), stdout);
	kb_bytes_free(rewritten);
	kb_free(kb);
	return 0;
}

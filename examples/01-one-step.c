/* SPDX-License-Identifier: Apache-2.0 */
/* One step on one host: swap off, now and at every boot.
 *
 *     01-one-step ssh://vagrant@192.168.1.2           shows what would change
 *     01-one-step ssh://vagrant@192.168.1.2 apply     and makes it so
 */
#include <stdio.h>
#include <string.h>

#include <libkb.h>

static int
show(const kb_result *result, const char *change)
{
	kb_err *err = kb_result_error(result);

	printf("swap.off: %s%s\n%s", kb_verdict_name(kb_result_verdict(result)), kb_result_is_changed(result) ? change : "",
		kb_result_diff(result));
	if (err)
		fprintf(stderr, "%s (%s)\n", kb_err_cause(err), kb_err_name(kb_err_code(err)));
	kb_err_free(err);
	return kb_result_status(result) == KB_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: 01-one-step URI [apply]\n", stderr);
		return 2;
	}
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "the-host", argv[1]);
	kb_step *step = kb_step_new(kb, "swap.off");

	/* A step that fails on the host is a result too; NULL is only what could not be started. */
	int is_apply = argc > 2 && strcmp(argv[2], "apply") == 0;
	kb_result *result = is_apply ? kb_run(host, step, 60000) : kb_check(host, step, 60000);
	int code = 1;
	if (result) {
		code = show(result, is_apply ? ", changed" : ", would change");
	} else {
		kb_err *err = kb_error(kb);
		fprintf(stderr, "%s\n", kb_err_cause(err));
		kb_err_free(err);
	}
	kb_result_free(result);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	return code;
}

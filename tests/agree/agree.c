/* SPDX-License-Identifier: Apache-2.0 */
/* agree TABLE FOLDER [whole]: calls what each case of the table says, and prints one result a line, spelt as the table spells it:
 *
 *     ok, a number, =BYTES, sha256:HEX (of more than 240 bytes, unless "whole"), KB_EINVAL or another code's name
 *
 * A case that C has no words for prints "-": a number that is no int, a NUL in a string that may be NULL. A NUL in any other string
 * reaches libkb as NULL, which it refuses.
 */
#include "agree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>
#include <openssl/sha.h>

static size_t shown_max = 240;

struct result {
	enum { STATUS, NUMBER, BYTES } kind;
	int64_t number;			/* or the code */
	kb_bytes *bytes;
	const char *text;		/* instead of bytes */
};

#define S(i) text(&a[i])
#define D(i) a[i].data, a[i].size
#define I(i) ((int)strtol(a[i].data, NULL, 10))
#define CALL(NAME) static struct result NAME(kb_ctx *kb, const struct field *a)
#define BYTES_OF(NAME, ...) CALL(NAME) { return (struct result){BYTES, 0, kb_##NAME(kb, __VA_ARGS__), NULL}; }
#define NUMBER_OF(NAME, ...) CALL(NAME) { return (struct result){NUMBER, kb_##NAME(kb, __VA_ARGS__), NULL, NULL}; }
#define STATUS_OF(NAME, ...) CALL(NAME) { return (struct result){STATUS, kb_##NAME(kb, __VA_ARGS__), NULL, NULL}; }

static const char *
text(const struct field *field)
{
	return field->data && strlen(field->data) == field->size ? field->data : NULL;
}

STATUS_OF(cidr_check, S(0))
NUMBER_OF(cidr_contains, S(0), S(1))
NUMBER_OF(cidr_overlaps, S(0), S(1))
NUMBER_OF(cidr_block_count, S(0), I(1))
BYTES_OF(cidr_suggest, I(0), S(1))
BYTES_OF(calico_pod_cidr, D(0))
BYTES_OF(calico_set_pod_cidr, D(0), S(1))
BYTES_OF(calico_set_block_size, D(0), I(1))
BYTES_OF(calico_set_encapsulation, D(0), S(1))
BYTES_OF(kubeadm_config, S(0), S(1))
BYTES_OF(kubeadm_merge, D(0), S(1))
STATUS_OF(token_check, S(0))
BYTES_OF(ca_hash, D(0))
BYTES_OF(join_parse, S(0))
BYTES_OF(join_print, S(0), S(1), S(2), S(3))
BYTES_OF(fstab_swap_off, D(0))
BYTES_OF(fstab_swap_on, D(0))
BYTES_OF(hosts_block, D(0), S(1))
BYTES_OF(apt_source, S(0), S(1), S(2), S(3))
BYTES_OF(toml_set, D(0), S(1), S(2), S(3))
BYTES_OF(diff, S(0), D(1), D(2))

CALL(apt_flavour)
{
	return (struct result){BYTES, 0, NULL, kb_apt_flavour(kb, S(0))};
}

/* Random, so it is judged by the library's other half and shown by its form. */
CALL(token_make)
{
	kb_bytes *token = kb_token_make(kb);
	kb_status status = kb_token_check(kb, kb_bytes_data(token));

	(void)a;
	kb_bytes_free(token);
	return (struct result){STATUS, status, NULL, NULL};
}

/* the arguments: d data, s string, o string or NULL, i int */
static const struct {
	const char *name, *kinds;
	struct result (*call)(kb_ctx *kb, const struct field *args);
} functions[] = {
	{"cidr_check", "s", cidr_check}, {"cidr_contains", "ss", cidr_contains}, {"cidr_overlaps", "ss", cidr_overlaps},
	{"cidr_block_count", "si", cidr_block_count}, {"cidr_suggest", "io", cidr_suggest},
	{"calico_pod_cidr", "d", calico_pod_cidr}, {"calico_set_pod_cidr", "ds", calico_set_pod_cidr},
	{"calico_set_block_size", "di", calico_set_block_size}, {"calico_set_encapsulation", "ds", calico_set_encapsulation},
	{"kubeadm_config", "ss", kubeadm_config}, {"kubeadm_merge", "ds", kubeadm_merge},
	{"token_make", "", token_make}, {"token_check", "s", token_check}, {"ca_hash", "d", ca_hash},
	{"join_parse", "s", join_parse}, {"join_print", "ssso", join_print},
	{"fstab_swap_off", "d", fstab_swap_off}, {"fstab_swap_on", "d", fstab_swap_on}, {"hosts_block", "ds", hosts_block},
	{"apt_source", "soos", apt_source}, {"apt_flavour", "s", apt_flavour}, {"toml_set", "dsss", toml_set}, {"diff", "sdd", diff},
};

static int
can_be_said(char kind, const struct field *arg)
{
	if (kind == 'o')
		return !arg->data || text(arg);
	if (kind != 'i')
		return 1;
	errno = 0;
	long long number = strtoll(arg->data, NULL, 10);
	return !errno && number >= INT_MIN && number <= INT_MAX;
}

static void
show_byte(unsigned char c)
{
	static const char values[] = "\t\n\r\\", names[] = "tnr\\";
	const char *named = c ? strchr(values, c) : NULL;

	if (named)
		printf("\\%c", names[named - values]);
	else
		printf(c < ' ' || c > '~' ? "\\x%02x" : "%c", c);
}

static void
show_bytes(const unsigned char *data, size_t size)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];

	if (size > shown_max) {
		SHA256(data, size, sum);
		fputs("sha256:", stdout);
		for (size_t i = 0; i < sizeof(sum); i++)
			printf("%02x", sum[i]);
		return;
	}
	putchar('=');
	for (size_t i = 0; i < size; i++)
		show_byte(data[i]);
}

static void
show(kb_ctx *kb, const struct result *result)
{
	const char *data = result->kind == BYTES && !result->text ? kb_bytes_data(result->bytes) : result->text;
	kb_err *err = kb_error(kb);

	if (result->kind == BYTES && data)
		show_bytes((const unsigned char *)data, result->text ? strlen(data) : kb_bytes_size(result->bytes));
	else if (result->kind == BYTES || result->number < 0)
		fputs(kb_err_name(kb_err_code(err)), stdout);
	else if (result->kind == NUMBER)
		printf("%lld", (long long)result->number);
	else
		fputs("ok", stdout);
	putchar('\n');
	kb_err_free(err);
}

static int
run(kb_ctx *kb, const struct kase *kase)
{
	for (size_t f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
		if (strcmp(functions[f].name, kase->function) != 0 || strlen(functions[f].kinds) != kase->count)
			continue;
		for (size_t i = 0; i < kase->count; i++) {
			if (!can_be_said(functions[f].kinds[i], &kase->args[i]))
				return puts("-") == EOF;
		}
		struct result result = functions[f].call(kb, kase->args);
		show(kb, &result);
		kb_bytes_free(result.bytes);
		return 0;
	}
	fprintf(stderr, "agree: %s with %zu arguments: not known\n", kase->function, kase->count);
	return 1;
}

int
main(int argc, char **argv)
{
	FILE *table = argc >= 3 ? fopen(argv[1], "r") : NULL;
	kb_ctx *kb = kb_new();
	char *line = NULL;
	size_t room = 0;
	int failed = !table || !kb;
	struct kase kase;

	if (argc == 4 && strcmp(argv[3], "whole") == 0)
		shown_max = SIZE_MAX;
	while (!failed && getline(&line, &room, table) > 0) {
		if (agree_read(&kase, line, argv[2]))
			failed = run(kb, &kase);
		agree_forget(&kase);
	}
	free(line);
	if (table)
		fclose(table);
	kb_free(kb);
	return failed ? 2 : 0;
}

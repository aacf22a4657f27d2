/* SPDX-License-Identifier: Apache-2.0 */
/* An embedder of the pure functions, as it was built long ago. The version that it was built with is its argument. */
#include <libkb.h>

#include <stdio.h>
#include <string.h>

#define CHECK(claim)                                                               \
	do {                                                                       \
		if (!(claim)) {                                                    \
			fprintf(stderr, "line %d: not so: %s\n", __LINE__, #claim); \
			return 1;                                                  \
		}                                                                  \
	} while (0)

static const char fstab[] = "UUID=1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n";

int
main(int argc, char **argv)
{
	kb_ctx *kb = kb_new();
	kb_bytes *off, *on;
	kb_err *err;

	CHECK(argc == 2 && strncmp(KB_VERSION, argv[1], strlen(argv[1])) == 0);
	CHECK(kb && kb_version()[0]);
	CHECK(kb_cidr_contains(kb, "192.168.1.0/24", "192.168.1.2") == 1);
	CHECK(kb_cidr_block_count(kb, "172.16.0.0/16", 26) == 1024);
	CHECK(kb_cidr_check(kb, "172.16.5.0/16") == KB_EINVAL);
	err = kb_error(kb);
	CHECK(kb_err_code(err) == KB_EINVAL && strcmp(kb_err_fix(err), "172.16.0.0/16") == 0);
	CHECK(strcmp(kb_err_name(KB_EINVAL), "KB_EINVAL") == 0);
	kb_err_free(err);
	off = kb_fstab_swap_off(kb, fstab, strlen(fstab));
	CHECK(off && strstr(kb_bytes_data(off), "#kb# /swapfile"));
	on = kb_fstab_swap_on(kb, kb_bytes_data(off), kb_bytes_size(off));
	CHECK(on && strcmp(kb_bytes_data(on), fstab) == 0);
	kb_bytes_free(off);
	kb_bytes_free(on);
	kb_free(kb);
	return 0;
}

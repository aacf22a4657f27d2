/* SPDX-License-Identifier: Apache-2.0 */
/* The public faces of the text functions: enter the context, call, leave. What they do is in the file of their noun. */
#include <kb/text.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/map.h"
#include "text/apt.h"
#include "text/bound.h"
#include "text/ca.h"
#include "text/calico.h"
#include "text/cidr.h"
#include "text/diff.h"
#include "text/fstab.h"
#include "text/hosts.h"
#include "text/join.h"
#include "text/kubeadm.h"
#include "text/token.h"
#include "text/toml.h"

/* What comes out may be larger than what went in, by escapes and marks. */
#define OUT_TEXT (8 * KBI_SIZE_TEXT)
#define OUT_MANIFEST (2 * KBI_SIZE_MANIFEST)

/* Ends a call that gives bytes. */
static kb_bytes *
give(kb_ctx *kb, struct kbi_buf *out, kb_status status)
{
	kb_bytes *bytes = status ? NULL : kbi_buf_take_bytes(out);

	if (!status && !bytes)
		kbi_fail_memory(&kb->error);
	kbi_buf_free(out);
	kbi_leave(kb);
	return bytes;
}

/* Ends a call that gives a number: a status when it failed. */
static int64_t
answer(kb_ctx *kb, kb_status status, int64_t value)
{
	kbi_leave(kb);
	return status ? status : value;
}

kb_status
kb_cidr_check(kb_ctx *kb, const char *cidr)
{
	struct kbi_cidr parsed;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	return (kb_status)answer(kb, kbi_cidr_parse(&parsed, cidr, &kb->error), KB_OK);
}

int
kb_cidr_contains(kb_ctx *kb, const char *cidr, const char *address)
{
	struct kbi_cidr outer, inner;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&outer, cidr, &kb->error);
	if (!status)
		status = kbi_cidr_parse_any(&inner, address, &kb->error);
	return (int)answer(kb, status, !status && kbi_cidr_in(&inner, &outer));
}

int
kb_cidr_overlaps(kb_ctx *kb, const char *a, const char *b)
{
	struct kbi_cidr one, two;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&one, a, &kb->error);
	if (!status)
		status = kbi_cidr_parse(&two, b, &kb->error);
	return (int)answer(kb, status, !status && kbi_cidr_overlaps(&one, &two));
}

int64_t
kb_cidr_block_count(kb_ctx *kb, const char *cidr, int block_size)
{
	struct kbi_cidr parsed;
	int64_t count = 0;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&parsed, cidr, &kb->error);
	if (!status)
		status = kbi_cidr_block_count(&parsed, block_size, &count, &kb->error);
	return answer(kb, status, count);
}

kb_bytes *
kb_cidr_suggest(kb_ctx *kb, int prefix_length, const char *taken)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_cidr_suggest(prefix_length, taken, &out, &kb->error));
}

kb_bytes *
kb_calico_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_calico_pod_cidr(data, size_bytes, &out, &kb->error));
}

kb_bytes *
kb_calico_set_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes, const char *cidr)
{
	struct kbi_buf out = KBI_BUF(OUT_MANIFEST);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_calico_set_pod_cidr(data, size_bytes, cidr, &out, &kb->error));
}

kb_bytes *
kb_calico_set_block_size(kb_ctx *kb, const void *data, size_t size_bytes, int block_size)
{
	struct kbi_buf out = KBI_BUF(OUT_MANIFEST);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_calico_set_block_size(data, size_bytes, block_size, &out, &kb->error));
}

kb_bytes *
kb_calico_set_encapsulation(kb_ctx *kb, const void *data, size_t size_bytes, const char *encapsulation)
{
	struct kbi_buf out = KBI_BUF(OUT_MANIFEST);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_calico_set_encapsulation(data, size_bytes, encapsulation, &out, &kb->error));
}

kb_bytes *
kb_kubeadm_config(kb_ctx *kb, const char *kind, const char *options)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);
	struct kbi_map map = {0};

	if (kbi_enter(kb))
		return NULL;
	out.secret = true;	/* of text nobody has said what in it is one */
	kb_status status = kbi_kubeadm_options(options, &map, &kb->error);
	if (!status)
		status = kbi_kubeadm_config(kind, &map, &out, &kb->error);
	kbi_map_free(&map);
	return give(kb, &out, status);
}

kb_bytes *
kb_kubeadm_merge(kb_ctx *kb, const void *data, size_t size_bytes, const char *documents)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	out.secret = true;
	return give(kb, &out, kbi_kubeadm_merge(data, size_bytes, documents, &out, &kb->error));
}

kb_bytes *
kb_token_make(kb_ctx *kb)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_token_make(&out, &kb->error));
}

kb_status
kb_token_check(kb_ctx *kb, const char *token)
{
	kb_status status = kbi_enter(kb);

	return status ? status : (kb_status)answer(kb, kbi_token_check(token, &kb->error), KB_OK);
}

kb_bytes *
kb_ca_hash(kb_ctx *kb, const void *data, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_ca_hash(data, size_bytes, &out, &kb->error));
}

kb_bytes *
kb_join_parse(kb_ctx *kb, const char *command)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_join_parse(command, &out, &kb->error));
}

kb_bytes *
kb_join_print(kb_ctx *kb, const char *endpoint, const char *token, const char *ca_cert_hash,
	const char *certificate_key)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_join_print(endpoint, token, ca_cert_hash, certificate_key, &out, &kb->error));
}

kb_bytes *
kb_fstab_swap_off(kb_ctx *kb, const void *data, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_fstab_swap_off(data, size_bytes, &out, &kb->error));
}

kb_bytes *
kb_fstab_swap_on(kb_ctx *kb, const void *data, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_fstab_swap_on(data, size_bytes, &out, &kb->error));
}

kb_bytes *
kb_hosts_block(kb_ctx *kb, const void *data, size_t size_bytes, const char *entries)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_hosts_block(data, size_bytes, entries, &out, &kb->error));
}

kb_bytes *
kb_apt_source(kb_ctx *kb, const char *flavour, const char *url, const char *version, const char *keyring)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_apt_source(flavour, url, version, keyring, &out, &kb->error));
}

const char *
kb_apt_flavour(kb_ctx *kb, const char *version)
{
	if (kbi_enter(kb))
		return NULL;
	const char *flavour = kbi_apt_flavour(version, &kb->error);
	kbi_leave(kb);
	return flavour;
}

kb_bytes *
kb_toml_set(kb_ctx *kb, const void *data, size_t size_bytes, const char *table, const char *key,
	const char *value)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_toml_set(data, size_bytes, table, key, value, &out, &kb->error));
}

kb_bytes *
kb_diff(kb_ctx *kb, const char *name, const void *before, size_t before_bytes, const void *after,
	size_t after_bytes)
{
	struct kbi_buf out = KBI_BUF(OUT_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_diff(name, before, before_bytes, after, after_bytes, &out, &kb->error));
}

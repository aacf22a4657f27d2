/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file text.h
 * Pure functions: text and values in, text and values out. They touch no file, no descriptor, no clock and no environment (kb_token_make()
 * asks the kernel for random bytes), so they can be used alone.
 *
 * Input is bounded: more than 1 MiB (8 MiB for Calico's manifests) is KB_ETOOBIG, and nesting deeper than 64 is KB_EINVAL. Text is UTF-8.
 * What is returned as kb_bytes is owned by the caller. The context only receives the error.
 */
#ifndef KB_TEXT_H
#define KB_TEXT_H

#include <kb/common.h>

KB_BEGIN_DECLS

KB_API kb_status kb_cidr_check(kb_ctx *kb, const char *cidr);
KB_API int kb_cidr_contains(kb_ctx *kb, const char *cidr, const char *address);
KB_API int kb_cidr_overlaps(kb_ctx *kb, const char *a, const char *b);
KB_API int64_t kb_cidr_block_count(kb_ctx *kb, const char *cidr, int block_size);
KB_API kb_bytes *kb_cidr_suggest(kb_ctx *kb, int prefix_length, const char *taken);

KB_API kb_bytes *kb_calico_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes);
KB_API kb_bytes *kb_calico_set_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes, const char *cidr);
KB_API kb_bytes *kb_calico_set_block_size(kb_ctx *kb, const void *data, size_t size_bytes, int block_size);
KB_API kb_bytes *kb_calico_set_encapsulation(kb_ctx *kb, const void *data, size_t size_bytes, const char *encapsulation);

KB_API kb_bytes *kb_kubeadm_config(kb_ctx *kb, const char *kind, const char *options);
KB_API kb_bytes *kb_kubeadm_merge(kb_ctx *kb, const void *data, size_t size_bytes, const char *documents);

KB_API kb_bytes *kb_token_make(kb_ctx *kb);
KB_API kb_status kb_token_check(kb_ctx *kb, const char *token);
KB_API kb_bytes *kb_ca_hash(kb_ctx *kb, const void *data, size_t size_bytes);
KB_API kb_bytes *kb_join_parse(kb_ctx *kb, const char *command);
KB_API kb_bytes *kb_join_print(kb_ctx *kb, const char *endpoint, const char *token, const char *ca_cert_hash, const char *certificate_key);

KB_API kb_bytes *kb_fstab_swap_off(kb_ctx *kb, const void *data, size_t size_bytes);
KB_API kb_bytes *kb_fstab_swap_on(kb_ctx *kb, const void *data, size_t size_bytes);
KB_API kb_bytes *kb_hosts_block(kb_ctx *kb, const void *data, size_t size_bytes, const char *entries);
KB_API kb_bytes *kb_apt_source(kb_ctx *kb, const char *flavour, const char *url, const char *version, const char *keyring);
KB_API const char *kb_apt_flavour(kb_ctx *kb, const char *version);
KB_API kb_bytes *kb_toml_set(kb_ctx *kb, const void *data, size_t size_bytes, const char *table, const char *key, const char *value);
KB_API kb_bytes *kb_diff(kb_ctx *kb, const char *name, const void *before, size_t before_bytes, const void *after, size_t after_bytes);

KB_END_DECLS

#endif

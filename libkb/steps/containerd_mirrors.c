/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/containerd_mirrors.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/containerd_config.h"

kb_status
kbi_containerd_check_mirror(const char *text, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_";
	size_t host_bytes = strspn(text, allowed);
	const char *url = text + host_bytes + 1;

	if (!host_bytes || text[host_bytes] != '=' || *text == '.' || strpbrk(text, " \t\n\"\\") ||
	    (!kbi_str_starts(url, "https://") && !kbi_str_starts(url, "http://")))
		return kbi_fail(err, KB_EINVAL, "containerd.install: registry-mirrors: not REGISTRY=URL: %s", text);
	return KB_OK;
}

static bool
is_same_registry(const char *a, const char *b)
{
	size_t bytes = strcspn(a, "=");

	return strcspn(b, "=") == bytes && strncmp(a, b, bytes) == 0;
}

static bool
is_first_of_registry(const struct kbi_map *args, const struct kbi_entry *mirror)
{
	const struct kbi_entry *e = NULL;

	while ((e = kbi_map_next(args, "registry-mirrors", e)) && e != mirror)
		if (is_same_registry(e->value, mirror->value))
			return false;
	return true;
}

static void
make_hosts(struct kbi_buf *out, const struct kbi_map *args, const struct kbi_entry *first)
{
	size_t host_bytes = strcspn(first->value, "=");
	bool is_hub = strncmp(first->value, "docker.io=", 10) == 0, is_any = strncmp(first->value, "_default=", 9) == 0;

	kbi_buf_add(out, "# written by libkb\n");
	if (!is_any)	/* where to go when no mirror has it */
		kbi_buf_add_format(out, "server = \"https://%.*s\"\n", is_hub ? 20 : (int)host_bytes, is_hub ? "registry-1.docker.io" : first->value);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "registry-mirrors", e));)
		if (is_same_registry(e->value, first->value))
			kbi_buf_add_format(out, "\n[host.\"%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", e->value + host_bytes + 1);
}

static void
judge_mirror(struct kbi_judge *j, const struct kbi_entry *first, struct kbi_buf *lines)
{
	struct kbi_buf wanted = KBI_BUF(KBI_SIZE_TEXT), fact = KBI_BUF(KBI_SIZE_TEXT), path = KBI_BUF(KBI_SIZE_TEXT);
	size_t host_bytes = strcspn(first->value, "=");

	make_hosts(&wanted, j->args, first);
	kbi_buf_add(&fact, "hosts/");
	for (size_t i = 0; i < host_bytes; i++)
		kbi_buf_add_char(&fact, first->value[i] == ':' ? '@' : first->value[i]);
	kbi_buf_add_format(&path, KBI_CONTAINERD_CERTS "/%.*s/hosts.toml", (int)host_bytes, first->value);
	if (kbi_judge_value(j, "file", kbi_buf_text(&path), kbi_map_get(j->facts, kbi_buf_text(&fact)), kbi_buf_text(&wanted))) {
		kbi_buf_add_format(lines, "%.*s ", (int)host_bytes, first->value);
		kbi_str_base64(lines, kbi_buf_text(&wanted), wanted.size_bytes);
		kbi_buf_add_char(lines, '\n');
	}
	kbi_buf_free(&wanted);
	kbi_buf_free(&fact);
	kbi_buf_free(&path);
}

void
kbi_containerd_judge_mirrors(struct kbi_judge *j)
{
	struct kbi_buf lines = KBI_BUF(KBI_SIZE_TEXT);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, "registry-mirrors", e));)
		if (is_first_of_registry(j->args, e))
			judge_mirror(j, e, &lines);
	kbi_judge_want(j, "mirrors", kbi_buf_text(&lines));
	kbi_buf_free(&lines);
}

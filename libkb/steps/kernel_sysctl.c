/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

#define CONF "/etc/sysctl.d/99-libkb.conf"
#define UFW "/etc/ufw/"		/* its file is read when the firewall starts, after all others */

static const struct kbi_param params[] = {
	/* kubernetes.io, "Container Runtimes", Install and configure prerequisites; ip_forward is a fatal preflight check of kubeadm */
	{ "settings", "net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1",
		"kernel settings, NAME=VALUE each, now and at every boot", KBI_LIST },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@:";

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "settings", e));) {
		size_t name_bytes = strspn(e->value, allowed);
		if (!name_bytes || e->value[name_bytes] != '=' || strstr(e->value, "..") || strchr("./-", *e->value) || strchr(e->value, '\n'))
			return kbi_fail(err, KB_EINVAL, "kernel.sysctl: settings: not NAME=VALUE: %s", e->value);
	}
	return KB_OK;
}

/* Blanks between the numbers of a value are the kernel's as it likes. */
static void
add_value(struct kbi_buf *out, const char *value)
{
	const char *blank = "";

	for (; *value; value += strspn(value, " \t")) {
		size_t word_bytes = strcspn(value, " \t");
		kbi_buf_add(out, word_bytes ? blank : "");
		kbi_buf_add_bytes(out, value, word_bytes);
		blank = word_bytes ? " " : blank;
		value += word_bytes;
	}
}

/* As a path: the first separator decides what the others mean (sysctl.d(5)). */
static void
add_path(struct kbi_buf *out, const char *name, size_t name_bytes)
{
	size_t first = strcspn(name, "./");
	bool is_dotted = first < name_bytes && name[first] == '.';

	for (size_t i = 0; i < name_bytes; i++)
		kbi_buf_add_char(out, is_dotted && name[i] == '.' ? '/' : is_dotted && name[i] == '/' ? '.' : name[i]);
}

struct setting {
	struct kbi_buf path;
	struct kbi_buf value;
};

/* "  -net.ipv4.ip_forward = 0" */
static void
read_setting(struct setting *s, const char *line)
{
	size_t name_bytes;

	s->path = s->value = KBI_BUF(KBI_SIZE_TEXT);
	line += strspn(line, " \t-");
	name_bytes = strcspn(line, " \t=");
	add_path(&s->path, line, name_bytes);
	line += strcspn(line, "=");
	if (*line)
		add_value(&s->value, line + 1);
}

static void
free_setting(struct setting *s)
{
	kbi_buf_free(&s->path);
	kbi_buf_free(&s->value);
}

static const char *
base_name(const char *path, size_t path_bytes)
{
	while (path_bytes && path[path_bytes - 1] != '/')
		path_bytes--;
	return path + path_bytes;
}

static bool
is_same_text(const char *a, size_t a_bytes, const char *b)
{
	return strlen(b) == a_bytes && memcmp(a, b, a_bytes) == 0;
}

/* A file counts unless one of its name was listed before: /etc before /run before /usr. */
static bool
is_in_force(const struct kbi_judge *j, const char *path, size_t path_bytes)
{
	const char *name = base_name(path, path_bytes);
	size_t name_bytes = path_bytes - (size_t)(name - path);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "file", e));)
		if (is_same_text(name, name_bytes, base_name(e->value, strlen(e->value))))
			return is_same_text(path, path_bytes, e->value);
	return false;
}

/* Where a line of a file stands in the order of reading; what comes before ours does not matter. */
static int
order_of(const char *line, const char *best)
{
	const char *name = base_name(line, strcspn(line, " ")), *ours = base_name(CONF, strlen(CONF));

	if (kbi_str_starts(best, UFW))
		return kbi_str_starts(line, UFW) ? 0 : -1;
	if (kbi_str_starts(line, UFW))
		return 1;
	if (!best)
		return strncmp(name, ours, strcspn(name, " "));
	const char *best_name = base_name(best, strcspn(best, " "));
	size_t bytes = strcspn(name, " "), best_bytes = strcspn(best_name, " ");
	int order = strncmp(name, best_name, bytes < best_bytes ? bytes : best_bytes);
	return order ? order : (bytes > best_bytes) - (bytes < best_bytes);
}

/* What is read at boot after our file, and says something else. */
static void
note_later(struct kbi_judge *j, const char *name, const struct setting *wanted)
{
	const char *last = NULL;

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "line", e));) {
		struct setting other;
		size_t file_bytes = strcspn(e->value, " ");
		read_setting(&other, e->value + file_bytes);
		if (kbi_str_matches(kbi_buf_text(&wanted->path), kbi_buf_text(&other.path)) && is_in_force(j, e->value, file_bytes) &&
		    order_of(e->value, last) >= (last ? 0 : 1))
			last = e->value;
		free_setting(&other);
	}
	if (!last)
		return;
	struct setting other;
	size_t file_bytes = strcspn(last, " ");
	read_setting(&other, last + file_bytes);
	if (!kbi_str_is(kbi_buf_text(&other.value), kbi_buf_text(&wanted->value)))
		kbi_judge_note(j, KB_WARNING, "kernel.sysctl-undone", "%.*s is read at boot after " CONF " and sets %s to %s", (int)file_bytes, last, name,
			kbi_buf_text(&other.value));
	free_setting(&other);
}

static bool
judge_setting(struct kbi_judge *j, const char *setting)
{
	struct setting wanted, now = { .path = KBI_BUF(KBI_SIZE_TEXT), .value = KBI_BUF(KBI_SIZE_TEXT) };
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *e = NULL;

	kbi_buf_add_bytes(&name, setting, strcspn(setting, "="));
	read_setting(&wanted, setting);
	while ((e = kbi_map_next(j->facts, "value", e)) && !is_same_text(e->value, strcspn(e->value, "="), kbi_buf_text(&name)))
		continue;
	if (e)
		add_value(&now.value, e->value + name.size_bytes + 1);
	bool differs = kbi_judge_value(j, "sysctl", kbi_buf_text(&name), e ? kbi_buf_text(&now.value) : NULL, kbi_buf_text(&wanted.value));
	note_later(j, kbi_buf_text(&name), &wanted);
	free_setting(&wanted);
	free_setting(&now);
	kbi_buf_free(&name);
	return differs;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf conf = KBI_BUF(KBI_SIZE_TEXT), set = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *e = NULL;

	kbi_buf_add(&conf, "# written by libkb\n");
	while ((e = kbi_map_next(j->args, "settings", e))) {
		size_t name_bytes = strcspn(e->value, "=");
		kbi_buf_add_bytes(&conf, e->value, name_bytes);
		kbi_buf_add_format(&conf, " = %s\n", e->value[name_bytes] ? e->value + name_bytes + 1 : "");
		if (judge_setting(j, e->value))
			kbi_buf_add_format(&set, "%s\n", e->value);
	}
	kbi_judge_file(j, "conf", CONF, kbi_buf_text(&conf), "0644");
	kbi_judge_want(j, "set", kbi_buf_text(&set));
	kbi_buf_free(&conf);
	kbi_buf_free(&set);
	return KB_OK;
}

const struct kbi_step_def kbi_step_kernel_sysctl = {
	.name = "kernel.sysctl",
	.summary = "kernel settings have their values, and will after a reboot",
	.params = params,
	.script = kbi_script_kernel_sysctl,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};

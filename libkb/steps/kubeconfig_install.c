/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	{ "user", NULL, "users beside root who get it too", KBI_LIST },
	{ "replace", "no", "yes: a file that leads to another cluster is overwritten", KBI_YES_NO },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "kubeconfig", "the administrator's kubeconfig, for the controller to keep", KBI_SECRET },
	{ 0 }
};

/* The characters that useradd allows, and those that other directories have; never a dash in front. */
static bool
is_user_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@";

	return *name && *name != '-' && *name != '.' && strspn(name, allowed) == strlen(name);
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "user", e));)
		if (!is_user_name(e->value))
			return kbi_fail(err, KB_EINVAL, "kubeconfig.install: user %s: not a name that a user can have", e->value);
	return KB_OK;
}

static const char *
fact_of(const struct kbi_judge *j, const char *what, const char *user)
{
	struct kbi_buf name = KBI_BUF(300);

	kbi_buf_add_format(&name, "%s.%s", what, user);
	const char *value = kbi_judge_fact(j, kbi_buf_text(&name));
	kbi_buf_free(&name);
	return value;
}

/* The first value of a key, as the probe takes it from the other files. */
static void
value_of(struct kbi_buf *out, const char *text, const char *key)
{
	const char *end = text + strlen(text), *line;
	size_t line_bytes, key_bytes = strlen(key);

	while ((text = kbi_str_line(text, end, &line, &line_bytes))) {
		size_t blanks = 0;
		while (blanks < line_bytes && line[blanks] == ' ')
			blanks++;
		if (line_bytes < blanks + key_bytes + 1 || strncmp(line + blanks, key, key_bytes) != 0 || line[blanks + key_bytes] != ':')
			continue;
		size_t at = blanks + key_bytes + 1;
		while (at < line_bytes && line[at] == ' ')
			at++;
		kbi_buf_add_bytes(out, line + at, line_bytes - at);
		return;
	}
}

static bool
is_same_value(const struct kbi_judge *j, const char *key, const char *theirs)
{
	struct kbi_buf ours = KBI_BUF(KBI_SIZE_TEXT);

	value_of(&ours, kbi_judge_fact(j, "admin"), key);
	bool is_same = kbi_str_is(kbi_buf_text(&ours), theirs);
	kbi_buf_free(&ours);
	return is_same;
}

/* It holds more than the cluster whose address or authority is this one's: somebody still needs it. */
static bool
is_of_others(const struct kbi_judge *j, const char *user)
{
	const char *clusters = fact_of(j, "clusters", user);

	if (kbi_str_is(clusters, "0") || kbi_str_is_yes(kbi_judge_arg(j, "replace")))
		return false;
	return !kbi_str_is(clusters, "1") || (!is_same_value(j, "server", fact_of(j, "server", user)) &&
		!is_same_value(j, "certificate-authority-data", fact_of(j, "ca", user)));
}

static kb_status
judge_user(struct kbi_judge *j, const char *user, const char *home, struct kbi_buf *writes)
{
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);
	bool is_there = kbi_str_is(fact_of(j, "there", user), "yes"), is_same = kbi_str_is(fact_of(j, "same", user), "yes");
	const char *mode = fact_of(j, "mode", user), *owner = fact_of(j, "owner", user);
	kb_status status = KB_OK;
	bool differs;

	kbi_buf_add_format(&path, "%s/.kube/config", home);
	if (is_there && !is_same && is_of_others(j, user)) {
		status = kbi_judge_fail(j, KB_ECONFLICT, "kubeconfig.foreign", "%s leads to another cluster (%s)", kbi_buf_text(&path),
			fact_of(j, "server", user));
		kbi_judge_fix(j, "kb_step_set(step, \"replace\", \"yes\")");
		differs = false;
	} else {
		differs = kbi_judge_value(j, "object", kbi_buf_text(&path), !is_there ? NULL : is_same ? "this cluster" : fact_of(j, "server", user),
			"this cluster");
		if (is_there) {
			differs |= kbi_judge_value(j, "mode", kbi_buf_text(&path), mode, "0600");
			differs |= kbi_judge_value(j, "owner", kbi_buf_text(&path), owner, user);
		}
	}
	if (differs)
		kbi_buf_add_format(writes, "%s %s\n", user, home);
	kbi_buf_free(&path);
	return status;
}

static kb_status
judge_users(struct kbi_judge *j, struct kbi_buf *writes)
{
	kb_status status = KB_OK;

	for (const struct kbi_entry *e = NULL; !status && (e = kbi_map_next(j->facts, "user", e));) {
		size_t user_bytes = strcspn(e->value, " ");
		char *user = kbi_str_copy_part(e->value, user_bytes);
		const char *home = e->value + user_bytes + (e->value[user_bytes] == ' ');
		if (!user)
			status = KB_ENOMEM;
		else if (*home != '/')
			status = kbi_judge_fail(j, KB_EINVAL, "kubeconfig.user-missing", "user %s: the host has none of this name", user);
		else
			status = judge_user(j, user, home, writes);
		free(user);
	}
	return status;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf writes = KBI_BUF(KBI_SIZE_TEXT);
	const char *admin = kbi_judge_fact(j, "admin");

	if (!*admin)
		return kbi_judge_say(j, KB_ABSENT, "there is no /etc/kubernetes/admin.conf yet");
	kb_status status = judge_users(j, &writes);
	if (!status) {
		kbi_judge_want(j, "users", kbi_buf_text(&writes));
		kbi_judge_want_secret(j, "config", admin);
		kbi_judge_output_secret(j, "kubeconfig", admin);
	}
	kbi_buf_free(&writes);
	return status;
}

const struct kbi_step_def kbi_step_kubeconfig_install = {
	.name = "kubeconfig.install",
	.summary = "root, and the users named, reach the cluster with kubectl",
	.params = params,
	.outputs = outputs,
	.script = kbi_script_kubeconfig_install,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};

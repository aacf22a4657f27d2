/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "steps/words.h"
#include "text/ca.h"
#include "text/cidr.h"

#define WORDS_MAX 8

static const struct kbi_param params[] = {
	{ "pod-network-cidr", NULL, "the pods' network: routes and a tunnel's address in it are taken away too", 0 },
	{ "ca-cert-hash", NULL, "the certificate authority of the cluster that was left: a ~/.kube/config of it goes", 0 },
	{ "endpoint", NULL, "its endpoint, HOST:PORT: a ~/.kube/config that leads there goes", 0 },
	{ "user", NULL, "users beside root whose ~/.kube/config is looked at", KBI_LIST },
	{ "flush-all", "no", "yes: all rules and chains of filter, nat and mangle go, whoever made them", KBI_YES_NO },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@";
	const char *pods = kbi_map_get(args, "pod-network-cidr"), *hash = kbi_map_get(args, "ca-cert-hash");
	struct kbi_cidr cidr;

	if (kbi_str_is_set(pods) && kbi_cidr_parse(&cidr, pods, err))
		return KB_EINVAL;
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "user", e));)
		if (!*e->value || strchr("-.", *e->value) || strspn(e->value, allowed) != e->size_bytes)
			return kbi_fail(err, KB_EINVAL, "net.clean: user %s: not a name that a user can have", e->value);
	return kbi_str_is_set(hash) ? kbi_ca_hash_check(hash, err) : KB_OK;
}

/* A line of facts that is none: what it would have said is not known. */
static void
judge_garbled(struct kbi_judge *j, const char *name, const char *line)
{
	kbi_judge_say(j, KB_UNKNOWN, "%s: \"%.100s\" says nothing", name, line);
}

/* "iptables-nft 12 3 40": our chains, our rules in chains of others, rules of others */
static void
judge_backend(struct kbi_judge *j, char *text)
{
	char *words[WORDS_MAX];
	size_t count = kbi_line_words(text, words, WORDS_MAX);
	bool is_flush = kbi_str_is_yes(kbi_judge_arg(j, "flush-all"));
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT), now = KBI_BUF(KBI_SIZE_TEXT);

	if (count != 4) {
		judge_garbled(j, "rules", count ? words[0] : "");
		return;
	}
	kbi_buf_add_format(&name, "%s, of the cluster", words[0]);
	kbi_buf_add_format(&now, "%s chains, %s rules in chains of others", words[1], words[2]);
	if (!kbi_str_is(words[1], "0") || !kbi_str_is(words[2], "0"))
		kbi_judge_value(j, "rule", kbi_buf_text(&name), kbi_buf_text(&now), NULL);
	kbi_buf_truncate(&name, 0);
	kbi_buf_add_format(&name, "%s, of others", words[0]);
	if (is_flush && !kbi_str_is(words[3], "0"))
		kbi_judge_value(j, "rule", kbi_buf_text(&name), words[3], NULL);
	kbi_buf_free(&name);
	kbi_buf_free(&now);
}

static kb_status
judge_rules(struct kbi_judge *j)
{
	const char *policy = kbi_map_get(j->facts, "policy");

	if (policy && !j->is_after_apply)
		return kbi_judge_fail(j, KB_ECONFLICT, "net.flush-locks-out", "flush-all: a chain's policy is DROP (%s): without its rules nothing gets through",
			policy);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "rules", e));) {
		char *text = kbi_str_copy(e->value);
		if (!text)
			return KB_ENOMEM;
		judge_backend(j, text);
		free(text);
	}
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

/* A kubeconfig with this one cluster in it and no other. */
static bool
leads_here(const struct kbi_judge *j, const char *user)
{
	const char *server = fact_of(j, "server", user), *ca = fact_of(j, "ca", user), *endpoint = kbi_judge_arg(j, "endpoint");
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);

	bool is_here = *endpoint && kbi_str_starts(server, "https://") && kbi_str_is(server + strlen("https://"), endpoint);
	if (*ca && *kbi_judge_arg(j, "ca-cert-hash") && kbi_ca_hash(ca, strlen(ca), &hash, NULL) == KB_OK)
		is_here = kbi_str_is(kbi_buf_text(&hash), kbi_judge_arg(j, "ca-cert-hash"));
	kbi_buf_free(&hash);
	return is_here && kbi_str_is(fact_of(j, "clusters", user), "1");
}

static kb_status
judge_users(struct kbi_judge *j)
{
	struct kbi_buf forget = KBI_BUF(KBI_SIZE_TEXT), path = KBI_BUF(KBI_SIZE_TEXT);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "user", e));) {
		size_t user_bytes = strcspn(e->value, " ");
		char *user = kbi_str_copy_part(e->value, user_bytes);
		if (user && leads_here(j, user)) {
			kbi_buf_truncate(&path, 0);
			kbi_buf_add_format(&path, "%s/.kube/config", e->value + user_bytes + (e->value[user_bytes] == ' '));
			kbi_judge_value(j, "object", kbi_buf_text(&path), "leads to the cluster that was left", NULL);
			kbi_buf_add_format(&forget, "%s\n", e->value);
		}
		free(user);
	}
	kbi_judge_want(j, "forget", kbi_buf_text(&forget));
	kbi_buf_free(&forget);
	kbi_buf_free(&path);
	return KB_OK;
}

static kb_status
judge_left(struct kbi_judge *j)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "left", e));) {
		size_t kind_bytes = strcspn(e->value, " ");
		if (!kind_bytes || !e->value[kind_bytes] || !e->value[kind_bytes + 1]) {
			judge_garbled(j, "left", e->value);
			continue;
		}
		char *kind = kbi_str_copy_part(e->value, kind_bytes);
		if (!kind)
			return KB_ENOMEM;
		/* files here are folders too: they are named, not shown */
		kbi_judge_value(j, kbi_str_is(kind, "file") ? "object" : kind, e->value + kind_bytes + 1, "there", NULL);
		free(kind);
	}
	return KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	if (kbi_judge_fact_is(j, "live", "yes")) {
		kbi_judge_fail(j, KB_ECONFLICT, "net.node-is-live", "the host is a node of a cluster: its network is in use, and what is taken away comes back");
		kbi_judge_fix(j, "kubeadm.reset before net.clean");
		return KB_ECONFLICT;
	}
	kb_status status = judge_rules(j);
	if (!status)
		status = judge_left(j);
	return status ? status : judge_users(j);
}

const struct kbi_step_def kbi_step_net_clean = {
	.name = "net.clean",
	.summary = "nothing of a former cluster's network is left: rules, links, routes, files, mounts",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_net_clean,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 300000,
	.check = check,
	.judge = judge,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"
#include "text/join.h"
#include "text/token.h"

#define TTL_MAX_S ((int64_t)366 * 86400)
#define ID_BYTES 6		/* of abcdef.0123456789abcdef */

static const struct kbi_param params[] = {
	{ "ttl", "30m", "its lifetime: 90s, 30m, 24h, 1h30m; 0: for ever, which is warned of", 0 },
	{ "usages", "signing authentication", "what it is for: signing (a join finds the cluster by it), authentication (the kubelet's first login)", KBI_LIST },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "token", "the bootstrap token", KBI_SECRET },
	{ "token-id", "its public part, by which token.delete knows it", 0 },
	{ "join-command", "the kubeadm join line for a worker, when the token is for both", KBI_SECRET },
	{ 0 }
};

static int64_t
unit_s(char unit)
{
	return unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 's' ? 1 : 0;
}

/* A duration as Go writes it, of whole hours, minutes and seconds; -1 when it is none. */
static int64_t
duration_s(const char *text)
{
	int64_t sum = 0;

	if (kbi_str_is(text, "0"))
		return 0;
	if (!*text)
		return -1;
	while (*text) {
		int64_t number = 0;
		size_t digits = strspn(text, "0123456789");
		if (!digits || digits > 9 || !unit_s(text[digits]))
			return -1;
		for (size_t i = 0; i < digits; i++)
			number = number * 10 + (text[i] - '0');
		sum += number * unit_s(text[digits]);
		text += digits + 1;
	}
	return sum;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *ttl = kbi_map_get_or(args, "ttl", "");
	int64_t seconds = duration_s(ttl);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "usages", e));)
		if (!kbi_str_is(e->value, "signing") && !kbi_str_is(e->value, "authentication"))
			return kbi_fail(err, KB_EINVAL, "token.create: usages: \"%s\" is not signing or authentication", e->value);

	if (seconds < 0 || seconds > TTL_MAX_S)
		return kbi_fail(err, KB_EINVAL, "token.create: ttl %s: not a lifetime such as 30m, up to a year", ttl);
	return KB_OK;
}

static kb_status
prepare(struct kbi_prepare *p)
{
	struct kbi_buf token = KBI_BUF(KBI_SIZE_TEXT);

	kb_status status = kbi_token_make(&token, p->err);
	if (!status && (kbi_map_set_secret(p->made, "token", kbi_buf_text(&token), token.size_bytes) ||
	    kbi_map_set_bytes(p->named, "token-id", kbi_buf_text(&token), ID_BYTES)))
		status = kbi_fail_memory(p->err);
	kbi_buf_free(&token);
	return status;
}

static bool
is_listed(const struct kbi_judge *j, const char *id)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
	const char *list = kbi_judge_fact(j, "tokens"), *end = list + strlen(list), *line;
	size_t line_bytes;
	bool is_there = false;

	kbi_buf_add_format(&name, "secret/bootstrap-token-%s", id);
	while (!is_there && (list = kbi_str_line(list, end, &line, &line_bytes)))
		is_there = line_bytes == name.size_bytes && memcmp(line, kbi_buf_text(&name), line_bytes) == 0;
	kbi_buf_free(&name);
	return is_there;
}

static void
give_command(struct kbi_judge *j, const char *token)
{
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT), command = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");
	const char *server = kbi_judge_fact(j, "server");

	if (ca && kbi_str_starts(server, "https://") && kbi_ca_hash(ca->value, ca->size_bytes, &hash, NULL) == KB_OK &&
	    kbi_join_print(server + strlen("https://"), token, kbi_buf_text(&hash), NULL, &command, NULL) == KB_OK)
		kbi_judge_output_secret(j, "join-command", kbi_buf_text(&command));
	kbi_buf_free(&hash);
	kbi_buf_free(&command);
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *token = kbi_map_get_or(j->made, "token", ""), *dot = strchr(token, '.');
	char id[ID_BYTES + 1] = "", lifetime[24];

	if (dot && dot - token == ID_BYTES)
		memcpy(id, token, ID_BYTES);
	if (kbi_map_has(j->facts, "tokens.status") && !kbi_judge_fact_is(j, "tokens.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer");
	if (*id && is_listed(j, id)) {
		kbi_judge_output_secret(j, "token", token);
		kbi_judge_output(j, "token-id", id);
		if (kbi_map_holds(j->args, "usages", "signing") && kbi_map_holds(j->args, "usages", "authentication"))
			give_command(j, token);
		return KB_OK;
	}
	if (duration_s(kbi_judge_arg(j, "ttl")) == 0)
		kbi_judge_note(j, KB_WARNING, "token.never-expires", "ttl 0: whoever learns this token can add nodes to the cluster for ever");
	snprintf(lifetime, sizeof(lifetime), "%lld", (long long)duration_s(kbi_judge_arg(j, "ttl")));
	kbi_judge_want(j, "lifetime", lifetime);
	kbi_judge_value(j, "object", "bootstrap token", NULL, kbi_judge_arg(j, "ttl"));
	return KB_OK;
}

const struct kbi_step_def kbi_step_token_create = {
	.name = "token.create",
	.summary = "there is a new bootstrap token that nodes can join with",
	.params = params,
	.outputs = outputs,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_token_create,
	.timeout_ms = 120000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/apt_key.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "fetch.h"

static bool
is_pinned(const struct kbi_apt_key_want *want, const struct kbi_pgp_key *key)
{
	bool is_among = false;

	if (!kbi_map_has(want->args, want->pins_arg)) {
		for (const char *const *pin = want->pins; pin && *pin && !is_among; pin++)
			is_among = kbi_pgp_is(key, *pin);
		return is_among;
	}
	for (const struct kbi_entry *e = NULL; !is_among && (e = kbi_map_next(want->args, want->pins_arg, e));)
		is_among = kbi_pgp_is(key, e->value);
	return is_among;
}

static void
add_date(struct kbi_buf *out, int64_t seconds)
{
	if (seconds)
		kbi_pgp_print_date(out, seconds);
	else
		kbi_buf_add(out, "never");
}

static void
show_keys(const struct kbi_pgp *pgp, struct kb_err *err)
{
	for (size_t i = 0; i < pgp->count; i++) {
		struct kbi_buf made = KBI_BUF(64), ends = KBI_BUF(64);
		add_date(&made, pgp->keys[i].created_s);
		add_date(&ends, pgp->keys[i].expires_s);
		kbi_err_evidence(err, "key %s, made %s, expires %s", pgp->keys[i].fingerprint, kbi_buf_text(&made), kbi_buf_text(&ends));
		kbi_buf_free(&made);
		kbi_buf_free(&ends);
	}
}

kb_status
kbi_apt_key_check(const struct kbi_apt_key_want *want, const struct kbi_pgp *pgp, struct kb_err *err)
{
	size_t pinned = 0;

	for (size_t i = 0; i < pgp->count; i++)
		pinned += is_pinned(want, &pgp->keys[i]);
	if (pinned && pinned == pgp->count)
		return KB_OK;
	kbi_fail(err, KB_EINTEGRITY, "%s: the key is not the one that is pinned (%zu of %zu in the file are)", want->name, pinned, pgp->count);
	kbi_err_id(err, "apt.key-unknown");
	show_keys(pgp, err);
	return KB_EINTEGRITY;
}

kb_status
kbi_apt_key_check_time(const struct kbi_apt_key_want *want, const struct kbi_pgp *pgp, int64_t now_s, int64_t *expires_s,
	struct kb_err *err)
{
	const struct kbi_pgp_key *best = NULL;
	struct kbi_buf date = KBI_BUF(64);

	for (size_t i = 0; i < pgp->count; i++) {
		const struct kbi_pgp_key *key = &pgp->keys[i];
		if (!key->is_revoked && (!best || !key->expires_s || (best->expires_s && key->expires_s > best->expires_s)))
			best = key;
	}
	*expires_s = best ? best->expires_s : 0;
	if (best && (!best->expires_s || best->expires_s > now_s))
		return KB_OK;
	if (best)
		kbi_pgp_print_date(&date, best->expires_s);
	kbi_fail(err, KB_EINTEGRITY, best ? "%s: the key %s expired on %s" : "%s: the key %s is revoked%s", want->name,
		best ? best->fingerprint : pgp->keys[0].fingerprint, kbi_buf_text(&date));
	kbi_err_id(err, best ? "apt.key-expired" : "apt.key-revoked");
	show_keys(pgp, err);
	kbi_buf_free(&date);
	return KB_EINTEGRITY;
}

static kb_status
get(const struct kbi_apt_key_want *want, const struct kbi_prepare *prepare, struct kbi_buf *key, struct kb_err *err)
{
	struct kbi_fetch fetch = {
		.url = want->url, .ca_file = kbi_map_get(want->args, "download-ca"), .proxy = kbi_map_get(want->args, "proxy"),
		.is_pinned_by_caller = true, .max_bytes = KBI_SIZE_TEXT, .timeout_ms = want->timeout_ms, .is_cancelled = prepare->is_cancelled,
	};

	if (!want->text)
		return kbi_fetch(prepare->fetcher, &fetch, key, err);
	kbi_buf_add(key, want->text);
	return kbi_buf_failed(key) ? kbi_fail_memory(err) : KB_OK;
}

kb_status
kbi_apt_key_prepare(const struct kbi_apt_key_want *want, const struct kbi_prepare *prepare, struct kbi_buf *armoured, struct kb_err *err)
{
	struct kbi_buf key = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_pgp pgp = { .count = 0 };
	int64_t expires_s;
	kb_status status = get(want, prepare, &key, err);

	if (!status)
		status = kbi_pgp_read(&pgp, want->name, kbi_buf_text(&key), key.size_bytes, err);
	if (!status)
		status = kbi_apt_key_check(want, &pgp, err);
	if (!status)
		status = kbi_apt_key_check_time(want, &pgp, (int64_t)time(NULL), &expires_s, err);
	if (!status)
		kbi_pgp_armour(armoured, &pgp);
	if (!status && kbi_buf_failed(armoured))
		status = kbi_fail_memory(err);
	kbi_pgp_free(&pgp);
	kbi_buf_free(&key);
	return status;
}

const char *
kbi_apt_key_state(const struct kbi_apt_key_want *want, const struct kbi_judge *judge, const char *name, int64_t now_s, int64_t *expires_s)
{
	const struct kbi_entry *file = kbi_map_find(judge->facts, name);
	const char *state = "";
	struct kbi_pgp pgp;

	*expires_s = 0;
	if (!file || !file->size_bytes)
		return "absent";
	if (kbi_pgp_read(&pgp, name, file->value, file->size_bytes, NULL))
		return "not a key";
	if (kbi_apt_key_check(want, &pgp, NULL))
		state = "another key";
	else if (kbi_apt_key_check_time(want, &pgp, now_s, expires_s, NULL))
		state = "expired or revoked";
	kbi_pgp_free(&pgp);
	return state;
}

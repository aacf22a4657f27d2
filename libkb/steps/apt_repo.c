/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "fetch.h"
#include "steps/apt_key.h"
#include "steps/apt_sources.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/apt.h"
#include "text/version.h"

#define SOURCE "/etc/apt/sources.list.d/libkb-kubernetes.list"
#define KEYRING "/etc/apt/keyrings/libkb-kubernetes.asc"
#define CA "/etc/apt/keyrings/libkb-kubernetes-ca.pem"
#define CA_CONF "/etc/apt/apt.conf.d/99libkb-kubernetes"
#define KEY_TIMEOUT_MS 90000

static const struct kbi_param params[] = {
	{ "kubernetes-version", NULL, "X.Y.Z: decides the repository of a minor", 0 },
	{ "flavour", "auto", "auto (by version), community (pkgs.k8s.io or a mirror), legacy (a mirror of apt.kubernetes.io) or custom", 0 },
	{ "url", NULL, "the repository's address, when it is not the community's own", 0 },
	{ "suite", NULL, "of a custom repository; / when it is flat", 0 },
	{ "components", NULL, "of a custom repository's suite", KBI_LIST },
	{ "key-url", NULL, "where the controller gets the key that signs it: an address or an absolute path", KBI_LOCAL },
	{ "key", NULL, "that key itself, armoured", KBI_LOCAL },
	{ "key-fingerprint", NULL, "the only keys that are trusted, 40 hexadecimal digits each; the flavour's known ones when not given", KBI_LIST | KBI_LOCAL },
	{ "download-ca", NULL, "a PEM file of the controller: the authorities it trusts for the key's download; when the key comes from `url`, "
		"the host's apt trusts them for that address, too", KBI_LOCAL },
	{ "proxy", NULL, "the proxy for the key's download", KBI_LOCAL },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "key-expires", "until when the key on the host is good, such as 2026-12-29; empty: for ever", 0 },
	{ 0 }
};

/* pkgs.k8s.io: "isv:kubernetes OBS Project", the same for all minors (kubernetes.io, "Installing kubeadm") */
static const char *const community_pins[] = { "DE15B14486CD377B9E876E1A234654DA9A296436", NULL };
/* what packages.cloud.google.com/apt/doc/apt-key.gpg held over the years */
static const char *const legacy_pins[] = {
	"54A647F9048D5688D7DA2ABE6A030B21BA07F4FB", "7F92E05B31093BEF5A3C2D38FEEA9169307EA071",
	"A362B822F6DEDC652817EA46B53DC80D13EDEF05", "35BAA0B33E9EB396F59CA838C0BA5CE6DC6315A3", NULL,
};

static const char *
flavour_of(const struct kbi_map *args, struct kb_err *err)
{
	const char *flavour = kbi_map_get_or(args, "flavour", "auto");

	return kbi_str_is(flavour, "auto") ? kbi_apt_flavour(kbi_map_get_or(args, "kubernetes-version", ""), err) : flavour;
}

static const char *
suite_of(const struct kbi_map *args)
{
	return kbi_map_get_or(args, "suite", "/");
}

/* A custom repository goes into the line as URL, suite and components. */
static kb_status
make_source(const struct kbi_map *args, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_buf where = KBI_BUF(KBI_SIZE_TEXT);
	const char *flavour = flavour_of(args, err);

	if (!flavour)
		return err ? err->code : KB_EINVAL;
	kbi_buf_add(&where, kbi_map_get_or(args, "url", ""));
	if (kbi_str_is(flavour, "custom"))
		kbi_buf_add_format(&where, " %s", suite_of(args));
	for (const struct kbi_entry *e = NULL; kbi_str_is(flavour, "custom") && (e = kbi_map_next(args, "components", e));)
		kbi_buf_add_format(&where, " %s", e->value);
	kbi_buf_add(out, "# written by libkb\n");
	kb_status status = kbi_apt_source(flavour, where.size_bytes ? kbi_buf_text(&where) : NULL,
		kbi_map_get_or(args, "kubernetes-version", ""), KEYRING, out, err);
	kbi_buf_free(&where);
	return status;
}

/* -- what is wrong with the parameters alone */

static kb_status
refuse(struct kb_err *err, kb_status code, const char *id, const char *text)
{
	kbi_fail(err, code, "apt.repo: %s", text);
	kbi_err_id(err, id);
	return code;
}

static kb_status
check_legacy(const struct kbi_map *args, struct kb_err *err)
{
	const char *suite = kbi_map_get(args, "suite");

	if (suite && !kbi_str_is(suite, "kubernetes-xenial"))
		return refuse(err, KB_EINVAL, "apt.legacy-suite",
			"suite: the legacy repository has one suite, kubernetes-xenial, for every release of Debian and Ubuntu");
	if (!kbi_str_is_set(kbi_map_get(args, "url")))
		return refuse(err, KB_EUNSUPPORTED, "apt.legacy-gone",
			"apt.kubernetes.io was taken away on 2024-03-04, and no mirror of it is given (url)");
	return KB_OK;
}

static kb_status
check_custom(const struct kbi_map *args, struct kb_err *err)
{
	if (!kbi_map_has(args, "key") && !kbi_map_has(args, "key-url"))
		return refuse(err, KB_EINVAL, "apt.key-missing", "a custom repository without key or key-url");
	if (!kbi_map_has(args, "key-fingerprint"))
		return refuse(err, KB_EINVAL, "apt.fingerprint-missing", "a custom repository without key-fingerprint");
	return KB_OK;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf source = KBI_BUF(KBI_SIZE_TEXT);
	const char *flavour = flavour_of(args, err);
	kb_status status = KB_OK;

	if (!flavour)
		return err ? err->code : KB_EINVAL;
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "key-fingerprint", e));)
		if (!kbi_pgp_is_fingerprint(e->value))
			return kbi_fail(err, KB_EINVAL, "apt.repo: key-fingerprint: not 40 hexadecimal digits: %s", e->value);
	if (kbi_str_is(flavour, "legacy"))
		status = check_legacy(args, err);
	else if (kbi_str_is(flavour, "custom"))
		status = check_custom(args, err);
	if (!status)
		status = make_source(args, &source, err);
	kbi_buf_free(&source);
	return status;
}

/* -- the key */

static void
add_base(struct kbi_buf *out, const char *url)
{
	size_t bytes = strlen(url);

	while (bytes && url[bytes - 1] == '/')
		bytes--;
	kbi_buf_add_bytes(out, url, bytes);
}

static void
add_community_key_url(struct kbi_buf *out, const struct kbi_map *args, int minor)
{
	const char *url = kbi_map_get(args, "url");

	add_base(out, kbi_str_is_set(url) ? url : KBI_APT_COMMUNITY_URL);
	kbi_buf_add_format(out, "/core:/stable:/v1.%d/deb/Release.key", minor);
}

static void
add_key_url(struct kbi_buf *out, const struct kbi_map *args, const char *flavour)
{
	struct kbi_version version = { 0 };

	if (kbi_map_has(args, "key-url")) {
		kbi_buf_add(out, kbi_map_get(args, "key-url"));
	} else if (kbi_str_is(flavour, "legacy")) {	/* where Google had it, and its mirrors have */
		add_base(out, kbi_map_get_or(args, "url", ""));
		kbi_buf_add(out, "/doc/apt-key.gpg");
	} else {
		kbi_version_parse(&version, kbi_map_get_or(args, "kubernetes-version", ""), NULL);
		add_community_key_url(out, args, version.minor);
	}
}

static struct kbi_apt_key_want
want_of(const struct kbi_map *args, const char *flavour, const char *url)
{
	static const char *const no_pins[] = { NULL };

	return (struct kbi_apt_key_want){
		.name = "Kubernetes' apt repository",
		.url = url,
		.text = kbi_map_get(args, "key"),
		.args = args,
		.pins_arg = "key-fingerprint",
		.pins = kbi_str_is(flavour, "community") ? community_pins : kbi_str_is(flavour, "legacy") ? legacy_pins : no_pins,
		.timeout_ms = KEY_TIMEOUT_MS,
	};
}

/* The copy of the key beside an old minor's packages is as old as they are, and has expired on paper; the key is one for all minors
 * (kubernetes/release#3818). */
static kb_status
try_newest(struct kbi_apt_key_want *want, struct kbi_prepare *prepare, struct kbi_buf *armoured)
{
	static const struct kbi_version newest = { 1, 9999, 0 };
	struct kbi_buf url = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_truncate(armoured, 0);
	add_community_key_url(&url, prepare->args, kbi_kubernetes(&newest)->minor);
	want->url = kbi_buf_text(&url);
	kb_status status = kbi_apt_key_prepare(want, prepare, armoured, NULL);
	kbi_buf_free(&url);
	return status;
}

static int64_t
clock_of(const struct kbi_map *facts)
{
	int64_t now_s = 0;

	kbi_str_to_int64(kbi_map_get_or(facts, "clock", ""), 0, INT64_MAX, &now_s);
	return now_s;
}

static bool
is_key_good(const struct kbi_prepare *prepare, const struct kbi_apt_key_want *want)
{
	struct kbi_judge as_probed = { .args = prepare->args, .facts = prepare->facts };
	int64_t expires_s;

	return prepare->facts && !*kbi_apt_key_state(want, &as_probed, "keyring", clock_of(prepare->facts), &expires_s);
}

/* The authority of a mirror that the key comes from is the one of its packages, too. */
static bool
needs_ca(const struct kbi_map *args)
{
	const char *url = kbi_map_get_or(args, "url", "");

	return kbi_map_has(args, "download-ca") && kbi_str_starts(url, "https://") && !kbi_map_has(args, "key") &&
		!kbi_map_has(args, "key-url") && !strchr(url, '[');	/* apt's configuration has no word for IPv6 */
}

static kb_status
prepare_ca(struct kbi_prepare *prepare)
{
	struct kbi_buf ca = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_fetch what = { .url = kbi_map_get(prepare->args, "download-ca"), .max_bytes = KBI_SIZE_TEXT, .timeout_ms = -1 };

	if (!needs_ca(prepare->args))
		return KB_OK;
	kb_status status = kbi_fetch(prepare->fetcher, &what, &ca, prepare->err);
	if (!status)
		status = kbi_map_set(prepare->made, "ca", kbi_buf_text(&ca));
	kbi_buf_free(&ca);
	return status;
}

static kb_status
prepare(struct kbi_prepare *prepare)
{
	struct kbi_buf url = KBI_BUF(KBI_SIZE_TEXT), armoured = KBI_BUF(KBI_SIZE_TEXT);
	const char *flavour = flavour_of(prepare->args, prepare->err);
	kb_status status = KB_OK;

	if (!flavour)
		return KB_EINVAL;
	add_key_url(&url, prepare->args, flavour);
	struct kbi_apt_key_want want = want_of(prepare->args, flavour, kbi_buf_text(&url));
	if (!is_key_good(prepare, &want)) {
		bool is_own = kbi_str_is(flavour, "community") && !kbi_map_has(prepare->args, "key-url") && !want.text;
		status = kbi_apt_key_prepare(&want, prepare, &armoured, prepare->err);
		if (status && is_own && prepare->err && kbi_str_is(prepare->err->id, "apt.key-expired") &&
		    try_newest(&want, prepare, &armoured) == KB_OK) {
			kbi_err_clear(prepare->err);
			status = KB_OK;
		}
	}
	if (!status && armoured.size_bytes)
		status = kbi_map_set(prepare->made, "keyring", kbi_buf_text(&armoured));
	if (!status)
		status = prepare_ca(prepare);
	kbi_buf_free(&url);
	kbi_buf_free(&armoured);
	return status;
}

/* -- judging */

static void
judge_key(struct kbi_judge *j, const char *flavour)
{
	struct kbi_apt_key_want want = want_of(j->args, flavour, NULL);
	struct kbi_buf date = KBI_BUF(64);
	int64_t now_s = clock_of(j->facts), expires_s = 0;
	const char *state = kbi_apt_key_state(&want, j, "keyring", now_s, &expires_s), *made = kbi_map_get(j->made, "keyring");

	if (expires_s)
		kbi_pgp_print_date(&date, expires_s);
	if (*state) {
		const char *now = kbi_str_is(state, "absent") ? NULL : made ? kbi_judge_fact(j, "keyring") : state;
		kbi_judge_value(j, made ? "file" : "value", KEYRING, now, made ? made : "the repository's key");
		kbi_judge_want(j, "key", "yes");
	} else if (expires_s && expires_s - now_s < KBI_APT_KEY_SOON_S) {
		kbi_judge_note(j, KB_WARNING, "apt.key-expires", "the key of Kubernetes' apt repository expires on %s", kbi_buf_text(&date));
	}
	kbi_judge_output(j, "key-expires", kbi_buf_text(&date));
	kbi_buf_free(&date);
}

static void
add_ca_conf(struct kbi_buf *out, const char *url)
{
	const char *host = url + strlen("https://");

	kbi_buf_add_format(out, "// written by libkb\nAcquire::https::%.*s::CaInfo \"" CA "\";\n", (int)strcspn(host, ":/"), host);
}

static void
judge_ca(struct kbi_judge *j)
{
	struct kbi_buf conf = KBI_BUF(KBI_SIZE_TEXT);
	const char *made = kbi_map_get(j->made, "ca");
	bool is_there = kbi_judge_fact_is(j, "ca.type", "file"), has_conf = kbi_judge_fact_is(j, "ca_conf.type", "file");

	kbi_judge_want(j, "no_ca", !needs_ca(j->args) && has_conf ? "yes" : "");
	if (needs_ca(j->args)) {
		add_ca_conf(&conf, kbi_judge_arg(j, "url"));
		kbi_judge_file(j, "ca_conf", CA_CONF, kbi_buf_text(&conf), "0644");
		if (made)
			kbi_judge_file(j, "ca", CA, made, "0644");
		else
			kbi_judge_value(j, "value", CA, is_there ? "there" : NULL, "there");
	} else if (has_conf) {
		kbi_judge_value(j, "file", CA_CONF, kbi_judge_fact(j, "ca_conf"), NULL);
	}
	kbi_buf_free(&conf);
}

/* One file among those that are not ours; what is to become of it goes into `lines`, for the script. */
static void
judge_other(struct kbi_judge *j, const struct kbi_entry *path, const struct kbi_entry *text, const struct kbi_apt_about *about,
	struct kbi_buf *lines)
{
	struct kbi_buf wanted = KBI_BUF(2 * KBI_SIZE_TEXT);
	bool is_any_left;

	if (kbi_apt_turn_off(&wanted, path->value, text->value, text->size_bytes, about, &is_any_left)) {
		bool goes = !is_any_left && kbi_str_starts(path->value, "/etc/apt/sources.list.d/");
		kbi_judge_value(j, "file", path->value, text->value, goes ? NULL : kbi_buf_text(&wanted));
		kbi_buf_add_format(lines, "%s ", path->value);
		if (!goes)
			kbi_str_base64(lines, kbi_buf_text(&wanted), wanted.size_bytes);
		kbi_buf_add_char(lines, '\n');
	}
	kbi_buf_free(&wanted);
}

/* Every other file that names one of Kubernetes' repositories, whatever it is called: one that is dead breaks each update, and one with
 * another key for the same address breaks apt. A path with a blank is not apt's (sources.list(5)). */
static void
judge_others(struct kbi_judge *j, const char *flavour)
{
	struct kbi_buf lines = KBI_BUF(16 * KBI_SIZE_TEXT), mirror = KBI_BUF(KBI_SIZE_TEXT);
	const char *url = kbi_judge_arg(j, "url");
	const struct kbi_entry *path = NULL, *text = NULL;
	bool is_custom = kbi_str_is(flavour, "custom");

	add_base(&mirror, url);
	kbi_buf_add(&mirror, kbi_str_is(flavour, "community") ? "/core:" : "");
	const char *const urls[] = { "https://pkgs.k8s.io/core:", KBI_APT_LEGACY_URL, *url && !is_custom ? kbi_buf_text(&mirror) : NULL, NULL };
	struct kbi_apt_about about = {
		.urls = urls, .suites = "kubernetes-*", .url = is_custom ? url : NULL, .suite = suite_of(j->args),
	};
	while ((path = kbi_map_next(j->facts, "other", path)) && (text = kbi_map_next(j->facts, "other_text", text)))
		judge_other(j, path, text, &about, &lines);
	kbi_judge_want(j, "others", kbi_buf_text(&lines));
	kbi_buf_free(&lines);
	kbi_buf_free(&mirror);
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf source = KBI_BUF(KBI_SIZE_TEXT);
	const char *flavour = flavour_of(j->args, &j->err);
	kb_status status = flavour ? make_source(j->args, &source, &j->err) : KB_EINVAL;

	if (!status) {
		kbi_judge_want(j, "key", "");
		judge_key(j, flavour);
		judge_ca(j);
		kbi_judge_file(j, "source", SOURCE, kbi_buf_text(&source), "0644");
		judge_others(j, flavour);
		kbi_judge_value(j, "value", "the repository's package list", kbi_map_has(j->facts, "list") ? "there" : NULL, "there");
	}
	kbi_buf_free(&source);
	return status;
}

const struct kbi_step_def kbi_step_apt_repo = {
	.name = "apt.repo",
	.summary = "apt knows the repository of this Kubernetes, by its pinned key, and no other one",
	.params = params,
	.outputs = outputs,
	.script = kbi_script_apt_repo,
	.library = kbi_script_apt,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/calicoctl_install.h"

#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"
#include "fetch.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/version.h"

#define PROGRAM "/usr/local/bin/calicoctl"
#define RELEASES "https://github.com/projectcalico/calico/releases/download/{version}/calicoctl-linux-{arch}"
#define PROGRAM_MAX_BYTES ((size_t)256 << 20)
#define FETCH_TIMEOUT_MS 600000

static const struct kbi_param params[] = {
	{ "version", NULL, "vX.Y.Z, the same as the cluster's Calico: calicoctl refuses any other", KBI_REQUIRED },
	{ "arch", NULL, "amd64 or arm64; the host's own when not given", 0 },
	{ "url", RELEASES, "where the program is, with {version} and {arch}; an address that does not end in calicoctl-... is the folder of it", KBI_LOCAL },
	{ "sha256", NULL, "the program's sum, 64 hexadecimal digits; the known one of the version when not given", 0 },
	{ "sums-sha256", NULL, "the sum of the release's file SHA256SUMS, when the program's own is not known", 0 },
	{ "download-ca", NULL, "a PEM file of the controller: the authorities it trusts for the download", KBI_LOCAL },
	{ "proxy", NULL, "the proxy for the download", KBI_LOCAL },
	{ 0 }
};

/* Kubespray's table of checksums, roles/kubespray_defaults/vars/main/checksums.yml */
static const struct {
	const char *version, *arch, *sha256;
} known[] = {
	{ "3.31.7", "amd64", "1b91928adc39861ba5e04d8d15c4ce489731269b07a8e7444c0fdf677f041113" },
	{ "3.31.7", "arm64", "d7adff41398cb77b97451bf238022376382725ff231228f78b3ebc35d9fb9fda" },
	{ "3.30.7", "amd64", "087e1547878913587ebaa756686f38184a730e9af9b71f3d91b92f6c99b60c11" },
	{ "3.29.7", "amd64", "c4e281a404d14da561c65838195b2a4bcf18aebca1bede5ef6b99e0bf78cb8a0" },
};

bool
kbi_calicoctl_is_known(const char *version)
{
	const char *bare = version[0] == 'v' ? version + 1 : version;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (kbi_str_is(known[i].version, bare))
			return true;
	return false;
}

static bool
is_sum(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char *const sums[] = { "sha256", "sums-sha256" };
	struct kbi_version version;
	const char *text = kbi_map_get(args, "version");

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (kbi_map_has(args, sums[i]) && !is_sum(kbi_map_get(args, sums[i])))
			return kbi_fail(err, KB_EINVAL, "calicoctl.install: %s: not 64 hexadecimal digits", sums[i]);
	return text ? kbi_version_parse(&version, text, err) : KB_OK;
}

static const char *
bare_version(const struct kbi_map *args)
{
	const char *version = kbi_map_get_or(args, "version", "");

	return version + (*version == 'v');
}

static const char *
arch_of(const struct kbi_map *args, const struct kbi_map *facts)
{
	return kbi_map_get_or(args, "arch", kbi_map_get_or(facts, "arch", ""));
}

/* The pin of the program, as far as it is known without a download; "" otherwise. */
static const char *
pin_of(const struct kbi_map *args, const struct kbi_map *facts)
{
	const char *given = kbi_map_get_or(args, "sha256", "");

	for (size_t i = 0; !*given && i < sizeof(known) / sizeof(known[0]); i++)
		if (kbi_str_is(known[i].version, bare_version(args)) && kbi_str_is(known[i].arch, arch_of(args, facts)))
			return known[i].sha256;
	return given;
}

/* -- preparing */

static void
add_filled(struct kbi_buf *out, const char *pattern, const struct kbi_map *args, const char *arch)
{
	for (; *pattern; pattern++) {
		if (kbi_str_starts(pattern, "{version}")) {
			kbi_buf_add_format(out, "v%s", bare_version(args));
			pattern += strlen("{version}") - 1;
		} else if (kbi_str_starts(pattern, "{arch}")) {
			kbi_buf_add(out, arch);
			pattern += strlen("{arch}") - 1;
		} else {
			kbi_buf_add_char(out, *pattern);
		}
	}
}

/* The program's address; that of a mirror may be only the folder where versions are, or the one of a version. */
static void
add_url(struct kbi_buf *out, const struct kbi_map *args, const char *arch)
{
	const char *pattern = kbi_map_get_or(args, "url", RELEASES), *slash;

	add_filled(out, pattern, args, arch);
	while (out->size_bytes && out->data[out->size_bytes - 1] == '/')
		kbi_buf_truncate(out, out->size_bytes - 1);
	slash = strrchr(kbi_buf_text(out), '/');
	if (slash && kbi_str_starts(slash + 1, "calicoctl-"))
		return;
	if (!strstr(pattern, "{version}") && slash && !kbi_str_is(slash + 1 + (slash[1] == 'v'), bare_version(args)))
		kbi_buf_add_format(out, "/v%s", bare_version(args));
	kbi_buf_add_format(out, "/calicoctl-linux-%s", arch);
}

static kb_status
fetch(const struct kbi_prepare *prepare, const char *url, const char *pin, size_t max_bytes, struct kbi_buf *out)
{
	const struct kbi_fetch what = {
		.url = url, .sha256 = pin, .ca_file = kbi_map_get(prepare->args, "download-ca"), .proxy = kbi_map_get(prepare->args, "proxy"),
		.max_bytes = max_bytes, .timeout_ms = FETCH_TIMEOUT_MS, .is_cancelled = prepare->is_cancelled,
	};

	return kbi_fetch(prepare->fetcher, &what, out, prepare->err);
}

/* "SUM  NAME" lines, as sha256sum writes them. */
static void
find_sum(struct kbi_buf *sum, const struct kbi_buf *sums, const char *name)
{
	const char *at = kbi_buf_text(sums), *end = at + sums->size_bytes, *line;
	size_t bytes, name_bytes = strlen(name);

	while ((at = kbi_str_line(at, end, &line, &bytes))) {
		if (bytes < 66 + name_bytes || memcmp(line + bytes - name_bytes, name, name_bytes) != 0 || !strchr(" */", line[bytes - name_bytes - 1]))
			continue;
		kbi_buf_truncate(sum, 0);
		kbi_buf_add_bytes(sum, line, 64);
	}
	if (!is_sum(kbi_buf_text(sum)))
		kbi_buf_truncate(sum, 0);
}

static kb_status
fetch_pin(const struct kbi_prepare *prepare, const char *url, struct kbi_buf *pin)
{
	struct kbi_buf sums = KBI_BUF(KBI_SIZE_TEXT), sums_url = KBI_BUF(KBI_SIZE_TEXT);
	const char *name = strrchr(url, '/') + 1;

	kbi_buf_add_bytes(&sums_url, url, (size_t)(name - url));
	kbi_buf_add(&sums_url, "SHA256SUMS");
	kb_status status = fetch(prepare, kbi_buf_text(&sums_url), kbi_map_get(prepare->args, "sums-sha256"), KBI_SIZE_TEXT, &sums);
	if (!status)
		find_sum(pin, &sums, name);
	if (!status && !pin->size_bytes) {
		status = kbi_fail(prepare->err, KB_EINTEGRITY, "calicoctl.install: SHA256SUMS does not have %s", name);
		kbi_err_id(prepare->err, "calicoctl.unpinned");
	}
	kbi_buf_free(&sums);
	kbi_buf_free(&sums_url);
	return status;
}

/* What came is named, so that a person who has compared it elsewhere can pin it. */
static kb_status
refuse_unpinned(const struct kbi_prepare *prepare, const char *url, const struct kbi_buf *program)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct kbi_buf hex = KBI_BUF(KBI_SIZE_TEXT);
	unsigned bytes = 0;

	if (!EVP_Digest(kbi_buf_text(program), program->size_bytes, sum, &bytes, EVP_sha256(), NULL))
		return kbi_fail_memory(prepare->err);
	kbi_str_hex(&hex, sum, bytes);
	kbi_fail(prepare->err, KB_EINTEGRITY, "calicoctl.install: no checksum is known for version %s", bare_version(prepare->args));
	kbi_err_id(prepare->err, "calicoctl.unpinned");
	kbi_err_evidence(prepare->err, "what came from %s has sha256 %s (%zu bytes)", url, kbi_buf_text(&hex), program->size_bytes);
	kbi_err_fix(prepare->err, "sha256: %s", kbi_buf_text(&hex));
	kbi_buf_free(&hex);
	return KB_EINTEGRITY;
}

static kb_status
fetch_program(struct kbi_prepare *prepare, const char *url, const char *pin)
{
	struct kbi_buf program = KBI_BUF(PROGRAM_MAX_BYTES);
	kb_status status = fetch(prepare, url, *pin ? pin : NULL, PROGRAM_MAX_BYTES, &program);

	if (!status && !*pin)
		status = refuse_unpinned(prepare, url, &program);
	if (!status)
		status = kbi_map_set(prepare->made, "sha256", pin);
	if (!status)
		status = kbi_map_set_bytes(prepare->made, "input", kbi_buf_text(&program), program.size_bytes);
	kbi_buf_free(&program);
	return status;
}

static bool
is_installed(const struct kbi_map *facts, const char *pin)
{
	return *pin && strcasecmp(kbi_map_get_or(facts, "sha256", ""), pin) == 0 && kbi_str_is(kbi_map_get(facts, "mode"), "0755") &&
		kbi_str_is(kbi_map_get(facts, "owner"), "root:root");
}

static kb_status
prepare(struct kbi_prepare *prepare)
{
	struct kbi_buf url = KBI_BUF(KBI_SIZE_TEXT), pin = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = KB_OK;

	add_url(&url, prepare->args, arch_of(prepare->args, prepare->facts));
	kbi_buf_add(&pin, pin_of(prepare->args, prepare->facts));
	if (!strchr(kbi_buf_text(&url), '/'))
		status = kbi_fail(prepare->err, KB_EINVAL, "calicoctl.install: url: not an address");
	else if (!pin.size_bytes && kbi_map_has(prepare->args, "sums-sha256"))
		status = fetch_pin(prepare, kbi_buf_text(&url), &pin);
	if (!status && is_installed(prepare->facts, kbi_buf_text(&pin)))
		status = kbi_map_set(prepare->made, "sha256", kbi_buf_text(&pin));
	else if (!status)
		status = fetch_program(prepare, kbi_buf_text(&url), kbi_buf_text(&pin));
	kbi_buf_free(&url);
	kbi_buf_free(&pin);
	return status;
}

/* -- judging */

static kb_status
judge(struct kbi_judge *j)
{
	const char *pin = kbi_map_get_or(j->made, "sha256", pin_of(j->args, j->facts));
	const char *now = kbi_map_get(j->facts, "sha256");
	struct kbi_buf before = KBI_BUF(KBI_SIZE_TEXT), after = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_map_has(j->facts, "other"))
		return kbi_judge_fail(j, KB_ECONFLICT, "calicoctl.other", PROGRAM " is a %s", kbi_judge_fact(j, "other"));
	if (!is_installed(j->facts, pin)) {
		kbi_buf_add_format(&before, "sha256 %s, mode %s, owner %s", now ? now : "", kbi_judge_fact(j, "mode"), kbi_judge_fact(j, "owner"));
		kbi_buf_add_format(&after, "sha256 %s, mode 0755, owner root:root", *pin ? pin : "of the release");
		kbi_judge_value(j, "value", PROGRAM, now ? kbi_buf_text(&before) : NULL, kbi_buf_text(&after));
	}
	kbi_judge_want(j, "sha256", pin);
	kbi_buf_free(&before);
	kbi_buf_free(&after);
	return KB_OK;
}

const struct kbi_step_def kbi_step_calicoctl_install = {
	.name = "calicoctl.install",
	.summary = "calicoctl of the cluster's version is in /usr/local/bin",
	.params = params,
	.script = kbi_script_calicoctl_install,
	.timeout_ms = 600000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};

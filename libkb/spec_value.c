/* SPDX-License-Identifier: Apache-2.0 */
/* What a field of a description may be, by its type. */
#include <string.h>

#include "base/str.h"
#include "spec_field.h"
#include "text/cidr.h"
#include "transport/jump.h"

/* Appends the value as it is kept. Returns what it should have been, NULL when it is right. */
typedef const char *check_fn(const struct kbi_field *field, const char *value, struct kbi_buf *kept);

/* One line, no blanks at its ends. The host's shell gets it quoted, so anything else may stand in it. */
static const char *
check_text(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	kbi_buf_add(kept, value);
	return *value && !strpbrk(value, "\r\n") ? NULL : "one line of text";
}

static const char *
check_name(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	kbi_buf_add(kept, value);
	return kbi_str_is_name(value) ? NULL : "a name of lower-case letters, digits, hyphens and dots (RFC 1123)";
}

/* Reads MAJOR.MINOR.PATCH, and what may follow it (-rc.1). */
static bool
is_version(const char *value)
{
	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(value, "0123456789");
		if (!digits || digits > 4 || (part < 2 && value[digits] != '.'))
			return false;
		value += digits + (part < 2);
	}
	return !*value || (*value == '-' && value[1] && strspn(value, "0123456789abcdefghijklmnopqrstuvwxyz.-") == strlen(value));
}

static const char *
check_version(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	kbi_buf_add(kept, *value == 'v' ? value + 1 : value);
	return is_version(*value == 'v' ? value + 1 : value) ? NULL : "a version such as 1.34.4";
}

static const char *
check_calico(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	if (kbi_str_is(value, "none")) {
		kbi_buf_add(kept, value);
		return NULL;
	}
	kbi_buf_add_format(kept, "v%s", *value == 'v' ? value + 1 : value);
	return is_version(*value == 'v' ? value + 1 : value) ? NULL : "a version such as v3.32.1, or none";
}

static const char *
check_choice(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	size_t bytes = strlen(value);

	kbi_buf_add(kept, value);
	for (const char *at = field->range; *at;) {
		size_t length = strcspn(at, "|");
		if (bytes && length == bytes && !memcmp(at, value, bytes))
			return NULL;
		at += length + (at[length] == '|');
	}
	return field->range;
}

static const char *
check_yes_no(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	static const char *const words[][2] = {
		{"yes", "yes"}, {"true", "yes"}, {"on", "yes"}, {"no", "no"}, {"false", "no"}, {"off", "no"},
	};

	(void)field;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (kbi_str_is(words[i][0], value)) {
			kbi_buf_add(kept, words[i][1]);
			return NULL;
		}
	return "yes or no";
}

static const char *
check_number(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	char least[24];
	int64_t min, max, number;
	size_t bytes = strcspn(field->range, " ");

	memcpy(least, field->range, bytes);
	least[bytes] = '\0';
	if (!kbi_str_to_int64(least, INT64_MIN, INT64_MAX, &min) || !kbi_str_to_int64(field->range + bytes + strlen(" to "), min, INT64_MAX, &max) ||
		!kbi_str_to_int64(value, min, max, &number))
		return "a number";
	kbi_buf_add_format(kept, "%lld", (long long)number);	/* 0022 is 22 */
	return NULL;
}

static const char *
check_network(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	struct kbi_cidr cidr;

	(void)field;
	if (kbi_cidr_parse(&cidr, value, NULL))
		return "a network such as 172.16.0.0/16, its host bits 0";
	kbi_cidr_print(kept, &cidr);
	return NULL;
}

static const char *
check_ip(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	struct kbi_ip ip;

	(void)field;
	if (kbi_ip_parse(&ip, value, NULL))
		return "an IP address";
	kbi_ip_print(kept, &ip);
	return NULL;
}

static bool
looks_like_ipv4(const char *value)
{
	return *value && strspn(value, "0123456789.") == strlen(value);
}

static const char *
check_address(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	if (strchr(value, ':') || looks_like_ipv4(value))	/* else 192.168.1.300 were a fine name */
		return check_ip(field, value, kept);
	kbi_buf_add(kept, value);
	return kbi_str_is_name(value) ? NULL : "a name or an IP address";
}

static const char *
check_url(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	static const char *const schemes[] = {"https://", "http://", "file:///"};

	(void)field;
	kbi_buf_add(kept, value);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (kbi_str_starts(value, schemes[i]) && value[strlen(schemes[i])] && !strpbrk(value, " \t\r\n\"'<>\\"))
			return NULL;
	return "an address that begins with https:// or http://";
}

static const char *
check_jump(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	kbi_buf_add(kept, value);
	return kbi_jump_is_valid(value) ? NULL : "[user@]host[:port], or several parted by commas";
}

static const char *
check_duration(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	size_t digits = strspn(value, "0123456789");

	(void)field;
	kbi_buf_add(kept, value);
	if (kbi_str_is(value, "0"))
		return NULL;
	return digits && digits < 8 && value[digits] && strchr("smh", value[digits]) && !value[digits + 1] ? NULL : "a time such as 90s, 30m, 24h, or 0";
}

/* key[=value]:Effect, as kubectl takes it (k8s.io/kubernetes pkg/util/taints) */
static const char *
check_taint(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	const char *colon = strrchr(value, ':');

	(void)field;
	kbi_buf_add(kept, value);
	bool has_effect = colon && colon != value && *value != '=' && (kbi_str_is(colon, ":NoSchedule") ||
		kbi_str_is(colon, ":PreferNoSchedule") || kbi_str_is(colon, ":NoExecute"));
	return has_effect && !strpbrk(value, " \t\r\n,\"'") ? NULL : "a taint such as key=value:NoSchedule";
}

static const char *
check_hex(const char *value, size_t digits, struct kbi_buf *kept, const char *wanted)
{
	size_t count = 0;

	for (const char *at = value; *at; at++) {
		if (*at == ' ')			/* gpg prints fingerprints in groups */
			continue;
		if (!strchr("0123456789abcdefABCDEF", *at))
			return wanted;
		kbi_buf_add_char(kept, *at);
		count++;
	}
	return count == digits ? NULL : wanted;
}

static const char *
check_fingerprint(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	return check_hex(value, 40, kept, "a fingerprint of 40 hex digits");
}

static const char *
check_sha256(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	(void)field;
	return check_hex(value, 64, kept, "a SHA-256 sum of 64 hex digits");
}

static check_fn *const checks[] = {
	[KBI_FIELD_TEXT] = check_text,
	[KBI_FIELD_NAME] = check_name,
	[KBI_FIELD_VERSION] = check_version,
	[KBI_FIELD_CHOICE] = check_choice,
	[KBI_FIELD_YES_NO] = check_yes_no,
	[KBI_FIELD_NUMBER] = check_number,
	[KBI_FIELD_NETWORK] = check_network,
	[KBI_FIELD_IP] = check_ip,
	[KBI_FIELD_ADDRESS] = check_address,
	[KBI_FIELD_PATH] = check_text,
	[KBI_FIELD_JUMP] = check_jump,
	[KBI_FIELD_URL] = check_url,
	[KBI_FIELD_DURATION] = check_duration,
	[KBI_FIELD_CALICO] = check_calico,
	[KBI_FIELD_TAINT] = check_taint,
	[KBI_FIELD_FINGERPRINT] = check_fingerprint,
	[KBI_FIELD_SHA256] = check_sha256,
	[KBI_FIELD_DOCUMENTS] = NULL,
	[KBI_FIELD_STEPS] = NULL,
};

static kb_status
fail_value(const struct kbi_field *field, const char *where, const char *value, const char *wanted, struct kb_err *err)
{
	if (field->type == KBI_FIELD_NUMBER)
		kbi_fail(err, KB_EINVAL, "%s%s: \"%.200s\" is not a number from %s", where, field->path, value, field->range);
	else if (field->type == KBI_FIELD_CHOICE)
		kbi_fail(err, KB_EINVAL, "%s%s: \"%.200s\" is none of %s", where, field->path, value, wanted);
	else
		kbi_fail(err, KB_EINVAL, "%s%s: \"%.200s\" is not %s", where, field->path, value, wanted);
	kbi_err_id(err, "cluster.bad-value");
	return KB_EINVAL;
}

/* NAME=VALUE of a map: the name as it is, the value by the field's type. */
static const char *
check_member(const struct kbi_field *field, const char *value, struct kbi_buf *kept)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value || strpbrk(value, "\r\n"))
		return "NAME=VALUE";
	kbi_buf_add_bytes(kept, value, (size_t)(equals - value) + 1);
	if (field->type == KBI_FIELD_TEXT) {	/* a label's value may be empty */
		kbi_buf_add(kept, equals + 1);
		return NULL;
	}
	return checks[field->type](field, equals + 1, kept);
}

kb_status
kbi_field_check(const struct kbi_field *field, const char *where, const char *value, struct kbi_buf *kept, struct kb_err *err)
{
	const char *wanted;

	if (!checks[field->type])
		return fail_value(field, where, value, "a value", err);
	wanted = field->flags & KBI_FIELD_MAP ? check_member(field, value, kept) : checks[field->type](field, value, kept);
	if (wanted)
		return fail_value(field, where, value, wanted, err);
	return kbi_buf_failed(kept) ? kbi_fail_memory(err) : KB_OK;
}

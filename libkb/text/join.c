/* SPDX-License-Identifier: Apache-2.0 */
#include "text/join.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/ca.h"
#include "text/endpoint.h"
#include "text/token.h"
#include "text/yaml.h"

#define KEY_DIGITS 64	/* kubeadm's certificate key: 32 bytes */
#define ITEMS_MAX 64
#define ITEM_MAX_BYTES 256

enum flag_kind {
	FLAG_TEXT,
	FLAG_SECRET,
	FLAG_LIST,	/* may come again, and may hold several parted by commas */
	FLAG_BOOL,
	FLAG_NOISE,	/* says how to run, not what to join */
	FLAG_REFUSED
};

/* kubeadm's own names: cmd/kubeadm/app/cmd/join.go and options/constant.go. */
static const struct flag {
	const char *name;
	enum flag_kind kind;
	const char *as;		/* what it means here, when that differs */
} flags[] = {
	{"token", FLAG_SECRET, NULL},
	{"discovery-token", FLAG_SECRET, "token"},
	{"tls-bootstrap-token", FLAG_SECRET, NULL},
	{"discovery-token-ca-cert-hash", FLAG_LIST, NULL},
	{"control-plane", FLAG_BOOL, NULL},
	{"experimental-control-plane", FLAG_BOOL, "control-plane"},	/* before 1.15 */
	{"certificate-key", FLAG_SECRET, NULL},
	{"apiserver-advertise-address", FLAG_TEXT, NULL},
	{"apiserver-bind-port", FLAG_TEXT, NULL},
	{"node-name", FLAG_TEXT, NULL},
	{"cri-socket", FLAG_TEXT, NULL},
	{"patches", FLAG_TEXT, NULL},
	{"ignore-preflight-errors", FLAG_LIST, NULL},
	{"skip-phases", FLAG_LIST, NULL},
	{"v", FLAG_NOISE, NULL},
	{"discovery-token-unsafe-skip-ca-verification", FLAG_REFUSED, NULL},
	{"discovery-file", FLAG_REFUSED, NULL},
	{"config", FLAG_REFUSED, NULL},
	{"dry-run", FLAG_REFUSED, NULL},
};

/* Words of one command, wiped when freed. */
struct words {
	char *text;		/* words, each ended by a NUL */
	size_t text_bytes;
	const char **words;
	size_t count;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A backslash, then nothing but blanks to the end of the line: the command goes on below. Returns what follows, or NULL. */
static const char *
continuation(const char *at)
{
	if (*at != '\\')
		return NULL;
	at += 1 + strspn(at + 1, " \t\r");
	return *at == '\n' ? at + 1 : *at ? NULL : at;
}

/* Copies one word, without its quotes. Returns what follows; NULL when a quote is not closed. */
static const char *
copy_word(const char *at, char **to)
{
	char quote = '\0';

	for (; *at && (quote || (!is_blank(*at) && !continuation(at))); at++) {
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? '\0' : *at;
		else
			*(*to)++ = *at;
	}
	*(*to)++ = '\0';
	return quote ? NULL : at;
}

static const char *
skip_blanks(const char *at)
{
	for (;;) {
		const char *next = continuation(at);
		if (next)
			at = next;
		else if (*at == ' ' || *at == '\t' || *at == '\r')
			at++;
		else
			return at;
	}
}

/* Splits one logical line; *rest is where the next begins. */
static kb_status
split_line(const char *at, struct words *words, const char **rest, struct kb_err *err)
{
	char *to = words->text;

	words->count = 0;
	for (at = skip_blanks(at); *at && *at != '\n'; at = skip_blanks(at)) {
		words->words[words->count++] = to;
		at = copy_word(at, &to);
		if (!at)
			return kbi_fail(err, KB_EINVAL, "join command: a quote is not closed");
	}
	*rest = *at ? at + 1 : at;
	return KB_OK;
}

static bool
is_kubeadm(const char *word)
{
	return kbi_str_is(word, "kubeadm") || kbi_str_ends(word, "/kubeadm");
}

/* Where the words behind "kubeadm join" begin; 0 when it is not there. A prompt or sudo before it does not matter. */
static size_t
find_join(const struct words *words)
{
	for (size_t i = 0; i + 1 < words->count; i++)
		if (is_kubeadm(words->words[i]) && kbi_str_is(words->words[i + 1], "join"))
			return i + 2;
	return 0;
}

static const struct flag *
find_flag(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strlen(flags[i].name) == length && memcmp(flags[i].name, word, length) == 0)
			return &flags[i];
	return NULL;
}

static kb_status
add_item(struct kbi_map *options, const char *name, const char *value, size_t length, struct kb_err *err)
{
	char item[ITEM_MAX_BYTES];

	if (length >= sizeof(item))
		return kbi_fail(err, KB_EINVAL, "join command: --%s: a value of %zu bytes", name, length);
	if (kbi_map_count(options, name) >= ITEMS_MAX)
		return kbi_fail(err, KB_ETOOBIG, "join command: --%s: more than %d values", name, ITEMS_MAX);
	memcpy(item, value, length);
	item[length] = '\0';
	return kbi_map_add(options, name, item) ? kbi_fail_memory(err) : KB_OK;
}

static kb_status
add_list(struct kbi_map *options, const char *name, const char *value, struct kb_err *err)
{
	kb_status status = KB_OK;

	while (*value && !status) {
		size_t length = strcspn(value, ",");
		if (length)
			status = add_item(options, name, value, length, err);
		value += length + (value[length] == ',');
	}
	return status;
}

static kb_status
add_flag(struct kbi_map *options, const struct flag *flag, const char *value, struct kb_err *err)
{
	const char *name = flag->as ? flag->as : flag->name;

	if (flag->kind == FLAG_NOISE)
		return KB_OK;
	if (flag->kind == FLAG_LIST)
		return add_list(options, name, value, err);
	if (kbi_map_has(options, name))
		return kbi_fail(err, KB_EINVAL, "join command: --%s: given twice", name);
	kb_status status = flag->kind == FLAG_SECRET ? kbi_map_set_secret(options, name, value, strlen(value))
		: kbi_map_set(options, name, value);
	return status ? kbi_fail_memory(err) : KB_OK;
}

/* One flag, with its value in the same word or in the next. */
static kb_status
take_flag(const struct words *words, size_t *at, struct kbi_map *options, struct kb_err *err)
{
	const char *word = words->words[*at], *name = word + strspn(word, "-");
	size_t length = strcspn(name, "=");
	const struct flag *flag = find_flag(name, length);
	const char *value = name[length] ? name + length + 1 : NULL;

	if (!flag)
		return kbi_fail(err, KB_EINVAL, "join command: \"--%.*s\": no flag of kubeadm join",
			length < 60 ? (int)length : 60, name);
	if (flag->kind == FLAG_REFUSED)
		return kbi_fail(err, KB_EUNSUPPORTED, "join command: --%s: not supported", flag->name);
	if (!value && flag->kind == FLAG_BOOL)
		value = "true";
	else if (!value && *at + 1 < words->count)
		value = words->words[++*at];
	if (!value || !*value)
		return kbi_fail(err, KB_EINVAL, "join command: --%s: no value", flag->name);
	return add_flag(options, flag, value, err);
}

static kb_status
take_words(const struct words *words, size_t from, struct kbi_map *options, struct kb_err *err)
{
	kb_status status = KB_OK;

	for (size_t i = from; i < words->count && !status; i++) {
		if (words->words[i][0] == '-')
			status = take_flag(words, &i, options, err);
		else if (kbi_map_has(options, "endpoint"))
			status = kbi_fail(err, KB_EINVAL, "join command: a second endpoint");
		else if (kbi_map_set(options, "endpoint", words->words[i]))
			status = kbi_fail_memory(err);
	}
	return status;
}

static kb_status
check_key(const char *key, struct kb_err *err)
{
	if (strspn(key, "0123456789abcdefABCDEF") != KEY_DIGITS || key[KEY_DIGITS])
		return kbi_fail(err, KB_EINVAL, "certificate key: not %d hexadecimal digits", KEY_DIGITS);
	return KB_OK;
}

static kb_status
check_endpoint(const char *text, struct kb_err *err)
{
	struct kbi_endpoint endpoint;
	kb_status status = kbi_endpoint_parse(&endpoint, text, err);

	if (!status && !endpoint.port)
		return kbi_fail(err, KB_EINVAL, "endpoint \"%.300s\": no port", text);
	return status;
}

static kb_status
check_options(const struct kbi_map *options, struct kb_err *err)
{
	const struct kbi_entry *hash = kbi_map_find(options, "discovery-token-ca-cert-hash");
	const char *key = kbi_map_get(options, "certificate-key"),
		*tls_token = kbi_map_get(options, "tls-bootstrap-token");

	kb_status status = check_endpoint(kbi_map_get(options, "endpoint"), err);
	if (!status)
		status = kbi_token_check(kbi_map_get(options, "token"), err);
	if (!status && tls_token)
		status = kbi_token_check(tls_token, err);
	if (!status && !hash)
		status = kbi_fail(err, KB_EINVAL, "join command: no --discovery-token-ca-cert-hash");
	for (; hash && !status; hash = kbi_map_next(options, "discovery-token-ca-cert-hash", hash))
		status = kbi_ca_hash_check(hash->value, err);
	if (!status && key)
		status = check_key(key, err);
	return status;
}

/* A whole screen may have been copied: of its logical lines, exactly one must hold the command. */
static kb_status
find_command(const char *text, struct words *words, struct kbi_map *options, struct kb_err *err)
{
	bool has_command = false;

	while (*text) {
		kb_status status = split_line(text, words, &text, err);
		size_t from = status ? 0 : find_join(words);
		if (status || !from) {
			if (status)
				return status;
			continue;
		}
		if (has_command)
			return kbi_fail(err, KB_EINVAL, "join command: \"kubeadm join\" is there twice");
		has_command = true;
		status = take_words(words, from, options, err);
		if (status)
			return status;
	}
	return has_command ? check_options(options, err)
		: kbi_fail(err, KB_EINVAL, "join command: no \"kubeadm join\" in it");
}

kb_status
kbi_join_options(const char *command, struct kbi_map *options, struct kb_err *err)
{
	size_t size_bytes = command ? strlen(command) : 0;
	kb_status status = kbi_bound_in("join command", command, size_bytes, KBI_SIZE_TEXT, err);

	if (status)
		return status;
	struct words words = {.text = malloc(size_bytes + 2), .text_bytes = size_bytes + 2,
		.words = calloc(size_bytes / 2 + 2, sizeof(char *))};
	if (words.text && words.words)
		status = find_command(command ? command : "", &words, options, err);
	else
		status = kbi_fail_memory(err);
	kbi_wipe(words.text, words.text_bytes);
	free(words.text);
	free(words.words);
	return status;
}

static void
print_hashes(struct kbi_buf *out, const struct kbi_map *options, const char *name)
{
	const struct kbi_entry *first = kbi_map_find(options, name);

	kbi_buf_add_char(out, '[');
	for (const struct kbi_entry *e = first; e; e = kbi_map_next(options, name, e)) {
		if (e != first)
			kbi_buf_add_char(out, ',');
		kbi_json_string(out, e->value);
	}
	kbi_buf_add_char(out, ']');
}

static void
print_member(struct kbi_buf *out, const struct kbi_map *options, const char *name, enum flag_kind kind)
{
	if (!kbi_map_has(options, name))
		return;
	kbi_buf_add(out, out->size_bytes ? "," : "{");
	kbi_json_string(out, name);
	kbi_buf_add_char(out, ':');
	if (kind == FLAG_LIST)
		print_hashes(out, options, name);
	else if (kind == FLAG_BOOL)
		kbi_buf_add(out, kbi_str_is_yes(kbi_map_get(options, name)) ? "true" : "false");
	else
		kbi_json_string(out, kbi_map_get(options, name));
}

kb_status
kbi_join_parse(const char *command, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_map options = {0};
	kb_status status = kbi_join_options(command, &options, err);

	out->secret = true;
	if (!status) {
		print_member(out, &options, "endpoint", FLAG_TEXT);
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (!flags[i].as)
				print_member(out, &options, flags[i].name, flags[i].kind);
		kbi_buf_add_char(out, '}');
		status = kbi_bound_out("join command", out, err);
	}
	kbi_map_free(&options);
	return status;
}

static kb_status
print_hash_flags(struct kbi_buf *out, const char *hashes, struct kb_err *err)
{
	static const char blanks[] = " \t\r\n,";
	char hash[128];
	size_t count = 0;

	for (hashes += strspn(hashes, blanks); *hashes; hashes += strspn(hashes, blanks)) {
		size_t length = strcspn(hashes, blanks), kept = length < sizeof(hash) ? length : sizeof(hash) - 1;
		memcpy(hash, hashes, kept);
		hash[kept] = '\0';
		kb_status status = kbi_ca_hash_check(hash, err);
		if (status)
			return status;
		if (++count > ITEMS_MAX)
			return kbi_fail(err, KB_ETOOBIG, "join command: more than %d CA certificate hashes", ITEMS_MAX);
		kbi_buf_add_format(out, " --discovery-token-ca-cert-hash %s", hash);
		hashes += length;
	}
	return count ? KB_OK : kbi_fail(err, KB_EINVAL, "join command: no CA certificate hash");
}

kb_status
kbi_join_print(const char *endpoint, const char *token, const char *hashes, const char *certificate_key,
	struct kbi_buf *out, struct kb_err *err)
{
	kb_status status = check_endpoint(endpoint, err);

	out->secret = true;
	if (!status)
		status = kbi_token_check(token, err);
	if (!status && certificate_key)
		status = check_key(certificate_key, err);
	if (status)
		return status;
	kbi_buf_add_format(out, "kubeadm join %s --token %s", endpoint, token);
	status = print_hash_flags(out, hashes ? hashes : "", err);
	if (status)
		return status;
	if (certificate_key)
		kbi_buf_add_format(out, " --control-plane --certificate-key %s", certificate_key);
	return kbi_bound_out("join command", out, err);
}

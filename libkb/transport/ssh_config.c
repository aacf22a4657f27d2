/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/ssh_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define WORDS_MAX 64

struct line {
	struct kbi_ssh_config *config;
	const char *path;
	size_t number;
	const char *words[WORDS_MAX];	/* the keyword is the first */
	size_t count;
	struct kb_err *err;
};

static kb_status
fail(const struct line *line, kb_status code, const char *how)
{
	kbi_fail(line->err, code, "%s:%zu: %s: %s", line->path, line->number, line->words[0], how);
	kbi_err_id(line->err, code == KB_EUNSUPPORTED ? "ssh-config.unsupported" : "ssh-config.line");
	return code;
}

/* -- words: blanks part them, quotes and backslashes keep together, # at the begin of one ends the line */

static bool
is_escaped(const char *at, char quote)
{
	return *at == '\\'
		&& (at[1] == '\'' || at[1] == '"' || at[1] == '\\' || (!quote && at[1] == ' '));
}

/* In place. NULL when a quote is not closed. */
static char *
take_word(char *at, char **next)
{
	char *to = at, quote = '\0';

	for (; *at && (quote || (*at != ' ' && *at != '\t')); at++) {
		if (is_escaped(at, quote))
			*to++ = *++at;
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote && *at == quote)
			quote = '\0';
		else
			*to++ = *at;
	}
	*next = *at ? at + 1 : at;
	*to = '\0';
	return quote ? NULL : to;
}

static char *
skip_blanks(char *at)
{
	return at + strspn(at, " \t");
}

/* "Keyword value", "Keyword=value", "Keyword = value". */
static char *
skip_keyword(char *text)
{
	char *rest = skip_blanks(text + strcspn(text, " \t=\""));

	return *rest == '=' ? skip_blanks(rest + 1) : rest;
}

static kb_status
split(struct line *line, const char *keyword, char *text)
{
	char *at = skip_keyword(text), *next;

	line->words[line->count++] = keyword;
	for (at = skip_blanks(at); *at && *at != '#'; at = skip_blanks(next)) {
		if (line->count == WORDS_MAX)
			return fail(line, KB_ETOOBIG, "more words than any line has");
		line->words[line->count++] = at;
		if (!take_word(at, &next))
			return fail(line, KB_EINVAL, "a quote is not closed");
	}
	return KB_OK;
}

/* -- Host and Match */

static kb_status
do_host(struct line *line)
{
	bool is_match = false;

	for (size_t i = 1; i < line->count; i++) {
		bool is_negated = line->words[i][0] == '!';
		if (!kbi_str_matches(line->config->now, line->words[i] + is_negated))
			continue;
		is_match = !is_negated;
		if (is_negated)
			break;
	}
	line->config->is_active = is_match && !line->config->is_passed_by;
	return line->count > 1 ? KB_OK : fail(line, KB_EINVAL, "without a pattern");
}

/* Patterns parted by commas; one negated pattern that matches undoes it all. */
static bool
matches_list(const char *text, const char *list)
{
	char pattern[256];
	bool is_match = false;

	for (const char *at = list;; at++) {
		size_t length = strcspn(at, ",");
		bool is_negated = *at == '!';
		size_t size_bytes = length - is_negated;
		if (size_bytes < sizeof(pattern)) {
			memcpy(pattern, at + is_negated, size_bytes);
			pattern[size_bytes] = '\0';
			if (size_bytes && kbi_str_matches(text, pattern)) {
				if (is_negated)
					return false;
				is_match = true;
			}
		}
		at += length;
		if (!*at)
			return is_match;
	}
}

void
kbi_ssh_config_hostname(struct kbi_buf *out, const char *text, const char *host)
{
	if (!text)
		kbi_buf_add(out, host);
	for (; text && *text; text++) {
		if (text[0] == '%' && text[1] == 'h')
			kbi_buf_add(out, host);
		else if (text[0] == '%' && text[1] == '%')
			kbi_buf_add_char(out, '%');
		else
			kbi_buf_add_char(out, *text);
		text += *text == '%' && (text[1] == 'h' || text[1] == '%');
	}
}

static bool
is_host(const struct kbi_ssh_config *config, const char *list)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	kbi_ssh_config_hostname(&name, kbi_map_get(config->found, "hostname"), config->host);
	bool is = matches_list(kbi_buf_text(&name), list);
	kbi_buf_free(&name);
	return is;
}

static bool
is_original_host(const struct kbi_ssh_config *config, const char *list)
{
	return matches_list(config->host, list);
}

static bool
is_user(const struct kbi_ssh_config *config, const char *list)
{
	const char *user = config->user ? config->user : kbi_map_get(config->found, "user");

	return matches_list(user ? user : config->local_user, list);
}

static bool
is_local_user(const struct kbi_ssh_config *config, const char *list)
{
	return matches_list(config->local_user, list);
}

static const struct {
	const char *name;
	bool (*is)(const struct kbi_ssh_config *config, const char *list);
} criteria[] = {
	{"host", is_host},
	{"originalhost", is_original_host},
	{"user", is_user},
	{"localuser", is_local_user},
};

/* Those without a list. -1: it is none of them. */
static int
check_bare(struct kbi_ssh_config *config, const char *name)
{
	if (strcasecmp(name, "all") == 0)
		return 1;
	if (strcasecmp(name, "canonical") == 0)	/* names are never made canonical here */
		return config->is_final;
	if (strcasecmp(name, "final") != 0)
		return -1;
	config->wants_final = true;
	return config->is_final;
}

/* Where an earlier one did not match, the others decide nothing, and may be what we do not do. */
static kb_status
check_criterion(struct line *line, size_t *at, bool *is_match)
{
	const char *name = line->words[*at], *equals;
	char copy[32] = "";
	bool is_negated = *name == '!';

	snprintf(copy, sizeof(copy), "%.31s", name + is_negated);
	if ((equals = strchr(copy, '=')))
		copy[equals - copy] = '\0';
	int bare = check_bare(line->config, copy);
	if (bare >= 0) {
		*is_match = *is_match && bare != is_negated;
		return KB_OK;
	}
	const char *list = equals ? strchr(name, '=') + 1 : ++*at < line->count ? line->words[*at] : NULL;
	if (!list)
		return fail(line, KB_EINVAL, "a criterion without a value");
	for (size_t i = 0; i < sizeof(criteria) / sizeof(criteria[0]); i++)
		if (strcasecmp(copy, criteria[i].name) == 0) {
			*is_match = *is_match && criteria[i].is(line->config, list) != is_negated;
			return KB_OK;
		}
	if (!*is_match)
		return KB_OK;
	kbi_fail(line->err, KB_EUNSUPPORTED, "%s:%zu: Match %s: not supported, and nothing was run", line->path,
		line->number, copy);
	kbi_err_id(line->err, "ssh-config.unsupported");
	return KB_EUNSUPPORTED;
}

static kb_status
do_match(struct line *line)
{
	bool is_match = !line->config->is_passed_by;
	kb_status failed = line->count > 1 ? KB_OK : fail(line, KB_EINVAL, "without a criterion");

	for (size_t i = 1; i < line->count && !failed; i++)
		failed = check_criterion(line, &i, &is_match);
	line->config->is_active = is_match;
	return failed;
}

/* -- values: the first one that is found stays */

static kb_status
need_one(const struct line *line)
{
	if (line->count == 2 && *line->words[1])
		return KB_OK;
	return fail(line, KB_EINVAL, line->count < 2 ? "without a value" : "one value is wanted");
}

static kb_status
set_first(const struct line *line, const char *key)
{
	kb_status failed = need_one(line);

	if (failed || kbi_map_has(line->config->found, key))
		return failed;
	return kbi_map_set(line->config->found, key, line->words[1]) ? kbi_fail_memory(line->err) : KB_OK;
}

static kb_status
do_hostname(struct line *line)
{
	return set_first(line, "hostname");
}

static kb_status
do_user(struct line *line)
{
	return set_first(line, "user");
}

static kb_status
do_port(struct line *line)
{
	int64_t port;
	kb_status failed = need_one(line);

	if (!failed && !kbi_str_to_int64(line->words[1], 1, 65535, &port))
		return fail(line, KB_EINVAL, "not a number from 1 to 65535");
	return failed ? failed : set_first(line, "port");
}

/* All of them count, each once. */
static kb_status
do_identity(struct line *line)
{
	const struct kbi_entry *entry = NULL;
	kb_status failed = need_one(line);

	while (!failed && (entry = kbi_map_next(line->config->found, "identityfile", entry)))
		if (kbi_str_is(entry->value, line->words[1]))
			return KB_OK;
	if (failed)
		return failed;
	return kbi_map_add(line->config->found, "identityfile", line->words[1]) ? kbi_fail_memory(line->err) : KB_OK;
}

/* One of the two ways is taken: the one that comes first. */
static kb_status
do_proxy_jump(struct line *line)
{
	return kbi_map_has(line->config->found, "proxycommand") ? need_one(line) : set_first(line, "proxyjump");
}

static kb_status
do_proxy_command(struct line *line)
{
	if (line->count < 2)
		return fail(line, KB_EINVAL, "without a value");
	if (kbi_map_has(line->config->found, "proxyjump") || kbi_map_has(line->config->found, "proxycommand"))
		return KB_OK;
	return kbi_map_set(line->config->found, "proxycommand", line->words[1]) ? kbi_fail_memory(line->err) : KB_OK;
}

static kb_status
do_known_hosts(struct line *line)
{
	kb_status failed = line->count > 1 ? KB_OK : fail(line, KB_EINVAL, "without a value");
	bool was_set = kbi_map_has(line->config->found, "userknownhostsfile");

	for (size_t i = 1; i < line->count && !failed && !was_set; i++)
		failed = kbi_map_add(line->config->found, "userknownhostsfile", line->words[i])
			? kbi_fail_memory(line->err)
			: KB_OK;
	return failed;
}

/* ssh reads it in a block of another host, too: a "Match final" in there asks for the second reading. */
static kb_status
do_include(struct line *line)
{
	struct kbi_ssh_config *config = line->config;
	bool was_active = config->is_active, was_passed_by = config->is_passed_by;
	kb_status failed = line->count > 1 ? KB_OK : fail(line, KB_EINVAL, "without a file");

	config->is_passed_by = !was_active;
	for (size_t i = 1; i < line->count && !failed && config->include; i++)
		failed = config->include(config->owner, line->words[i], config, line->err);
	config->is_active = was_active;		/* a Host in that file ends with it */
	config->is_passed_by = was_passed_by;
	return failed;
}

static const struct {
	const char *name;
	kb_status (*act)(struct line *line);
	bool is_always;			/* also where the block is for another host */
} keywords[] = {
	{"host", do_host, true},
	{"match", do_match, true},
	{"include", do_include, true},
	{"hostname", do_hostname, false},
	{"user", do_user, false},
	{"port", do_port, false},
	{"identityfile", do_identity, false},
	{"proxyjump", do_proxy_jump, false},
	{"proxycommand", do_proxy_command, false},
	{"userknownhostsfile", do_known_hosts, false},
};

static kb_status
do_line(struct line *line, char *text)
{
	size_t length = strlen(text);

	while (length && strchr(" \t\r\n\f", text[length - 1]))
		text[--length] = '\0';
	text += strspn(text, " \t\f");
	if (!*text || *text == '#')
		return KB_OK;
	size_t word = strcspn(text, " \t=\"");
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (word != strlen(keywords[i].name) || strncasecmp(text, keywords[i].name, word) != 0)
			continue;
		if (!keywords[i].is_always && !line->config->is_active)
			return KB_OK;
		kb_status failed = split(line, keywords[i].name, text);
		return failed ? failed : keywords[i].act(line);
	}
	return KB_OK;
}

kb_status
kbi_ssh_config_text(struct kbi_ssh_config *config, const char *path, const char *text, size_t text_bytes,
	struct kb_err *err)
{
	const char *end = text + text_bytes, *words;
	size_t words_bytes, number = 0;
	kb_status failed = KB_OK;

	config->size_bytes += text_bytes;
	if (++config->depth > KBI_SSH_CONFIG_DEPTH || config->size_bytes > KBI_SSH_CONFIG_MAX)
		failed = kbi_fail(err, KB_ETOOBIG, "%s: Include in more than %d levels or %zu bytes: it may include itself",
			path, KBI_SSH_CONFIG_DEPTH, KBI_SSH_CONFIG_MAX);
	config->is_active = !config->is_passed_by;
	while (!failed && (text = kbi_str_line(text, end, &words, &words_bytes))) {
		struct line line = {.config = config, .path = path, .number = ++number, .err = err};
		char *copy = strndup(words, words_bytes);
		failed = copy ? do_line(&line, copy) : kbi_fail_memory(err);
		free(copy);
	}
	config->depth--;
	return failed;
}

kb_status
kbi_ssh_config_read(struct kbi_ssh_config *config, const char *path, const char *text, size_t text_bytes,
	struct kb_err *err)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	config->now = config->host;
	kb_status failed = kbi_ssh_config_text(config, path, text, text_bytes, err);
	if (failed || !config->wants_final)
		return failed;
	kbi_ssh_config_hostname(&name, kbi_map_get(config->found, "hostname"), config->host);
	if (!kbi_map_has(config->found, "hostname") && kbi_map_set(config->found, "hostname", "%h"))
		name.failed = KB_ENOMEM;	/* the second reading does not change it */
	config->is_final = true;
	config->now = kbi_buf_text(&name);
	failed = kbi_buf_failed(&name) ? kbi_fail_memory(err)
				       : kbi_ssh_config_text(config, path, text, text_bytes, err);
	config->now = config->host;
	kbi_buf_free(&name);
	return failed;
}

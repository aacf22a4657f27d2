/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as it is read. */
#include "transport/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scarce.h"
#include "base/str.h"

#define LINE_KEY_MAX 20

struct reading {
	struct kbi_recording *recording;
	struct kbi_recorded *now;	/* NULL: between entries */
	struct kbi_buf key;		/* of it */
	struct kbi_buf *block;		/* whose lines may come; NULL: nobody's */
	struct kbi_buf file;		/* a block that becomes a fact in base64 */
	char file_name[201];		/* "": none */
	size_t sessions, applies;
	bool has_failed;		/* no memory */
};

static struct kbi_piece *
add_piece(struct reading *r, enum kbi_piece_kind kind)
{
	struct kbi_recorded *e = r->now;
	struct kbi_piece *last = e->piece_count ? &e->pieces[e->piece_count - 1] : NULL;

	if (last && kind == KBI_PIECE_FACTS && last->kind == kind)
		return last;
	struct kbi_piece *pieces = realloc(e->pieces, (e->piece_count + 1) * sizeof(*pieces));
	if (!pieces) {
		r->has_failed = true;
		return NULL;
	}
	e->pieces = pieces;
	pieces[e->piece_count] = (struct kbi_piece){.kind = kind, .data = KBI_BUF(KBI_SIZE_LARGE)};
	return &pieces[e->piece_count++];
}

static void
end_file(struct reading *r)
{
	bool is_late = kbi_recording_has_names(&r->file);
	struct kbi_piece *piece = r->file_name[0] ? add_piece(r, is_late ? KBI_PIECE_FILE : KBI_PIECE_FACTS) : NULL;

	if (piece && is_late) {
		piece->name = strdup(r->file_name);
		r->has_failed |= !piece->name;
		kbi_buf_add_bytes(&piece->data, r->file.data, r->file.size_bytes);
	} else if (piece) {
		kbi_buf_add_format(&piece->data, "%s:", r->file_name);
		kbi_str_base64(&piece->data, kbi_buf_text(&r->file), r->file.size_bytes);
		kbi_buf_add_char(&piece->data, '\n');
	}
	r->file_name[0] = '\0';
	kbi_buf_free(&r->file);
}

/* -- the lines. Each takes what stands behind its word; NULL or what is wrong with it. */

static const char *
begin(struct reading *r, const char *key)
{
	struct kbi_recording *recording = r->recording;

	if (r->now)
		return "the entry before it has no end";
	struct kbi_recorded *entries = realloc(recording->entries, (recording->count + 1) * sizeof(*entries));
	if (!entries) {
		r->has_failed = true;
		return "out of memory";
	}
	recording->entries = entries;
	r->now = &entries[recording->count++];
	*r->now = (struct kbi_recorded){.session = r->sessions, .applies = r->applies};
	kbi_buf_add(&r->key, key);
	return NULL;
}

static const char *
line_login(struct reading *r, const char *value)
{
	(void)value;
	r->sessions++;
	return begin(r, "");
}

static const char *
begin_asked(struct reading *r, const char *word, const char *value)
{
	struct kbi_buf first = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&first, "%s %s\n", word, value);
	const char *wrong = *value ? begin(r, kbi_buf_text(&first)) : "what is asked is missing";
	kbi_buf_free(&first);
	return wrong;
}

static const char *
line_probe(struct reading *r, const char *value)
{
	return begin_asked(r, "probe", value);
}

static const char *
line_attach(struct reading *r, const char *value)
{
	return begin_asked(r, "attach", value);
}

static const char *
line_lock(struct reading *r, const char *value)
{
	return begin_asked(r, "lock", value);
}

static const char *
line_apply(struct reading *r, const char *value)
{
	const char *wrong = begin_asked(r, "apply", value);

	if (!wrong) {
		r->now->is_apply = true;
		r->applies++;
	}
	return wrong;
}

static const char *
line_arg(struct reading *r, const char *value)
{
	kbi_buf_add_format(&r->key, "arg %s\n", value);
	return NULL;
}

static const char *
line_secret(struct reading *r, const char *value)
{
	kbi_buf_add_format(&r->key, "secret %s\n", value);
	return NULL;
}

static const char *
set_word(struct reading *r, char **word, const char *value)
{
	free(*word);
	*word = strdup(value);
	r->has_failed |= !*word;
	return NULL;
}

static const char *
line_text(struct reading *r, const char *value)
{
	return set_word(r, &r->now->text, value);
}

static const char *
line_want(struct reading *r, const char *value)
{
	return set_word(r, &r->now->want, value);
}

static const char *
line_ms(struct reading *r, const char *value)
{
	int64_t ms;

	(void)r;
	return kbi_str_to_int64(value, 0, INT64_MAX, &ms) ? NULL : "not a time";
}

static const char *
line_fact(struct reading *r, const char *value)
{
	struct kbi_piece *piece = add_piece(r, KBI_PIECE_FACTS);

	if (piece && !kbi_recording_unescape(&piece->data, value, strlen(value)))
		return "not an escape";
	if (piece)
		kbi_buf_add_char(&piece->data, '\n');
	return NULL;
}

static const char *
line_data(struct reading *r, const char *value)
{
	struct kbi_piece *piece = add_piece(r, KBI_PIECE_FACTS);
	const char *space = strchr(value, ' ');

	if (!space)
		return "needs a name and base64";
	if (piece)
		kbi_buf_add_format(&piece->data, "%.*s:%s\n", (int)(space - value), value, space + 1);
	return NULL;
}

static const char *
line_file(struct reading *r, const char *value)
{
	if (!*value || strlen(value) >= sizeof(r->file_name))
		return "not the name of a fact";
	snprintf(r->file_name, sizeof(r->file_name), "%s", value);
	r->block = &r->file;
	return NULL;
}

static const char *
open_block(struct reading *r, enum kbi_piece_kind kind)
{
	struct kbi_piece *piece = add_piece(r, kind);

	r->block = piece ? &piece->data : NULL;
	return NULL;
}

static const char *
line_facts(struct reading *r, const char *value)
{
	(void)value;
	return open_block(r, KBI_PIECE_FACTS);
}

static const char *
line_log(struct reading *r, const char *value)
{
	(void)value;
	return open_block(r, KBI_PIECE_LOG);
}

static const char *
line_wire(struct reading *r, const char *value)
{
	if (!kbi_str_is(value, "out") && !kbi_str_is(value, "err"))
		return "neither out nor err";
	return open_block(r, kbi_str_is(value, "out") ? KBI_PIECE_WIRE_OUT : KBI_PIECE_WIRE_ERR);
}

static const char *
line_nomark(struct reading *r, const char *value)
{
	(void)value;
	r->now->has_no_mark = true;
	return NULL;
}

static const char *
finish(struct reading *r, enum kbi_recorded_end end)
{
	r->now->end = end;
	if (r->key.size_bytes)
		r->now->key = kbi_buf_take(&r->key);
	r->has_failed |= kbi_buf_failed(&r->key) != KB_OK;
	kbi_buf_free(&r->key);
	r->now = NULL;
	return NULL;
}

static const char *
finish_with(struct reading *r, const char *value, int64_t max)
{
	int64_t status;

	if (!kbi_str_to_int64(value, 0, max, &status))
		return "not a number that it can be";
	r->now->status = (int)status;
	return finish(r, KBI_RECORDED_EXIT);
}

static const char *
line_exit(struct reading *r, const char *value)
{
	return r->key.size_bytes ? finish_with(r, value, 255) : "a login ends with user";
}

static const char *
line_user(struct reading *r, const char *value)
{
	return !r->key.size_bytes ? finish_with(r, value, INT32_MAX) : "only a login has one";
}

static const char *
line_end(struct reading *r, const char *value)
{
	(void)value;
	return finish(r, KBI_RECORDED_END);
}

/* lost CODE ID, with cause and evidence before it */
static const char *
line_lost(struct reading *r, const char *value)
{
	char code[40] = "";
	const char *id = strchr(value, ' ');
	size_t length = id ? (size_t)(id - value) : strlen(value);
	char *cause = r->now->lost.cause;

	if (length < sizeof(code))
		memcpy(code, value, length);
	for (int known = KB_EUNSUPPORTED; known < 0; known++)
		if (kbi_str_is(code, kb_err_name(known)))
			r->now->lost.code = known;
	if (r->now->lost.code == KB_OK)
		return "not a code";
	if (!cause)
		r->now->lost.cause = strdup("the connection was lost");
	r->has_failed |= !r->now->lost.cause;
	kbi_err_id(&r->now->lost, id ? id + 1 : "replay.lost");
	return finish(r, KBI_RECORDED_LOST);
}

static const char *
line_cause(struct reading *r, const char *value)
{
	kbi_fail(&r->now->lost, KB_OK, "%s", value);
	return NULL;
}

static const char *
line_evidence(struct reading *r, const char *value)
{
	kbi_err_evidence(&r->now->lost, "%s", value);
	return NULL;
}

static const char *
line_host(struct reading *r, const char *value)
{
	return set_word(r, &r->recording->host, value);
}

static const struct line {
	const char *word;
	bool is_within;		/* of an entry */
	const char *(*take)(struct reading *r, const char *value);
} lines[] = {
	{"login", false, line_login}, {"probe", false, line_probe}, {"apply", false, line_apply}, {"attach", false, line_attach}, {"lock", false, line_lock},
	{"host", false, line_host}, {"arg", true, line_arg}, {"secret", true, line_secret}, {"text", true, line_text},
	{"want", true, line_want}, {"ms", true, line_ms}, {"fact", true, line_fact}, {"file", true, line_file}, {"data", true, line_data},
	{"facts", true, line_facts}, {"out", true, line_facts}, {"log", true, line_log}, {"err", true, line_log},
	{"wire", true, line_wire}, {"nomark", true, line_nomark}, {"exit", true, line_exit}, {"user", true, line_user},
	{"end", true, line_end}, {"lost", true, line_lost}, {"cause", true, line_cause}, {"evidence", true, line_evidence},
};

static const char *
take_line(struct reading *r, const char *line, size_t size_bytes)
{
	const char *space = memchr(line, ' ', size_bytes), *wrong = "no such line";
	size_t word = space ? (size_t)(space - line) : size_bytes;
	struct kbi_buf value = KBI_BUF(KBI_RECORDING_MAX);

	if (size_bytes && strchr("|:*", line[0]))
		return r->block && kbi_recording_unblock(r->block, line, size_bytes) ? NULL : "not a line of a block";
	r->block = NULL;
	end_file(r);
	if (!size_bytes || line[0] == '#')
		return NULL;
	if (space)
		kbi_buf_add_bytes(&value, space + 1, size_bytes - word - 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strlen(lines[i].word) != word || memcmp(lines[i].word, line, word) != 0)
			continue;
		wrong = lines[i].is_within && !r->now ? "stands in no entry" : lines[i].take(r, kbi_buf_text(&value));
		break;
	}
	kbi_buf_free(&value);
	return wrong;
}

static kb_status
read_lines(struct reading *r, const char *name, const char *text, size_t size_bytes, struct kb_err *err)
{
	const char *end = text + size_bytes, *at = text, *line, *wrong = NULL;
	size_t number = 0, length;

	while (!wrong && (at = kbi_str_line(at, end, &line, &length))) {
		if (number++ == 0)
			wrong = length == strlen(KBI_RECORDING_FIRST) && memcmp(line, KBI_RECORDING_FIRST, length) == 0
				? NULL
				: "not a recording (" KBI_RECORDING_FIRST ")";
		else
			wrong = take_line(r, line, length);
	}
	if (!wrong && !number)
		wrong = "not a recording: it is empty";
	if (!wrong && r->now)
		wrong = "the last entry has no end";
	if (r->has_failed)
		return kbi_fail_memory(err);
	return wrong ? kbi_fail(err, KB_EINVAL, "%s:%zu: %s", name, number, wrong) : KB_OK;
}

struct kbi_recording *
kbi_recording_parse(const char *name, const char *text, size_t size_bytes, struct kb_err *err)
{
	struct reading r = {.recording = calloc(1, sizeof(*r.recording)), .key = KBI_BUF(KBI_SIZE_TEXT), .file = KBI_BUF(KBI_SIZE_LARGE)};

	if (!r.recording) {
		kbi_fail_memory(err);
		return NULL;
	}
	unsigned before = kbi_scarce_count();
	kb_status status = read_lines(&r, name, text, size_bytes, err);
	if (kbi_scarce_count() != before)	/* half an answer is another one */
		status = kbi_fail_memory(err);
	kbi_buf_free(&r.key);
	kbi_buf_free(&r.file);
	if (!status)
		return r.recording;
	kbi_recording_free(r.recording);
	return NULL;
}

static kb_status
read_all(FILE *file, struct kbi_buf *text)
{
	char part[65536];
	size_t count;

	while ((count = fread(part, 1, sizeof(part), file)) > 0)
		kbi_buf_add_bytes(text, part, count);
	return ferror(file) ? KB_EIO : kbi_buf_failed(text);
}

struct kbi_recording *
kbi_recording_load(const char *path, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_RECORDING_MAX);
	struct kbi_recording *recording = NULL;
	FILE *file = fopen(path, "re");
	kb_status status = file ? read_all(file, &text) : KB_EIO;

	if (status == KB_EIO)
		kbi_fail(err, KB_EIO, "replay: %s: %s", path, strerror(errno));
	else if (status)
		kbi_fail(err, status, "replay: %s: over %zu bytes", path, KBI_RECORDING_MAX);
	else
		recording = kbi_recording_parse(path, kbi_buf_text(&text), text.size_bytes, err);
	if (file)
		fclose(file);
	kbi_buf_free(&text);
	return recording;
}

void
kbi_recording_free(struct kbi_recording *recording)
{
	if (!recording)
		return;
	for (size_t i = 0; i < recording->count; i++) {
		struct kbi_recorded *e = &recording->entries[i];
		free(e->key);
		free(e->text);
		free(e->want);
		kbi_err_clear(&e->lost);
		for (size_t p = 0; p < e->piece_count; p++) {
			kbi_buf_free(&e->pieces[p].data);
			free(e->pieces[p].name);
		}
		free(e->pieces);
	}
	free(recording->entries);
	free(recording->host);
	free(recording);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded host: read or refused with a line and a cause, and what was read is played: its logins, and the answer to each question that it
 * holds. Text as a recording has it is read back as it was. */
#include "fuzz.h"

#include "base/str.h"
#include "transport/recording.h"

static void
check_text(const char *data, size_t size_bytes)
{
	struct kbi_buf line = KBI_BUF(KBI_SIZE_LARGE), back = KBI_BUF(KBI_SIZE_LARGE), same = KBI_BUF(KBI_SIZE_LARGE);

	kbi_recording_escape(&line, data, size_bytes);
	FUZZ_CHECK(!memchr(kbi_buf_text(&line), '\n', line.size_bytes));
	FUZZ_CHECK(kbi_recording_unescape(&back, kbi_buf_text(&line), line.size_bytes));
	kbi_buf_add_bytes(&same, data, size_bytes);
	fuzz_check_same(&same, &back);
	kbi_recording_blank(&back);
	FUZZ_CHECK(back.size_bytes == size_bytes);	/* letters become zeros, and nothing moves */
	kbi_buf_free(&line);
	kbi_buf_free(&back);
	kbi_buf_free(&same);
}

static void
check_block(const char *data, size_t size_bytes)
{
	struct kbi_buf block = KBI_BUF(KBI_SIZE_LARGE), back = KBI_BUF(KBI_SIZE_LARGE), same = KBI_BUF(KBI_SIZE_LARGE);
	const char *line;
	size_t length;

	kbi_recording_block(&block, data, size_bytes);
	const char *at = kbi_buf_text(&block), *end = at + block.size_bytes;
	while (at && at < end) {
		at = kbi_str_line(at, end, &line, &length);
		FUZZ_CHECK(kbi_recording_unblock(&back, line, length));
	}
	kbi_buf_add_bytes(&same, data, size_bytes);
	fuzz_check_same(&same, &back);
	kbi_buf_free(&block);
	kbi_buf_free(&back);
	kbi_buf_free(&same);
}

/* A question's key is the key of what answers it */
static void
play(struct kbi_recording *recording)
{
	struct kb_err err = {0};
	const char *changed;

	while (kbi_recording_login(recording, "host", &err) && recording->sessions_played < 5)
		;
	for (size_t i = 0; i < recording->count && i < 100; i++) {
		const struct kbi_recorded *entry = &recording->entries[i], *answer;
		if (!entry->key)
			continue;
		kbi_err_clear(&err);
		answer = kbi_recording_answer(recording, "host", entry->key, &changed, &err);
		bool is_its = kbi_str_starts(entry->key, "lock ") || kbi_str_starts(entry->key, "forget ") ||	/* a lock is a lock, however it is taken */
			(answer && kbi_str_is(answer->key, entry->key));
		FUZZ_CHECK(answer ? is_its : err.code && kbi_str_is_set(err.cause));
	}
	kbi_err_clear(&err);
}

/* A line "*N TEXT" stands for megabytes, which the parser bounds: a seed has one, and more of them only take time */
static bool
repeats_much(const char *data)
{
	while ((data = strstr(data, "\n*"))) {
		data += 2;
		if (strspn(data, "0123456789") > 4)
			return true;
	}
	return false;
}

void
fuzz(const char *data, size_t size_bytes)
{
	if (repeats_much(data))
		return;
	struct kb_err err = {0};
	struct kbi_recording *recording = kbi_recording_parse("fuzz", data, size_bytes, &err);

	FUZZ_CHECK(recording ? err.code == KB_OK : err.code && kbi_str_is_set(err.cause));
	if (recording)
		play(recording);
	kbi_recording_free(recording);
	kbi_err_clear(&err);
	if (size_bytes < 4096) {
		check_text(data, size_bytes);
		check_block(data, size_bytes);
	}
}

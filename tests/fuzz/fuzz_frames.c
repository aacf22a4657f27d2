/* SPDX-License-Identifier: Apache-2.0 */
/* What a session's stream says does not depend on how its bytes were cut into pieces. The first byte chooses the pieces; then a byte 1
 * stands for the beginning of a mark. */
#include "fuzz.h"

#include "session_frame.h"

#define LEAD "\nkb0123456789abcdef0123456789abcdef "

static const struct kbi_nonce nonce = {"kb0123456789abcdef0123456789abcdef"};

/* Everything that is ready, as text. False: the stream is broken. */
static bool
drain(struct kbi_frames *frames, struct kbi_buf *said)
{
	for (;;) {
		struct kbi_frame frame = kbi_frames_next(frames);
		if (frame.kind == KBI_FRAME_NONE)
			return true;
		if (frame.kind == KBI_FRAME_BAD) {
			kbi_buf_add(said, "<bad>");
			return false;
		}
		if (frame.kind == KBI_FRAME_DATA)
			kbi_buf_add_bytes(said, frame.data, frame.size_bytes);
		else
			kbi_buf_add_format(said, "<%d %llu %lld>", (int)frame.kind, (unsigned long long)frame.number,
				(long long)frame.status);
	}
}

static void
read_stream(const struct kbi_buf *stream, size_t piece, struct kbi_buf *said)
{
	struct kbi_frames frames = KBI_FRAMES(nonce);
	bool is_good = true;

	for (size_t at = 0; is_good && at < stream->size_bytes; at += piece) {
		size_t left = stream->size_bytes - at;
		FUZZ_CHECK(kbi_frames_add(&frames, stream->data + at, left < piece ? left : piece) == KB_OK);
		is_good = drain(&frames, said);
	}
	kbi_frames_free(&frames);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_buf stream = KBI_BUF(KBI_FRAMES_MAX), whole = KBI_BUF(4 * KBI_FRAMES_MAX), parts = KBI_BUF(4 * KBI_FRAMES_MAX);
	size_t piece = 1 + fuzz_byte(&data, &size_bytes) % 80;

	for (size_t i = 0; i < size_bytes; i++)
		if (data[i] == 1)
			kbi_buf_add(&stream, LEAD);
		else
			kbi_buf_add_char(&stream, data[i]);
	if (!kbi_buf_failed(&stream)) {
		read_stream(&stream, KBI_FRAMES_MAX, &whole);
		read_stream(&stream, piece, &parts);
		fuzz_check_same(&whole, &parts);
	}
	kbi_buf_free(&stream);
	kbi_buf_free(&whole);
	kbi_buf_free(&parts);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "session_frame.h"

#include <string.h>
#include <sys/random.h>

#include "base/str.h"

#define MARK_MAX 96			/* a whole mark is shorter */
#define LEAD_BYTES (KBI_NONCE_BYTES + 2)	/* a newline, the nonce, a space */

kb_status
kbi_nonce_make(struct kbi_nonce *nonce)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[(KBI_NONCE_BYTES - 2) / 2];
	char *at = nonce->text;

	/* up to 256 bytes are never cut short */
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return KB_EIO;
	*at++ = 'k';
	*at++ = 'b';
	for (size_t i = 0; i < sizeof(random); i++) {
		*at++ = digits[random[i] >> 4];
		*at++ = digits[random[i] & 15];
	}
	*at = '\0';
	return KB_OK;
}

kb_status
kbi_frames_add(struct kbi_frames *frames, const void *data, size_t size_bytes)
{
	kbi_buf_drop_front(&frames->held, frames->taken_bytes);
	frames->taken_bytes = 0;
	kbi_buf_add_bytes(&frames->held, data, size_bytes);
	return kbi_buf_failed(&frames->held);
}

static void
write_lead(const struct kbi_frames *frames, char lead[LEAD_BYTES])
{
	lead[0] = '\n';
	memcpy(lead + 1, frames->nonce.text, KBI_NONCE_BYTES);
	lead[LEAD_BYTES - 1] = ' ';
}

/* How many of the last bytes could be the beginning of a mark. */
static size_t
possible_lead(const char *data, size_t size_bytes, const char lead[LEAD_BYTES])
{
	size_t length = size_bytes < LEAD_BYTES - 1 ? size_bytes : LEAD_BYTES - 1;

	for (; length; length--)
		if (memcmp(data + size_bytes - length, lead, length) == 0)
			break;
	return length;
}

static struct kbi_frame
take_data(struct kbi_frames *frames, const char *data, size_t size_bytes)
{
	frames->taken_bytes += size_bytes;
	return (struct kbi_frame){.kind = KBI_FRAME_DATA, .data = data, .size_bytes = size_bytes};
}

static const char *
read_number(const char *text, const char *end, uint64_t *number)
{
	const char *at = text;

	for (*number = 0; at < end && *at >= '0' && *at <= '9' && at - text < 18; at++)
		*number = *number * 10 + (uint64_t)(*at - '0');
	return at > text ? at : NULL;
}

static struct kbi_frame
parse_mark(const char *text, const char *end)
{
	struct kbi_frame bad = {.kind = KBI_FRAME_BAD}, frame = {.kind = KBI_FRAME_END};
	uint64_t status = 0;

	const char *at = read_number(text, end, &frame.number);
	if (!at || at == end || *at++ != ' ')
		return bad;
	if ((size_t)(end - at) == strlen("ready") && memcmp(at, "ready", strlen("ready")) == 0) {
		frame.kind = KBI_FRAME_READY;
		return frame;
	}
	if (read_number(at, end, &status) != end)
		return bad;
	frame.status = (int64_t)status;
	return frame;
}

static struct kbi_frame
take_mark(struct kbi_frames *frames, const char *mark, size_t size_bytes)
{
	const char *text = mark + LEAD_BYTES;
	const char *end = memchr(text, '\n', size_bytes - LEAD_BYTES);

	if (!end)
		return (struct kbi_frame){.kind = size_bytes > MARK_MAX ? KBI_FRAME_BAD : KBI_FRAME_NONE};
	frames->taken_bytes += (size_t)(end + 1 - mark);
	return parse_mark(text, end);
}

struct kbi_frame
kbi_frames_next(struct kbi_frames *frames)
{
	char lead[LEAD_BYTES];
	size_t left = frames->held.size_bytes - frames->taken_bytes;

	if (kbi_buf_failed(&frames->held))
		return (struct kbi_frame){.kind = KBI_FRAME_BAD};
	if (!left) {
		/* a quiet session should not keep the room of its largest answer */
		kbi_buf_free(&frames->held);
		frames->taken_bytes = 0;
		return (struct kbi_frame){.kind = KBI_FRAME_NONE};
	}
	const char *data = frames->held.data + frames->taken_bytes;
	write_lead(frames, lead);
	const char *mark = memmem(data, left, lead, LEAD_BYTES);
	if (mark == data)
		return take_mark(frames, mark, left);
	size_t whole = mark ? (size_t)(mark - data) : left - possible_lead(data, left, lead);
	if (whole)
		return take_data(frames, data, whole);
	return (struct kbi_frame){.kind = KBI_FRAME_NONE};
}

void
kbi_frames_free(struct kbi_frames *frames)
{
	kbi_buf_free(&frames->held);
	frames->taken_bytes = 0;
}

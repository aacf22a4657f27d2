/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/scarce.h"
#include "base/str.h"

#define ROOM_MIN_BYTES 64

static char *
move_secret(struct kbi_buf *buf, size_t room_bytes)
{
	char *data = malloc(room_bytes);	/* not realloc(), which would leave the old bytes in the heap */

	if (!data)
		return NULL;
	if (buf->data) {
		memcpy(data, buf->data, buf->size_bytes + 1);
		kbi_wipe(buf->data, buf->size_bytes);
		free(buf->data);
	}
	return data;
}

/* Room for more_bytes and a NUL, or false with buf->failed set. */
static bool
make_room(struct kbi_buf *buf, size_t more_bytes)
{
	if (buf->failed)
		return false;
	if (buf->size_bytes > buf->max_bytes || more_bytes > buf->max_bytes - buf->size_bytes) {
		buf->failed = KB_ETOOBIG;
		return false;
	}
	size_t wanted = buf->size_bytes + more_bytes + 1;
	if (wanted <= buf->room_bytes)
		return true;
	size_t room = buf->room_bytes ? buf->room_bytes : ROOM_MIN_BYTES;
	while (room < wanted)
		room = room > SIZE_MAX / 2 ? wanted : room * 2;
	char *data = buf->secret ? move_secret(buf, room) : realloc(buf->data, room);
	if (!data) {
		buf->failed = KB_ENOMEM;
		kbi_scarce();
		return false;
	}
	buf->data = data;
	buf->room_bytes = room;
	buf->data[buf->size_bytes] = '\0';
	return true;
}

void
kbi_buf_add_bytes(struct kbi_buf *buf, const void *data, size_t size_bytes)
{
	if (!make_room(buf, size_bytes) || !size_bytes)
		return;
	memcpy(buf->data + buf->size_bytes, data, size_bytes);
	buf->size_bytes += size_bytes;
	buf->data[buf->size_bytes] = '\0';
}

void
kbi_buf_add(struct kbi_buf *buf, const char *text)
{
	if (text)
		kbi_buf_add_bytes(buf, text, strlen(text));
}

void
kbi_buf_add_char(struct kbi_buf *buf, char c)
{
	kbi_buf_add_bytes(buf, &c, 1);
}

void
kbi_buf_add_vformat(struct kbi_buf *buf, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	if (length >= 0 && make_room(buf, (size_t)length)) {
		length = vsnprintf(buf->data + buf->size_bytes, (size_t)length + 1, format, again);
		buf->size_bytes += length > 0 ? (size_t)length : 0;
		buf->data[buf->size_bytes] = '\0';
	}
	if (length < 0 && !buf->failed) {
		buf->failed = KB_ENOMEM;
		kbi_scarce();
	}
	va_end(again);
}

void
kbi_buf_add_format(struct kbi_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	kbi_buf_add_vformat(buf, format, args);
	va_end(args);
}

void
kbi_buf_truncate(struct kbi_buf *buf, size_t size_bytes)
{
	if (size_bytes >= buf->size_bytes)
		return;
	if (buf->secret)
		kbi_wipe(buf->data + size_bytes, buf->size_bytes - size_bytes);
	buf->size_bytes = size_bytes;
	buf->data[size_bytes] = '\0';
}

void
kbi_buf_drop_front(struct kbi_buf *buf, size_t size_bytes)
{
	if (!size_bytes || !buf->size_bytes)
		return;
	size_t left = size_bytes < buf->size_bytes ? buf->size_bytes - size_bytes : 0;
	if (left)
		memmove(buf->data, buf->data + buf->size_bytes - left, left);
	kbi_buf_truncate(buf, left);
}

void
kbi_buf_fit(struct kbi_buf *buf)
{
	char *data = buf->data && !buf->secret ? realloc(buf->data, buf->size_bytes + 1) : NULL;

	if (!data)
		return;
	buf->data = data;
	buf->room_bytes = buf->size_bytes + 1;
}

void
kbi_buf_free(struct kbi_buf *buf)
{
	if (buf->data && buf->secret)
		kbi_wipe(buf->data, buf->size_bytes);
	free(buf->data);
	*buf = (struct kbi_buf){.max_bytes = buf->max_bytes, .secret = buf->secret};
}

kb_status
kbi_buf_failed(const struct kbi_buf *buf)
{
	return buf->failed;
}

const char *
kbi_buf_text(const struct kbi_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *
kbi_buf_take(struct kbi_buf *buf)
{
	if (!make_room(buf, 0)) {	/* an empty buffer gives an empty text, not NULL */
		kbi_buf_free(buf);
		return NULL;
	}
	char *text = buf->data;
	buf->data = NULL;
	kbi_buf_free(buf);
	return text;
}

kb_bytes *
kbi_buf_take_bytes(struct kbi_buf *buf)
{
	size_t size_bytes = buf->size_bytes;
	char *data = kbi_buf_take(buf);

	return data ? kbi_bytes_own(data, size_bytes) : NULL;
}

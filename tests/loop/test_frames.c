/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of a session, cut at every byte. */
#include "turn.h"

#include "session_frame.h"

static const struct kbi_nonce nonce = {"kb0123456789abcdef0123456789abcdef"};

/* What came out, as text: data as it is, marks as "<N READY>" and "<N=STATUS>", "<BAD>". */
static void
take_all(struct kbi_frames *frames, struct kbi_buf *out)
{
	for (;;) {
		struct kbi_frame frame = kbi_frames_next(frames);
		if (frame.kind == KBI_FRAME_NONE)
			return;
		if (frame.kind == KBI_FRAME_BAD) {
			kbi_buf_add(out, "<BAD>");
			return;
		}
		if (frame.kind == KBI_FRAME_DATA) {
			assert_true(frame.size_bytes > 0);
			kbi_buf_add_bytes(out, frame.data, frame.size_bytes);
		} else if (frame.kind == KBI_FRAME_READY) {
			kbi_buf_add_format(out, "<%d READY>", (int)frame.number);
		} else {
			kbi_buf_add_format(out, "<%d=%d>", (int)frame.number, (int)frame.status);
		}
	}
}

static void
check(const char *in, size_t in_bytes, const char *want, size_t want_bytes)
{
	for (size_t piece = 1; piece <= in_bytes; piece = piece < 80 ? piece + 1 : piece * 2) {
		struct kbi_frames frames = KBI_FRAMES(nonce);
		struct kbi_buf out = KBI_BUF((size_t)1 << 20);
		for (size_t at = 0; at < in_bytes; at += piece) {
			size_t count = in_bytes - at < piece ? in_bytes - at : piece;
			assert_int_equal(kbi_frames_add(&frames, in + at, count), KB_OK);
			take_all(&frames, &out);
		}
		assert_int_equal(out.size_bytes, want_bytes);
		assert_memory_equal(kbi_buf_text(&out), want, want_bytes);
		kbi_buf_free(&out);
		kbi_frames_free(&frames);
	}
}

#define N "kb0123456789abcdef0123456789abcdef"
#define CHECK(in, want) check(in, sizeof(in) - 1, want, sizeof(want) - 1)

static void
marks_are_found_wherever_the_stream_is_cut(void **state)
{
	(void)state;
	CHECK("a\nb\n\n" N " 1 0\nc", "a\nb\n<1=0>c");
	CHECK("\n" N " 1 0\n\n" N " 2 255\n", "<1=0><2=255>");
	CHECK("x\n" N " 3 ready\n\n\n\n" N " 3 7\n", "x<3 READY>\n\n<3=7>");
	CHECK("\0\0\n\0" "\n" N " 1 0\n", "\0\0\n\0<1=0>");
	CHECK("\n\n\n\n" N " 12 137\nz", "\n\n\n<12=137>z");
}

static void
what_only_resembles_a_mark_is_data(void **state)
{
	(void)state;
	CHECK("no newline before " N " 1 0\nx", "no newline before " N " 1 0\nx");
	CHECK("\nkb0123456789abcdef0123456789abcdee 1 0\nx", "\nkb0123456789abcdef0123456789abcdee 1 0\nx");
	CHECK("\n" N "\nx", "\n" N "\nx");
	CHECK("\n" N "1 1 0\nx", "\n" N "1 1 0\nx");
	CHECK("\nkb\nkb0\n\n" N " 4 0\n", "\nkb\nkb0\n<4=0>");
}

static void
a_broken_mark_is_bad(void **state)
{
	static const char *const marks[] = {"1 x", " 1 0", "1  0", "1", "1 ", "-1 0", "1 -1", "1 0 0",
		"1 ready ", "x ready", "1 0\r", "1 99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < COUNT(marks); i++) {
		char in[128];
		snprintf(in, sizeof(in), "\n%s %s\nrest", nonce.text, marks[i]);
		struct kbi_frames frames = KBI_FRAMES(nonce);
		kbi_frames_add(&frames, in, strlen(in));
		assert_int_equal(kbi_frames_next(&frames).kind, KBI_FRAME_BAD);
		kbi_frames_free(&frames);
	}
}

static void
a_mark_without_end_is_bad_in_the_end(void **state)
{
	struct kbi_frames frames = KBI_FRAMES(nonce);
	int added = 0;

	(void)state;
	kbi_frames_add(&frames, "\n" N " ", strlen(N) + 2);
	while (kbi_frames_next(&frames).kind == KBI_FRAME_NONE && added++ < 1000)
		kbi_frames_add(&frames, "1", 1);
	assert_true(added < 100);
	assert_int_equal(kbi_frames_next(&frames).kind, KBI_FRAME_BAD);
	kbi_frames_free(&frames);
}

static void
what_is_held_is_bounded(void **state)
{
	struct kbi_frames frames = KBI_FRAMES(nonce);
	char *much = calloc(1, KBI_FRAMES_MAX + 1);

	(void)state;
	assert_non_null(much);
	assert_int_equal(kbi_frames_add(&frames, much, KBI_FRAMES_MAX + 1), KB_ETOOBIG);
	assert_int_equal(kbi_frames_next(&frames).kind, KBI_FRAME_BAD);
	free(much);
	kbi_frames_free(&frames);
}

static void
no_two_nonces_are_the_same(void **state)
{
	struct kbi_nonce a, b;

	(void)state;
	assert_int_equal(kbi_nonce_make(&a) + kbi_nonce_make(&b), KB_OK);
	assert_int_equal(strlen(a.text), KBI_NONCE_BYTES);
	assert_int_equal(strspn(a.text + 2, "0123456789abcdef"), KBI_NONCE_BYTES - 2);
	assert_string_not_equal(a.text, b.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_found_wherever_the_stream_is_cut),
		cmocka_unit_test(what_only_resembles_a_mark_is_data),
		cmocka_unit_test(a_broken_mark_is_bad),
		cmocka_unit_test(a_mark_without_end_is_bad_in_the_end),
		cmocka_unit_test(what_is_held_is_bounded),
		cmocka_unit_test(no_two_nonces_are_the_same),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}

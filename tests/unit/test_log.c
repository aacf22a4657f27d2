/* SPDX-License-Identifier: Apache-2.0 */
/* The log: levels, its bound, its order, what it hides, and that it costs nothing while it is off. */
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

#include "base/ctx.h"
#include "base/log.h"
#include "event.h"

#define SECRET "kb-canary-5150"
#define SECRET_BASE64 "a2ItY2FuYXJ5LTUxNT"	/* its first 13 bytes */

static size_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *
__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	allocations++;
	return __real_realloc(memory, size);
}

static int
set_up(void **state)
{
	*state = kb_new();
	return *state ? 0 : -1;
}

static int
tear_down(void **state)
{
	kb_free(*state);
	return 0;
}

/* One entry of each level. */
static void
add_each(kb_ctx *kb)
{
	for (int level = KB_LOG_ERROR; level <= KB_LOG_TRACE; level++)
		kbi_log(&kb->log, level, "node-1", "of level %s", kb_log_level_name(level));
}

static void
a_level_holds_those_before_it(void **state)
{
	kb_ctx *kb = *state;
	for (int level = KB_LOG_OFF; level <= KB_LOG_TRACE; level++) {
		assert_int_equal(kb_log_set_level(kb, level), KB_OK);
		assert_int_equal(kb_log_level(kb), level);
		add_each(kb);
		for (int expected = KB_LOG_ERROR; expected <= level; expected++) {
			kb_log_entry *entry = kb_log_next(kb);
			char text[32];
			snprintf(text, sizeof(text), "of level %s", kb_log_level_name(expected));
			assert_string_equal(kb_log_entry_text(entry), text);
			assert_string_equal(kb_log_entry_host(entry), "node-1");
			assert_int_equal(kb_log_entry_level(entry), expected);
			assert_true(kb_log_entry_time_ms(entry) > INT64_C(1700000000000));
			kb_log_entry_free(entry);
		}
		assert_null(kb_log_next(kb));
	}
	assert_int_equal(kb_log_dropped(kb), 0);
}

static int
looked_at(int *count)
{
	return ++*count;
}

static void
off_costs_nothing(void **state)
{
	kb_ctx *kb = *state;
	size_t before = allocations;
	int count = 0;
	for (int i = 0; i < 1000; i++) {
		add_each(kb);
		kbi_log(&kb->log, KB_LOG_ERROR, "node-1", "%d", looked_at(&count));
		kbi_log(NULL, KB_LOG_ERROR, "node-1", "%d", looked_at(&count));
	}
	assert_int_equal(allocations, before);
	assert_int_equal(count, 0);
	assert_null(kb_log_next(kb));
	assert_int_equal(kb_log_dropped(kb), 0);
	assert_int_equal(kb_log_set_level(kb, KB_LOG_ERROR), KB_OK);
	kbi_log(&kb->log, KB_LOG_ERROR, "node-1", "%d", looked_at(&count));
	assert_true(allocations > before);	/* the count counts */
	assert_int_equal(count, 1);
}

static void
the_oldest_go_when_it_is_full(void **state)
{
	kb_ctx *kb = *state;
	int kept = 0, number = -1, last = -1;
	size_t size_bytes = 0;
	assert_int_equal(kb_log_set_size(kb, 4096), KB_OK);
	kb_log_set_level(kb, KB_LOG_INFO);
	for (int i = 0; i < 1000; i++)
		kbi_log(&kb->log, KB_LOG_INFO, "node-1", "%d %060d", i, 0);
	kb_log_entry *entry;
	while ((entry = kb_log_next(kb))) {
		assert_int_equal(sscanf(kb_log_entry_text(entry), "%d", &number), 1);
		assert_true(last == -1 || number == last + 1);
		last = number;
		size_bytes += strlen(kb_log_entry_text(entry));
		kept++;
		kb_log_entry_free(entry);
	}
	assert_int_equal(last, 999);
	assert_true(kept > 10);
	assert_true(size_bytes <= 4096);
	assert_int_equal(kb_log_dropped(kb), 1000 - kept);
}

static void
a_smaller_ring_drops_at_once(void **state)
{
	kb_ctx *kb = *state;
	kb_log_set_level(kb, KB_LOG_TRACE);
	char *text = malloc(10000);
	memset(text, 'x', 10000);
	kbi_log_add_text(&kb->log, "node-1", "log", text, 10000);
	assert_int_equal(kb_log_dropped(kb), 0);
	assert_int_equal(kb_log_set_size(kb, 4096), KB_OK);
	assert_int_equal(kb_log_dropped(kb), 1);
	kbi_log_add_text(&kb->log, "node-1", "log", text, 10000);	/* larger than all of it */
	assert_int_equal(kb_log_dropped(kb), 2);
	assert_null(kb_log_next(kb));
	free(text);
}

static void
check_masked(kb_ctx *kb, const char *expected)
{
	kb_log_entry *entry = kb_log_next(kb);
	assert_non_null(entry);
	const char *text = kb_log_entry_text(entry);
	assert_null(strstr(text, SECRET));
	assert_null(strstr(text, "kb-canary"));
	assert_null(strstr(text, SECRET_BASE64));
	if (!strstr(text, expected))
		fail_msg("not told: %s\nbut: %s", expected, text);
	kb_log_entry_free(entry);
}

static void
secrets_are_masked_in_lines_and_texts(void **state)
{
	kb_ctx *kb = *state;
	static const char script[] = "password='" SECRET "'\nencoded=a2ItY2FuYXJ5LTUxNTA=\necho done\n";
	kb_host *host = kb_host_new(kb, "node-1", "ssh://node-1");
	assert_int_equal(kb_host_set_secret(host, "password", SECRET, strlen(SECRET)), KB_OK);
	kb_log_set_level(kb, KB_LOG_TRACE);
	kbi_log(&kb->log, KB_LOG_ERROR, "node-1", "refused: %s!", SECRET);
	check_masked(kb, "refused: ***!");
	kbi_log_add_text(&kb->log, "node-1", "script", script, strlen(script));
	check_masked(kb, "script:\npassword='***'\nencoded=***");
	/* where a text is cut, no half of a secret stays */
	for (size_t lead = (16 << 10) - 20; lead < (16 << 10) + 4; lead++) {
		char *text = calloc(1, 20 << 10);
		memset(text, '.', lead);
		memcpy(text + lead, SECRET " and more and more", strlen(SECRET " and more and more"));
		kbi_log_add_text(&kb->log, "node-1", "log", text, strlen(text));
		check_masked(kb, "bytes more)");
		free(text);
	}
	kb_host_free(host);
}

static void
no_control_character_comes_out(void **state)
{
	kb_ctx *kb = *state;
	static const char hostile[] = "\033[2Jgone\r\001\177\302\233two\nlines\377";
	kb_log_set_level(kb, KB_LOG_TRACE);
	kbi_log(&kb->log, KB_LOG_ERROR, "node-1", "%s", hostile);
	kbi_log_add_text(&kb->log, "node-1", "log", hostile, sizeof(hostile));	/* with a NUL */
	for (int i = 0; i < 2; i++) {
		kb_log_entry *entry = kb_log_next(kb);
		assert_non_null(entry);
		for (const char *at = kb_log_entry_text(entry); *at; at++)
			assert_true(*at == '\n' || (*at & 0x80) || !iscntrl((unsigned char)*at));
		assert_null(strstr(kb_log_entry_text(entry), "\302\233"));
		assert_non_null(strstr(kb_log_entry_text(entry), "gone"));
		kb_log_entry_free(entry);
	}
}

static void
what_is_wrong_is_refused(void **state)
{
	kb_ctx *kb = *state;
	assert_int_equal(kb_log_set_level(kb, -1), KB_EINVAL);
	assert_int_equal(kb_log_set_level(kb, KB_LOG_TRACE + 1), KB_EINVAL);
	assert_int_equal(kb_log_level(kb), KB_LOG_OFF);
	assert_int_equal(kb_log_set_size(kb, 4095), KB_EINVAL);
	assert_int_equal(kb_log_set_level(NULL, KB_LOG_INFO), KB_EINVAL);
	assert_int_equal(kb_log_set_size(NULL, 4096), KB_EINVAL);
	assert_int_equal(kb_log_level(NULL), KB_EINVAL);
	assert_int_equal(kb_log_dropped(NULL), KB_EINVAL);
	assert_null(kb_log_next(NULL));
	assert_string_equal(kb_log_level_name(-1), "");
	assert_string_equal(kb_log_level_name(KB_LOG_TRACE + 1), "");
	assert_string_equal(kb_log_entry_text(NULL), "");
	assert_string_equal(kb_log_entry_host(NULL), "");
	kb_log_entry_free(NULL);
}

static void
events_of_every_kind_are_entries(void **state)
{
	kb_ctx *kb = *state;
	static const int levels[] = {
		[KB_EVENT_PLAN_STARTED] = KB_LOG_INFO, [KB_EVENT_HOST_CONNECTED] = KB_LOG_INFO, [KB_EVENT_HOST_LOST] = KB_LOG_WARNING,
		[KB_EVENT_STEP_STARTED] = KB_LOG_INFO, [KB_EVENT_STEP_OUTPUT] = KB_LOG_DEBUG, [KB_EVENT_STEP_DONE] = KB_LOG_INFO,
		[KB_EVENT_NOTE] = KB_LOG_INFO, [KB_EVENT_PLAN_DONE] = KB_LOG_INFO, [KB_EVENT_QUESTION] = KB_LOG_INFO,
	};
	size_t kind = 1;
	kb_log_set_level(kb, KB_LOG_TRACE);
	for (; *kb_event_kind_name((int)kind); kind++) {
		struct kb_event *event = kbi_event_new((int)kind);
		event->severity = kind == KB_EVENT_NOTE ? KB_INFO : 0;
		kbi_event_log(event, &kb->log);
		kb_log_entry *entry = kb_log_next(kb);
		assert_true(kind < COUNT(levels));	/* or it is a new one */
		assert_int_equal(kb_log_entry_level(entry), levels[kind]);
		assert_string_equal(kb_log_entry_text(entry), kb_event_kind_name((int)kind));
		kb_log_entry_free(entry);
		kb_event_free(event);
	}
	assert_int_equal(kind, COUNT(levels));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_level_holds_those_before_it), T(off_costs_nothing), T(the_oldest_go_when_it_is_full), T(a_smaller_ring_drops_at_once),
		T(secrets_are_masked_in_lines_and_texts), T(no_control_character_comes_out), T(what_is_wrong_is_refused),
		T(events_of_every_kind_are_entries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

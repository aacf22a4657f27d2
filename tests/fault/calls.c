/* SPDX-License-Identifier: Apache-2.0 */
/* Which call fails, and what is held. */
#include "calls.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define HELD_MAX (1u << 16)

static atomic_long count;
static atomic_bool is_armed, is_goes_on;
static atomic_long fails_at;
static _Atomic(const char *) first_name;
static atomic_uint first_codes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct held {
	const void *thing;
	const char *name;
	long number;
	void *caller;
} held[HELD_MAX];
static long held_count;

void
fault_arm(long number, bool goes_on)
{
	atomic_store(&count, 0);
	atomic_store(&fails_at, number);
	atomic_store(&is_goes_on, goes_on);
	atomic_store(&first_name, NULL);
	atomic_store(&first_codes, 0);
	atomic_store(&is_armed, true);
}

void
fault_disarm(void)
{
	atomic_store(&is_armed, false);
}

long
fault_count(void)
{
	return atomic_load(&count);
}

const char *
fault_name(void)
{
	return atomic_load(&first_name);
}

unsigned
fault_codes(void)
{
	return atomic_load(&first_codes);
}

static void
show_caller(const char *name)
{
	void *frames[24];
	int depth = backtrace(frames, 24);

	fprintf(stderr, "fails: %s\n", name);
	backtrace_symbols_fd(frames, depth, 2);
}

bool
fault_now(const char *name, unsigned codes)
{
	if (!atomic_load(&is_armed))
		return false;
	long number = atomic_fetch_add(&count, 1) + 1, at = atomic_load(&fails_at);
	if (!at || number < at || (number > at && !atomic_load(&is_goes_on)))
		return false;
	atomic_fetch_or(&first_codes, codes);	/* of those that go on to fail, each may decide */
	if (number == at) {
		atomic_store(&first_name, name);
		if (getenv("KB_FAULT_SHOW"))
			show_caller(name);
	}
	return true;
}

static struct held *
place_of(const void *thing)
{
	size_t at = ((uintptr_t)thing >> 4) * 2654435761u % HELD_MAX, seen = 0;
	struct held *free_place = NULL;

	for (; seen < HELD_MAX && (held[at].thing || held[at].name); seen++, at = (at + 1) % HELD_MAX) {
		if (held[at].thing == thing)
			return &held[at];
		if (!held[at].thing && !free_place)	/* one that was let go of */
			free_place = &held[at];
	}
	if (!free_place && seen == HELD_MAX)
		abort();
	return free_place ? free_place : &held[at];
}

void *
fault_hold(void *thing, const char *name)
{
	if (!thing)
		return NULL;
	pthread_mutex_lock(&lock);
	struct held *place = place_of(thing);
	if (place->thing == thing) {
		fprintf(stderr, "%s gave what %s gave before, and nobody let go of it\n", name, place->name);
		abort();
	}
	void *frames[3] = {0};
	backtrace(frames, 3);
	*place = (struct held){thing, name, atomic_load(&count), frames[2]};
	held_count++;
	pthread_mutex_unlock(&lock);
	return thing;
}

void
fault_drop(const void *thing)
{
	if (!thing)
		return;
	pthread_mutex_lock(&lock);
	struct held *place = place_of(thing);
	if (place->thing == thing) {
		place->thing = NULL;	/* the name stays: the chain goes on behind it */
		held_count--;
	}
	pthread_mutex_unlock(&lock);
}

long
fault_held(void)
{
	pthread_mutex_lock(&lock);
	long now = held_count;
	pthread_mutex_unlock(&lock);
	return now;
}

void
fault_tell_held(void)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		if (!held[i].thing)
			continue;
		fprintf(stderr, "held: of %s, call %ld, ", held[i].name, held[i].number);
		backtrace_symbols_fd(&held[i].caller, 1, 2);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of downloads: many hosts want the same bytes at the same time, and one of them fetches. */
#include "fetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "fetch_download.h"

#define FRESH_MS 300000				/* what no sum pins may change at its source: long enough for one run */
#define KEPT_MAX_BYTES ((size_t)16 << 20)	/* larger ones are shared only by those who wait for them */

enum state { FETCHING, DONE, FAILED, ABANDONED };

struct entry {			/* one URL with all that decides about its bytes */
	struct entry *next;
	char *key;
	enum state state;
	unsigned users;
	int64_t stale_ms;
	struct kbi_buf bytes;
	struct kb_err err;
};

struct kbi_fetcher {
	atomic_uint refs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry *entries;
};

/* Bytes that one CA vouched for are not for a caller who trusts another. */
static char *
key_of(const struct kbi_fetch *what)
{
	struct kbi_buf key = { .max_bytes = KBI_SIZE_TEXT, .secret = true };

	kbi_buf_add_format(&key, "%s\n%s\n%s\n%s\n%zu", what->url, what->sha256 ? what->sha256 : "", what->ca_file ? what->ca_file : "",
		what->proxy ? what->proxy : "", what->max_bytes);
	return kbi_buf_take(&key);
}

static void
free_entry(struct entry *e)
{
	kbi_buf_free(&e->bytes);
	kbi_err_clear(&e->err);
	kbi_wipe(e->key, strlen(e->key));	/* a URL may hold a login */
	free(e->key);
	free(e);
}

static void
forget(struct kbi_fetcher *fetcher, struct entry *e)
{
	struct entry **at = &fetcher->entries;

	while (*at && *at != e)
		at = &(*at)->next;
	if (*at)
		*at = e->next;
	e->next = NULL;
}

static bool
is_stale(const struct entry *e)
{
	return e->state == DONE && e->stale_ms <= kbi_clock_ms();
}

/* Locked. */
static void
drop_stale(struct kbi_fetcher *fetcher)
{
	struct entry *next;

	for (struct entry *e = fetcher->entries; e; e = next) {
		next = e->next;
		if (e->users || !is_stale(e))
			continue;
		forget(fetcher, e);
		free_entry(e);
	}
}

/* Locked. The entry for this key, made when there is none: then the caller is to fetch. Takes key. */
static struct entry *
join(struct kbi_fetcher *fetcher, char *key, bool *is_first)
{
	struct entry *e;

	drop_stale(fetcher);
	for (e = fetcher->entries; e && (strcmp(e->key, key) != 0 || is_stale(e));)
		e = e->next;
	*is_first = !e;
	if (e) {
		kbi_wipe(key, strlen(key));
		free(key);
	} else if ((e = calloc(1, sizeof(*e)))) {
		e->key = key;
		e->next = fetcher->entries;
		fetcher->entries = e;
	} else {
		free(key);
		return NULL;
	}
	e->users++;
	return e;
}

/* Locked. Those who go on waiting share what came, also when it was a failure; only what was fetched stays for later. */
static void
settle(struct kbi_fetcher *fetcher, struct entry *e, const struct kbi_fetch *what, kb_status status)
{
	e->state = status == KB_OK ? DONE : status == KB_ECANCELED ? ABANDONED : FAILED;
	e->stale_ms = what->sha256 ? KBI_NEVER : kbi_clock_ms() + FRESH_MS;
	if (e->state != DONE)
		forget(fetcher, e);
	pthread_cond_broadcast(&fetcher->changed);
}

/* Locked. */
static void
leave(struct kbi_fetcher *fetcher, struct entry *e)
{
	if (--e->users)
		return;
	if (e->state == DONE && e->bytes.size_bytes <= KEPT_MAX_BYTES && !is_stale(e))
		return;
	forget(fetcher, e);
	free_entry(e);
}

/* Locked, and unlocks while it waits. */
static void
wait_a_little(struct kbi_fetcher *fetcher)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 100 * 1000 * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&fetcher->changed, &fetcher->lock, &until);
}

static kb_status
wait_for(struct kbi_fetcher *fetcher, const struct entry *e, const struct kbi_download *d, struct kb_err *err)
{
	while (e->state == FETCHING) {
		if (kbi_fetch_is_cancelled(d->what))
			return kbi_fail(err, KB_ECANCELED, "download %s: cancelled", d->name);
		if (kbi_clock_ms() >= d->deadline_ms)
			return kbi_fail(err, KB_ETIMEOUT, "download %s: nothing came in time", d->name);
		wait_a_little(fetcher);
	}
	return KB_OK;
}

static kb_status
copy_out(const struct entry *e, struct kbi_buf *out, struct kb_err *err)
{
	if (e->state == FAILED) {
		kbi_err_copy(err, &e->err);
		return e->err.code ? e->err.code : KB_ENOMEM;
	}
	kbi_buf_add_bytes(out, kbi_buf_text(&e->bytes), e->bytes.size_bytes);
	return kbi_buf_failed(out) ? kbi_fail(err, kbi_buf_failed(out), "download: its bytes do not fit") : KB_OK;
}

static void
fetch_into(struct kbi_fetcher *fetcher, struct entry *e, struct kbi_download *d)
{
	pthread_mutex_unlock(&fetcher->lock);
	d->out = &e->bytes;	/* nobody else looks at it while it is FETCHING */
	e->bytes = KBI_BUF(d->what->max_bytes);
	kb_status status = kbi_download(d, &e->err);
	pthread_mutex_lock(&fetcher->lock);
	settle(fetcher, e, d->what, status);
}

/* Locked. *is_over stays false when whoever fetched was cancelled, and somebody else has to. */
static kb_status
fetch_shared(struct kbi_fetcher *fetcher, struct kbi_download *d, struct kbi_buf *out, struct kb_err *err, bool *is_over)
{
	char *key = key_of(d->what);
	bool is_first = false;
	struct entry *e = key ? join(fetcher, key, &is_first) : NULL;
	kb_status status = KB_OK;

	if (!e) {
		*is_over = true;
		return kbi_fail_memory(err);
	}
	if (is_first)
		fetch_into(fetcher, e, d);
	else
		status = wait_for(fetcher, e, d, err);
	*is_over = status || e->state != ABANDONED || is_first;
	if (!status && e->state == ABANDONED && is_first)
		status = kbi_fail(err, KB_ECANCELED, "download %s: cancelled", d->name);
	else if (!status && *is_over)
		status = copy_out(e, out, err);
	leave(fetcher, e);
	return status;
}

kb_status
kbi_fetch(struct kbi_fetcher *fetcher, const struct kbi_fetch *what, struct kbi_buf *out, struct kb_err *err)
{
	char *name = kbi_fetch_name(what->url);
	struct kbi_download d = {
		.what = what, .name = name ? name : "", .deadline_ms = kbi_clock_deadline(kbi_clock_ms(), what->timeout_ms),
	};
	kb_status status = name ? kbi_fetch_check(&d, err) : kbi_fail_memory(err);
	bool is_over = status != KB_OK;

	pthread_mutex_lock(&fetcher->lock);
	while (!is_over)
		status = fetch_shared(fetcher, &d, out, err, &is_over);
	pthread_mutex_unlock(&fetcher->lock);
	free(name);
	return status;
}

/* -- the fetcher */

struct kbi_fetcher *
kbi_fetcher_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct kbi_fetcher *fetcher = calloc(1, sizeof(*fetcher));
	pthread_condattr_t attributes;

	pthread_once(&once, kbi_download_init);
	if (!fetcher)
		return NULL;
	atomic_init(&fetcher->refs, 1);
	pthread_mutex_init(&fetcher->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&fetcher->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return fetcher;
}

struct kbi_fetcher *
kbi_fetcher_ref(struct kbi_fetcher *fetcher)
{
	if (fetcher)
		atomic_fetch_add(&fetcher->refs, 1);
	return fetcher;
}

void
kbi_fetcher_unref(struct kbi_fetcher *fetcher)
{
	if (!fetcher || atomic_fetch_sub(&fetcher->refs, 1) != 1)
		return;
	while (fetcher->entries) {
		struct entry *e = fetcher->entries;
		fetcher->entries = e->next;
		free_entry(e);
	}
	pthread_cond_destroy(&fetcher->changed);
	pthread_mutex_destroy(&fetcher->lock);
	free(fetcher);
}

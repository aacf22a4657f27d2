/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "base/str.h"

#define REDIRECT_MAX 5L
#define CONNECT_TIMEOUT_MS 20000
#define DAY_MS 86400000		/* libcurl takes no more than an int's worth of milliseconds */
#define SLOW_BYTES_PER_SECOND 64L
#define SLOW_SECONDS 30L
#define TRIES 3
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

struct download {
	const struct kbi_fetch *what;
	struct kbi_buf *out;
	const char *name;	/* the URL as it may be shown */
	int64_t deadline_ms;
	char curl_says[CURL_ERROR_SIZE];
};

static bool
is_cancelled(const struct kbi_fetch *what)
{
	return what->is_cancelled && atomic_load(what->is_cancelled);
}

/* -- what may be asked for */

/* User, password and query may be secrets (a mirror's login, a signed link): what is shown has none of them. */
static char *
shown(const char *url)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
	const char *slashes = strstr(url, "://");
	const char *authority = slashes ? slashes + 3 : url;
	size_t authority_bytes = strcspn(authority, "/?#");
	const char *host = authority;

	for (size_t i = 0; i < authority_bytes; i++)
		if (authority[i] == '@')
			host = authority + i + 1;
	kbi_buf_add_bytes(&name, url, (size_t)(authority - url));
	kbi_buf_add_bytes(&name, host, strcspn(host, "?#"));
	return kbi_buf_take(&name);
}

static bool
is_sha256(const char *hex)
{
	return strlen(hex) == 64 && strspn(hex, "0123456789abcdefABCDEF") == 64;
}

static bool
is_file(const char *url)
{
	return kbi_str_starts(url, "file:///") || kbi_str_starts(url, "/");
}

static kb_status
check(const struct download *d, struct kb_err *err)
{
	const struct kbi_fetch *what = d->what;

	if (what->sha256 && !is_sha256(what->sha256))
		return kbi_fail(err, KB_EINVAL, "download %s: a pin that is not 64 hexadecimal digits", d->name);
	if (kbi_str_starts(what->url, "http://") && !what->sha256 && !what->is_pinned_by_caller)
		return kbi_fail(err, KB_EINVAL, "download %s: http, and what comes is not pinned", d->name);
	if (!is_file(what->url) && !kbi_str_starts(what->url, "https://") && !kbi_str_starts(what->url, "http://"))
		return kbi_fail(err, KB_EINVAL, "download %s: neither https nor an absolute path", d->name);
	return KB_OK;
}

/* -- a file of the controller */

static kb_status
read_all(const struct download *d, int fd, struct kb_err *err)
{
	char piece[65536];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return kbi_fail(err, KB_EIO, "read %s: %s", d->name, strerror(errno));
		if (d->out->size_bytes + (size_t)got > d->what->max_bytes)
			return kbi_fail(err, KB_ETOOBIG, "read %s: more than %zu bytes", d->name, d->what->max_bytes);
		kbi_buf_add_bytes(d->out, piece, (size_t)got);
	}
	return KB_OK;
}

static kb_status
read_file(const struct download *d, struct kb_err *err)
{
	const char *path = d->what->url + (kbi_str_starts(d->what->url, "file://") ? strlen("file://") : 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* a FIFO would block */
	struct stat st;

	if (fd < 0)
		return kbi_fail(err, KB_EINVAL, "read %s: %s", path, strerror(errno));
	kb_status status;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		status = kbi_fail(err, KB_EINVAL, "read %s: not a regular file", path);
	else
		status = read_all(d, fd, err);
	close(fd);
	return status;
}

/* -- a download */

static size_t
take(char *data, size_t size, size_t count, void *owner)
{
	struct download *d = owner;

	if (d->out->size_bytes + size * count > d->what->max_bytes)
		d->out->failed = KB_ETOOBIG;
	kbi_buf_add_bytes(d->out, data, size * count);
	return kbi_buf_failed(d->out) ? 0 : size * count;
}

static int
progress(void *owner, curl_off_t total, curl_off_t now, curl_off_t total_up, curl_off_t now_up)
{
	const struct download *d = owner;

	(void)total, (void)now, (void)total_up, (void)now_up;
	return is_cancelled(d->what);
}

static curl_socket_t
open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)owner, (void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");	/* check() has seen to the pin of http */
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
}

static void
set_options(CURL *curl, struct download *d)
{
	const struct kbi_fetch *what = d->what;
	int64_t left_ms = kbi_clock_sooner(kbi_clock_left_ms(d->deadline_ms, kbi_clock_ms()), DAY_MS);

	set_protocols(curl);
	curl_easy_setopt(curl, CURLOPT_URL, what->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECT_MAX);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "libkb/" KB_VERSION);
	curl_easy_setopt(curl, CURLOPT_PROXY, what->proxy ? what->proxy : "");	/* "": not the environment's either */
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (what->ca_file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, what->ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)what->max_bytes);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms < CONNECT_TIMEOUT_MS ? left_ms : CONNECT_TIMEOUT_MS));
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, d->curl_says);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, d);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, d);
}

static const struct {
	CURLcode curl;
	kb_status status;
	const char *id;
} meanings[] = {
	{ CURLE_OPERATION_TIMEDOUT, KB_ETIMEOUT, "fetch.timeout" },
	{ CURLE_ABORTED_BY_CALLBACK, KB_ECANCELED, "fetch.cancelled" },
	{ CURLE_FILESIZE_EXCEEDED, KB_ETOOBIG, "fetch.too-big" },
	{ CURLE_PEER_FAILED_VERIFICATION, KB_EINTEGRITY, "fetch.certificate" },
	{ CURLE_SSL_CACERT_BADFILE, KB_EINVAL, "fetch.ca-file" },
	{ CURLE_TOO_MANY_REDIRECTS, KB_EINTEGRITY, "fetch.redirect" },
	{ CURLE_UNSUPPORTED_PROTOCOL, KB_EINTEGRITY, "fetch.redirect" },	/* of the URL itself it was checked before */
	{ CURLE_URL_MALFORMAT, KB_EINVAL, "fetch.url" },
	{ CURLE_OUT_OF_MEMORY, KB_ENOMEM, "fetch.memory" },
};

static kb_status
fail_http(CURL *curl, const struct download *d, struct kb_err *err)
{
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	bool may_pass = code >= 500 || code == 408 || code == 429;
	kbi_fail(err, may_pass ? KB_EUNREACHABLE : KB_EINVAL, "download %s: the server answered %ld", d->name, code);
	kbi_err_id(err, may_pass ? "fetch.server" : "fetch.not-found");
	return may_pass ? KB_EUNREACHABLE : KB_EINVAL;
}

static kb_status
fail_curl(CURL *curl, CURLcode code, const struct download *d, struct kb_err *err)
{
	const char *text = d->curl_says[0] ? d->curl_says : curl_easy_strerror(code);
	kb_status status = KB_EUNREACHABLE;
	const char *id = "fetch.unreachable";

	if (code == CURLE_HTTP_RETURNED_ERROR)
		return fail_http(curl, d, err);
	if (code == CURLE_WRITE_ERROR && kbi_buf_failed(d->out) == KB_ENOMEM)
		return kbi_fail_memory(err);
	if (code == CURLE_WRITE_ERROR)
		code = CURLE_FILESIZE_EXCEEDED;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].curl == code) {
			status = meanings[i].status;
			id = meanings[i].id;
		}
	}
	if (code == CURLE_FILESIZE_EXCEEDED)
		kbi_fail(err, status, "download %s: more than %zu bytes", d->name, d->what->max_bytes);
	else
		kbi_fail(err, status, "download %s: %s", d->name, text);
	kbi_err_id(err, id);
	return status;
}

static kb_status
try_once(struct download *d, struct kb_err *err)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		return kbi_fail_memory(err);
	kbi_buf_free(d->out);
	*d->out = KBI_BUF(d->what->max_bytes);
	d->curl_says[0] = '\0';
	set_options(curl, d);
	CURLcode code = curl_easy_perform(curl);
	kb_status status = code == CURLE_OK ? KB_OK : fail_curl(curl, code, d, err);
	curl_easy_cleanup(curl);
	return status;
}

/* Sleeps, but for no longer than there is a reason to go on. */
static bool
may_try_again(const struct download *d, int tries)
{
	int64_t until_ms = kbi_clock_ms() + 1000 * tries;

	if (tries >= TRIES || until_ms >= d->deadline_ms)
		return false;
	while (kbi_clock_ms() < until_ms && !is_cancelled(d->what))
		nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
	return !is_cancelled(d->what);
}

static kb_status
check_sum(const struct download *d, struct kb_err *err)
{
	struct kbi_buf hex = KBI_BUF(KBI_SIZE_TEXT);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned sum_bytes = 0;

	if (!d->what->sha256)
		return KB_OK;
	if (!EVP_Digest(kbi_buf_text(d->out), d->out->size_bytes, sum, &sum_bytes, EVP_sha256(), NULL))
		return kbi_fail_memory(err);
	kbi_str_hex(&hex, sum, sum_bytes);
	kb_status status = KB_OK;
	if (strcasecmp(kbi_buf_text(&hex), d->what->sha256) != 0) {
		status = kbi_fail(err, KB_EINTEGRITY, "download %s: its sha256 is not the pinned one", d->name);
		kbi_err_id(err, "fetch.sha256");
		kbi_err_evidence(err, "pinned: %s", d->what->sha256);
		kbi_err_evidence(err, "came: %s (%zu bytes)", kbi_buf_text(&hex), d->out->size_bytes);
	}
	kbi_buf_free(&hex);
	return status;
}

static kb_status
download(struct download *d, struct kb_err *err)
{
	kb_status status = is_file(d->what->url) ? read_file(d, err) : try_once(d, err);

	for (int tries = 1; status == KB_EUNREACHABLE && may_try_again(d, tries); tries++)
		status = try_once(d, err);
	if (status == KB_OK && kbi_buf_failed(d->out))
		status = kbi_fail_memory(err);
	return status ? status : check_sum(d, err);
}

/* -- the cache: many hosts want the same bytes at the same time, and one of them fetches */

/* Bytes that one CA vouched for are not for a caller who trusts another. */
static char *
key_of(const struct kbi_fetch *what)
{
	struct kbi_buf key = KBI_BUF(KBI_SIZE_TEXT);

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
wait_for(struct kbi_fetcher *fetcher, const struct entry *e, const struct download *d, struct kb_err *err)
{
	while (e->state == FETCHING) {
		if (is_cancelled(d->what))
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
fetch_into(struct kbi_fetcher *fetcher, struct entry *e, struct download *d)
{
	pthread_mutex_unlock(&fetcher->lock);
	d->out = &e->bytes;	/* nobody else looks at it while it is FETCHING */
	e->bytes = KBI_BUF(d->what->max_bytes);
	kb_status status = download(d, &e->err);
	pthread_mutex_lock(&fetcher->lock);
	settle(fetcher, e, d->what, status);
}

/* Locked. *is_over stays false when whoever fetched was cancelled, and somebody else has to. */
static kb_status
fetch_shared(struct kbi_fetcher *fetcher, struct download *d, struct kbi_buf *out, struct kb_err *err, bool *is_over)
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
	char *name = shown(what->url);
	struct download d = {
		.what = what, .name = name ? name : "", .deadline_ms = kbi_clock_deadline(kbi_clock_ms(), what->timeout_ms),
	};
	kb_status status = name ? check(&d, err) : kbi_fail_memory(err);
	bool is_over = status != KB_OK;

	pthread_mutex_lock(&fetcher->lock);
	while (!is_over)
		status = fetch_shared(fetcher, &d, out, err, &is_over);
	pthread_mutex_unlock(&fetcher->lock);
	free(name);
	return status;
}

/* -- the fetcher */

static void
init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct kbi_fetcher *
kbi_fetcher_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct kbi_fetcher *fetcher = calloc(1, sizeof(*fetcher));
	pthread_condattr_t attributes;

	pthread_once(&once, init_curl);
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

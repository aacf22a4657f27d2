/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch_download.h"

#include <errno.h>
#include <fcntl.h>
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

bool
kbi_fetch_is_cancelled(const struct kbi_fetch *what)
{
	return what->is_cancelled && atomic_load(what->is_cancelled);
}

/* -- what may be asked for */

/* User, password and query may be secrets (a mirror's login, a signed link): what is shown has none of them. */
char *
kbi_fetch_name(const char *url)
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

kb_status
kbi_fetch_check(const struct kbi_download *d, struct kb_err *err)
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
read_all(const struct kbi_download *d, int fd, struct kb_err *err)
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
read_file(const struct kbi_download *d, struct kb_err *err)
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
	struct kbi_download *d = owner;

	if (d->out->size_bytes + size * count > d->what->max_bytes)
		d->out->failed = KB_ETOOBIG;
	kbi_buf_add_bytes(d->out, data, size * count);
	return kbi_buf_failed(d->out) ? 0 : size * count;
}

static int
progress(void *owner, curl_off_t total, curl_off_t now, curl_off_t total_up, curl_off_t now_up)
{
	const struct kbi_download *d = owner;

	(void)total, (void)now, (void)total_up, (void)now_up;
	return kbi_fetch_is_cancelled(d->what);
}

static curl_socket_t
open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)owner, (void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Each of them counts: without its CA, its protocols or its functions a download would be another one. */
#define SET(options, name, value) \
	((options)->failed = (options)->failed ? (options)->failed : curl_easy_setopt((options)->curl, name, value))

struct options {
	CURL *curl;
	CURLcode failed;	/* the first */
};

static void
set_protocols(struct options *o)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(o, CURLOPT_PROTOCOLS_STR, "https,http");	/* check() has seen to the pin of http */
	SET(o, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
	SET(o, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
	SET(o, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
}

/* libcurl looks for the authorities where they were on the machine that it was built on. One that came with us, inside a wheel, may run on
 * another distribution: NULL when its own place is there, else the first of those that is. (Go's crypto/x509 has the same list) */
static const char *
find_ca_file(void)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt",	/* Debian, Ubuntu, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",	/* Fedora, RHEL */
		"/etc/ssl/ca-bundle.pem",		/* openSUSE */
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);

	if (built->age < CURLVERSION_SEVENTH || !built->cainfo || access(built->cainfo, R_OK) == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

static CURLcode
set_options(struct options *o, struct kbi_download *d)
{
	const struct kbi_fetch *what = d->what;
	int64_t left_ms = kbi_clock_sooner(kbi_clock_left_ms(d->deadline_ms, kbi_clock_ms()), DAY_MS);

	set_protocols(o);
	SET(o, CURLOPT_URL, what->url);
	SET(o, CURLOPT_NOSIGNAL, 1L);
	SET(o, CURLOPT_FAILONERROR, 1L);
	SET(o, CURLOPT_FOLLOWLOCATION, 1L);
	SET(o, CURLOPT_MAXREDIRS, REDIRECT_MAX);
	SET(o, CURLOPT_USERAGENT, "libkb/" KB_VERSION);
	SET(o, CURLOPT_PROXY, what->proxy ? what->proxy : "");	/* "": not the environment's either */
	SET(o, CURLOPT_NOPROXY, "");
	SET(o, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	const char *found = what->ca_file ? NULL : find_ca_file();
	if (what->ca_file) {
		SET(o, CURLOPT_CAINFO, what->ca_file);
		SET(o, CURLOPT_CAPATH, NULL);
	} else if (found) {
		SET(o, CURLOPT_CAINFO, found);
	}
	SET(o, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)what->max_bytes);
	SET(o, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
	SET(o, CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms < CONNECT_TIMEOUT_MS ? left_ms : CONNECT_TIMEOUT_MS));
	SET(o, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND);
	SET(o, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	SET(o, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(o, CURLOPT_WRITEFUNCTION, take);
	SET(o, CURLOPT_WRITEDATA, d);
	SET(o, CURLOPT_NOPROGRESS, 0L);
	SET(o, CURLOPT_XFERINFOFUNCTION, progress);
	SET(o, CURLOPT_XFERINFODATA, d);
	return o->failed;
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
fail_http(CURL *curl, const struct kbi_download *d, struct kb_err *err)
{
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	bool may_pass = code >= 500 || code == 408 || code == 429;
	kbi_fail(err, may_pass ? KB_EUNREACHABLE : KB_EINVAL, "download %s: the server answered %ld", d->name, code);
	kbi_err_id(err, may_pass ? "fetch.server" : "fetch.not-found");
	return may_pass ? KB_EUNREACHABLE : KB_EINVAL;
}

static kb_status
fail_curl(CURL *curl, CURLcode code, const char *says, const struct kbi_download *d, struct kb_err *err)
{
	const char *text = *says ? says : curl_easy_strerror(code);
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
try_once(struct kbi_download *d, struct kb_err *err)
{
	CURL *curl = curl_easy_init();
	char says[CURL_ERROR_SIZE] = "";

	if (!curl)
		return kbi_fail_memory(err);
	kbi_buf_free(d->out);
	*d->out = KBI_BUF(d->what->max_bytes);
	struct options options = { .curl = curl };
	SET(&options, CURLOPT_ERRORBUFFER, says);
	CURLcode code = set_options(&options, d);
	if (code == CURLE_OK)
		code = curl_easy_perform(curl);
	kb_status status = code == CURLE_OK ? KB_OK : fail_curl(curl, code, says, d, err);
	curl_easy_cleanup(curl);
	return status;
}

/* Sleeps, but for no longer than there is a reason to go on. */
static bool
may_try_again(const struct kbi_download *d, int tries)
{
	int64_t until_ms = kbi_clock_ms() + 1000 * tries;

	if (tries >= TRIES || until_ms >= d->deadline_ms)
		return false;
	while (kbi_clock_ms() < until_ms && !kbi_fetch_is_cancelled(d->what))
		nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
	return !kbi_fetch_is_cancelled(d->what);
}

static kb_status
check_sum(const struct kbi_download *d, struct kb_err *err)
{
	struct kbi_buf hex = KBI_BUF(KBI_SIZE_TEXT);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned sum_bytes = 0;

	if (!d->what->sha256)
		return KB_OK;
	if (!EVP_Digest(kbi_buf_text(d->out), d->out->size_bytes, sum, &sum_bytes, EVP_sha256(), NULL))
		return kbi_fail_memory(err);
	kbi_str_hex(&hex, sum, sum_bytes);
	kb_status status = kbi_buf_failed(&hex) ? kbi_fail_memory(err) : KB_OK;
	if (!status && strcasecmp(kbi_buf_text(&hex), d->what->sha256) != 0) {
		status = kbi_fail(err, KB_EINTEGRITY, "download %s: its sha256 is not the pinned one", d->name);
		kbi_err_id(err, "fetch.sha256");
		kbi_err_evidence(err, "pinned: %s", d->what->sha256);
		kbi_err_evidence(err, "came: %s (%zu bytes)", kbi_buf_text(&hex), d->out->size_bytes);
	}
	kbi_buf_free(&hex);
	return status;
}

kb_status
kbi_download(struct kbi_download *d, struct kb_err *err)
{
	kb_status status = is_file(d->what->url) ? read_file(d, err) : try_once(d, err);

	for (int tries = 1; status == KB_EUNREACHABLE && may_try_again(d, tries); tries++)
		status = try_once(d, err);
	if (status == KB_OK && kbi_buf_failed(d->out))
		status = kbi_fail_memory(err);
	return status ? status : check_sum(d, err);
}

void
kbi_download_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads, from an HTTPS server of this test's own on loopback that answers as its paths are called. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "unit.h"

#include "base/clock.h"
#include "base/str.h"
#include "fetch.h"

/* of "hello\n" */
#define HELLO_SUM "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static struct server {
	int tls_port, plain_port;
	SSL_CTX *tls;
	struct listener {
		int fd;
		SSL_CTX *tls;
		pthread_t thread;
	} listeners[2];
	atomic_int open;		/* connections: all of them have ended before the tests do */
	char folder[64];
	char ca[100], other_ca[100];	/* the certificate of the server, and one of nobody */
	atomic_int requests;
	atomic_int failures_left;	/* of /flaky */
} server;

/* -- the server */

static void
make_certificate(const char *path, EVP_PKEY **key_out, X509 **cert_out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	FILE *f = fopen(path, "w");

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_set_version(cert, 2);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)path, -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_non_null(f);
	PEM_write_X509(f, cert);
	fclose(f);
	*key_out = key;
	*cert_out = cert;
}

static int
listen_on(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&at, &bytes);
	*port = ntohs(at.sin_port);
	return fd;
}

struct connection {
	int fd;
	SSL *ssl;
};

static int
say(const struct connection *c, const char *text)
{
	return c->ssl ? SSL_write(c->ssl, text, (int)strlen(text)) : (int)write(c->fd, text, strlen(text));
}

static void
answer(const struct connection *c, const char *path)
{
	char piece[9000], line[200];

	if (kbi_str_is(path, "/redirect")) {
		snprintf(line, sizeof(line), "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%d/hello\r\nContent-Length: 0\r\n\r\n", server.tls_port);
		say(c, line);
	} else if (kbi_str_is(path, "/loop")) {
		say(c, "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n");
	} else if (kbi_str_is(path, "/down")) {
		snprintf(line, sizeof(line), "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/hello\r\nContent-Length: 0\r\n\r\n", server.plain_port);
		say(c, line);
	} else if (kbi_str_is(path, "/file")) {
		say(c, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
	} else if (kbi_str_is(path, "/missing")) {
		say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nsorry\n");
	} else if (kbi_str_is(path, "/flaky") && atomic_fetch_sub(&server.failures_left, 1) > 0) {
		say(c, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	} else if (kbi_str_is(path, "/endless")) {
		memset(piece, 'x', sizeof(piece) - 1);
		piece[sizeof(piece) - 1] = '\0';
		say(c, "HTTP/1.1 200 OK\r\n\r\n");
		while (say(c, piece) > 0)
			continue;
	} else if (kbi_str_is(path, "/cut")) {
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello\n");
	} else if (kbi_str_is(path, "/silent")) {
		struct pollfd gone = { c->fd, POLLRDHUP, 0 };
		poll(&gone, 1, 20000);
	} else if (kbi_str_is(path, "/slow")) {
		usleep(300000);
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
	} else {
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
	}
}

/* All that the client sends is read first: a socket closed with unread bytes is a reset, which takes the answer with it. */
static void
hang_up(const struct connection *c)
{
	const struct timeval patience = { .tv_sec = 1 };
	char rest[4096];

	if (c->ssl)
		SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (read(c->fd, rest, sizeof(rest)) > 0)
		continue;
}

static void *
serve_one(void *data)
{
	struct connection *c = data;
	char request[4096], path[1000] = "";
	size_t got = 0;
	int bytes = 1;

	if (c->ssl && SSL_accept(c->ssl) <= 0)
		bytes = 0;
	while (bytes > 0 && got < sizeof(request) - 1) {
		bytes = c->ssl ? SSL_read(c->ssl, request + got, (int)(sizeof(request) - 1 - got)) :
			(int)read(c->fd, request + got, sizeof(request) - 1 - got);
		got += bytes > 0 ? (size_t)bytes : 0;
		request[got] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	if (bytes > 0 && sscanf(request, "GET %999[^? ]", path) == 1) {
		atomic_fetch_add(&server.requests, 1);
		answer(c, path);
		hang_up(c);
	}
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	atomic_fetch_sub(&server.open, 1);
	return NULL;
}

static void *
serve(void *data)
{
	struct listener *listener = data;
	int fd;

	while ((fd = accept(listener->fd, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));
		pthread_t thread;
		c->fd = fd;
		if (listener->tls) {
			c->ssl = SSL_new(listener->tls);
			SSL_set_fd(c->ssl, fd);
		}
		atomic_fetch_add(&server.open, 1);
		if (pthread_create(&thread, NULL, serve_one, c) == 0)
			pthread_detach(thread);
	}
	close(listener->fd);
	return NULL;
}

static int
start_server(void **state)
{
	EVP_PKEY *key, *other_key;
	X509 *cert, *other_cert;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(server.folder, "/tmp/kb-fetch-XXXXXX");
	assert_non_null(mkdtemp(server.folder));
	snprintf(server.ca, sizeof(server.ca), "%s/ca.pem", server.folder);
	snprintf(server.other_ca, sizeof(server.other_ca), "%s/other.pem", server.folder);
	make_certificate(server.ca, &key, &cert);
	make_certificate(server.other_ca, &other_key, &other_cert);
	server.tls = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server.tls, cert);
	SSL_CTX_use_PrivateKey(server.tls, key);
	X509_free(cert);
	X509_free(other_cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	server.listeners[0] = (struct listener){ .fd = listen_on(&server.tls_port), .tls = server.tls };
	server.listeners[1] = (struct listener){ .fd = listen_on(&server.plain_port) };
	for (size_t i = 0; i < COUNT(server.listeners); i++)
		assert_int_equal(pthread_create(&server.listeners[i].thread, NULL, serve, &server.listeners[i]), 0);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(server.listeners); i++) {
		shutdown(server.listeners[i].fd, SHUT_RDWR);
		pthread_join(server.listeners[i].thread, NULL);
	}
	for (int i = 0; i < 2000 && atomic_load(&server.open); i++)
		usleep(20000);
	SSL_CTX_free(server.tls);
	unlink(server.ca);
	unlink(server.other_ca);
	return rmdir(server.folder);
}

/* -- asking it */

static char url_text[1200];

static const char *
at(const char *path)
{
	snprintf(url_text, sizeof(url_text), "https://127.0.0.1:%d%s", server.tls_port, path);
	return url_text;
}

static struct kbi_fetch
want(const char *path)
{
	return (struct kbi_fetch){ .url = at(path), .ca_file = server.ca, .max_bytes = MIB, .timeout_ms = 10000 };
}

static void
check_hello(const struct kbi_fetch *what)
{
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };

	if (kbi_fetch(fetcher, what, &out, &err))
		fail_msg("%s: %s", what->url, err.cause);
	assert_string_equal(kbi_buf_text(&out), "hello\n");
	kbi_buf_free(&out);
	kbi_fetcher_unref(fetcher);
}

static void
check_fails(const struct kbi_fetch *what, kb_status code, const char *id, const char *words)
{
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };

	kb_status status = kbi_fetch(fetcher, what, &out, &err);
	if (status != code || !kbi_str_is(err.id ? err.id : "", id) || !strstr(err.cause, words))
		fail_msg("%s: %s, %s: %s", what->url, kb_err_name(status), err.id ? err.id : "no id", status ? err.cause : "");
	assert_int_equal(out.size_bytes, 0);
	kbi_err_clear(&err);
	kbi_buf_free(&out);
	kbi_fetcher_unref(fetcher);
}

static void
what_is_there_comes_and_a_redirect_is_followed(void **state)
{
	struct kbi_fetch what = want("/hello");

	(void)state;
	check_hello(&what);
	what.sha256 = HELLO_SUM;
	check_hello(&what);
	what = want("/redirect");
	check_hello(&what);
}

static void
other_bytes_than_the_pinned_ones_are_refused_with_their_sum(void **state)
{
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };
	struct kbi_fetch what = want("/hello");

	(void)state;
	what.sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
	assert_int_equal(kbi_fetch(fetcher, &what, &out, &err), KB_EINTEGRITY);
	assert_string_equal(err.id, "fetch.sha256");
	assert_int_equal(err.evidence_count, 2);
	assert_non_null(strstr(err.evidence[1], HELLO_SUM));
	assert_int_equal(out.size_bytes, 0);
	kbi_err_clear(&err);
	kbi_fetcher_unref(fetcher);
	what.sha256 = "abc";
	check_fails(&what, KB_EINVAL, "", "64 hexadecimal digits");
}

static void
http_is_only_for_what_is_pinned(void **state)
{
	struct kbi_fetch what = want("/hello");
	char plain[100];

	(void)state;
	snprintf(plain, sizeof(plain), "http://127.0.0.1:%d/hello", server.plain_port);
	what.url = plain;
	check_fails(&what, KB_EINVAL, "", "not pinned");
	what.sha256 = HELLO_SUM;
	check_hello(&what);
	what.sha256 = NULL;
	what.is_pinned_by_caller = true;
	check_hello(&what);
}

static void
no_redirect_leads_out_of_https(void **state)
{
	struct kbi_fetch what = want("/down");

	(void)state;
	check_fails(&what, KB_EINTEGRITY, "fetch.redirect", "http");
	what = want("/file");
	check_fails(&what, KB_EINTEGRITY, "fetch.redirect", "file");
	what = want("/loop");
	check_fails(&what, KB_EINTEGRITY, "fetch.redirect", "redirects");
}

static void
a_certificate_that_is_not_vouched_for_is_refused(void **state)
{
	struct kbi_fetch what = want("/hello");

	(void)state;
	what.ca_file = server.other_ca;
	check_fails(&what, KB_EINTEGRITY, "fetch.certificate", "");
	what.ca_file = NULL;
	check_fails(&what, KB_EINTEGRITY, "fetch.certificate", "");
	what.ca_file = "/nonexistent/ca.pem";
	check_fails(&what, KB_EINVAL, "fetch.ca-file", "ca.pem");
}

static void
size_and_time_are_bounded(void **state)
{
	struct kbi_fetch what = want("/endless");
	int64_t before_ms = kbi_clock_ms();

	(void)state;
	check_fails(&what, KB_ETOOBIG, "fetch.too-big", "1048576");
	what = want("/silent");
	what.timeout_ms = 1000;
	check_fails(&what, KB_ETIMEOUT, "fetch.timeout", "");
	assert_true(kbi_clock_ms() - before_ms < 5000);
	what = want("/hello");
	what.max_bytes = 5;
	check_fails(&what, KB_ETOOBIG, "fetch.too-big", "more than 5 bytes");
}

static void
what_may_pass_is_tried_again_and_what_may_not_is_not(void **state)
{
	struct kbi_fetch what = want("/flaky");

	(void)state;
	atomic_store(&server.requests, 0);
	atomic_store(&server.failures_left, 2);
	check_hello(&what);
	assert_int_equal(atomic_load(&server.requests), 3);
	atomic_store(&server.requests, 0);
	what = want("/missing");
	check_fails(&what, KB_EINVAL, "fetch.not-found", "404");
	assert_int_equal(atomic_load(&server.requests), 1);
	what = want("/cut");
	what.timeout_ms = 500;
	check_fails(&what, KB_EUNREACHABLE, "fetch.unreachable", "");
	what.url = "https://127.0.0.1:1/";
	check_fails(&what, KB_EUNREACHABLE, "fetch.unreachable", "");
}

static void
no_login_and_no_query_is_shown(void **state)
{
	struct kbi_fetch what = want("/missing");
	char url[200];

	(void)state;
	snprintf(url, sizeof(url), "https://user:s3cret@127.0.0.1:%d/missing?token=s3cret", server.tls_port);
	what.url = url;
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };
	assert_int_equal(kbi_fetch(fetcher, &what, &out, &err), KB_EINVAL);
	assert_null(strstr(err.cause, "s3cret"));
	assert_non_null(strstr(err.cause, "/missing"));
	kbi_err_clear(&err);
	kbi_fetcher_unref(fetcher);
}

static void
the_environment_has_no_say(void **state)
{
	struct kbi_fetch what = want("/hello");

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	check_hello(&what);
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	what.proxy = "http://127.0.0.1:1";
	what.timeout_ms = 500;
	check_fails(&what, KB_EUNREACHABLE, "fetch.unreachable", "");
}

struct asker {
	struct kbi_fetcher *fetcher;
	struct kbi_fetch what;
	kb_status status;
	char text[100];
};

static void *
ask(void *data)
{
	struct asker *asker = data;
	struct kbi_buf out = KBI_BUF(MIB);

	asker->status = kbi_fetch(asker->fetcher, &asker->what, &out, NULL);
	snprintf(asker->text, sizeof(asker->text), "%s", kbi_buf_text(&out));
	kbi_buf_free(&out);
	return NULL;
}

static void
many_who_want_the_same_share_one_download(void **state)
{
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct asker askers[20];
	pthread_t threads[20];

	(void)state;
	atomic_store(&server.requests, 0);
	for (size_t i = 0; i < COUNT(askers); i++) {
		askers[i] = (struct asker){ .fetcher = kbi_fetcher_ref(fetcher), .what = want("/slow") };
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(askers); i++) {
		pthread_join(threads[i], NULL);
		kbi_fetcher_unref(fetcher);
		assert_int_equal(askers[i].status, KB_OK);
		assert_string_equal(askers[i].text, "hello\n");
	}
	assert_int_equal(atomic_load(&server.requests), 1);

	struct asker other = { .fetcher = fetcher, .what = want("/slow") };	/* who trusts another gets none of it */
	other.what.ca_file = server.other_ca;
	ask(&other);
	assert_int_equal(other.status, KB_EINTEGRITY);
	assert_string_equal(other.text, "");
	kbi_fetcher_unref(fetcher);
}

static void *
cancel_soon(void *data)
{
	usleep(300000);
	atomic_store((atomic_bool *)data, true);
	return NULL;
}

static void
who_is_cancelled_stops_and_another_goes_on(void **state)
{
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	static atomic_bool is_cancelled;
	struct asker first = { .fetcher = fetcher, .what = want("/silent") }, second = first;
	int64_t before_ms = kbi_clock_ms();
	pthread_t threads[3];

	(void)state;
	first.what.is_cancelled = &is_cancelled;
	second.what.timeout_ms = 3000;
	pthread_create(&threads[0], NULL, ask, &first);
	usleep(100000);
	pthread_create(&threads[1], NULL, ask, &second);
	pthread_create(&threads[2], NULL, cancel_soon, &is_cancelled);
	pthread_join(threads[0], NULL);
	assert_int_equal(first.status, KB_ECANCELED);
	assert_true(kbi_clock_ms() - before_ms < 2500);
	pthread_join(threads[1], NULL);
	assert_int_equal(second.status, KB_ETIMEOUT);	/* of its own download */
	pthread_join(threads[2], NULL);
	kbi_fetcher_unref(fetcher);
}

static void
files_of_the_controller_are_read_by_absolute_path(void **state)
{
	struct kbi_fetch what = { .max_bytes = MIB, .timeout_ms = 1000 };
	char path[200], url[220];

	(void)state;
	snprintf(path, sizeof(path), "%s/hello", server.folder);
	snprintf(url, sizeof(url), "file://%s", path);
	FILE *f = fopen(path, "w");
	fputs("hello\n", f);
	fclose(f);
	what.url = path;
	what.sha256 = HELLO_SUM;
	check_hello(&what);
	what.url = url;
	check_hello(&what);
	what.sha256 = NULL;
	what.max_bytes = 5;
	check_fails(&what, KB_ETOOBIG, "", "more than 5");
	unlink(path);
	check_fails(&what, KB_EINVAL, "", "No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	check_fails(&what, KB_EINVAL, "", "not a regular file");
	unlink(path);
	what.url = server.folder;
	check_fails(&what, KB_EINVAL, "", "not a regular file");
	what.url = "relative/path";
	check_fails(&what, KB_EINVAL, "", "neither https nor an absolute path");
	what.url = "ftp://127.0.0.1/";
	check_fails(&what, KB_EINVAL, "", "neither https nor an absolute path");
	what.url = "file://host/etc/passwd";
	check_fails(&what, KB_EINVAL, "", "neither https nor an absolute path");
}

/* In a mount namespace of this thread's own, where /etc/ssl is another distribution's. The last test: those after it would be there, too. */
static void
the_authorities_are_found_where_another_distribution_has_them(void **state)
{
	struct kbi_fetch what = want("/hello");

	(void)state;
	if (unshare(CLONE_NEWNS) || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) || mount("tmpfs", "/etc/ssl", "tmpfs", 0, NULL))
		skip();
	what.ca_file = NULL;
	check_fails(&what, KB_EINVAL, "fetch.ca-file", "");
	assert_int_equal(symlink(server.ca, "/etc/ssl/ca-bundle.pem"), 0);
	check_hello(&what);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_comes_and_a_redirect_is_followed),
		cmocka_unit_test(other_bytes_than_the_pinned_ones_are_refused_with_their_sum),
		cmocka_unit_test(http_is_only_for_what_is_pinned),
		cmocka_unit_test(no_redirect_leads_out_of_https),
		cmocka_unit_test(a_certificate_that_is_not_vouched_for_is_refused),
		cmocka_unit_test(size_and_time_are_bounded),
		cmocka_unit_test(what_may_pass_is_tried_again_and_what_may_not_is_not),
		cmocka_unit_test(no_login_and_no_query_is_shown),
		cmocka_unit_test(the_environment_has_no_say),
		cmocka_unit_test(many_who_want_the_same_share_one_download),
		cmocka_unit_test(who_is_cancelled_stops_and_another_goes_on),
		cmocka_unit_test(files_of_the_controller_are_read_by_absolute_path),
		cmocka_unit_test(the_authorities_are_found_where_another_distribution_has_them),
	};

	/* the connections' threads are not joined: OpenSSL, cleaned up at exit, would be taken from under one that still answers */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	return cmocka_run_group_tests(tests, start_server, stop_server);
}

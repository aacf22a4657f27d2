/* SPDX-License-Identifier: Apache-2.0 */
/* apiserver.reachable: what went wrong is told apart by what kubectl, Go and the kernel say of it. */
#include "judged.h"

#include "text/ca.h"

#define AT "endpoint=192.168.1.2:6443\n"
#define OTHER_HASH "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const char version[] = "{\n  \"major\": \"1\",\n  \"gitVersion\": \"v1.34.4\"\n}";

static void
asked(struct judged *j, const char *params, const char *status, const char *said)
{
	judged_new(j, "apiserver.reachable", params);
	assert_int_equal(j->status, KB_OK);
	judged_fact(j, "route", "192.168.1.2 dev eth1 src 192.168.1.3 uid 0");
	judged_fact(j, "plain", said);
	judged_fact(j, "plain.status", status);
}

static void
each_failure_has_its_own_name(void **state)
{
	static const struct { const char *said, *id; kb_status code; } cases[] = {
		{ "The connection to the server 192.168.1.2:6444 was refused - did you specify the right host or port?", "apiserver.refused", KB_EUNREACHABLE },
		{ "Unable to connect to the server: dial tcp 192.168.1.2:6443: i/o timeout", "apiserver.timed-out", KB_ETIMEOUT },
		{ "Unable to connect to the server: context deadline exceeded", "apiserver.timed-out", KB_ETIMEOUT },
		{ "Unable to connect to the server: net/http: request canceled while waiting for connection (Client.Timeout exceeded while "
			"awaiting headers)", "apiserver.timed-out", KB_ETIMEOUT },
		{ "Unable to connect to the server: net/http: TLS handshake timeout", "apiserver.tls", KB_EPROTOCOL },
		{ "Unable to connect to the server: http: server gave HTTP response to HTTPS client", "apiserver.tls", KB_EPROTOCOL },
		{ "Unable to connect to the server: tls: first record does not look like a TLS handshake", "apiserver.tls", KB_EPROTOCOL },
		{ "Unable to connect to the server: remote error: tls: certificate required", "apiserver.tls", KB_EPROTOCOL },
		{ "Unable to connect to the server: EOF", "apiserver.tls", KB_EPROTOCOL },
		{ "Unable to connect to the server: dial tcp 192.168.1.2:6443: connect: no route to host", "apiserver.no-route", KB_EUNREACHABLE },
		{ "Unable to connect to the server: dial tcp: connect: network is unreachable", "apiserver.no-route", KB_EUNREACHABLE },
		{ "Unable to connect to the server: dial tcp: lookup api.example on 192.168.1.1:53: no such host", "apiserver.name-unknown", KB_EUNREACHABLE },
		{ "Error from server (NotFound): the server could not find the requested resource", "apiserver.wrong-server", KB_EPROTOCOL },
		{ "Error from server (Forbidden): forbidden", "apiserver.wrong-server", KB_EPROTOCOL },
		{ "something that nobody has seen yet", "apiserver.unreachable", KB_EUNREACHABLE },
		{ "", "apiserver.unreachable", KB_EUNREACHABLE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct judged j;
		asked(&j, AT, "1", cases[i].said);
		assert_int_equal(judged_run(&j), cases[i].code);
		assert_string_equal(j.judge.err.id, cases[i].id);
		assert_string_equal(j.judge.err.evidence[0], cases[i].said);
		assert_non_null(strstr(j.judge.err.evidence[1], "src 192.168.1.3"));
		judged_free(&j);
	}
}

static void
an_answer_that_is_checked_is_present(void **state)
{
	struct judged j;

	(void)state;
	asked(&j, AT, "0", version);
	judged_facts(&j, "ca=x\nchecked.status=0\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "version"), "v1.34.4");
	assert_int_equal(j.judge.note_count, 0);
	judged_free(&j);
	asked(&j, AT, "0", version);	/* no authority to check against */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "apiserver.not-checked"));
	judged_free(&j);
}

static void
another_server_is_none(void **state)
{
	static const char *const texts[] = { "<html>hello</html>", "{\"version\": 3}", "ok", "", "[[[", "gitVersion" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct judged j;
		asked(&j, AT, "0", texts[i]);
		assert_int_equal(judged_run(&j), KB_EPROTOCOL);
		assert_string_equal(j.judge.err.id, "apiserver.wrong-server");
		judged_free(&j);
	}
}

static void
certificates_are_told_apart(void **state)
{
	static const struct { const char *said, *id; } cases[] = {
		{ "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority", "apiserver.wrong-authority" },
		{ "Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for 10.96.0.1, 10.0.2.15, not 192.168.1.2",
			"apiserver.certificate-name" },
		{ "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time "
			"2026-11-22T00:00:00Z is before 2026-11-23T00:00:00Z", "apiserver.certificate-time" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct judged j;
		asked(&j, AT, "0", version);
		judged_facts(&j, "ca=x\nchecked.status=1\n");
		judged_fact(&j, "checked", cases[i].said);
		judged_run(&j);
		assert_string_equal(j.judge.err.id, cases[i].id);
		judged_free(&j);
	}
}

static void
a_pin_is_held_to_the_clusters_authority(void **state)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	struct kbi_buf hash = KBI_BUF(MIB);
	char params[300];
	struct judged j;

	(void)state;
	assert_int_equal(kbi_ca_hash(ca.data, ca.size_bytes, &hash, NULL), KB_OK);
	asked(&j, AT "ca-cert-hash=" OTHER_HASH "\n", "0", version);
	judged_fact(&j, "ca", ca.data);
	judged_facts(&j, "checked.status=0\n");
	assert_int_equal(judged_run(&j), KB_EINTEGRITY);
	assert_string_equal(j.judge.err.id, "apiserver.wrong-authority");
	judged_free(&j);
	snprintf(params, sizeof(params), AT "ca-cert-hash=%s\n", kbi_buf_text(&hash));
	asked(&j, params, "0", version);
	judged_fact(&j, "ca", ca.data);
	judged_facts(&j, "checked.status=0\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	asked(&j, params, "0", version);	/* it does not say */
	assert_int_equal(judged_run(&j), KB_EINTEGRITY);
	judged_free(&j);
	kbi_buf_free(&hash);
	free(ca.data);
}

static void
without_kubectl_the_connection_is_told(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "apiserver.reachable", AT);
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_facts(&j, "connect.status=0\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "apiserver.not-asked"));
	kbi_map_set(&j.facts, "connect.status", "1");
	kbi_map_set(&j.facts, "connect", "Connection refused");
	assert_int_equal(judged_run(&j), KB_EUNREACHABLE);
	assert_string_equal(j.judge.err.id, "apiserver.refused");
	kbi_map_set(&j.facts, "connect", "Connection timed out");
	assert_int_equal(judged_run(&j), KB_ETIMEOUT);
	kbi_map_set(&j.facts, "connect", "No route to host");
	judged_run(&j);
	assert_string_equal(j.judge.err.id, "apiserver.no-route");
	judged_free(&j);
}

static void
parameters_are_looked_at_before_anything_runs(void **state)
{
	(void)state;
	judged_refuses("apiserver.reachable", "endpoint=https://x/\n", KB_EINVAL, NULL, "");
	judged_refuses("apiserver.reachable", AT "timeout=0\n", KB_EINVAL, NULL, "timeout");
	judged_refuses("apiserver.reachable", AT "timeout=16\n", KB_EINVAL, NULL, "timeout");
	judged_refuses("apiserver.reachable", AT "ca-cert-hash=1\n", KB_EINVAL, NULL, "sha256");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_has_its_own_name),
		cmocka_unit_test(an_answer_that_is_checked_is_present),
		cmocka_unit_test(another_server_is_none),
		cmocka_unit_test(certificates_are_told_apart),
		cmocka_unit_test(a_pin_is_held_to_the_clusters_authority),
		cmocka_unit_test(without_kubectl_the_connection_is_told),
		cmocka_unit_test(parameters_are_looked_at_before_anything_runs),
	};

	return cmocka_run_group_tests_name("apiserver.reachable", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which cluster a host is of. */
#include "judged.h"

#include <kb/text.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define OTHER "sha256:0000000000000000000000000000000000000000000000000000000000000000"

/* A certificate of a fresh key, as PEM; the caller frees it. */
static char *
new_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_pubkey(x509, key);
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
	long bytes = BIO_get_mem_data(bio, &data);
	char *pem = strndup(data, (size_t)bytes);
	BIO_free(bio);
	X509_free(x509);
	EVP_PKEY_free(key);
	return pem;
}

static void
check_verdict(const char *params, const char *ca, int verdict, const char *output)
{
	struct judged j;

	judged_new(&j, "cluster.authority", params);
	assert_int_equal(j.status, KB_OK);
	if (ca)
		judged_fact(&j, "ca", ca);
	assert_int_equal(judged_run(&j), verdict);
	if (output)
		assert_string_equal(kbi_map_get(&j.judge.outputs, "ca-cert-hash"), output);
	judged_free(&j);
}

static void
a_bare_host_is_of_no_cluster(void **state)
{
	(void)state;
	check_verdict("", NULL, KB_PRESENT, "none");
	check_verdict("ca-cert-hash=none\n", NULL, KB_PRESENT, "none");
}

/* In a reset the workers are bound to what the control plane says: of one that is bare, what the caller names, or that there is no cluster. */
static void
a_bare_control_plane_speaks_for_the_cluster_that_was_named_and_for_no_other(void **state)
{
	char *pem = new_certificate();

	(void)state;
	check_verdict("ca-cert-hash=" OTHER "\n", NULL, KB_PRESENT, OTHER);
	check_verdict("ca-cert-hash=none\n", pem, KB_FOREIGN, NULL);
	free(pem);
}

static void
a_node_is_of_the_cluster_of_its_authority(void **state)
{
	char *pem = new_certificate(), params[200];
	kb_ctx *kb = kb_new();
	kb_bytes *hash = kb_ca_hash(kb, pem, strlen(pem));

	(void)state;
	assert_non_null(hash);
	snprintf(params, sizeof(params), "ca-cert-hash=%s\n", (const char *)kb_bytes_data(hash));
	check_verdict("", pem, KB_PRESENT, kb_bytes_data(hash));
	check_verdict(params, pem, KB_PRESENT, kb_bytes_data(hash));
	check_verdict("ca-cert-hash=" OTHER "\n", pem, KB_FOREIGN, kb_bytes_data(hash));
	kb_bytes_free(hash);
	kb_free(kb);
	free(pem);
}

static void
half_a_certificate_is_none(void **state)
{
	static const char *const broken[] = {"", "x", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		check_verdict("", broken[i], KB_PRESENT, "none");
}

static void
a_pin_has_a_form(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "cluster.authority", "ca-cert-hash=sha256:12\n");
	assert_int_equal(j.status, KB_EINVAL);
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_host_is_of_no_cluster),
		cmocka_unit_test(a_bare_control_plane_speaks_for_the_cluster_that_was_named_and_for_no_other),
		cmocka_unit_test(a_node_is_of_the_cluster_of_its_authority),
		cmocka_unit_test(half_a_certificate_is_none),
		cmocka_unit_test(a_pin_has_a_form),
	};

	return cmocka_run_group_tests_name("cluster.authority", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include <kb/text.h>

#include "text/ca.h"

extern char **environ;

/* What kubeadm's documentation tells people to type. Returns the length of the answer, 0 when openssl is not installed. */
static size_t
ask_openssl(const char *path, char *answer, size_t room)
{
	static char script[] = "openssl x509 -pubkey -noout -in \"$1\" | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex | sed 's/.* //'";
	char full[512];
	char *argv[] = {"sh", "-c", script, "sh", full, NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], status;
	size_t length = 0;
	pid_t pid;

	snprintf(full, sizeof(full), "%s/%s", TEST_DATA, path);
	assert_int_equal(pipe(pipes), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_addclose(&actions, pipes[0]);
	assert_int_equal(posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	for (ssize_t got; (got = read(pipes[0], answer + length, room - 1 - length)) > 0;)
		length += (size_t)got;
	close(pipes[0]);
	waitpid(pid, &status, 0);
	while (length && answer[length - 1] == '\n')
		length--;
	answer[length] = '\0';
	return length == 64 ? length : 0;
}

static void
the_hash_is_the_one_that_openssl_computes(void **state)
{
	static const char *const files[] = {"ca/rsa.pem", "ca/ec.pem", "ca/ed25519.pem", "ca/text.pem",
		"ca/chain.pem"};
	char answer[256], want[300];

	for (size_t i = 0; i < COUNT(files); i++) {
		if (!ask_openssl(files[i], answer, sizeof(answer))) {
			print_message("the openssl command is not installed\n");
			skip();
		}
		struct unit_file file = unit_read(files[i]);
		snprintf(want, sizeof(want), "sha256:%s", answer);
		unit_check_bytes(kb_ca_hash(*state, file.data, file.size_bytes), want);
		assert_int_equal(kbi_ca_hash_check(want, NULL), KB_OK);
		free(file.data);
	}
}

static void
a_chain_is_known_by_its_first_certificate(void **state)
{
	struct unit_file chain = unit_read("ca/chain.pem"), first = unit_read("ca/ec.pem");
	kb_bytes *one = kb_ca_hash(*state, chain.data, chain.size_bytes),
		*two = kb_ca_hash(*state, first.data, first.size_bytes);

	assert_non_null(one);
	assert_non_null(two);
	assert_string_equal((const char *)kb_bytes_data(one), (const char *)kb_bytes_data(two));
	kb_bytes_free(one);
	kb_bytes_free(two);
	free(chain.data);
	free(first.data);
}

static void
line_endings_and_a_missing_last_one_do_not_matter(void **state)
{
	struct unit_file file = unit_read("ca/ec.pem");
	struct kbi_buf crlf = KBI_BUF(MIB);
	kb_bytes *want = kb_ca_hash(*state, file.data, file.size_bytes);

	assert_non_null(want);
	for (size_t i = 0; i < file.size_bytes - 1; i++) {
		if (file.data[i] == '\n')
			kbi_buf_add_char(&crlf, '\r');
		kbi_buf_add_char(&crlf, file.data[i]);
	}
	unit_check_bytes(kb_ca_hash(*state, crlf.data, crlf.size_bytes), kb_bytes_data(want));
	kb_bytes_free(want);
	kbi_buf_free(&crlf);
	free(file.data);
}

static void
what_is_no_certificate_is_refused_and_leaves_no_trace(void **state)
{
	static const char *const bad[] = {
		"", "x", "-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		/* a block that asks for a password: nobody may be asked */
		"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END CERTIFICATE-----\n",
	};

	ERR_clear_error();
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_null(kb_ca_hash(*state, bad[i], strlen(bad[i])));
		assert_int_equal(ERR_peek_error(), 0);
	}
	unit_check_cause(*state, "certificate: no PEM certificate in 138 bytes");
}

static void
a_hash_has_its_form(void **state)
{
	static const char *const bad[] = {
		"", "sha256:", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
		"sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
		"sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(kbi_ca_hash_check(bad[i], NULL), KB_EINVAL);
	assert_int_equal(kbi_ca_hash_check(NULL, NULL), KB_EINVAL);
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN X-----\n-----END X-----\n", "A", "\n", "-----", "-----BEGIN CERTIFICATE-----\nAAAA\n"};

	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		assert_null(kb_ca_hash(*state, text, LARGE));
		double ms = unit_cpu_ms() - before;
		if (!unit_is_in_time(ms, 1))
			fail_msg("%s: %.0f ms", units[i], ms);
		free(text);
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("\n", MIB + 1);

	assert_null(kb_ca_hash(NULL, "x", 1));
	assert_null(kb_ca_hash(*state, NULL, 0));
	assert_null(kb_ca_hash(*state, NULL, 1));
	unit_check_cause(*state, "certificate: NULL with a size of 1");
	assert_null(kb_ca_hash(*state, large, MIB + 1));
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_the_one_that_openssl_computes),
		cmocka_unit_test(a_chain_is_known_by_its_first_certificate),
		cmocka_unit_test(line_endings_and_a_missing_last_one_do_not_matter),
		cmocka_unit_test(what_is_no_certificate_is_refused_and_leaves_no_trace),
		cmocka_unit_test(a_hash_has_its_form),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("ca", tests, unit_make_context, unit_free_context);
}

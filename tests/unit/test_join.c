/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define TOKEN "abcdef.0123456789abcdef"
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PLAIN "{\"endpoint\":\"192.168.1.2:6443\",\"token\":\"" TOKEN "\",\"discovery-token-ca-cert-hash\":[\"" HASH "\"]}"

static void
a_printed_command_is_read(void **state)
{
	static const char *const commands[] = {
		"kubeadm join 192.168.1.2:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH " \n",	/* as token create prints it */
		"kubeadm join 192.168.1.2:6443 --token " TOKEN " \\\n\t--discovery-token-ca-cert-hash " HASH " \n",	/* as init prints it */
		"kubeadm join 192.168.1.2:6443 --token " TOKEN " \\\r\n\t--discovery-token-ca-cert-hash " HASH "\r\n",
		"kubeadm join 192.168.1.2:6443 --token " TOKEN " \\  \n--discovery-token-ca-cert-hash " HASH,
		"kubeadm join 192.168.1.2:6443 --token " TOKEN "\\\n --discovery-token-ca-cert-hash " HASH " \\",
		"  sudo kubeadm join --token=" TOKEN " --discovery-token-ca-cert-hash=" HASH " 192.168.1.2:6443",
		"root@cp:~# /usr/bin/kubeadm join 192.168.1.2:6443 --discovery-token '" TOKEN "' --discovery-token-ca-cert-hash \"" HASH "\" --v=5",
		"Your Kubernetes control-plane has initialized successfully!\n\nThen you can join any number of worker nodes:\n\n"
			"kubeadm join 192.168.1.2:6443 --token " TOKEN " \\\n\t--discovery-token-ca-cert-hash " HASH " \nroot@cp:~# \n",
	};

	for (size_t i = 0; i < COUNT(commands); i++)
		unit_check_bytes(kb_join_parse(*state, commands[i]), PLAIN);
}

static void
a_control_planes_command_is_read(void **state)
{
	unit_check_bytes(kb_join_parse(*state,
		"kubeadm join [fd00::2]:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH
		" --discovery-token-ca-cert-hash " OTHER " --control-plane --certificate-key " KEY " --node-name n1 --skip-phases a,b"),
		"{\"endpoint\":\"[fd00::2]:6443\",\"token\":\"" TOKEN "\",\"discovery-token-ca-cert-hash\":[\"" HASH "\",\"" OTHER "\"],"
		"\"control-plane\":true,\"certificate-key\":\"" KEY "\",\"node-name\":\"n1\",\"skip-phases\":[\"a\",\"b\"]}");
}

static void
what_is_read_is_an_option_map(void **state)
{
	kb_bytes *options = kb_join_parse(*state, "kubeadm join cp:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH
		" --control-plane --certificate-key " KEY " --node-name n1 --v=5 --cri-socket unix:///x --skip-phases a");
	assert_non_null(options);
	kb_bytes *config = kb_kubeadm_config(*state, "join", kb_bytes_data(options));
	assert_non_null(config);
	assert_non_null(strstr(kb_bytes_data(config), "certificateKey: \"" KEY "\"\n"));
	kb_bytes_free(options);
	kb_bytes_free(config);
}

static void
what_is_wrong_is_said_and_no_secret_is(void **state)
{
	static const struct {
		const char *command, *cause;
	} cases[] = {
		{"", "join command: no \"kubeadm join\" in it"},
		{"kubeadm init", "join command: no \"kubeadm join\" in it"},
		{"kubeadm join", "endpoint \"\": not HOST:PORT"},
		{"kubeadm join 192.168.1.2 --token " TOKEN " --discovery-token-ca-cert-hash " HASH,
			"endpoint \"192.168.1.2\": no port"},
		{"kubeadm join 192.168.1.300:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH,
			"endpoint \"192.168.1.300:6443\": not HOST:PORT"},
		{"kubeadm join a:6443 --token SECRET --discovery-token-ca-cert-hash " HASH,
		"token: not of the form [a-z0-9]{6}.[a-z0-9]{16}"},
		{"kubeadm join a:6443 --token " TOKEN, "join command: no --discovery-token-ca-cert-hash"},
		{"kubeadm join a:6443 --token " TOKEN " --discovery-token-ca-cert-hash md5:1",
			"CA certificate hash \"md5:1\": not sha256: and 64 hexadecimal digits"},
		{"kubeadm join a:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH " --certificate-key SECRET",
			"certificate key: not 64 hexadecimal digits"},
		{"kubeadm join a:6443 b:6443", "join command: a second endpoint"},
		{"kubeadm join a:6443 --token " TOKEN " --token " TOKEN, "join command: --token: given twice"},
		{"kubeadm join a:6443 --tokn x", "join command: \"--tokn\": no flag of kubeadm join"},
		{"kubeadm join a:6443 --token", "join command: --token: no value"},
		{"kubeadm join a:6443 --token=", "join command: --token: no value"},
		{"kubeadm join a:6443 --discovery-token-unsafe-skip-ca-verification",
			"join command: --discovery-token-unsafe-skip-ca-verification: not supported"},
		{"kubeadm join a:6443 --config x", "join command: --config: not supported"},
		{"kubeadm join a:6443 'x", "join command: a quote is not closed"},
		{"kubeadm join a:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH "\nkubeadm join a:6443",
			"join command: \"kubeadm join\" is there twice"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(kb_join_parse(*state, cases[i].command));
		unit_check_cause(*state, cases[i].cause);
	}
}

static void
what_is_printed_is_read_back(void **state)
{
	unit_check_bytes(kb_join_print(*state, "192.168.1.2:6443", TOKEN, HASH, NULL),
		"kubeadm join 192.168.1.2:6443 --token " TOKEN " --discovery-token-ca-cert-hash " HASH);
	kb_bytes *line = kb_join_print(*state, "cp.example.org:6443", TOKEN, HASH " " OTHER, KEY);
	assert_non_null(line);
	unit_check_bytes(kb_join_parse(*state, kb_bytes_data(line)),
		"{\"endpoint\":\"cp.example.org:6443\",\"token\":\"" TOKEN
		"\",\"discovery-token-ca-cert-hash\":[\"" HASH "\",\"" OTHER "\"],\"control-plane\":true,\"certificate-key\":\"" KEY "\"}");
	kb_bytes_free(line);
	assert_null(kb_join_print(*state, "a; rm -rf /:6443", TOKEN, HASH, NULL));
	assert_null(kb_join_print(*state, "a:6443", "$(x)", HASH, NULL));
	assert_null(kb_join_print(*state, "a:6443", TOKEN, "", NULL));
	unit_check_cause(*state, "join command: no CA certificate hash");
	assert_null(kb_join_print(*state, "a:6443", TOKEN, HASH " x", NULL));
	assert_null(kb_join_print(*state, "a:6443", TOKEN, HASH, "x"));
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"\\", "\\\n", "\\ ", "'", "\"", "a ", "kubeadm join ", "--token ",
		"--discovery-token-ca-cert-hash a,a,a ", "\n", "-"};

	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		assert_null(kb_join_parse(*state, text));
		memcpy(text, "kubeadm join a:1 ", 17);
		assert_null(kb_join_parse(*state, text));
		assert_null(kb_join_print(*state, "a:1", TOKEN, text, NULL));
		double ms = unit_cpu_ms() - before;
		if (!unit_is_in_time(ms, 3))
			fail_msg("%s: %.0f ms", units[i], ms);
		free(text);
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("a", MIB + 1);

	assert_null(kb_join_parse(NULL, "kubeadm join"));
	assert_null(kb_join_parse(*state, NULL));
	assert_null(kb_join_parse(*state, large));
	unit_check_cause(*state, "join command: 1048577 bytes: over the limit of 1048576");
	assert_null(kb_join_print(NULL, "a:1", TOKEN, HASH, NULL));
	assert_null(kb_join_print(*state, NULL, TOKEN, HASH, NULL));
	assert_null(kb_join_print(*state, "a:1", NULL, HASH, NULL));
	assert_null(kb_join_print(*state, "a:1", TOKEN, NULL, NULL));
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_printed_command_is_read),
		cmocka_unit_test(a_control_planes_command_is_read),
		cmocka_unit_test(what_is_read_is_an_option_map),
		cmocka_unit_test(what_is_wrong_is_said_and_no_secret_is),
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("join", tests, unit_make_context, unit_free_context);
}

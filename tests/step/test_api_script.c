/* SPDX-License-Identifier: Apache-2.0 */
/* How apiserver_reachable.sh asks an API server without kubectl, against a real TLS server: it believes the right one, and nobody else. */
#include "shells.h"

/* Two authorities, a and b; a's certificate for 127.0.0.1, and one for another address. serve CERTIFICATE [-HTTP] sets kb_server, ask AUTHORITY asks it. */
static const char fixture[] =
	"d=$(mktemp -d)\ncd $d\ntimeout=5\n"
	"authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.crt -subj /CN=$1 -days 2; }\n"
	"certificate() {\n"
	"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj /CN=kube-apiserver\n"
	"printf 'subjectAltName=%s' \"$2\" >$1.ext\n"
	"openssl x509 -req -in $1.csr -CA a.crt -CAkey a.key -CAcreateserial -out $1.crt -days 2 -extfile $1.ext\n"
	"}\n"
	"{ authority a; authority b; certificate right IP:127.0.0.1,DNS:localhost; certificate wrong IP:127.0.0.2,DNS:example.org; } 2>/dev/null\n"
	"echo '{\"gitVersion\": \"v1.34.4\"}' >version\n"
	"serve() {\n"
	": >said\n"
	"openssl s_server ${2:--WWW} -accept 127.0.0.1:0 -cert $1.crt -key $1.key >said 2>/dev/null 3>&- &\n"
	"kb_pid=$!\n"
	"until kb_server=$(sed -n 's/^ACCEPT //p' said) && [ -n \"$kb_server\" ]; do sleep 0.05; done\n"
	"kb_host=${kb_server%:*}\n"
	"}\n"
	"ask() { kb_version=; if kb_get_briefly \"$(cat $1.crt)\"; then echo \"$kb_version\"; else echo no; fi; }\n"
	"end() { kill $kb_pid; wait $kb_pid; } 2>/dev/null\n";

static void
says(const char *text, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf script = KBI_BUF(MIB), out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		kbi_buf_add_format(&script, "%s\n%s\n%s\n%s\n%s\nrm -r $d\n", kbi_script_prelude, kbi_script_kubeadm_library,
			kbi_script_apiserver_reachable, fixture, text);
		run_script(shells[i], &script, NULL, NULL, true, &out);
		if (!kbi_str_is(kbi_buf_text(&out), wanted))
			fail_msg("%s: %s\nsaid \"%s\", not \"%s\"", shells[i], text, kbi_buf_text(&out), wanted);
		kbi_buf_free(&script);
		kbi_buf_free(&out);
	}
}

static void
the_right_one_is_believed(void **state)
{
	(void)state;
	says("serve right; ask a; kb_server=localhost:${kb_server##*:} kb_host=localhost; ask a; end",
		"{\"gitVersion\": \"v1.34.4\"}\n{\"gitVersion\": \"v1.34.4\"}\n");
}

static void
another_authority_is_not(void **state)
{
	(void)state;
	says("serve right; ask b; end", "no\n");
	says("serve right; : >b.crt; ask b; end", "no\n");
}

static void
another_name_is_not(void **state)
{
	(void)state;
	says("serve wrong; ask a; kb_server=localhost:${kb_server##*:} kb_host=localhost; ask a; end", "no\nno\n");
}

static void
no_answer_is_none(void **state)
{
	(void)state;
	says("printf 'HTTP/1.1 403 Forbidden\\r\\n\\r\\n{}' >version; serve right -HTTP; ask a; end; ask a", "no\nno\n");
	says("kb_server=127.0.0.1:9 kb_host=127.0.0.1; openssl() { return 127; }; ask a; unset -f openssl; PATH=/nowhere; have openssl || echo none; PATH=/usr/bin:/bin", "no\nnone\n");
}

static void
an_endpoint_without_a_port_has_kubeadms(void **state)
{
	(void)state;
	says("for e in 192.168.1.2 192.168.1.2:8443 '[fd00::1]' '[fd00::1]:8443' api.example; do kb_server_of $e; echo $kb_server; done",
		"192.168.1.2:6443\n192.168.1.2:8443\n[fd00::1]:6443\n[fd00::1]:8443\napi.example:6443\n");
}

/* A program on the way plays kubectl. */
static void
no_proxy_is_asked(void **state)
{
	(void)state;
	says("export HTTPS_PROXY=http://127.0.0.1:9 no_proxy=10.0.0.0/8\n"
		"printf '#!/bin/sh\\necho \"$NO_PROXY $no_proxy $GOGC\"\\n' >kubectl; chmod +x kubectl; PATH=$d:$PATH kb_server=127.0.0.1:9\n"
		"kb_get get --raw /version; kube version; kb_ask version; kb_do version; echo \"$no_proxy\"",
		"* * off\n* * off\n* * off\n* * off\n10.0.0.0/8\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_one_is_believed),
		cmocka_unit_test(another_authority_is_not),
		cmocka_unit_test(another_name_is_not),
		cmocka_unit_test(no_answer_is_none),
		cmocka_unit_test(no_proxy_is_asked),
		cmocka_unit_test(an_endpoint_without_a_port_has_kubeadms),
	};

	return cmocka_run_group_tests_name("apiserver_reachable.sh", tests, NULL, NULL);
}

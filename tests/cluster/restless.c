/* SPDX-License-Identifier: Apache-2.0 */
/* restless LAB: a step made non-idempotent on purpose: it says that it is absent once, and rewrites the same bytes. */
#include <stdio.h>

#include <libkb.h>

int
main(int argc, char **argv)
{
	char path[512];
	int failed = 1;
	if (argc != 2)
		return 2;
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "cluster1-worker1", "ssh://vagrant@192.168.1.3");
	snprintf(path, sizeof(path), "%s/id", argv[1]);
	kb_host_set(host, "identity", path);
	snprintf(path, sizeof(path), "%s/known_hosts", argv[1]);
	kb_host_set(host, "known_hosts", path);
	kb_step *step = kb_step_script(kb, "test.restless", "[ /run/restless -nt /etc/hostname ]",
				       "cp -p /etc/hostname /etc/hostname.new && mv /etc/hostname.new /etc/hostname && touch /run/restless");
	kb_result *r = kb_run(host, step, 30000);
	if (kb_result_status(r) == KB_OK && kb_result_is_changed(r))
		failed = 0;
	kb_err *err = kb_result_error(r);
	if (err)
		printf("%s\n", kb_err_cause(err));
	kb_err_free(err);
	kb_result_free(r);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	return failed;
}

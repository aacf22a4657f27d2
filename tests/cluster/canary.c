/* SPDX-License-Identifier: Apache-2.0 */
/* canary LAB SECRETS: a cluster of two hosts made with every kind of secret that there is. SECRETS is a folder with a file for each.
 * Prints all that a caller can get out of the library. Then everything is freed, "freed" is printed, and it stays until stdin ends, so
 * that its memory can be searched; a line on stdin is awaited before too, while it still holds them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkb.h>

static const char *lab, *secrets;

static void
stop(kb_ctx *kb, const char *what)
{
	kb_err *err = kb ? kb_error(kb) : NULL;
	printf("canary: %s: %s\n", what, kb_err_cause(err));
	exit(2);
}

/* the compiler must not leave it out because nobody reads it afterwards */
static void
wipe(char *bytes, size_t size)
{
	volatile char *p = bytes;
	while (size-- > 0)
		*p++ = 0;
}

static size_t
read_secret(const char *name, char *out, size_t size)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", secrets, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size);
	if (got <= 0)
		stop(NULL, path);
	close(fd);
	return (size_t)got;
}

static void
host_secret(kb_ctx *kb, kb_host *host, const char *key, const char *name)
{
	char bytes[4096];
	size_t size = read_secret(name, bytes, sizeof(bytes));
	if (kb_host_set_secret(host, key, bytes, size))
		stop(kb, key);
	wipe(bytes, sizeof(bytes));
}

static void
step_secret(kb_ctx *kb, kb_step *step, const char *param, const char *name)
{
	char bytes[4096];
	size_t size = read_secret(name, bytes, sizeof(bytes));
	if (kb_step_set_secret(step, param, bytes, size))
		stop(kb, param);
	wipe(bytes, sizeof(bytes));
}

static void
wait_for_line(const char *what)
{
	char c = 0;
	printf("%s\n", what);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static void
print_error(kb_err *err)
{
	printf("error %s %s %s: %s\n", kb_err_name(kb_err_code(err)), kb_err_id(err), kb_err_fix(err), kb_err_cause(err));
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		printf("evidence %s\n", kb_err_evidence(err, i));
	kb_err_free(err);
}

static void
print_bytes(kb_bytes *bytes)
{
	if (!bytes)
		return;
	fwrite(kb_bytes_data(bytes), 1, kb_bytes_size(bytes), stdout);
	putchar('\n');
	kb_bytes_free(bytes);
}

static void
print_event(kb_event *event)
{
	print_bytes(kb_event_json(event));
	printf("%s\n%s\n%s\n", kb_event_text(event), kb_event_log(event), kb_event_diff(event));
	for (size_t i = 0; i < kb_event_change_count(event); i++) {
		print_bytes(kb_event_change_before(event, i));
		print_bytes(kb_event_change_after(event, i));
	}
	kb_err *err = kb_event_error(event);
	if (err)
		print_error(err);
	kb_event_free(event);
}

static void
print_log(kb_ctx *kb)
{
	kb_log_entry *entry;
	while ((entry = kb_log_next(kb))) {
		printf("log %s %s: %s\n", kb_log_level_name(kb_log_entry_level(entry)), kb_log_entry_host(entry), kb_log_entry_text(entry));
		kb_log_entry_free(entry);
	}
}

static kb_status
follow(kb_ctx *kb, kb_plan *plan)
{
	kb_status status = KB_OK;
	kb_event *event;
	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan))) {
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				status = kb_event_status(event);
			print_event(event);
		}
		print_log(kb);
		kb_wait(kb, -1);
	}
	print_log(kb);
	return status;
}

static kb_host *
make_host(kb_ctx *kb, const char *name, const char *uri)
{
	char path[512];
	kb_host *host = kb_host_new(kb, name, uri);
	snprintf(path, sizeof(path), "%s/known_hosts", lab);
	if (!host || kb_host_set(host, "known_hosts", path))
		stop(kb, name);
	return host;
}

/* One host by its password; one by a key that a passphrase protects. */
static kb_host *
password_host(kb_ctx *kb)
{
	kb_host *host = make_host(kb, "cluster1-master1", "ssh://canary@192.168.1.2");
	host_secret(kb, host, "password", "password");
	host_secret(kb, host, "sudo_password", "password");
	return host;
}

static kb_host *
key_host(kb_ctx *kb)
{
	kb_host *host = make_host(kb, "cluster1-worker1", "ssh://canary@192.168.1.3");
	host_secret(kb, host, "identity_data", "key");
	host_secret(kb, host, "passphrase", "passphrase");
	host_secret(kb, host, "sudo_password", "sudo_password");
	return host;
}

/* A caller's own script that prints its secret wherever it can, and fails: all of it is shown, but for the secret. Not by
 * echo, which in some shells would make another text of one with a backslash. */
static kb_step *
tattler(kb_ctx *kb)
{
	kb_step *step = kb_step_script(kb, "canary.tattle", "false",
		"printf '%s\\n' \"out: $secret\"; printf '%s\\n' \"err: $secret\" >&2; printf %s \"$secret\" | fold -w 7; echo; printf %s \"$secret\" | "
		"while IFS= read -r -n 1 c 2>/dev/null; do printf %s \"$c\"; sleep 0.02; done; evidence() { printf '%s\\n' \"seen: $secret\"; }; exit 3");
	step_secret(kb, step, "secret", "script");
	return step;
}

static void
tattle(kb_ctx *kb, kb_host *host)
{
	kb_step *step = tattler(kb);
	kb_plan *plan = kb_plan_new(kb);
	if (!kb_plan_add(plan, host, step) || kb_plan_start(plan, KB_APPLY, 60000) < 0)
		stop(kb, "tattle");
	if (follow(kb, plan) == KB_OK)
		stop(NULL, "a script that exits with 3 succeeded");
	kb_plan_free(plan);
	kb_step_free(step);
}

static kb_plan *
make_plan(kb_ctx *kb, kb_host *master, kb_host *worker)
{
	static const char *const init_params[][2] = {{"kubernetes-version", "1.34.4"}, {"apiserver-advertise-address", "192.168.1.2"},
		{"pod-network-cidr", "172.16.0.0/16"}, {"upload-certs", "yes"}, {"token-ttl", "1h"}};
	kb_step *init = kb_step_new(kb, "kubeadm.init"), *join = kb_step_new(kb, "kubeadm.join");
	for (size_t i = 0; i < sizeof(init_params) / sizeof(*init_params); i++)
		if (kb_step_set(init, init_params[i][0], init_params[i][1]))
			stop(kb, init_params[i][0]);
	step_secret(kb, init, "token", "token");
	step_secret(kb, init, "certificate-key", "certificate_key");
	step_secret(kb, join, "token", "token");
	kb_step_set(join, "node-ip", "192.168.1.3");
	kb_plan *plan = kb_plan_new(kb);
	kb_task *first = kb_plan_add(plan, master, init), *second = kb_plan_add(plan, worker, join);
	if (kb_plan_bind(plan, second, "endpoint", first, "endpoint") || kb_plan_bind(plan, second, "ca-cert-hash", first, "ca-cert-hash"))
		stop(kb, "plan");
	kb_step_free(init);
	kb_step_free(join);
	return plan;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	lab = argv[1];
	secrets = argv[2];
	kb_ctx *kb = kb_new();
	if (kb_log_set_level(kb, KB_LOG_TRACE))
		stop(kb, "log");
	kb_host *master = password_host(kb), *worker = key_host(kb);
	tattle(kb, worker);
	kb_plan *plan = make_plan(kb, master, worker);
	wait_for_line("holding");
	if (kb_plan_start(plan, KB_APPLY, 600000) < 0)
		stop(kb, "start");
	kb_status status = follow(kb, plan);
	kb_plan_free(plan);
	kb_host_free(master);
	kb_host_free(worker);
	kb_free(kb);
	printf("status %s\n", kb_err_name(status));
	wait_for_line("freed");
	return status != KB_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A plan of one's own: two hosts, an order between them, and an output that becomes a parameter. A worker joins a control plane by steps of
 * the library, after a step of our own has run on it.
 *
 *     02-own-plan ssh://vagrant@192.168.1.2 ssh://vagrant@192.168.1.3 192.168.1.3
 *     02-own-plan --json ...                          all events as they are, one a line
 */
#include <stdio.h>
#include <string.h>

#include <libkb.h>

/* Whatever a plan is put together from may fail; the context remembers why. */
static kb_plan *
make_plan(kb_ctx *kb, const char *control_plane, const char *worker, const char *worker_ip)
{
	kb_host *cp = kb_host_new(kb, "cp-1", control_plane), *w = kb_host_new(kb, "worker-1", worker);
	kb_step *tune = kb_step_script(kb, "inotify.raise",
		"[ \"$(cat /proc/sys/fs/inotify/max_user_instances)\" -ge \"$least\" ]",
		"echo \"fs.inotify.max_user_instances = $least\" >/etc/sysctl.d/90-inotify.conf && sysctl -q --system");
	kb_step *kubeconfig = kb_step_new(kb, "kubeconfig.install"), *token = kb_step_new(kb, "token.create");
	kb_step *init = kb_step_new(kb, "kubeadm.init"), *join = kb_step_new(kb, "kubeadm.join");
	kb_plan *plan = kb_plan_new(kb);

	kb_step_set(tune, "least", "512");		/* a shell variable of both scripts, always as data */
	kb_step_set(init, "pod-network-cidr", "172.16.0.0/16");
	kb_step_set(join, "node-ip", worker_ip);

	/* On one host: in the order added. */
	kb_task *a = kb_plan_add(plan, cp, init);
	kb_plan_add(plan, cp, kubeconfig);
	kb_task *t = kb_plan_add(plan, cp, token);
	kb_task *x = kb_plan_add(plan, w, tune);
	kb_task *j = kb_plan_add(plan, w, join);

	/* Between hosts: an edge, and outputs that become parameters, which orders them too. */
	kb_plan_after(plan, t, x);
	kb_plan_bind(plan, j, "endpoint", a, "endpoint");
	kb_plan_bind(plan, j, "ca-cert-hash", a, "ca-cert-hash");
	kb_status status = kb_plan_bind(plan, j, "token", t, "token");	/* a secret stays one */
	kb_task_set_on_demand(t);			/* no token when the worker has joined already */

	kb_step_free(tune);		/* the plan has its own copies */
	kb_step_free(kubeconfig);
	kb_step_free(token);
	kb_step_free(init);
	kb_step_free(join);
	kb_host_free(cp);
	kb_host_free(w);
	if (status == KB_OK)
		return plan;
	kb_plan_free(plan);
	return NULL;
}

static void
show_json(const kb_event *event)
{
	kb_bytes *json = kb_event_json(event);

	puts(json ? kb_bytes_data(json) : "{}");
	kb_bytes_free(json);
}

static void
show(const kb_event *event)
{
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		printf("%-10s %-20s %-8s %s\n", kb_event_host(event), kb_event_step(event), kb_verdict_name(kb_event_verdict(event)),
			kb_event_status(event) == KB_OK ? "ok" : kb_event_text(event));
}

/* Returns what the run failed with, or NULL. */
static kb_err *
follow(kb_ctx *kb, kb_plan *plan, int is_json)
{
	kb_err *failed = NULL;
	kb_event *event;

	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan))) {
			if (is_json)
				show_json(event);
			else
				show(event);
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				failed = kb_event_error(event);
			kb_event_free(event);
		}
		kb_wait(kb, -1);
	}
	return failed;
}

int
main(int argc, char **argv)
{
	int is_json = argc > 1 && strcmp(argv[1], "--json") == 0;

	if (argc - is_json != 4) {
		fputs("usage: 02-own-plan [--json] CONTROL-PLANE-URI WORKER-URI WORKER-IP\n", stderr);
		return 2;
	}
	argv += is_json;
	kb_ctx *kb = kb_new();
	kb_plan *plan = make_plan(kb, argv[1], argv[2], argv[3]);
	int is_started = plan && kb_plan_start(plan, KB_CHECK, 120000) > 0;	/* KB_APPLY makes it so */
	kb_err *err = is_started ? follow(kb, plan, is_json) : kb_error(kb);

	if (err)
		fprintf(stderr, "%s: %s\n", kb_err_name(kb_err_code(err)), kb_err_cause(err));
	int code = err ? 1 : 0;
	kb_err_free(err);
	kb_plan_free(plan);
	kb_free(kb);
	return code;
}

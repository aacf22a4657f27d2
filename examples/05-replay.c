/* SPDX-License-Identifier: Apache-2.0 */
/* An installer's test without hosts. Once, against real hosts, the installer ran with `record: FOLDER` in its cluster file; from then on the
 * same run is played from that folder, with `replay: FOLDER` there. What the installer does is the same; what the hosts say is what they said.
 *
 *     05-replay cluster.yaml
 */
#include <stdio.h>
#include <string.h>

#include <libkb.h>

/* What is tested: an installer, here in one line. */
static kb_plan *
installer(kb_cluster *cluster)
{
	return kb_cluster_up(cluster);
}

struct seen {
	kb_status status;
	int joined, not_recorded;
};

static void
look_at(const kb_event *event, struct seen *seen)
{
	if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
		seen->status = kb_event_status(event);
	if (kb_event_kind(event) != KB_EVENT_STEP_DONE)
		return;
	seen->joined += kb_event_is_changed(event) == 1 && strcmp(kb_event_step(event), "kubeadm.join") == 0;
	kb_err *err = kb_event_error(event);		/* NULL: it ended well */
	if (err && strcmp(kb_err_id(err), "replay.not-recorded") == 0) {
		seen->not_recorded++;			/* the installer asks what it did not ask then */
		printf("%s\n", kb_err_cause(err));
		for (size_t i = 0; i < kb_err_evidence_count(err); i++)
			printf("    %s\n", kb_err_evidence(err, i));
	}
	kb_err_free(err);
}

static struct seen
run(kb_ctx *kb, kb_cluster *cluster)
{
	struct seen seen = {.status = KB_EINVAL};
	kb_plan *plan = installer(cluster);
	kb_event *event;

	if (kb_plan_start(plan, KB_APPLY, 60000) < 0)
		return seen;
	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan))) {
			look_at(event, &seen);
			kb_event_free(event);
		}
		kb_wait(kb, -1);
	}
	kb_plan_free(plan);
	return seen;
}

static int
check(const char *what, int is_true)
{
	printf("%-44s %s\n", what, is_true ? "yes" : "NO");
	return is_true ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: 05-replay CLUSTER.YAML\n", stderr);
		return 2;
	}
	kb_ctx *kb = kb_new();
	kb_cluster *cluster = kb_cluster_load(kb, argv[1]);
	int failures = check("the cluster file is read", cluster != NULL);

	if (cluster) {
		struct seen first = run(kb, cluster);
		failures += check("everything asked was recorded", first.not_recorded == 0);
		failures += check("the hosts become a cluster", first.status == KB_OK);
		failures += check("two workers join it", first.joined == 2);
	}
	kb_cluster_free(cluster);
	kb_free(kb);
	return failures ? 1 : 0;
}

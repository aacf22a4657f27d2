/* SPDX-License-Identifier: Apache-2.0 */
/* One's own event loop: the library's one descriptor beside the program's own. Here the other one is the keyboard; Enter cancels.
 *
 *     03-own-loop cluster.yaml
 *     03-own-loop --json cluster.yaml         the events as they are, one a line
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libkb.h>

static int64_t
start(kb_ctx *kb, kb_plan **plan, const char *path)
{
	kb_cluster *cluster = kb_cluster_load(kb, path);

	*plan = kb_cluster_status(cluster);		/* NULL in, NULL out */
	kb_cluster_free(cluster);			/* the plan has what it needs */
	return kb_plan_start(*plan, KB_CHECK, 60000);
}

static void
show(const kb_event *event, int is_json)
{
	kb_bytes *json = is_json ? kb_event_json(event) : NULL;

	if (json)
		puts(kb_bytes_data(json));
	else
		printf("%-14s %s %s %s\n", kb_event_kind_name(kb_event_kind(event)), kb_event_host(event), kb_event_step(event),
			kb_event_text(event));
	kb_bytes_free(json);
}

/* Takes what there is. Returns 1 with the last event of the run. */
static int
take_events(kb_plan *plan, kb_status *status, int is_json)
{
	kb_event *event;
	int is_over = 0;

	while ((event = kb_plan_next_event(plan))) {
		show(event, is_json);
		if (kb_event_kind(event) == KB_EVENT_PLAN_DONE) {
			*status = kb_event_status(event);
			is_over = 1;
		}
		kb_event_free(event);
	}
	return is_over;
}

int
main(int argc, char **argv)
{
	int is_json = argc > 1 && strcmp(argv[1], "--json") == 0;

	if (argc - is_json != 2) {
		fputs("usage: 03-own-loop [--json] CLUSTER.yaml\n", stderr);
		return 2;
	}
	kb_ctx *kb = kb_new();
	kb_plan *plan = NULL;
	kb_status status = KB_OK;
	int64_t run = start(kb, &plan, argv[1 + is_json]);

	if (run < 0) {
		kb_err *err = kb_error(kb);
		fprintf(stderr, "%s\n", kb_err_cause(err));
		kb_err_free(err);
		kb_free(kb);
		return 2;
	}
	struct pollfd fds[] = {{.fd = kb_fd(kb), .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	while (!take_events(plan, &status, is_json)) {
		poll(fds, 2, -1);			/* no time-out to work out: the descriptor is readable when something is due */
		if (fds[1].revents) {
			kb_cancel(kb, run);		/* the end arrives as an event */
			fds[1].fd = -1;
		}
		kb_dispatch(kb);			/* never waits */
	}
	kb_plan_free(plan);
	kb_free(kb);
	return status == KB_OK ? 0 : 1;
}

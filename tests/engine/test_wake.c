/* SPDX-License-Identifier: Apache-2.0 */
/* What waits is woken: for a place among those that connect. And what another thread frees goes. */
#include "engine.h"
#include "memcheck.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/ctx.h"
#include "plan.h"

static kb_task *
add_on(kb_plan *plan, kb_host *host, const char *name, const char *probe, const char *apply)
{
	kb_step *step = kb_step_script(plan->kb, name, probe, apply);
	kb_task *task = kb_plan_add(plan, host, step);
	assert_non_null(task);
	kb_step_free(step);
	return task;
}

static kb_host *
another_host(struct fixture *f, const char *name, const char *url)
{
	kb_host *host = kb_host_new(f->kb, name, url);
	assert_non_null(host);
	assert_int_equal(kb_host_set(host, "become", "none"), KB_OK);
	return host;
}

static int
silent_port(int *fd)	/* connections are taken, and nothing is ever said */
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(*fd, 200), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

struct seen {
	const char *step;
	bool is_done;
	kb_status status;
	char text[200];
};

static void
see_step(kb_event *event, void *data)
{
	struct seen *seen = data;
	if (kb_event_kind(event) != KB_EVENT_STEP_DONE || strcmp(kb_event_step(event), seen->step) != 0)
		return;
	seen->is_done = true;
	seen->status = kb_event_status(event);
	snprintf(seen->text, sizeof(seen->text), "%s", kb_event_text(event));
}

/* 64 hosts connect, and no more at a time. What they are for turns out not to be run: their places are for those that wait */
static void
a_host_that_need_not_connect_any_more_gives_up_its_place(void **state)
{
	enum { SILENT = 64 };
	struct fixture *f = *state;
	kb_host *silent[SILENT], *asks = another_host(f, "asks", "local:"), *last = another_host(f, "last", "local:");
	kb_plan *plan = kb_plan_new(f->kb);
	int fd, port = silent_port(&fd);
	add_on(plan, f->here, "opens", "true", NULL);
	kb_task *token = add_on(plan, f->here, "token", "exit 9", NULL);
	kb_task_set_on_demand(token);
	kb_task *asker = add_on(plan, asks, "asker", "sleep 1; exit 1", "true");
	assert_int_equal(kb_plan_bind(plan, asker, "word", token, "word"), KB_OK);
	for (int i = 0; i < SILENT; i++) {
		char name[32], url[64];
		snprintf(name, sizeof(name), "silent-%d", i);
		snprintf(url, sizeof(url), "ssh://root@127.0.0.1:%d", port);
		silent[i] = another_host(f, name, url);
		kb_task *task = add_on(plan, silent[i], "silent", "true", "true");
		assert_int_equal(kb_plan_bind(plan, task, "word", token, "word"), KB_OK);
	}
	add_on(plan, last, "last", "true", NULL);
	struct seen seen = { .step = "last" };
	run_plan(f->kb, plan, KB_CHECK, 15000, see_step, &seen);
	assert_true(seen.is_done);
	assert_int_equal(seen.status, KB_OK);
	kb_plan_free(plan);
	for (int i = 0; i < SILENT; i++)
		kb_host_free(silent[i]);
	kb_host_free(asks);
	kb_host_free(last);
	close(fd);
}

/* -- another thread */

struct freeing {
	kb_plan *plan;
	atomic_int go, done;
	atomic_bool is_over;
};

static void *
free_plans(void *owner)
{
	struct freeing *freeing = owner;
	int round = 0;
	while (!atomic_load(&freeing->is_over)) {
		if (atomic_load(&freeing->go) == round)
			continue;
		round++;
		kb_plan_free(freeing->plan);
		atomic_store(&freeing->done, round);
	}
	return NULL;
}

/* A plan that another thread frees while its owner is inside is torn down, without waiting for the owner to come by again */
static void
what_another_thread_frees_is_gone(void **state)
{
	struct fixture *f = *state;
	struct freeing freeing = { 0 };
	pthread_t thread;
	int left = 0, rounds = is_memcheck() ? 200 : 20000;	/* who spins there spins for a while */
	assert_int_equal(pthread_create(&thread, NULL, free_plans, &freeing), 0);
	for (int round = 1; round <= rounds; round++) {
		freeing.plan = kb_plan_new(f->kb);
		atomic_store(&freeing.go, round);
		while (atomic_load(&freeing.done) != round)
			kb_dispatch(f->kb);
		left += atomic_load(&f->kb->dead) != NULL;
	}
	atomic_store(&freeing.is_over, true);
	pthread_join(thread, NULL);
	assert_int_equal(left, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_host_that_need_not_connect_any_more_gives_up_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_another_thread_frees_is_gone, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

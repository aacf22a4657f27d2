/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts of one run: a lost one gives its place in a wave to the other, and what one changes makes old what was asked of the other. */
#include "hosts.h"

struct fixture {
	struct hosts *hosts;
	kb_ctx *kb;
	kb_host *one, *two;
	kb_plan *plan;
	char order[2000];		/* steps that ended, "NAME=STATUS;" */
};

static bool
set_up(struct fixture *f, void **state)
{
	*f = (struct fixture){ .hosts = need_hosts(state), .kb = kb_new() };
	if (f->hosts->count < 2) {
		kb_free(f->kb);
		print_message("skipped: only root can have two hosts on one machine\n");
		return false;
	}
	f->one = host_at(f->hosts, f->kb, f->hosts->ports[0]);
	f->two = host_at(f->hosts, f->kb, f->hosts->ports[1]);
	f->plan = kb_plan_new(f->kb);
	return true;
}

static void
tear_down(struct fixture *f)
{
	kb_plan_free(f->plan);
	kb_host_free(f->one);
	kb_host_free(f->two);
	kb_free(f->kb);
}

/* %s in probe and apply is the test's folder */
static kb_task *
add(struct fixture *f, kb_host *host, const char *name, const char *probe, const char *apply)
{
	char text[500];
	snprintf(text, sizeof(text), "cd %s; %s", f->hosts->folder, probe);
	char then[500];
	snprintf(then, sizeof(then), "cd %s; %s", f->hosts->folder, apply ? apply : "");
	kb_step *step = kb_step_script(f->kb, name, text, apply ? then : NULL);
	kb_task *task = kb_plan_add(f->plan, host, step);
	assert_non_null(task);
	kb_step_free(step);
	return task;
}

static void
run(struct fixture *f)
{
	bool is_over = false;
	assert_true(kb_plan_start(f->plan, KB_APPLY, 60000) > 0);
	while (!is_over && kb_wait(f->kb, 60000) >= 0)
		for (kb_event *event; (event = kb_plan_next_event(f->plan)); kb_event_free(event)) {
			size_t n = strlen(f->order);
			is_over |= kb_event_kind(event) == KB_EVENT_PLAN_DONE;
			if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
				snprintf(f->order + n, sizeof(f->order) - n, "%s=%s;", kb_event_step(event), kb_err_name(kb_event_status(event)));
		}
}

/* The first loses its connection each time it applies: the second need not wait until it has given up */
static void
a_lost_host_gives_up_its_place_in_a_wave(void **state)
{
	struct fixture f;
	if (!set_up(&f, state))
		skip();
	kb_task *first = add(&f, f.one, "first", "exit 1", "kill -9 $$; sleep 1");
	kb_task *second = add(&f, f.two, "second", "[ -e second ]", "touch second");
	kb_task_set_wave(first, "wave", 1);
	kb_task_set_wave(second, "wave", 1);
	run(&f);
	assert_string_equal(f.order, "second=KB_OK;first=KB_EUNREACHABLE;");
	tear_down(&f);
}

/* "last" stands behind "late" on its host, and was asked at the beginning; "late" waits for what another host changes: both must see it */
static void
old_facts_make_those_behind_them_old(void **state)
{
	struct fixture f;
	if (!set_up(&f, state))
		skip();
	kb_task *change = add(&f, f.one, "change", "[ -e changed ]", "sleep 0.5; touch changed");
	add(&f, f.two, "early", "true", NULL);
	kb_task *late = add(&f, f.two, "late", "true", NULL);
	kb_task *last = add(&f, f.two, "last", "[ -e changed ] || output old yes", NULL);
	assert_int_equal(kb_plan_after(f.plan, late, change), KB_OK);
	run(&f);
	assert_string_equal(f.order, "early=KB_OK;change=KB_OK;late=KB_OK;last=KB_OK;");
	kb_bytes *old = kb_task_output(last, "old");
	assert_null(old);
	tear_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_host_gives_up_its_place_in_a_wave),
		cmocka_unit_test(old_facts_make_those_behind_them_old),
	};
	return cmocka_run_group_tests_name("wave", tests, hosts_start, hosts_stop);
}

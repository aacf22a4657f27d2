/* SPDX-License-Identifier: Apache-2.0 */
/* NULL and misuse of the public functions: an error, never a crash. Those of text.h are in tests/unit. */
#include <pthread.h>
#include <sys/wait.h>

#include "../engine/engine.h"
#include "memcheck.h"

static void
freeing_null_is_nothing(void **state)
{
	(void)state;
	kb_free(NULL);
	kb_bytes_free(NULL);
	kb_err_free(NULL);
	kb_host_free(NULL);
	kb_step_free(NULL);
	kb_result_free(NULL);
	kb_event_free(NULL);
	kb_plan_free(NULL);
	kb_cluster_free(NULL);
}

static void
a_null_context_is_an_error(void **state)
{
	(void)state;
	assert_null(kb_error(NULL));
	assert_int_equal(kb_fd(NULL), KB_EINVAL);
	assert_int_equal(kb_dispatch(NULL), KB_EINVAL);
	assert_int_equal(kb_wait(NULL, 0), KB_EINVAL);
	assert_int_equal(kb_cancel(NULL, 0), KB_EINVAL);
	assert_null(kb_host_new(NULL, "a", "local:"));
	assert_null(kb_step_new(NULL, "swap.off"));
	assert_null(kb_step_script(NULL, "a", "true", NULL));
	assert_null(kb_plan_new(NULL));
	assert_null(kb_cluster_new(NULL));
	assert_null(kb_cluster_load(NULL, "cluster.yaml"));
	assert_null(kb_cluster_parse(NULL, "x", NULL, "", 0));
}

static void
null_handles_are_errors_or_nothing(void **state)
{
	(void)state;
	assert_int_equal(kb_host_set(NULL, "port", "22"), KB_EINVAL);
	assert_int_equal(kb_host_set_secret(NULL, "password", "x", 1), KB_EINVAL);
	assert_int_equal(kb_host_set_jump(NULL, NULL), KB_EINVAL);
	assert_string_equal(kb_host_name(NULL), "");
	assert_null(kb_host_get(NULL, "port"));
	assert_int_equal(kb_step_set(NULL, "a", "b"), KB_EINVAL);
	assert_int_equal(kb_step_add(NULL, "a", "b"), KB_EINVAL);
	assert_int_equal(kb_step_set_secret(NULL, "a", "b", 1), KB_EINVAL);
	assert_string_equal(kb_step_name(NULL), "");
	assert_null(kb_run(NULL, NULL, 0));
	assert_null(kb_check(NULL, NULL, 0));
	assert_null(kb_plan_add(NULL, NULL, NULL));
	assert_int_equal(kb_plan_after(NULL, NULL, NULL), KB_EINVAL);
	assert_int_equal(kb_plan_bind(NULL, NULL, "a", NULL, "b"), KB_EINVAL);
	assert_int_equal(kb_plan_barrier(NULL), KB_EINVAL);
	assert_int_equal(kb_plan_only(NULL, "*"), KB_EINVAL);
	assert_int_equal(kb_plan_skip(NULL, "*"), KB_EINVAL);
	assert_true(kb_plan_start(NULL, KB_APPLY, 0) == KB_EINVAL);
	assert_null(kb_plan_next_event(NULL));
	assert_int_equal(kb_plan_is_running(NULL), KB_EINVAL);
	assert_int_equal(kb_plan_task_count(NULL), 0);
	assert_null(kb_plan_task(NULL, 0));
	assert_int_equal(kb_task_set_on_demand(NULL), KB_EINVAL);
	assert_int_equal(kb_task_set_wave(NULL, "a", 1), KB_EINVAL);
	assert_string_equal(kb_task_step(NULL), "");
	assert_string_equal(kb_task_host(NULL), "");
	assert_null(kb_task_output(NULL, "a"));
}

static void
null_answers_say_nothing(void **state)
{
	(void)state;
	assert_null(kb_bytes_data(NULL));
	assert_int_equal(kb_bytes_size(NULL), 0);
	assert_int_equal(kb_err_code(NULL), KB_OK);
	assert_string_equal(kb_err_cause(NULL), "");
	assert_string_equal(kb_err_id(NULL), "");
	assert_string_equal(kb_err_host(NULL), "");
	assert_string_equal(kb_err_step(NULL), "");
	assert_string_equal(kb_err_fix(NULL), "");
	assert_int_equal(kb_err_evidence_count(NULL), 0);
	assert_null(kb_err_evidence(NULL, 0));
	assert_int_equal(kb_result_status(NULL), KB_EINVAL);
	assert_int_equal(kb_result_verdict(NULL), KB_VERDICT_NONE);
	assert_int_equal(kb_result_is_changed(NULL), 0);
	assert_int_equal(kb_result_exit_status(NULL), -1);
	assert_string_equal(kb_result_diff(NULL), "");
	assert_string_equal(kb_result_log(NULL), "");
	assert_null(kb_result_output(NULL, "a"));
	assert_null(kb_result_error(NULL));
	assert_int_equal(kb_event_kind(NULL), 0);
	assert_int_equal(kb_event_status(NULL), KB_EINVAL);
	assert_string_equal(kb_event_text(NULL), "");
	assert_int_equal(kb_event_change_count(NULL), 0);
	assert_null(kb_event_change_kind(NULL, 0));
	assert_null(kb_event_change_before(NULL, 0));
	assert_null(kb_event_error(NULL));
	assert_null(kb_event_json(NULL));
	assert_string_equal(kb_event_kind_name(99), "");
	assert_string_equal(kb_verdict_name(-1), "");
	assert_string_equal(kb_err_name(KB_ETIMEOUT), "KB_ETIMEOUT");
	assert_string_equal(kb_err_name(-12345), "KB_E?");
}

static void
null_clusters_are_errors(void **state)
{
	(void)state;
	assert_int_equal(kb_cluster_set(NULL, "a", "b"), KB_EINVAL);
	assert_null(kb_cluster_get(NULL, "a"));
	assert_int_equal(kb_cluster_add_host(NULL, "a", "b", "worker"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_host(NULL, "a", "b", "c"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(NULL, "a", "b", "c", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_add_kubeadm(NULL, "a", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_host_count(NULL), 0);
	assert_null(kb_cluster_host_name(NULL, 0));
	assert_int_equal(kb_cluster_check(NULL), KB_EINVAL);
	assert_null(kb_cluster_up(NULL));
	assert_null(kb_cluster_reset(NULL));
	assert_null(kb_cluster_status(NULL));
}

static void
hosts_refuse_what_cannot_be(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = { { NULL, "local:" }, { "A", "local:" }, { "a b", "local:" }, { "", "local:" }, { "a", NULL },
		{ "a", "" }, { "a", "http://x" }, { "a", "ssh://" }, { "a", "ssh://-oProxyCommand=x" }, { "a", "ssh://u@h:0" },
		{ "a", "ssh://u@h:65536" }, { "a", "ssh://u@h:22:3" }, { "a", "ssh://a;b@h" }, { "a", "ssh://[::1]x" } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(kb_host_new(f->kb, bad[i][0], bad[i][1]));
	kb_host *host = kb_host_new(f->kb, "a", "ssh://user@[fe80::1]:2222");
	assert_string_equal(kb_host_get(host, "address"), "fe80::1");
	assert_string_equal(kb_host_get(host, "port"), "2222");
	assert_string_equal(kb_host_get(host, "user"), "user");
	assert_int_equal(kb_host_set(host, "nothing", "x"), KB_EINVAL);
	assert_int_equal(kb_host_set(host, NULL, "x"), KB_EINVAL);
	assert_int_equal(kb_host_set(host, "accept_new", "perhaps"), KB_EINVAL);
	assert_int_equal(kb_host_set(host, "port", NULL), KB_OK);
	assert_string_equal(kb_host_get(host, "port"), "22");
	assert_int_equal(kb_host_set_secret(host, "nothing", "x", 1), KB_EINVAL);
	assert_int_equal(kb_host_set_secret(host, "password", "a\0b", 3), KB_EINVAL);
	assert_int_equal(kb_host_set_secret(host, "password", "secret", 6), KB_OK);
	assert_null(kb_host_get(host, "password"));
	kb_host_free(host);
}

static void
a_wrong_name_tells_the_nearest(void **state)
{
	struct fixture *f = *state;
	assert_null(kb_step_new(f->kb, "swap.of"));
	kb_err *err = kb_error(f->kb);
	assert_non_null(strstr(kb_err_cause(err), "swap.off"));
	kb_err_free(err);
	kb_step *init = kb_step_new(f->kb, "kubeadm.init");
	assert_int_equal(kb_step_set(init, "pod-network-cird", "10.0.0.0/8"), KB_EINVAL);
	err = kb_error(f->kb);
	assert_non_null(strstr(kb_err_cause(err), "pod-network-cidr"));
	kb_err_free(err);
	kb_step_free(init);
	kb_host *host = kb_host_new(f->kb, "a", "ssh://a");
	assert_int_equal(kb_host_set(host, "identty", "x"), KB_EINVAL);
	err = kb_error(f->kb);
	assert_string_equal(kb_err_cause(err), "host a: no such setting: identty (the nearest is identity)");
	kb_err_free(err);
	assert_int_equal(kb_host_set_secret(host, "sudo-password", "x", 1), KB_EINVAL);
	err = kb_error(f->kb);
	assert_string_equal(kb_err_cause(err), "host a: no such secret: sudo-password (the nearest is sudo_password)");
	kb_err_free(err);
	assert_int_equal(kb_host_set(host, NULL, "x"), KB_EINVAL);
	kb_host_free(host);
}

static void
steps_refuse_what_cannot_be(void **state)
{
	struct fixture *f = *state;
	assert_null(kb_step_script(f->kb, "Bad Name", "true", NULL));
	assert_null(kb_step_script(f->kb, "a", NULL, "true"));
	kb_step *step = kb_step_script(f->kb, "a", "true", NULL);
	assert_int_equal(kb_step_set(step, "1x", "y"), KB_EINVAL);
	assert_int_equal(kb_step_set(step, "kb_prelude", "y"), KB_EINVAL);
	assert_int_equal(kb_step_set(step, "x;y", "y"), KB_EINVAL);
	assert_int_equal(kb_step_add(step, "x", NULL), KB_EINVAL);
	assert_int_equal(kb_step_set_secret(step, "x", "a\0b", 3), KB_EINVAL);
	kb_step_free(step);
}

static void *
enter_elsewhere(void *data)
{
	struct fixture *f = data;
	static kb_status status;
	for (int i = 0; i < 10000 && (status = kb_dispatch(f->kb)) != KB_EBUSY; i++)	/* the other is between two waits, or not there yet */
		usleep(1000);
	return &status;
}

static void *
wait_here(void *data)
{
	struct fixture *f = data;
	int status;
	while ((status = kb_wait(f->kb, -1)) > 0 || status == KB_EBUSY)	/* until nothing runs; the other may be first */
		;
	return NULL;
}

static void
a_second_thread_is_told_so(void **state)
{
	struct fixture *f = *state;
	pthread_t waiter, other;
	void *status;
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "slow", "sleep 9", NULL);
	assert_non_null(kb_plan_add(plan, f->here, step));
	assert_true(kb_plan_start(plan, KB_CHECK, -1) > 0);
	kb_step_free(step);
	kb_event *event = NULL;
	while (kb_wait(f->kb, 1000) >= 0 && (event = kb_plan_next_event(plan)) && kb_event_kind(event) == KB_EVENT_PLAN_STARTED)
		kb_event_free(event);
	kb_event_free(event);
	while ((event = kb_plan_next_event(plan)))
		kb_event_free(event);
	assert_int_equal(pthread_create(&waiter, NULL, wait_here, f), 0);
	assert_int_equal(pthread_create(&other, NULL, enter_elsewhere, f), 0);
	pthread_join(other, &status);
	assert_int_equal(*(kb_status *)status, KB_EBUSY);
	kb_plan_free(plan);		/* allowed from any thread, even while another waits */
	pthread_join(waiter, NULL);
}

static void
a_forked_child_is_told_so(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	if (child == 0)
		_exit(kb_dispatch(f->kb) == KB_EINVAL ? 0 : 1);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(child_status(status), 0);
}

static void
children_outlive_their_context(void **state)
{
	(void)state;
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "here", "local:");
	kb_step *step = kb_step_script(kb, "a", "true", NULL);
	kb_plan *plan = kb_plan_new(kb);
	kb_free(kb);
	assert_non_null(kb_plan_add(plan, host, step));
	kb_host_free(host);
	kb_step_free(step);
	kb_plan_free(plan);
}

static void
a_host_is_not_its_own_jump_host(void **state)
{
	struct fixture *f = *state;
	kb_host *a = kb_host_new(f->kb, "a", "ssh://10.0.0.1"), *b = kb_host_new(f->kb, "b", "ssh://10.0.0.2");
	kb_host *c = kb_host_new(f->kb, "c", "ssh://10.0.0.3");

	assert_int_equal(kb_host_set_jump(a, a), KB_EINVAL);
	assert_int_equal(kb_host_set_jump(a, f->here), KB_EINVAL);
	assert_int_equal(kb_host_set_jump(f->here, a), KB_EINVAL);
	assert_int_equal(kb_host_set_jump(a, b), KB_OK);
	assert_int_equal(kb_host_set_jump(b, c), KB_OK);
	assert_int_equal(kb_host_set_jump(c, a), KB_EINVAL);
	/* the last one that is set counts */
	assert_int_equal(kb_host_set(b, "jump", "me@bastion:2222,[fe80::1]:22,ssh://gate"), KB_OK);
	assert_int_equal(kb_host_set_jump(c, a), KB_OK);
	assert_int_equal(kb_host_set_jump(c, NULL), KB_OK);
	assert_int_equal(kb_host_set(a, "jump", "a b"), KB_EINVAL);
	assert_int_equal(kb_host_set(a, "jump", "none"), KB_OK);
	kb_host_free(b);
	kb_host_free(a);
	kb_host_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freeing_null_is_nothing),
		cmocka_unit_test(a_null_context_is_an_error),
		cmocka_unit_test(null_handles_are_errors_or_nothing),
		cmocka_unit_test(null_answers_say_nothing),
		cmocka_unit_test(null_clusters_are_errors),
		cmocka_unit_test_setup_teardown(hosts_refuse_what_cannot_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_name_tells_the_nearest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(steps_refuse_what_cannot_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_thread_is_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_forked_child_is_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_host_is_not_its_own_jump_host, set_up, tear_down),
		cmocka_unit_test(children_outlive_their_context),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

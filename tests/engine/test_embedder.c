/* SPDX-License-Identifier: Apache-2.0 */
/* What a program around the library may rely on: nothing of it is touched, and nothing of it is in the way. */
#include "engine.h"
#include "memcheck.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#define TIMEOUT_MS 30000
#define MANY 1100

extern char **environ;

/* A step that writes a file, run to its end: what any program does with the library. */
static void
must_work(struct fixture *f, const char *name)
{
	kb_step *step = file_step(f, name, "text");
	kb_result *result = kb_run(f->here, step, TIMEOUT_MS);

	if (kb_result_status(result) != KB_OK) {
		kb_err *err = kb_result_error(result);
		fail_msg("%s: %s", kb_err_name(kb_result_status(result)), kb_err_cause(err));
	}
	assert_string_equal(read_file(f, name), "text\n");
	kb_result_free(result);
	kb_step_free(step);
}

/* -- nothing is touched */

struct around {
	struct sigaction actions[NSIG];
	sigset_t mask;
	mode_t umask;
	char folder[4096];
	char environment[1 << 16];
	char locale[256];
};

static void
look_around(struct around *a)
{
	memset(a, 0, sizeof(*a));
	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &a->actions[i]);
	pthread_sigmask(SIG_SETMASK, NULL, &a->mask);
	a->umask = umask(0);
	umask(a->umask);
	assert_non_null(getcwd(a->folder, sizeof(a->folder)));
	size_t length = 0;
	for (char **at = environ; *at && length + strlen(*at) + 2 < sizeof(a->environment); at++)
		length += (size_t)snprintf(a->environment + length, sizeof(a->environment) - length, "%s\n", *at);
	snprintf(a->locale, sizeof(a->locale), "%s", setlocale(LC_ALL, NULL));
}

static void
must_be_same(const struct around *before, const struct around *after)
{
	for (int i = 1; i < NSIG; i++)
		if (before->actions[i].sa_handler != after->actions[i].sa_handler || before->actions[i].sa_flags != after->actions[i].sa_flags)
			fail_msg("what signal %d does is another thing now", i);
	for (int i = 1; i < NSIG; i++)
		assert_int_equal(sigismember(&before->mask, i), sigismember(&after->mask, i));
	assert_int_equal(before->umask, after->umask);
	assert_string_equal(before->folder, after->folder);
	assert_string_equal(before->environment, after->environment);
	assert_string_equal(before->locale, after->locale);
}

static void
nothing_of_the_program_is_changed(void **state)
{
	static struct around before, after;

	signal(SIGUSR1, SIG_IGN);
	look_around(&before);
	must_work(*state, "plain");
	kb_ctx *kb = kb_new();
	kb_bytes_free(kb_token_make(kb));
	kb_cluster_free(kb_cluster_load(kb, "/nowhere"));
	kb_free(kb);
	look_around(&after);
	must_be_same(&before, &after);
	signal(SIGUSR1, SIG_DFL);
}

static void
nothing_is_printed(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/printed", f->folder);
	fflush(NULL);
	int out = dup(1), error = dup(2), file = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	assert_true(dup2(file, 1) == 1 && dup2(file, 2) == 2);
	kb_step *step = kb_step_script(f->kb, "test.loud", "echo out; echo error >&2; false", "echo out; echo error >&2");
	kb_result *result = kb_run(f->here, step, TIMEOUT_MS);
	kb_result_free(result);
	kb_step_free(step);
	kb_cluster_free(kb_cluster_load(f->kb, "/nowhere"));
	fflush(NULL);
	dup2(out, 1);
	dup2(error, 2);
	struct stat st;
	assert_int_equal(fstat(file, &st), 0);
	close(file);
	close(out);
	close(error);
	if (st.st_size)
		fail_msg("it printed: %s", read_file(f, "printed"));
}

/* -- signals of the program */

static atomic_int alarms;

static void
count_alarm(int signal)
{
	(void)signal;
	atomic_fetch_add(&alarms, 1);
}

static void
signals_all_the_time_break_nothing(void **state)
{
	struct sigaction action = {.sa_handler = count_alarm}, before;	/* without SA_RESTART: each call may say EINTR */
	const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 3; i++) {
		char name[16];
		snprintf(name, sizeof(name), "signals-%d", i);
		must_work(*state, name);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN);	/* forgets one that is still on its way */
	sigaction(SIGALRM, &before, NULL);
	assert_true(atomic_load(&alarms) > 20);
}

static void
ignored_children_break_nothing(void **state)
{
	signal(SIGCHLD, SIG_IGN);
	must_work(*state, "ignored");
	signal(SIGCHLD, SIG_DFL);
}

static atomic_bool is_over;

static void *
take_children(void *owner)
{
	(void)owner;
	while (!atomic_load(&is_over)) {
		waitpid(-1, NULL, WNOHANG);
		usleep(500);
	}
	return NULL;
}

/* loop.h says so: who waits for any child may be given ours. */
static void
a_program_that_takes_all_children_breaks_nothing(void **state)
{
	pthread_t thread;

	atomic_store(&is_over, false);
	assert_int_equal(pthread_create(&thread, NULL, take_children, NULL), 0);
	for (int i = 0; i < 3; i++) {
		char name[16];
		snprintf(name, sizeof(name), "taken-%d", i);
		must_work(*state, name);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}

/* SIGPIPE as it is by default: to die of it. */
static void
a_shell_that_is_gone_is_no_signal(void **state)
{
	struct fixture *f = *state;

	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 5; i++) {
		kb_step *step = kb_step_script(f->kb, "test.gone", "kill -9 0", NULL);
		kb_result *result = kb_check(f->here, step, 1500);
		assert_int_not_equal(kb_result_status(result), KB_OK);
		kb_result_free(result);
		kb_step_free(step);
	}
	must_work(f, "afterwards");
}

/* -- descriptors */

static int
count_open(bool must_close_on_exec, const bool *was_open, int max)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(folder))) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] == '.' || fd == dirfd(folder))
			continue;
		count++;
		if (must_close_on_exec && fd < max && !was_open[fd] && !(fcntl(fd, F_GETFD) & FD_CLOEXEC) && fcntl(fd, F_GETFD) >= 0)
			fail_msg("descriptor %d is not close-on-exec", fd);
	}
	closedir(folder);
	return count;
}

static void
descriptors_are_close_on_exec_at_any_moment(void **state)
{
	struct fixture *f = *state;
	bool was_open[1024];
	int most = 0;

	for (int fd = 0; fd < 1024; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "here", "local:");
	kb_host_set(host, "become", "none");
	kb_step *step = kb_step_script(kb, "test.probe", "ls -l /proc/self/fd >&3; exit 0", NULL);
	kb_plan *plan = kb_plan_new(kb);
	int before = count_open(true, was_open, 1024);
	assert_non_null(kb_plan_add(plan, host, step));
	assert_true(kb_plan_start(plan, KB_CHECK, TIMEOUT_MS) > 0);
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		int now = count_open(true, was_open, 1024);
		most = now > most ? now : most;
		while ((event = kb_plan_next_event(plan)))
			kb_event_free(event);
		if (kb_plan_is_running(plan) == 1)
			assert_true(kb_wait(kb, 100) >= 0);
	}
	assert_true(most > before);	/* or there was nothing to look at */
	kb_plan_free(plan);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	(void)f;
}

/* In a process of its own, whose exit status is 0 when all is well: cmocka has no place there. */
static int
run_without(int closed_from, int closed_to)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (int fd = closed_from; fd <= closed_to; fd++)
			close(fd);
		kb_ctx *kb = kb_new();
		kb_host *host = kb_host_new(kb, "here", "local:");
		kb_host_set(host, "become", "none");
		kb_step *step = kb_step_script(kb, "test.probe", "echo loud; exit 0", NULL);
		kb_result *result = kb_check(host, step, TIMEOUT_MS);
		int failed = kb_result_status(result) != KB_OK ? 2 : 0;
		for (int fd = closed_from; fd <= closed_to; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				failed = 3;
		kb_result_free(result);
		kb_step_free(step);
		kb_host_free(host);
		kb_free(kb);
		_exit(failed);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return child_status(status);
}

static void
closed_standard_streams_stay_closed(void **state)
{
	(void)state;
	assert_int_equal(run_without(0, 2), 0);
	assert_int_equal(run_without(0, 0), 0);
	assert_int_equal(run_without(1, 2), 0);
}

static void
descriptors_over_1024_work(void **state)
{
	struct rlimit limit, more;
	static int fds[MANY];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	more = limit;
	more.rlim_cur = more.rlim_max < 4096 ? more.rlim_max : 4096;
	if (more.rlim_cur < 2048) {
		print_message("skipped: the limit of descriptors cannot be raised\n");
		skip();
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
	for (int i = 0; i < MANY; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fds[MANY - 1] > 1024);
	struct fixture *own;
	void *made = NULL;
	assert_int_equal(set_up(&made), 0);	/* a context all of whose descriptors are over it */
	own = made;
	assert_true(kb_fd(own->kb) > 1024);
	must_work(own, "over");
	tear_down(&made);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	setrlimit(RLIMIT_NOFILE, &limit);
	(void)state;
}

/* -- locale */

static void
another_locale_changes_nothing(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"de_DE", "tr_TR"};
	char command[512];
	int tried = 0;

	for (size_t i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "localedef -i %s -f UTF-8 %s/%s.UTF-8 2>/dev/null", names[i], f->folder, names[i]);
		if (system(command) != 0)
			continue;
		snprintf(command, sizeof(command), "%s.UTF-8", names[i]);
		setenv("LOCPATH", f->folder, 1);
		if (!setlocale(LC_ALL, command))
			continue;
		tried++;
		assert_int_equal(kb_cidr_contains(f->kb, "10.0.0.0/8", "10.1.2.3"), 1);
		assert_string_equal(kb_apt_flavour(f->kb, "1.28.2"), "community");
		kb_bytes *config = kb_kubeadm_config(f->kb, "init", "{kubernetes-version: 1.34.4, apiserver-bind-port: 6443}");
		assert_non_null(config);
		assert_non_null(strstr(kb_bytes_data(config), "InitConfiguration"));	/* no Turkish i without its dot */
		kb_bytes_free(config);
		kb_step *step = kb_step_new(f->kb, "SWAP.OFF");
		assert_null(step);
		must_work(f, names[i]);
	}
	setlocale(LC_ALL, "C");
	unsetenv("LOCPATH");
	if (!tried) {
		print_message("skipped: no other locale can be made here (Debian: locales)\n");
		skip();
	}
}

/* -- threads */

static void *
run_own(void *owner)
{
	bool *is_right = owner;

	*is_right = true;
	for (int i = 0; i < 4 && *is_right; i++) {
		kb_ctx *kb = kb_new();
		kb_host *host = kb_host_new(kb, "here", "local:");
		kb_host_set(host, "become", "none");
		kb_step *step = kb_step_script(kb, "test.probe", "fact output.a 1", NULL);
		kb_result *result = kb_check(host, step, TIMEOUT_MS);
		kb_bytes *token = kb_token_make(kb);
		*is_right = kb_result_status(result) == KB_OK && token;
		kb_bytes_free(token);
		kb_result_free(result);
		kb_step_free(step);
		kb_host_free(host);
		kb_free(kb);
	}
	return NULL;
}

static void
two_contexts_in_two_threads_share_nothing(void **state)
{
	pthread_t threads[4];
	bool are_right[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_own, &are_right[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(are_right[i]);
	}
}

struct handles {
	kb_plan *plan;
	kb_step *step;
	kb_host *host;
	kb_event *event;
};

static void *
free_all(void *owner)
{
	struct handles *h = owner;

	usleep(20000);
	kb_event_free(h->event);
	kb_step_free(h->step);
	kb_plan_free(h->plan);
	kb_host_free(h->host);
	return NULL;
}

static void
handles_may_be_freed_in_any_thread(void **state)
{
	for (int i = 0; i < 10; i++) {
		kb_ctx *kb = kb_new();
		pthread_t thread;
		struct handles h = {.host = kb_host_new(kb, "here", "local:"), .plan = kb_plan_new(kb), .step = kb_step_script(kb, "test.sleep", "sleep 10", NULL)};
		kb_host_set(h.host, "become", "none");
		assert_non_null(kb_plan_add(h.plan, h.host, h.step));
		assert_true(kb_plan_start(h.plan, KB_CHECK, TIMEOUT_MS) > 0);
		h.event = kb_plan_next_event(h.plan);
		assert_non_null(h.event);
		assert_int_equal(pthread_create(&thread, NULL, free_all, &h), 0);
		for (int turn = 0; turn < 5 + i; turn++)
			assert_true(kb_wait(kb, 20) >= 0);
		pthread_join(thread, NULL);
		kb_free(kb);
	}
	must_work(*state, "afterwards");
}

static kb_ctx *cancelled;

static void
cancel_in_handler(int signal)
{
	(void)signal;
	kb_cancel(cancelled, 0);
}

static void *
cancel_in_thread(void *owner)
{
	usleep(300000);
	kb_cancel(owner, 0);
	return NULL;
}

static void
must_be_cancelled(struct fixture *f)
{
	kb_step *step = kb_step_script(f->kb, "test.sleep", "sleep 20", NULL);
	struct timeval from, to;

	gettimeofday(&from, NULL);
	kb_result *result = kb_check(f->here, step, TIMEOUT_MS);
	gettimeofday(&to, NULL);
	assert_int_equal(kb_result_status(result), KB_ECANCELED);
	assert_true(to.tv_sec - from.tv_sec < 15);
	kb_result_free(result);
	kb_step_free(step);
}

static void
a_signal_handler_and_another_thread_may_cancel(void **state)
{
	struct fixture *f = *state;
	struct sigaction action = {.sa_handler = cancel_in_handler}, before;
	const struct itimerval once = {{0, 0}, {0, 300000}};
	pthread_t thread;

	cancelled = f->kb;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &once, NULL);
	must_be_cancelled(f);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(pthread_create(&thread, NULL, cancel_in_thread, f->kb), 0);
	must_be_cancelled(f);
	pthread_join(thread, NULL);
	must_work(f, "afterwards");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_of_the_program_is_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_printed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(signals_all_the_time_break_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ignored_children_break_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_program_that_takes_all_children_breaks_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_shell_that_is_gone_is_no_signal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_are_close_on_exec_at_any_moment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_standard_streams_stay_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_over_1024_work, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_locale_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_contexts_in_two_threads_share_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(handles_may_be_freed_in_any_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_handler_and_another_thread_may_cancel, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("embedder", tests, NULL, NULL);
}

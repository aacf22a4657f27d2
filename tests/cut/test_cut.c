/* SPDX-License-Identifier: Apache-2.0 */
/* The connection is cut at every packet of a step that adds one line to a file: the line is there exactly once, and the caller got success,
 * or an error after which another run succeeds. Several hosts at a time, each with its own thread and context. */
#include "cutter.h"
#include "long.h"
#include "step.h"

#define PATIENCE_MS 120000
#define DEADLINE_MS 2500	/* of a run that meets silence */

/* The same step as a long one */
static kb_status
judge_line(struct kbi_judge *j)
{
	return kbi_judge_say(j, kbi_judge_fact_is(j, "found", "1") ? KB_PRESENT : KB_ABSENT, "the line");
}

static const struct kbi_param params[] = { { .name = "file" }, { 0 } };
static const struct kbi_step_def long_def = {
	.name = "test.line", .params = params, .flags = KBI_STEP_LONG, .timeout_ms = PATIENCE_MS, .judge = judge_line,
	.script = "probe() { fact found \"$(grep -c . \"$file\" 2>/dev/null || true)\"; }\napply() { echo adding; sleep 0.1; echo line >>\"$file\"; echo added; }\n",
};

struct work {
	struct hosts *hosts;
	enum cut how;
	bool is_long;
	int packets;		/* of a run that is not cut */
	atomic_int next;	/* packet to cut at */
	atomic_int well, failed, wrong;
};

static kb_step *
line_step(kb_ctx *kb, const char *file, bool is_long)
{
	kb_step *step = kb_step_script(kb, "test.line", "[ -s \"$file\" ]", "echo line >>\"$file\"");
	if (!step || kb_step_set(step, "file", file))
		abort();
	if (is_long)
		step->def = &long_def;
	return step;
}

static int
count_lines(const char *file)
{
	int n = 0, c;
	FILE *f = fopen(file, "r");
	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static kb_status
run_once(kb_host *host, kb_step *step, int64_t timeout_ms, char *cause, size_t size)
{
	kb_result *result = kb_run(host, step, timeout_ms);
	kb_status status = result ? kb_result_status(result) : KB_EINVAL;
	kb_err *err = result ? kb_result_error(result) : NULL;
	snprintf(cause, size, "%s %s", kb_err_name(status), err ? kb_err_cause(err) : "");
	kb_err_free(err);
	kb_result_free(result);
	return status;
}

static void
check_one(struct work *work, int host_number, int at, bool is_half_given)
{
	struct cutter cutter;
	char file[128], first[300], second[300] = "";
	cutter_start(&cutter, work->hosts->ports[host_number], work->how, at, is_half_given);
	snprintf(file, sizeof(file), "%s/line.%d", work->hosts->folder, cutter.port);
	kb_ctx *kb = kb_new();
	kb_host *host = host_at(work->hosts, kb, cutter.port);
	kb_step *step = line_step(kb, file, work->is_long);
	kb_status status = run_once(host, step, work->how == CUT_SILENCE ? DEADLINE_MS : PATIENCE_MS, first, sizeof(first));
	int lines = count_lines(file);
	bool is_right = status == KB_OK ? lines == 1 : lines <= 1;
	atomic_fetch_add(status == KB_OK ? &work->well : &work->failed, 1);
	if (status && run_once(host, step, PATIENCE_MS, second, sizeof(second)))
		is_right = false;
	if (work->how == CUT_NEVER)
		work->packets = atomic_load(&cutter.packets);
	if (!is_right || count_lines(file) != 1) {
		atomic_fetch_add(&work->wrong, 1);
		print_message("cut %d at packet %d%s: %d lines, then %d; first run: %s; second: %s\n", work->how, at, is_half_given ? " and a half" : "", lines,
			      count_lines(file), first, second);
	}
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	unlink(file);
	cutter_stop(&cutter);
}

struct worker {
	struct work *work;
	int host_number;
	pthread_t thread;
};

static void *
work_on(void *owner)
{
	struct worker *worker = owner;
	struct work *work = worker->work;
	int variants = is_long_run() ? 2 : 1, i;
	while ((i = atomic_fetch_add(&work->next, 1)) < work->packets * variants) {
		bool is_half_given = variants == 2 ? i & 1 : work->how == CUT_SILENCE;
		check_one(work, worker->host_number, i / variants, is_half_given);
	}
	return NULL;
}

static void
cut_everywhere(struct hosts *hosts, enum cut how, bool is_long)
{
	struct work work = { .hosts = hosts, .how = CUT_NEVER, .is_long = is_long };
	struct worker workers[HOSTS_MAX];
	check_one(&work, 0, 0, false);
	assert_int_equal(atomic_load(&work.wrong), 0);
	assert_in_range(work.packets, 20, 400);
	work.how = how;
	work.packets += 2;
	for (int i = 0; i < hosts->count; i++) {
		workers[i] = (struct worker){ &work, i, 0 };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work_on, &workers[i]), 0);
	}
	for (int i = 0; i < hosts->count; i++)
		pthread_join(workers[i].thread, NULL);
	print_message("%d packets: %d runs ended well, %d with an error and then well, %d wrong\n", work.packets, atomic_load(&work.well) - 1,
		      atomic_load(&work.failed), atomic_load(&work.wrong));
	assert_int_equal(atomic_load(&work.wrong), 0);
}

static void
a_reset_at_every_packet(void **state)
{
	cut_everywhere(need_hosts(state), CUT_RESET, false);
}

static void
silence_at_every_packet(void **state)
{
	cut_everywhere(need_hosts(state), CUT_SILENCE, false);
}

static void
a_reset_at_every_packet_of_a_long_step(void **state)
{
	cut_everywhere(need_hosts(state), CUT_RESET, true);
}

static void
silence_at_every_packet_of_a_long_step(void **state)
{
	cut_everywhere(need_hosts(state), CUT_SILENCE, true);
}

/* A network that breaks a connection, and is silent for a while longer: the one that gets no answer is not the last that is tried */
static void
a_connection_that_gets_no_answer_is_tried_again(void **state)
{
	static const struct kbi_step_def slow_def = {
		.name = "test.line", .params = params, .flags = KBI_STEP_LONG, .timeout_ms = PATIENCE_MS, .judge = judge_line,
		.script = "probe() { fact found \"$(grep -c . \"$file\" 2>/dev/null || true)\"; }\napply() { : >\"$file.began\"; sleep 1; echo line >>\"$file\"; }\n",
	};
	struct hosts *hosts = need_hosts(state);
	struct cutter cutter;
	char file[128], began[140], cause[300];
	cutter_start(&cutter, hosts->ports[0], CUT_NEVER, 0, false);
	snprintf(file, sizeof(file), "%s/line.%d", hosts->folder, cutter.port);
	snprintf(began, sizeof(began), "%s.began", file);
	cutter.mute = 1;
	cutter.began = began;
	kb_ctx *kb = kb_new();
	kb_host *host = host_at(hosts, kb, cutter.port);
	kb_step *step = line_step(kb, file, true);
	step->def = &slow_def;
	assert_int_equal(kb_host_set(host, "connect_timeout_ms", "3000"), KB_OK);
	kb_status status = run_once(host, step, PATIENCE_MS, cause, sizeof(cause));
	if (status || count_lines(file) != 1 || cutter.count != 3)
		fail_msg("%d connections, %d lines, %s", cutter.count, count_lines(file), cause);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	unlink(file);
	unlink(began);
	cutter_stop(&cutter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_at_every_packet),
		cmocka_unit_test(silence_at_every_packet),
		cmocka_unit_test(a_reset_at_every_packet_of_a_long_step),
		cmocka_unit_test(silence_at_every_packet_of_a_long_step),
		cmocka_unit_test(a_connection_that_gets_no_answer_is_tried_again),
	};
	return cmocka_run_group_tests_name("cut", tests, hosts_start, hosts_stop);
}

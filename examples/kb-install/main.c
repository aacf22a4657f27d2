/* SPDX-License-Identifier: Apache-2.0 */
/* kb-install: the reference installer. Everything that it can do is the library's; it reads a command line, shows events, and ends with an
 * exit code that scripts can use. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libkb.h>

#include "args.h"
#include "ask.h"
#include "kubeconfig.h"
#include "list.h"
#include "report.h"
#include "show.h"
#include "status.h"

#define TICK_MS 100

static kb_ctx *volatile context;		/* for the signal handler */
static volatile sig_atomic_t interrupts;

/* The first one asks everything to end, the second ends this program. All calls are async-signal-safe. */
static void
on_interrupt(int number)
{
	static const char bye[] = "\033[?7h\nkb-install: ended at once; steps that were running may go on on their hosts\n";
	int saved = errno;

	(void)number;
	if (interrupts++ == 0) {
		kb_cancel(context, 0);
		errno = saved;
		return;
	}
	ask_restore();
	const char *text = isatty(STDOUT_FILENO) ? bye : bye + strlen("\033[?7h");
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(EXIT_INTERRUPTED);
	_exit(EXIT_INTERRUPTED);
}

static void
catch_signals(kb_ctx *kb)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	context = kb;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);	/* a closed pipe behind us must not end a run half-way */
}

/* Said once, before the events that tell how each step took it. */
static void
say_interrupted(struct show *show)
{
	static bool was_said;

	if (!interrupts || was_said)
		return;
	was_said = true;
	if (show->ops->end)
		show->ops->end(show);
	fputs("interrupting: what runs is let go of (once more: end at once)\n", stderr);
}

/* One line each, but for the texts of a trace: those are moved in. */
static void
print_entry(const kb_log_entry *entry)
{
	int64_t ms = kb_log_entry_time_ms(entry);
	time_t seconds = (time_t)(ms / 1000);
	struct tm at;
	char clock[16] = "";

	if (gmtime_r(&seconds, &at))
		strftime(clock, sizeof(clock), "%H:%M:%S", &at);
	fprintf(stderr, "%s.%03d %s %s: ", clock, (int)(ms % 1000), kb_log_level_name(kb_log_entry_level(entry)), kb_log_entry_host(entry));
	for (const char *text = kb_log_entry_text(entry); *text; text++)
		fputs(*text == '\n' ? "\n\t" : (const char[]){*text, '\0'}, stderr);
	fputc('\n', stderr);
}

static void
print_log(kb_ctx *kb)
{
	kb_log_entry *entry;

	while ((entry = kb_log_next(kb))) {
		print_entry(entry);
		kb_log_entry_free(entry);
	}
}

struct follow {
	kb_ctx *kb;
	kb_plan *plan;
	struct show *show;
	struct ask *ask;
	kb_status status;
	int64_t took_ms;
};

static void
take_event(struct follow *f, const kb_event *event)
{
	int kind = kb_event_kind(event);

	ask_hide(f->ask);
	show_event(f->show, event);
	if (kind == KB_EVENT_QUESTION)
		ask_question(f->ask, f->kb, event);
	if (kind == KB_EVENT_STEP_DONE && kb_event_status(event) != KB_OK)
		ask_forget(f->ask, kb_event_host(event));
	if (kind == KB_EVENT_PLAN_DONE) {
		ask_forget(f->ask, NULL);
		f->status = kb_event_status(event);
		f->took_ms = kb_event_duration_ms(event);
	}
}

/* The terminal is the question's, as long as one is asked. */
static void
draw(const struct follow *f)
{
	if (ask_fd(f->ask) >= 0 && f->show->ops->end)
		f->show->ops->end(f->show);
	else if (f->show->ops->tick)
		f->show->ops->tick(f->show);
	ask_show(f->ask);
}

static void
wait_for_more(const struct follow *f)
{
	struct pollfd fds[] = {{.fd = kb_fd(f->kb), .events = POLLIN}, {.fd = ask_fd(f->ask), .events = POLLIN}};

	if (poll(fds, 2, f->show->ops->tick ? TICK_MS : -1) > 0 && fds[1].revents)
		ask_read(f->ask, f->kb);
	if (interrupts)
		ask_forget(f->ask, NULL);
	say_interrupted(f->show);
	kb_dispatch(f->kb);
}

/* Takes events until the last one. */
static void
follow(struct follow *f)
{
	kb_event *event;

	while (kb_plan_is_running(f->plan) == 1) {
		while ((event = kb_plan_next_event(f->plan))) {
			take_event(f, event);
			kb_event_free(event);
		}
		print_log(f->kb);
		draw(f);
		if (kb_plan_is_running(f->plan) != 1)
			break;	/* that was its last event: nothing more will make the descriptor readable */
		wait_for_more(f);
	}
	if (f->show->ops->end)
		f->show->ops->end(f->show);
}

static kb_plan *
make_reset(kb_cluster *cluster, const struct args *args)
{
	/* `reset --only 'calico.*'` asks for a step that a reset of everything has no need of */
	if (args->only_count && kb_cluster_set(cluster, "reset.calico", "yes"))
		return NULL;
	return kb_cluster_reset(cluster);
}

static kb_plan *
make_plan(kb_cluster *cluster, const struct args *args)
{
	kb_plan *plan = args->command == COMMAND_RESET ? make_reset(cluster, args)
		: args->command == COMMAND_STATUS ? kb_cluster_status(cluster) : kb_cluster_up(cluster);
	kb_status status = KB_OK;

	for (size_t i = 0; plan && !status && i < args->only_count; i++)
		status = kb_plan_only(plan, args->only[i]);
	for (size_t i = 0; plan && !status && i < args->skip_count; i++)
		status = kb_plan_skip(plan, args->skip[i]);
	if (!status)
		return plan;
	kb_plan_free(plan);
	return NULL;
}

static int
exit_code(const struct show *show, kb_status status)
{
	if (interrupts || status == KB_ECANCELED)
		return EXIT_INTERRUPTED;
	if (status != KB_OK)
		return EXIT_FAILED;
	return show->args->is_dry && show->tally.changed ? EXIT_CHANGES_PENDING : EXIT_DONE;
}

static int
run_plan(kb_ctx *kb, kb_plan *plan, struct show *show, struct ask *ask)
{
	const struct args *args = show->args;
	struct follow f = {.kb = kb, .plan = plan, .show = show, .ask = ask, .status = KB_ECANCELED};

	if (kb_plan_start(plan, args->is_dry ? KB_CHECK : KB_APPLY, args->timeout_ms) < 0) {
		report_context(kb);
		return EXIT_BAD_INPUT;
	}
	follow(&f);
	print_log(kb);
	int code = exit_code(show, f.status);
	if (args->command == COMMAND_STATUS)
		status_show(plan, args);
	if (!args->is_json)
		report_end(show, f.status, f.took_ms);
	if (show->error)
		report_error(show, show->error);
	if (code == EXIT_DONE && args->command == COMMAND_UP && !args->is_dry)
		code = kubeconfig_save(plan, args);
	return code;
}

static int
run(kb_ctx *kb, const struct args *args)
{
	struct show show;
	int code = EXIT_BAD_INPUT;
	kb_cluster *cluster = kb_cluster_load(kb, args->cluster);
	struct ask *ask = cluster ? ask_begin(args, cluster) : NULL;
	kb_plan *plan = ask ? make_plan(cluster, args) : NULL;

	if (!plan)
		report_context(kb);
	else if (!show_begin(&show, args, cluster))
		fputs("kb-install: out of memory\n", stderr);
	else {
		code = run_plan(kb, plan, &show, ask);
		show_free(&show);
	}
	ask_end(ask);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	return code;
}

static int
run_with_context(const struct args *args)
{
	kb_ctx *kb = kb_new();

	if (!kb) {
		fputs("kb-install: out of memory or descriptors\n", stderr);
		return EXIT_FAILED;
	}
	catch_signals(kb);
	kb_log_set_level(kb, args->log_level);
	int code = run(kb, args);
	signal(SIGINT, SIG_IGN);	/* the handler must not meet a context that is gone */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	kb_free(kb);
	return code;
}

static int
version(void)
{
	printf("kb-install %s, libkb %s\n", KB_VERSION, kb_version());
	return EXIT_DONE;
}

static int
dispatch(const struct args *args)
{
	switch (args->command) {
	case COMMAND_HELP:
		args_help();
		return EXIT_DONE;
	case COMMAND_VERSION:
		return version();
	case COMMAND_STEPS:
		return list_steps(args->cluster);
	case COMMAND_FIELDS:
		return list_fields(args->cluster);
	default:
		return run_with_context(args);
	}
}

int
main(int argc, char **argv)
{
	struct args args;

	setlocale(LC_CTYPE, "");
	int code = args_read(&args, argc, argv);
	if (code == EXIT_DONE)
		code = dispatch(&args);
	args_free(&args);
	return code;
}

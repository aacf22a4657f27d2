/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

static const struct {
	const char *name;
	enum command command;
	bool needs_cluster;
} commands[] = {
	{"plan", COMMAND_PLAN, true},
	{"up", COMMAND_UP, true},
	{"status", COMMAND_STATUS, true},
	{"reset", COMMAND_RESET, true},
	{"steps", COMMAND_STEPS, false},
	{"fields", COMMAND_FIELDS, false},
	{"help", COMMAND_HELP, false},
	{"version", COMMAND_VERSION, false},
};

void
args_help(void)
{
	fputs("usage: kb-install plan|up|status|reset CLUSTER.yaml [option...]\n"
		"       kb-install steps [PATTERN]   what the steps are, and what they take\n"
		"       kb-install fields [PATTERN]  what a description can hold\n"
		"\n"
		"  plan    show what `up` would change, host by host; touch nothing\n"
		"  up      make the hosts a cluster; run again, it changes only what differs\n"
		"  status  ask the cluster how it is\n"
		"  reset   take the cluster down, in the right order; the packages stay\n"
		"\n"
		"  --only PATTERN      only the steps whose name fits (* and ?); may be given again\n"
		"  --skip PATTERN      not the steps whose name fits; may be given again\n"
		"  --check             with up or reset: show, and touch nothing\n"
		"  --kubeconfig FILE   where `up` puts the cluster's kubeconfig (default: kubeconfig beside CLUSTER.yaml)\n"
		"  --timeout SECONDS   for all of it; a number may end in s, m or h\n"
		"  --json              one event a line, as JSON, on standard output\n"
		"  --batch             nothing is asked on the terminal: what is missing (a password, an unknown host key) fails its host\n"
		"  --plain             lines without redrawing, also on a terminal\n"
		"  --verbose           also what was skipped, all differences, and what the hosts print\n"
		"  --log LEVEL         what the library does, on standard error: error, warning, info, debug or trace\n"
		"  --help, --version\n"
		"\n"
		"exit status: 0 done, 1 failed, 2 bad input, 3 changes are pending (plan, --check), 130 interrupted\n",
		stdout);
}

static int
bad(const char *what, const char *value)
{
	fprintf(stderr, "kb-install: %s: %s (kb-install --help says more)\n", what, value);
	return EXIT_BAD_INPUT;
}

/* 90, 90s, 15m, 2h */
static bool
read_time(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	char *end;
	long number = strtol(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (end != text && number > 0 && number < 1000000 && strcmp(end, units[i].unit) == 0) {
			*ms = number * units[i].ms;
			return true;
		}
	return false;
}

static bool
read_level(const char *text, int *level)
{
	for (int i = KB_LOG_OFF; i <= KB_LOG_TRACE; i++)
		if (strcmp(kb_log_level_name(i), text) == 0) {
			*level = i;
			return true;
		}
	return false;
}

static bool
is_flag(struct args *args, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"--check", &args->is_dry}, {"--json", &args->is_json}, {"--batch", &args->is_batch}, {"--plain", &args->is_plain}, {"--verbose", &args->is_verbose},
		{"-v", &args->is_verbose},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(flags[i].name, word) == 0) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

/* --name VALUE or --name=VALUE: the value, and *at moves on over it; NULL when this is another option. "" when it has none. */
static const char *
value_of(const char *name, int argc, char **argv, int *at)
{
	size_t length = strlen(name);
	const char *word = argv[*at];

	if (strncmp(word, name, length) != 0 || (word[length] && word[length] != '='))
		return NULL;
	if (word[length] == '=')
		return word + length + 1;
	return *at + 1 < argc ? argv[++*at] : "";
}

static int
read_option(struct args *args, int argc, char **argv, int *at)
{
	const char *word = argv[*at], *value;

	if (is_flag(args, word))
		return EXIT_DONE;
	if ((value = value_of("--only", argc, argv, at)))
		args->only[args->only_count++] = value;
	else if ((value = value_of("--skip", argc, argv, at)))
		args->skip[args->skip_count++] = value;
	else if ((value = value_of("--kubeconfig", argc, argv, at)))
		args->kubeconfig = value;
	else if ((value = value_of("--log", argc, argv, at))) {
		if (*value && !read_level(value, &args->log_level))
			return bad("not a level of the log", value);
	} else if (!(value = value_of("--timeout", argc, argv, at)))
		return bad("no such option", word);
	else if (!read_time(value, &args->timeout_ms))
		return bad("not a time", value);
	return *value ? EXIT_DONE : bad("needs a value", word);
}

static int
read_command(struct args *args, const char *word, bool *needs_cluster)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, word) == 0) {
			args->command = commands[i].command;
			*needs_cluster = commands[i].needs_cluster;
			return EXIT_DONE;
		}
	return bad("no such command", word);
}

static bool
is_asking(struct args *args, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool wants_help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
		if (!wants_help && strcmp(argv[i], "--version") != 0)
			continue;
		args->command = wants_help ? COMMAND_HELP : COMMAND_VERSION;
		return true;
	}
	return false;
}

static int
read_words(struct args *args, int argc, char **argv)
{
	bool needs_cluster = false, has_command = false;
	int status = EXIT_DONE;

	for (int i = 1; i < argc && status == EXIT_DONE; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			status = read_option(args, argc, argv, &i);
		} else if (!has_command) {
			status = read_command(args, argv[i], &needs_cluster);
			has_command = true;
		} else if (args->cluster) {
			status = bad("one word too many", argv[i]);
		} else {
			args->cluster = argv[i];
		}
	}
	if (status == EXIT_DONE && (!has_command || (needs_cluster && !args->cluster)))
		return bad("what is missing", has_command ? "CLUSTER.yaml" : "plan, up, status or reset");
	args->is_plain |= args->log_level != KB_LOG_OFF;	/* nothing is drawn over by other lines */
	args->is_dry |= args->command == COMMAND_PLAN;
	return status;
}

int
args_read(struct args *args, int argc, char **argv)
{
	size_t room = (size_t)argc + 1;

	*args = (struct args){.timeout_ms = -1};
	if (is_asking(args, argc, argv))
		return EXIT_DONE;
	args->only = calloc(room, sizeof(*args->only));
	args->skip = calloc(room, sizeof(*args->skip));
	if (!args->only || !args->skip) {
		fputs("kb-install: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	return read_words(args, argc, argv);
}

void
args_free(struct args *args)
{
	free(args->only);
	free(args->skip);
}

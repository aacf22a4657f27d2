/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asked for. */
#ifndef KB_INSTALL_ARGS_H
#define KB_INSTALL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {				/* exit codes */
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_BAD_INPUT = 2,
	EXIT_CHANGES_PENDING = 3,
	EXIT_INTERRUPTED = 130
};

enum command { COMMAND_PLAN, COMMAND_UP, COMMAND_STATUS, COMMAND_RESET, COMMAND_STEPS, COMMAND_FIELDS, COMMAND_HELP, COMMAND_VERSION };

struct args {
	enum command command;
	const char *cluster;		/* the description's file */
	const char *kubeconfig;		/* NULL: beside the description */
	const char **only;
	size_t only_count;
	const char **skip;
	size_t skip_count;
	int64_t timeout_ms;		/* negative: the steps' own */
	int log_level;			/* of enum kb_log_level */
	bool is_dry;			/* plan, or --check */
	bool is_json;
	bool is_batch;			/* nobody is asked for anything */
	bool is_plain;			/* lines even on a terminal */
	bool is_verbose;
};

/* Returns EXIT_DONE, or EXIT_BAD_INPUT after saying why on stderr. */
int args_read(struct args *args, int argc, char **argv);
void args_free(struct args *args);
void args_help(void);

#endif

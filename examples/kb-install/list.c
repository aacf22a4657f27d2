/* SPDX-License-Identifier: Apache-2.0 */
/* What there is: the steps with their parameters, and the fields of a description. */
#include "list.h"

#include <fnmatch.h>
#include <stdio.h>

#include <libkb.h>

static void
list_params(const char *step)
{
	const char *param;

	for (size_t i = 0; (param = kb_step_param_name(step, i)); i++) {
		const char *fallback = kb_step_param_default(step, param);
		printf("    %-27s %s%s%s%s", param, kb_step_param_doc(step, param), kb_step_param_is_list(step, param) == 1 ? "; a list" : "",
			kb_step_param_is_required(step, param) == 1 ? "; required" : "", kb_step_param_is_secret(step, param) == 1 ? "; secret" : "");
		if (fallback)
			printf(" (%s)", fallback);
		putchar('\n');
	}
}

static void
list_outputs(const char *step)
{
	const char *output;

	for (size_t i = 0; (output = kb_step_output_name(step, i)); i++)
		printf("    -> %-24s %s\n", output, kb_step_output_doc(step, output));
}

int
list_steps(const char *pattern)
{
	const char *step;

	for (size_t i = 0; (step = kb_step_def_name(i)); i++) {
		if (pattern && fnmatch(pattern, step, 0) != 0)
			continue;
		printf("%-21s %s\n", step, kb_step_def_summary(step));
		list_params(step);
		list_outputs(step);
	}
	return 0;
}

int
list_fields(const char *pattern)
{
	const char *key;

	for (size_t i = 0; (key = kb_cluster_key(i)); i++)
		if (!pattern || fnmatch(pattern, key, 0) == 0)
			printf("%-29s %s\n", key, kb_cluster_key_doc(key));
	return 0;
}

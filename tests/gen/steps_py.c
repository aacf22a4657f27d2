/* SPDX-License-Identifier: Apache-2.0 */
/* Prints bindings/python/kb/_steps.py from the catalogue: a typed constructor for each step, documented from its record. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <kb/step.h>

static void
print_name(const char *name)
{
	for (const char *p = name; *p; p++)
		putchar(isalnum((unsigned char)*p) ? *p : '_');
}

/* Required ones too have a place in plans: they may be bound to another task's output. */
static void
print_signature(const char *step)
{
	const char *param;
	printf("def ");
	print_name(step);
	printf(kb_step_param_name(step, 0) ? "(\n    *,\n" : "(\n");
	for (size_t i = 0; (param = kb_step_param_name(step, i)); i++) {
		const char *type = kb_step_param_is_secret(step, param) == 1 ? "Secret" :
			kb_step_param_is_list(step, param) == 1 ? "Values" : "Value";
		printf("    ");
		print_name(param);
		printf(": %s = None,\n", type);
	}
	printf("    **unknown: Never,\n) -> Step:\n");
}

static void
print_docstring(const char *step)
{
	const char *name;
	printf("    \"\"\"`%s`: %s.\n", step, kb_step_def_summary(step));
	if (kb_step_param_name(step, 0))
		printf("\n    Parameters:\n");
	for (size_t i = 0; (name = kb_step_param_name(step, i)); i++) {
		const char *fallback = kb_step_param_default(step, name);
		printf("        ");
		print_name(name);
		printf(": %s%s%s%s%s\n", kb_step_param_doc(step, name), kb_step_param_is_required(step, name) == 1 ? " (required)" : "",
			fallback ? "; default `" : "", fallback ? fallback : "", fallback ? "`" : "");
	}
	if (kb_step_output_name(step, 0))
		printf("\n    Outputs:\n");
	for (size_t i = 0; (name = kb_step_output_name(step, i)); i++)
		printf("        %s: %s\n", name, kb_step_output_doc(step, name));
	printf("    \"\"\"\n");
}

static void
print_step(const char *step)
{
	const char *param;
	printf("\n\n");
	print_signature(step);
	print_docstring(step);
	printf("    return Step(\n        \"%s\",\n", step);
	for (size_t i = 0; (param = kb_step_param_name(step, i)); i++) {
		printf("        ");
		print_name(param);
		printf("=");
		print_name(param);
		printf(",\n");
	}
	printf("        **unknown,\n    )\n");
}

int
main(void)
{
	const char *step;
	printf("# SPDX-License-Identifier: Apache-2.0\n# Generated from the records of libkb/steps by tests/gen/steps_py.c: change those.\n"
	       "\"\"\"The steps of libkb, each with a constructor of its own.\"\"\"\n\n"
	       "from __future__ import annotations\n\nfrom typing import Never\n\n"
	       "from ._step import Secret, Step, Value, Values\n\n__all__ = [\n");
	for (size_t i = 0; (step = kb_step_def_name(i)); i++) {
		printf("    \"");
		print_name(step);
		printf("\",\n");
	}
	printf("]\n");
	for (size_t i = 0; (step = kb_step_def_name(i)); i++)
		print_step(step);
	return 0;
}

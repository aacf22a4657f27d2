/* SPDX-License-Identifier: Apache-2.0 */
/* Prints include/kb/steps.h from the catalogue: a typed constructor for each step, documented from its record. */
#include <stdio.h>
#include <string.h>

#include <kb/step.h>

static void
print_name(const char *name)
{
	for (const char *p = name; *p; p++)
		putchar(*p == '.' || *p == '-' ? '_' : *p);
}

static void
print_params(const char *step)
{
	const char *name;
	for (size_t i = 0; (name = kb_step_param_name(step, i)); i++) {
		const char *fallback = kb_step_param_default(step, name);
		printf(" * - `%s`", name);
		if (kb_step_param_is_required(step, name) == 1)
			printf(" (required)");
		if (kb_step_param_is_list(step, name) == 1)
			printf(" (list: kb_step_add())");
		if (kb_step_param_is_secret(step, name) == 1)
			printf(" (secret)");
		printf(": %s", kb_step_param_doc(step, name));
		if (fallback)
			printf("; default `%s`", fallback);
		printf("\n");
	}
	if (kb_step_param_name(step, 0) == NULL)
		printf(" * It takes no parameters.\n");
}

static void
print_outputs(const char *step)
{
	const char *name;
	if (!kb_step_output_name(step, 0))
		return;
	printf(" * Outputs:\n");
	for (size_t i = 0; (name = kb_step_output_name(step, i)); i++)
		printf(" * - `%s`: %s\n", name, kb_step_output_doc(step, name));
}

static void
print_step(const char *step)
{
	printf("/**\n * `%s`: %s.\n *\n * Parameters, by kb_step_set():\n", step, kb_step_def_summary(step));
	print_params(step);
	print_outputs(step);
	printf(" * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1\n */\n");
	printf("static inline kb_step *\nkb_step_");
	print_name(step);
	printf("(kb_ctx *kb)\n{\n\treturn kb_step_new(kb, \"%s\");\n}\n\n", step);
}

int
main(void)
{
	const char *step;
	printf("/* SPDX-License-Identifier: Apache-2.0 */\n/* Generated from the records of libkb/steps by tests/gen/steps_h.c: change those. */\n"
	       "/**\n * @file steps.h\n * The steps of the library, each with a constructor of its own over kb_step_new().\n */\n"
	       "#ifndef KB_STEPS_H\n#define KB_STEPS_H\n\n#include <kb/step.h>\n\nKB_BEGIN_DECLS\n\n");
	for (size_t i = 0; (step = kb_step_def_name(i)); i++)
		print_step(step);
	printf("KB_END_DECLS\n\n#endif\n");
	return 0;
}

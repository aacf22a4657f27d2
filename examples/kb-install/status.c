/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <stdio.h>
#include <string.h>

/* The output is an object whose members are scalars or lists of flat objects. Shown as
 *
 *     version: v1.34.4
 *     nodes:
 *       name: cluster1-master1  ready: true  address: 192.168.1.2
 *
 * so the depth alone decides what stands between two values. */
struct printer {
	int depth;
	bool has_members;	/* the list that is open */
};

/* Returns what follows the string that begins at text. Escapes are printed as they are: a terminal gets no control character. */
static const char *
print_string(const char *text)
{
	for (text++; *text && *text != '"'; text++) {
		putchar(*text);
		if (*text == '\\' && text[1])
			putchar(*++text);
	}
	return *text ? text + 1 : text;
}

static void
open_bracket(struct printer *p, char c)
{
	p->depth++;
	if (c == '[' && p->depth == 2)
		p->has_members = false;
	else if (c == '{' && p->depth == 3)
		fputs("\n  ", stdout);
	else if (p->depth > 3)
		putchar(c);
	if (p->depth > 2)
		p->has_members = true;
}

static void
close_bracket(struct printer *p, char c)
{
	if (p->depth > 3)
		putchar(c);
	else if (c == ']' && p->depth == 2 && !p->has_members)
		fputs(" none", stdout);
	else if (p->depth == 1)
		putchar('\n');
	p->depth--;
}

static void
print_mark(const struct printer *p, char c)
{
	if (c == ',')
		fputs(p->depth == 1 ? "\n" : p->depth == 3 ? "  " : p->depth > 3 ? "," : "", stdout);
	else if (c == ':')
		fputs(p->depth == 1 ? ":" : ": ", stdout);
}

static void
print(const char *json)
{
	struct printer p = {0};
	bool is_value = false;

	while (*json) {
		if (p.depth == 1 && is_value && !strchr(" [{", *json)) {
			putchar(' ');
			is_value = false;
		}
		if (*json == '"') {
			json = print_string(json);
			continue;
		}
		if (*json == '{' || *json == '[') {
			is_value = false;
			open_bracket(&p, *json);
		} else if (*json == '}' || *json == ']') {
			close_bracket(&p, *json);
		} else if (*json == ',' || *json == ':') {
			is_value = p.depth == 1 && *json == ':';
			print_mark(&p, *json);
		} else if (*json != ' ' && *json != '\n') {
			putchar(*json);
		}
		json++;
	}
}

void
status_show(const kb_plan *plan, const struct args *args)
{
	for (size_t i = 0; i < kb_plan_task_count(plan); i++) {
		kb_task *task = kb_plan_task(plan, i);
		kb_bytes *status = strcmp(kb_task_step(task), "cluster.status") == 0 ? kb_task_output(task, "status") : NULL;
		if (status && args->is_json)
			printf("{\"event\":\"status\",\"status\":%.*s}\n", (int)strcspn(kb_bytes_data(status), "\n"), (const char *)kb_bytes_data(status));
		else if (status)
			print(kb_bytes_data(status));
		kb_bytes_free(status);
	}
}

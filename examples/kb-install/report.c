/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <unistd.h>

static void
print_line(const char *name, const char *text)
{
	if (text && *text)
		fprintf(stderr, "  %-9s %s\n", name, text);
}

void
report_error(const struct show *show, const kb_err *err)
{
	const char *line;
	bool has_color = show && show->has_color && isatty(STDERR_FILENO);

	if (!err)
		return;
	fprintf(stderr, "%sfailed%s: %s%s%s%s%s\n", has_color ? "\033[31m" : "", has_color ? "\033[0m" : "", kb_err_host(err),
		*kb_err_host(err) ? ": " : "", kb_err_step(err), *kb_err_step(err) ? ": " : "",
		show_text(kb_err_cause(err), kb_err_host(err), kb_err_step(err)));
	for (size_t i = 0; (line = kb_err_evidence(err, i)); i++)
		print_line(i ? "" : "evidence", line);
	print_line("fix", kb_err_fix(err));
	fprintf(stderr, "  %-9s %s%s%s\n", "code", kb_err_name(kb_err_code(err)), *kb_err_id(err) ? " " : "", kb_err_id(err));
}

void
report_context(kb_ctx *kb)
{
	kb_err *err = kb_error(kb);

	if (err)
		report_error(NULL, err);
	else
		fputs("failed: out of memory\n", stderr);
	kb_err_free(err);
}

static void
print_count(size_t count, const char *what)
{
	if (count)
		printf(", %zu %s", count, what);
}

void
report_end(const struct show *show, kb_status status, int64_t took_ms)
{
	const struct tally *tally = &show->tally;
	char took[32];

	show_time(took, sizeof(took), took_ms);
	printf("%s: %zu present", status == KB_OK ? "done" : status == KB_ECANCELED ? "interrupted" : "failed", tally->present);
	print_count(tally->changed, show->args->is_dry ? "to change" : "changed");
	print_count(tally->failed, "failed");
	print_count(tally->cancelled, "cancelled");
	print_count(tally->skipped, "skipped");
	print_count(tally->warnings, "warnings");
	printf(", in %s\n", took);
	if (tally->cancelled && !show->args->is_dry)
		puts("what may still run is named above; the same command again follows it to its end, and goes on");
	fflush(stdout);
}

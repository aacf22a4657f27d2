/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/fstab.h"

/* A container shows the swap of the machine that it is on, and it is not the container's to turn off. */
static bool
is_container(const struct kbi_judge *j)
{
	const char *container = kbi_judge_fact(j, "container");

	return *container && !kbi_str_is(container, "none");
}

static void
judge_swaps(struct kbi_judge *j)
{
	struct kbi_buf outside = KBI_BUF(KBI_SIZE_TEXT), name = KBI_BUF(KBI_SIZE_TEXT);
	bool is_on = false;

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "swap", e));) {
		size_t path_bytes = strcspn(e->value, " ");
		kbi_buf_truncate(&name, 0);
		kbi_buf_add_bytes(&name, e->value, path_bytes);
		if (is_container(j)) {
			kbi_buf_add_format(&outside, "%s%s", outside.size_bytes ? ", " : "", kbi_buf_text(&name));
			continue;
		}
		kbi_judge_value(j, "value", kbi_buf_text(&name), "swap on", "swap off");
		is_on = true;
	}
	if (outside.size_bytes)
		kbi_judge_note(j, KB_WARNING, "swap.outside", "the machine that this container (%s) is on has swap: %s",
			kbi_judge_fact(j, "container"), kbi_buf_text(&outside));
	kbi_judge_want(j, "off", is_on ? "yes" : "");
	kbi_buf_free(&outside);
	kbi_buf_free(&name);
}

static kb_status
judge_fstab(struct kbi_judge *j)
{
	const struct kbi_entry *now = kbi_map_find(j->facts, "fstab");
	struct kbi_buf wanted = KBI_BUF(KBI_SIZE_TEXT);

	if (!now)
		return KB_OK;
	kb_status status = kbi_fstab_swap_off(now->value, now->size_bytes, &wanted, &j->err);
	if (!status)
		kbi_judge_file(j, "fstab", "/etc/fstab", kbi_buf_text(&wanted), NULL);
	kbi_buf_free(&wanted);
	return status;
}

/* Everything that turns swap on at boot hangs on swap.target, but for services; a unit of which nothing is enabled is only a file. */
static bool
is_off(const char *unit, const char *state)
{
	static const char *const idle[] = { "masked", "disabled", "static", "indirect", "alias", "bad" };
	size_t count = kbi_str_is(unit, "swap.target") ? 1 : sizeof(idle) / sizeof(idle[0]);

	for (size_t i = 0; i < count; i++)
		if (kbi_str_is(state, idle[i]))
			return true;
	return false;
}

static void
judge_units(struct kbi_judge *j)
{
	struct kbi_buf unit = KBI_BUF(KBI_SIZE_TEXT);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "unit", e));) {
		size_t unit_bytes = strcspn(e->value, " ");
		const char *state = e->value + unit_bytes + strspn(e->value + unit_bytes, " ");
		kbi_buf_truncate(&unit, 0);
		kbi_buf_add_bytes(&unit, e->value, unit_bytes);
		if (!is_off(kbi_buf_text(&unit), state))
			kbi_judge_value(j, "unit", kbi_buf_text(&unit), state, "off");
	}
	kbi_buf_free(&unit);
}

static kb_status
judge(struct kbi_judge *j)
{
	judge_swaps(j);
	judge_units(j);
	return judge_fstab(j);
}

const struct kbi_step_def kbi_step_swap_off = {
	.name = "swap.off",
	.summary = "no swap now, and none after a reboot",
	.script = kbi_script_swap_off,
	.flags = KBI_STEP_LONG,		/* what was swapped out has to come back */
	.timeout_ms = 600000,
	.judge = judge,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Each step's judge on facts of its fuzzer's seeds (the last of them are the largest): what it says when a call has failed is that there was no
 * memory, or what it says otherwise, to the byte. Half a text that it writes, or compares, would be a wrong verdict. */
#include "fault.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

#include "catalogue.h"
#include "change.h"
#include "facts.h"
#include "step.h"

#define SEEDS 3
#define SEED_MAX 65536

struct asked {
	const struct kbi_step_def *def;
	struct kbi_map args, facts, made;
};

static char *
read_file(const char *path)
{
	char *text = calloc(1, SEED_MAX);
	FILE *f = fopen(path, "re");

	if (!text || !f || fread(text, 1, SEED_MAX - 1, f) == 0)
		fault_wrong("%s cannot be read", path);
	fclose(f);
	return text;
}

/* The next part of a seed, which ends at a line "%%"; NULL at its end. */
static char *
take_part(char **rest)
{
	char *part = *rest, *end = part ? strstr(part, "\n%%\n") : NULL;

	*rest = end ? end + 4 : NULL;
	if (end)
		end[1] = '\0';
	return part;
}

static void
set_params(kb_step *step, char *text)
{
	char *save = NULL;

	strtok_r(text, "\n", &save);	/* the step's name */
	for (char *line = strtok_r(NULL, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (kb_step_param_is_secret(kb_step_name(step), line) == 1)
			kb_step_set_secret(step, line, value, strlen(value));
		else if (kb_step_param_is_list(kb_step_name(step), line) == 1)
			kb_step_add(step, line, value);
		else
			kb_step_set(step, line, value);
	}
}

/* False when these parameters or facts are refused before a judge sees them. */
static bool
load(struct asked *asked, const char *name, const char *path)
{
	char *text = read_file(path), *rest = text;
	char *params = take_part(&rest), *said = take_part(&rest), *made = take_part(&rest);
	struct kbi_map bound = {0};
	kb_ctx *kb = kb_new();
	kb_step *step = kb_step_new(kb, name);

	*asked = (struct asked){.def = kbi_step_def_find(name)};
	set_params(step, params);
	bool is_asked = said && kbi_step_check(step, &bound, NULL) == KB_OK && kbi_step_args(step, &asked->args) == KB_OK
		&& kbi_facts_parse(said, strlen(said), &asked->facts) == KB_OK
		&& (!made || kbi_facts_parse(made, strlen(made), &asked->made) == KB_OK);
	kb_step_free(step);
	kb_free(kb);
	free(text);
	return is_asked;
}

static void
let_go(struct asked *asked)
{
	kbi_map_free(&asked->args);
	kbi_map_free(&asked->facts);
	kbi_map_free(&asked->made);
}

/* -- what was said, as text: by calls of this file alone, which do not fail */

static void
tell_bytes(FILE *out, const char *what, const char *data, size_t size_bytes)
{
	fprintf(out, "%s %zu:", what, data ? size_bytes : 0);
	if (data)
		fwrite(data, 1, size_bytes, out);
	fputc('\n', out);
}

static void
tell_map(FILE *out, const struct kbi_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		tell_bytes(out, map->entries[i].name, map->entries[i].value, map->entries[i].size_bytes);
}

static char *
said_of(const struct kbi_judge *judge, int status)
{
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *out = open_memstream(&text, &size_bytes);

	fprintf(out, "%d %d\n", status, judge->verdict);
	for (size_t i = 0; i < judge->change_count; i++) {
		const struct kbi_change *change = &judge->changes[i];
		fprintf(out, "%s %s\n", change->kind, change->name);
		tell_bytes(out, "before", change->before, change->before_bytes);
		tell_bytes(out, "after", change->after, change->after_bytes);
	}
	for (size_t i = 0; i < judge->note_count; i++)
		fprintf(out, "note %s %s\n", judge->notes[i].id, judge->notes[i].text);
	tell_map(out, &judge->wants);
	tell_map(out, &judge->outputs);
	fclose(out);
	return text;
}

static char *
ask(const struct asked *asked, bool *has_failed)
{
	struct kbi_judge judge = {.args = &asked->args, .facts = &asked->facts, .made = &asked->made};
	int status = kbi_judge_ask(asked->def, &judge);

	*has_failed = judge.has_failed || status == KB_ENOMEM;
	char *said = said_of(&judge, status);
	kbi_judge_free(&judge);
	return said;
}

static int
play(const struct scenario *scenario)
{
	const char *name = strchr(scenario->name, '.') + 1;
	struct asked asked[SEEDS];
	char *right[SEEDS], pattern[512];
	size_t count = 0;
	bool has_failed = false;
	int status = KB_OK;
	glob_t seeds;

	snprintf(pattern, sizeof(pattern), "%s/%s-*", TEST_SEEDS, name);
	if (glob(pattern, 0, NULL, &seeds))
		fault_wrong("%s has no seeds", name);
	for (size_t i = seeds.gl_pathc; i-- > 0 && count < SEEDS;) {
		if (!load(&asked[count], name, seeds.gl_pathv[i])) {
			let_go(&asked[count]);
			continue;
		}
		right[count] = ask(&asked[count], &has_failed);
		count++;
	}
	globfree(&seeds);
	fault_begin();
	for (size_t i = 0; i < count; i++) {
		char *said = ask(&asked[i], &has_failed);
		if (has_failed)
			status = KB_ENOMEM;
		else if (strcmp(said, right[i]) != 0)
			fault_wrong("it says \"%.200s\", and not \"%.200s\"", said, right[i]);
		free(said);
		free(right[i]);
		let_go(&asked[i]);
	}
	return status;
}

#define JUDGE(name) {"judge." name, NULL, play, NULL, 0, 0}

const struct scenario fault_judge[] = {
	JUDGE("apiserver.reachable"), JUDGE("apt.repo"), JUDGE("calico.install"), JUDGE("calico.remove"), JUDGE("calicoctl.install"),
	JUDGE("cluster.authority"), JUDGE("cluster.status"), JUDGE("containerd.install"), JUDGE("host.facts"), JUDGE("hosts.entries"),
	JUDGE("kernel.modules"), JUDGE("kernel.sysctl"), JUDGE("kubeadm.images"), JUDGE("kubeadm.init"), JUDGE("kubeadm.join"),
	JUDGE("kubeadm.reset"), JUDGE("kubeconfig.install"), JUDGE("kubectl.shell"), JUDGE("net.clean"), JUDGE("node.configure"),
	JUDGE("node.delete"), JUDGE("node.drain"), JUDGE("node.ready"), JUDGE("packages.hold"), JUDGE("packages.install"), JUDGE("swap.off"),
	JUDGE("token.create"), JUDGE("token.delete"),
	{0},
};

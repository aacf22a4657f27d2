/* SPDX-License-Identifier: Apache-2.0 */
#include "text/calico_env.h"

#include <string.h>

#include "base/str.h"

#define CONTAINER "calico-node"

static const struct kbi_yaml_node *
find_container(const struct kbi_yaml_node *document)
{
	const struct kbi_yaml_node *containers = kbi_yaml_path(document, "spec.template.spec.containers");

	for (const struct kbi_yaml_node *c = kbi_yaml_is_list(containers) ? containers->first : NULL; c;
		c = c->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(c, "name")), CONTAINER))
			return c;
	return NULL;
}

kb_status
kbi_calico_env_find(struct kbi_calico_env *env, struct kbi_manifest *m)
{
	*env = (struct kbi_calico_env){.m = m};
	for (const struct kbi_yaml_node *document = m->yaml.first; document; document = document->next) {
		if (!kbi_str_is(kbi_yaml_text(kbi_yaml_get(document, "kind")), "DaemonSet"))
			continue;
		const struct kbi_yaml_node *list = kbi_yaml_get(find_container(document), "env");
		if (!kbi_yaml_is_list(list) || list->is_flow || !list->count)
			continue;
		if (env->list)
			return kbi_yaml_fail(&m->yaml, document, m->err, KB_EINVAL,
				"a second DaemonSet with a container " CONTAINER);
		env->list = list;
	}
	return KB_OK;
}

const struct kbi_yaml_node *
kbi_calico_env_value(const struct kbi_calico_env *env, const char *name)
{
	for (const struct kbi_yaml_node *item = env->list ? env->list->first : NULL; item; item = item->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(item, "name")), name))
			return kbi_yaml_get(item, "value");
	return NULL;
}

static bool
has_item(const struct kbi_calico_env *env, const char *name)
{
	for (const struct kbi_yaml_node *item = env->list->first; item; item = item->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(item, "name")), name))
			return true;
	return false;
}

/* A line of the manifest. */
struct line {
	const char *text;
	size_t bytes;		/* without its ending */
	const char *next;
};

static bool
take_line(const struct kbi_manifest *m, const char *at, struct line *line)
{
	line->next = kbi_str_line(at, m->data + m->size_bytes, &line->text, &line->bytes);
	return line->next;
}

/* `indent` spaces, a '#', and then this text (or something that begins so). Returns what follows it, or NULL. */
static const char *
commented(const struct line *line, size_t indent, const char *text, bool is_whole)
{
	const size_t text_bytes = strlen(text), before = indent + 2;

	if (line->bytes < before + text_bytes || (is_whole && line->bytes != before + text_bytes))
		return NULL;
	for (size_t i = 0; i < indent; i++)
		if (line->text[i] != ' ')
			return NULL;
	if (line->text[indent] != '#' || line->text[indent + 1] != ' '
		|| memcmp(line->text + before, text, text_bytes) != 0)
		return NULL;
	return line->text + before + text_bytes;
}

/* The two lines "# - name: NAME" and "#   value: ...", in the column of the list's dashes: without their "# " they are an item of it. */
static bool
is_comment_of(const struct kbi_calico_env *env, const char *name, const struct line *first, struct line *second)
{
	struct kbi_buf text = KBI_BUF(256);
	size_t indent = env->list->column - 1;

	kbi_buf_add_format(&text, "- name: %s", name);
	bool is_there = !kbi_buf_failed(&text) && commented(first, indent, kbi_buf_text(&text), true)
		&& take_line(env->m, first->next, second) && commented(second, indent, "  value: ", false);
	kbi_buf_free(&text);
	return is_there;
}

static kb_status
uncomment(struct kbi_calico_env *env, const struct line *first, const struct line *second, const char *value)
{
	struct kbi_buf text = KBI_BUF(4096);
	size_t indent = env->list->column - 1, begin = (size_t)(first->text - env->m->data),
		end = (size_t)(second->next - env->m->data);
	const size_t mark = indent + 2;

	kbi_buf_add_bytes(&text, first->text, indent);
	kbi_buf_add_bytes(&text, first->text + mark, (size_t)(first->next - first->text) - mark);
	kbi_buf_add_bytes(&text, second->text, indent);
	kbi_buf_add(&text, "  value: ");
	kbi_json_string(&text, value);
	kbi_buf_add_bytes(&text, second->text + second->bytes,
		(size_t)(second->next - second->text) - second->bytes);
	kb_status status = kbi_manifest_edit(env->m, begin, end, &text);
	kbi_buf_free(&text);
	return status;
}

static kb_status
add_item(struct kbi_calico_env *env, const char *name, const char *value)
{
	struct kbi_buf text = KBI_BUF(4096);
	const char *newline = kbi_manifest_newline(env->m);
	size_t indent = env->list->column - 1, end = env->list->end;
	size_t at = end && env->m->data[end - 1] == '\n' ? end : kbi_manifest_line_end(env->m, end);

	if (at && env->m->data[at - 1] != '\n')
		kbi_buf_add(&text, newline);
	kbi_buf_add_format(&text, "%*s- name: %s%s%*s  value: ", (int)indent, "", name, newline, (int)indent, "");
	kbi_json_string(&text, value);
	kbi_buf_add(&text, newline);
	kb_status status = kbi_manifest_edit(env->m, at, at, &text);
	kbi_buf_free(&text);
	return status;
}

static bool
is_outside(const struct line *line)
{
	size_t blanks = 0;

	while (blanks < line->bytes && line->text[blanks] == ' ')
		blanks++;
	return blanks < line->bytes && line->text[blanks] != '#';
}

/* Comments stand among the items of the list, or right before or behind them: what is like one anywhere else is not looked at. */
static kb_status
set_commented(struct kbi_calico_env *env, const char *name, const char *value)
{
	const char *at = env->m->data + kbi_manifest_line_end(env->m, env->list->key->end),
		*end = env->m->data + env->list->end;
	struct line first, second, found_first = {0}, found_second = {0};

	for (; take_line(env->m, at, &first); at = first.next) {
		if (at >= end && is_outside(&first))
			break;
		if (!is_comment_of(env, name, &first, &second))
			continue;
		if (found_first.text)
			return kbi_yaml_fail(&env->m->yaml, env->list, env->m->err, KB_EINVAL,
				"%s is there twice in comments", name);
		found_first = first;
		found_second = second;
	}
	return found_first.text ? uncomment(env, &found_first, &found_second, value) : add_item(env, name, value);
}

kb_status
kbi_calico_env_set(struct kbi_calico_env *env, const char *name, const char *value)
{
	const struct kbi_yaml_node *old = kbi_calico_env_value(env, name);

	if (old)
		return kbi_manifest_replace(env->m, old, value);
	if (has_item(env, name))
		return kbi_yaml_fail(&env->m->yaml, env->list, env->m->err, KB_EINVAL, "%s has no value of its own",
			name);
	return set_commented(env, name, value);
}

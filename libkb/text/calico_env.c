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

/* The two lines of a commented variable, "# - name: NAME" and "#   value: ...". */
struct comment {
	struct line name;
	struct line value;
};

/* Is this line a comment in the column of the list's dashes, with this text behind its "# "? */
static bool
is_commented(const struct line *line, size_t indent, const char *text, size_t text_bytes)
{
	if (line->bytes < indent + 2 + text_bytes || line->text[indent] != '#' || line->text[indent + 1] != ' ')
		return false;
	for (size_t i = 0; i < indent; i++)
		if (line->text[i] != ' ')
			return false;
	return memcmp(line->text + indent + 2, text, text_bytes) == 0;
}

/* Without their "# " the two lines are an item of the list. */
static bool
is_comment_of(const struct kbi_calico_env *env, const char *name, const struct line *first, struct line *second)
{
	static const char before[] = "- name: ", value[] = "  value: ";
	const size_t indent = env->list->column - 1, name_at = indent + 2 + strlen(before), name_bytes = strlen(name);

	return is_commented(first, indent, before, strlen(before)) && first->bytes == name_at + name_bytes
		&& memcmp(first->text + name_at, name, name_bytes) == 0 && take_line(env->m, first->next, second)
		&& is_commented(second, indent, value, strlen(value));
}

static kb_status
uncomment(struct kbi_calico_env *env, const struct comment *comment, const char *value)
{
	struct kbi_buf text = KBI_BUF(4096);
	const struct line *first = &comment->name, *second = &comment->value;
	const char *mark = first->text + env->list->column - 1, *ending = second->text + second->bytes;

	kbi_buf_add_bytes(&text, first->text, (size_t)(mark - first->text));
	kbi_buf_add_bytes(&text, mark + 2, (size_t)(first->next - mark) - 2);
	kbi_buf_add_bytes(&text, second->text, env->list->column - 1);
	kbi_buf_add(&text, "  value: ");
	kbi_json_string(&text, value);
	kbi_buf_add_bytes(&text, ending, (size_t)(second->next - ending));
	kb_status status = kbi_manifest_edit(env->m, (size_t)(first->text - env->m->data),
		(size_t)(second->next - env->m->data), &text);
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
	struct line first, second;
	struct comment found = {0};

	for (; take_line(env->m, at, &first); at = first.next) {
		if (at >= end && is_outside(&first))
			break;
		if (!is_comment_of(env, name, &first, &second))
			continue;
		if (found.name.text)
			return kbi_yaml_fail(&env->m->yaml, env->list, env->m->err, KB_EINVAL,
				"%s is there twice in comments", name);
		found = (struct comment){first, second};
	}
	return found.name.text ? uncomment(env, &found, value) : add_item(env, name, value);
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

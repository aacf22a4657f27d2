/* SPDX-License-Identifier: Apache-2.0 */
/* A tree knows where its nodes stood, and what is written of it reads as the same tree. */
#include "fuzz.h"

#include "text/yaml.h"

static void
check_place(const char *data, size_t size_bytes, const struct kbi_yaml_node *node)
{
	FUZZ_CHECK(node->begin <= node->end && node->end <= size_bytes);
	if (node->kind == KBI_YAML_SCALAR && node->style == KBI_YAML_PLAIN && !memchr(data + node->begin, '\n', node->end - node->begin)
		&& !memchr(data + node->begin, '\r', node->end - node->begin)) {
		/* a line break of Unicode's own is folded too */
		if (node->end - node->begin == node->text_bytes)
			FUZZ_CHECK(memcmp(data + node->begin, node->text, node->text_bytes) == 0);
	}
	for (const struct kbi_yaml_node *child = node->first; child; child = child->next) {
		FUZZ_CHECK(child->begin >= node->begin && child->end <= node->end);
		FUZZ_CHECK(!child->next || child->end <= child->next->begin);
		FUZZ_CHECK(!child->key || child->key->end <= child->begin);
		check_place(data, size_bytes, child);
	}
}

static void
check_same(const struct kbi_yaml_node *a, const struct kbi_yaml_node *b)
{
	for (; a && b; a = a->next, b = b->next) {
		FUZZ_CHECK(a->kind == b->kind && a->count == b->count);
		FUZZ_CHECK(kbi_yaml_is_null(a) == kbi_yaml_is_null(b));		/* nothing at all is written as "null" */
		FUZZ_CHECK(kbi_yaml_is_null(a) || (a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0));
		FUZZ_CHECK(!a->key == !b->key);
		if (a->key)
			check_same(a->key, b->key);
		check_same(a->first, b->first);
	}
	FUZZ_CHECK(!a && !b);
}

/* A text that has no NUL is itself again, as YAML and as JSON. */
static void
check_scalar(const char *text, void (*write)(struct kbi_buf *out, const char *text))
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_LARGE);
	struct kbi_yaml yaml;

	kbi_buf_add(&out, "- ");
	write(&out, text);
	kbi_buf_add_char(&out, '\n');
	kb_status status = kbi_yaml_read(&yaml, "t", kbi_buf_text(&out), out.size_bytes, KBI_SIZE_LARGE, NULL);
	FUZZ_CHECK(status == KB_OK);
	const char *back = kbi_yaml_text(kbi_yaml_at(yaml.first, 0));
	FUZZ_CHECK(back && strcmp(back, text) == 0);
	kbi_yaml_free(&yaml);
	kbi_buf_free(&out);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_yaml yaml, again;
	struct kbi_buf once = KBI_BUF(KBI_SIZE_LARGE), twice = KBI_BUF(KBI_SIZE_LARGE);

	if (kbi_yaml_read(&yaml, "t", data, size_bytes, KBI_SIZE_TEXT, NULL) == KB_OK) {
		for (const struct kbi_yaml_node *document = yaml.first; document; document = document->next)
			check_place(data, size_bytes, document);
		kbi_yaml_write(&once, &yaml);
		FUZZ_CHECK(kbi_yaml_read(&again, "t", kbi_buf_text(&once), once.size_bytes, KBI_SIZE_LARGE, NULL) == KB_OK);
		check_same(yaml.first, again.first);
		kbi_yaml_write(&twice, &again);
		fuzz_check_same(&once, &twice);
		for (const struct kbi_yaml_node *document = yaml.first; document; document = document->next)
			if (document->kind == KBI_YAML_SCALAR && strlen(document->text) == document->text_bytes) {
				check_scalar(document->text, kbi_yaml_scalar);
				check_scalar(document->text, kbi_json_string);
			}
		kbi_yaml_free(&yaml);
		kbi_yaml_free(&again);
	}
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
}

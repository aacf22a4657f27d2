/* SPDX-License-Identifier: Apache-2.0 */
#include "text/kubeadm_value.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/ca.h"
#include "text/cidr.h"
#include "text/endpoint.h"
#include "text/token.h"
#include "text/version.h"

#define ITEM_MAX_BYTES 4096
#define ITEMS_MAX 1000
#define KEY_DIGITS 64

static const char *
value_of(const struct kbi_kubeadm_slot *slot)
{
	return kbi_map_get(slot->options, slot->option);
}

static kb_status
fail(const struct kbi_kubeadm_slot *slot, const char *value, const char *what)
{
	const struct kbi_entry *entry = kbi_map_find(slot->options, slot->option);

	if (entry && entry->secret)
		return kbi_fail(slot->err, KB_EINVAL, "kubeadm: %s: %s", slot->option, what);
	return kbi_fail(slot->err, KB_EINVAL, "kubeadm: %s \"%.200s\": %s", slot->option, value, what);
}

/* The member of a map at a part of a path; what is not there yet is made. "name[0]" is the first item of a list. */
static struct kbi_yaml_node *
member(struct kbi_yaml *yaml, struct kbi_yaml_node *map, char *name)
{
	char *bracket = strchr(name, '[');

	if (bracket)
		*bracket = '\0';
	struct kbi_yaml_node *node = kbi_yaml_get(map, name);
	if (!node)
		node = kbi_yaml_set(yaml, map, name, bracket ? kbi_yaml_new_list(yaml) : kbi_yaml_new_map(yaml));
	if (!bracket || !node)
		return node;
	return node->first ? node->first : kbi_yaml_add(node, kbi_yaml_new_map(yaml));
}

kb_status
kbi_kubeadm_put_at(struct kbi_yaml *yaml, struct kbi_yaml_node *document, const char *path,
	struct kbi_yaml_node *value, struct kb_err *err)
{
	char name[64];

	for (size_t length = strcspn(path, "."); path[length] && document;
		path += length + 1, length = strcspn(path, ".")) {
		memcpy(name, path, length);
		name[length] = '\0';
		document = member(yaml, document, name);
	}
	return kbi_yaml_set(yaml, document, path, value) ? KB_OK : kbi_fail_memory(err);
}

static kb_status
put(const struct kbi_kubeadm_slot *slot, struct kbi_yaml_node *value)
{
	return kbi_kubeadm_put_at(slot->yaml, slot->document, slot->path, value, slot->err);
}

static kb_status
put_string(const struct kbi_kubeadm_slot *slot)
{
	return put(slot, kbi_yaml_new_string(slot->yaml, value_of(slot)));
}

kb_status
kbi_kubeadm_put_text(const struct kbi_kubeadm_slot *slot)
{
	const char *value = value_of(slot);

	for (const char *at = value; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return fail(slot, value, "holds blanks or control characters");
	return put_string(slot);
}

kb_status
kbi_kubeadm_put_path(const struct kbi_kubeadm_slot *slot)
{
	return *value_of(slot) == '/' ? put_string(slot) : fail(slot, value_of(slot), "not an absolute path");
}

kb_status
kbi_kubeadm_put_bool(const struct kbi_kubeadm_slot *slot)
{
	return put(slot, kbi_yaml_new_plain(slot->yaml, kbi_str_is_yes(value_of(slot)) ? "true" : "false"));
}

kb_status
kbi_kubeadm_put_port(const struct kbi_kubeadm_slot *slot)
{
	int64_t port;

	if (!kbi_str_to_int64(value_of(slot), 1, 65535, &port))
		return fail(slot, value_of(slot), "not a port");
	return put(slot, kbi_yaml_new_plain(slot->yaml, value_of(slot)));
}

kb_status
kbi_kubeadm_put_version(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_version version;

	if (kbi_version_parse(&version, value_of(slot), slot->err))
		return KB_EINVAL;
	kbi_buf_add_char(&text, 'v');
	kbi_version_print(&text, &version);
	kb_status status = kbi_bound_out(slot->option, &text, slot->err);
	if (!status)
		status = put(slot, kbi_yaml_new_string(slot->yaml, kbi_buf_text(&text)));
	kbi_buf_free(&text);
	return status;
}

kb_status
kbi_kubeadm_put_ip(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_ip ip;

	return kbi_ip_parse(&ip, value_of(slot), NULL) ? fail(slot, value_of(slot), "not an IP address")
		: put_string(slot);
}

kb_status
kbi_kubeadm_put_endpoint(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_endpoint endpoint;

	return kbi_endpoint_parse(&endpoint, value_of(slot), NULL) ? fail(slot, value_of(slot), "not HOST:PORT")
		: put_string(slot);
}

kb_status
kbi_kubeadm_put_name(const struct kbi_kubeadm_slot *slot)
{
	return kbi_str_is_name(value_of(slot)) ? put_string(slot)
		: fail(slot, value_of(slot), "not a DNS-1123 name");
}

kb_status
kbi_kubeadm_put_domain(const struct kbi_kubeadm_slot *slot)
{
	return kbi_kubeadm_put_name(slot);
}

kb_status
kbi_kubeadm_put_token(const struct kbi_kubeadm_slot *slot)
{
	kb_status status = kbi_token_check(value_of(slot), slot->err);

	return status ? status : put_string(slot);
}

kb_status
kbi_kubeadm_put_ttl(const struct kbi_kubeadm_slot *slot)
{
	const char *value = value_of(slot), *at = value;

	while (*at && !kbi_str_is(value, "0")) {	/* Go's time.ParseDuration, without fractions and signs */
		size_t digits = strspn(at, "0123456789"), unit = strspn(at + digits, "hms");
		if (!digits || unit != 1)
			return fail(slot, value, "not a duration such as 30m");
		at += digits + unit;
	}
	return put_string(slot);
}

kb_status
kbi_kubeadm_put_key(const struct kbi_kubeadm_slot *slot)
{
	const char *key = value_of(slot);

	if (strspn(key, "0123456789abcdefABCDEF") != KEY_DIGITS || key[KEY_DIGITS])
		return kbi_fail(slot->err, KB_EINVAL, "kubeadm: %s: not %d hexadecimal digits", slot->option,
			KEY_DIGITS);
	return put_string(slot);
}

/* Values one by one: the option may come several times, and each may hold several parted by commas. */
struct items {
	const struct kbi_kubeadm_slot *slot;
	const struct kbi_entry *entry;
	const char *at;
	size_t count;
	char item[ITEM_MAX_BYTES];
};

static struct items
items_of(const struct kbi_kubeadm_slot *slot)
{
	const struct kbi_entry *entry = kbi_map_find(slot->options, slot->option);

	return (struct items){.slot = slot, .entry = entry, .at = entry ? entry->value : NULL};
}

/* Takes the next item that is not empty; `separators` is "" when values are not split. False at the end, or with *status set. */
static bool
next_item(struct items *items, const char *separators, kb_status *status)
{
	while (items->entry) {
		items->at += strspn(items->at, separators);
		size_t length = strcspn(items->at, separators);
		if (!length) {
			items->entry = kbi_map_next(items->slot->options, items->slot->option, items->entry);
			items->at = items->entry ? items->entry->value : NULL;
			continue;
		}
		if (length >= sizeof(items->item) || ++items->count > ITEMS_MAX) {
			*status = kbi_fail(items->slot->err, KB_ETOOBIG, "kubeadm: %s: too many or too long values", items->slot->option);
			return false;
		}
		memcpy(items->item, items->at, length);
		items->item[length] = '\0';
		items->at += length;
		return true;
	}
	return false;
}

static kb_status
add_string(const struct kbi_kubeadm_slot *slot, struct kbi_yaml_node *list, const char *text)
{
	return kbi_yaml_add(list, kbi_yaml_new_string(slot->yaml, text)) ? KB_OK : kbi_fail_memory(slot->err);
}

kb_status
kbi_kubeadm_put_list(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_yaml_node *list = kbi_yaml_new_list(slot->yaml);
	struct items items = items_of(slot);
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", \t\r\n", &status))
		status = add_string(slot, list, items.item);
	return status ? status : put(slot, list);
}

kb_status
kbi_kubeadm_put_hashes(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_yaml_node *list = kbi_yaml_new_list(slot->yaml);
	struct items items = items_of(slot);
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", \t\r\n", &status)) {
		status = kbi_ca_hash_check(items.item, slot->err);
		if (!status)
			status = add_string(slot, list, items.item);
	}
	return status ? status : put(slot, list);
}

kb_status
kbi_kubeadm_put_networks(const struct kbi_kubeadm_slot *slot)
{
	struct items items = items_of(slot);
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_cidr cidr;
	int families = 0;
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", ", &status)) {
		status = kbi_cidr_parse(&cidr, items.item, slot->err);
		if (status)
			break;
		if (families & cidr.ip.bits)
			status = fail(slot, items.item, "a second network of the same family");
		families |= cidr.ip.bits;
		kbi_buf_add_format(&text, "%s%s", text.size_bytes ? "," : "", items.item);
	}
	if (!status)
		status = kbi_bound_out(slot->option, &text, slot->err);
	if (!status)
		status = put(slot, kbi_yaml_new_string(slot->yaml, kbi_buf_text(&text)));
	kbi_buf_free(&text);
	return status;
}

kb_status
kbi_kubeadm_put_gates(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_yaml_node *map = kbi_yaml_new_map(slot->yaml);
	struct items items = items_of(slot);
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", \t\r\n", &status)) {
		char *value = strchr(items.item, '=');
		if (!value || value == items.item
			|| (!kbi_str_is(value + 1, "true") && !kbi_str_is(value + 1, "false")))
			return fail(slot, items.item, "not NAME=true or NAME=false");
		*value = '\0';
		if (!kbi_yaml_set(slot->yaml, map, items.item, kbi_yaml_new_plain(slot->yaml, value + 1)))
			status = kbi_fail_memory(slot->err);
	}
	return status ? status : put(slot, map);
}

/* KEY=VALUE:EFFECT or KEY:EFFECT, as kubectl taint takes it. */
static kb_status
add_taint(const struct kbi_kubeadm_slot *slot, struct kbi_yaml_node *list, char *taint)
{
	static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
	struct kbi_yaml_node *node = kbi_yaml_new_map(slot->yaml);
	char *effect = strrchr(taint, ':'), *value;
	bool is_known = false;

	for (size_t i = 0; effect && i < sizeof(effects) / sizeof(effects[0]); i++)
		is_known |= kbi_str_is(effect + 1, effects[i]);
	if (!is_known || effect == taint || *taint == '=')
		return fail(slot, taint, "not KEY=VALUE:EFFECT");
	*effect = '\0';
	value = strchr(taint, '=');
	if (value)
		*value = '\0';
	bool has_all = kbi_yaml_set(slot->yaml, node, "key", kbi_yaml_new_string(slot->yaml, taint))
		&& (!value || kbi_yaml_set(slot->yaml, node, "value", kbi_yaml_new_string(slot->yaml, value + 1)))
		&& kbi_yaml_set(slot->yaml, node, "effect", kbi_yaml_new_string(slot->yaml, effect + 1));
	return has_all && kbi_yaml_add(list, node) ? KB_OK : kbi_fail_memory(slot->err);
}

kb_status
kbi_kubeadm_put_taints(const struct kbi_kubeadm_slot *slot)
{
	struct kbi_yaml_node *list = kbi_yaml_new_list(slot->yaml);
	struct items items = items_of(slot);
	kb_status status = KB_OK;
	bool has_none = false;

	while (!status && next_item(&items, ", \t\r\n", &status)) {
		if (kbi_str_is(items.item, "none"))	/* an empty list takes even kubeadm's own taint away */
			has_none = true;
		else
			status = add_taint(slot, list, items.item);
	}
	if (!status && has_none && list && list->count)
		return fail(slot, "none", "beside other taints");
	return status ? status : put(slot, list);
}

kb_status
kbi_kubeadm_put_schedulable(const struct kbi_kubeadm_slot *slot)
{
	bool is_moot = !kbi_str_is_yes(value_of(slot)) || kbi_str_is_set(kbi_map_get(slot->options, "taints"));

	return is_moot ? KB_OK : put(slot, kbi_yaml_new_list(slot->yaml));
}

static const struct kbi_yaml_node *
find_arg(const struct kbi_yaml_node *args, const char *name)
{
	if (!kbi_yaml_is_list(args))
		return kbi_yaml_get(args, name);
	for (const struct kbi_yaml_node *item = args->first; item; item = item->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(item, "name")), name))
			return kbi_yaml_get(item, "value");
	return NULL;
}

/* One argument of a component. The same one twice is taken once; with two values it is a mistake. */
static kb_status
add_arg(const struct kbi_kubeadm_slot *slot, const char *name, const char *value)
{
	struct kbi_yaml *yaml = slot->yaml;
	struct kbi_yaml_node *args = kbi_yaml_path(slot->document, slot->path);

	if (!args) {
		kb_status status = put(slot, slot->has_lists ? kbi_yaml_new_list(yaml) : kbi_yaml_new_map(yaml));
		if (status)
			return status;
		args = kbi_yaml_path(slot->document, slot->path);
	}
	const struct kbi_yaml_node *old = find_arg(args, name);
	if (old)
		return kbi_str_is(old->text, value) ? KB_OK : fail(slot, name, "given twice, with two values");
	struct kbi_yaml_node *node = kbi_yaml_new_string(yaml, value);
	if (!slot->has_lists)
		return kbi_yaml_set(yaml, args, name, node) ? KB_OK : kbi_fail_memory(slot->err);
	struct kbi_yaml_node *item = kbi_yaml_new_map(yaml);
	bool has_all = kbi_yaml_set(yaml, item, "name", kbi_yaml_new_string(yaml, name))
		&& kbi_yaml_set(yaml, item, "value", node);
	return has_all && kbi_yaml_add(args, item) ? KB_OK : kbi_fail_memory(slot->err);
}

kb_status
kbi_kubeadm_put_arg_ip(const struct kbi_kubeadm_slot *slot)
{
	struct items items = items_of(slot);
	struct kbi_ip ip;
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", ", &status))
		if (kbi_ip_parse(&ip, items.item, NULL))
			return fail(slot, items.item, "not an IP address");
	return status ? status : add_arg(slot, slot->argument, value_of(slot));
}

kb_status
kbi_kubeadm_put_arg_list(const struct kbi_kubeadm_slot *slot)
{
	struct items items = items_of(slot);
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = KB_OK;

	while (!status && next_item(&items, ", \t\r\n", &status)) {
		if (!strchr(items.item, '=') || *items.item == '=')
			status = fail(slot, items.item, "not NAME=VALUE");
		kbi_buf_add_format(&text, "%s%s", text.size_bytes ? "," : "", items.item);
	}
	if (!status)
		status = kbi_bound_out(slot->option, &text, slot->err);
	if (!status && text.size_bytes)
		status = add_arg(slot, slot->argument, kbi_buf_text(&text));
	kbi_buf_free(&text);
	return status;
}

/* Not split at commas: --eviction-hard=memory.available<100Mi,nodefs.available<10% is one. */
kb_status
kbi_kubeadm_put_args(const struct kbi_kubeadm_slot *slot)
{
	struct items items = items_of(slot);
	kb_status status = KB_OK;

	while (!status && next_item(&items, "", &status)) {
		char *name = items.item + strspn(items.item, "-"), *value = strchr(name, '=');
		if (!value || value == name)
			return fail(slot, items.item, "not NAME=VALUE");
		*value = '\0';
		status = add_arg(slot, name, value + 1);
	}
	return status;
}

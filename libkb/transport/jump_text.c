/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of jump hosts says: pure text, as ssh's ProxyJump and -J have it (ssh_config(5)). */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "transport/jump.h"

/* What a jump host has of the host behind it, if nothing else is said. Not its password, which is nobody else's business,
 * and not its pin. */
static const char *const inherited[] = {
	"identity", "agent", "identity_data", "passphrase", "known_hosts", "accept_new", "ask", "connect_timeout_ms", "ssh_config", "user",
};

struct place {
	const char *user, *address, *port;
	size_t user_bytes, address_bytes, port_bytes;
};

static const char *
find_last(const char *text, size_t size_bytes, char c)
{
	while (size_bytes--)
		if (text[size_bytes] == c)
			return text + size_bytes;
	return NULL;
}

static bool
is_word(const char *text, size_t size_bytes)
{
	if (!size_bytes || *text == '-')
		return false;
	for (size_t i = 0; i < size_bytes; i++)
		if ((unsigned char)text[i] <= ' ' || strchr("'\"`$\\;&<>|(){}*?!#~,/", text[i]) || text[i] == 127)
			return false;
	return true;
}

static bool
is_port(const char *text, size_t size_bytes)
{
	long port = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		if (text[i] < '0' || text[i] > '9' || port > 65535)
			return false;
		port = port * 10 + text[i] - '0';
	}
	return port >= 1 && port <= 65535;
}

static bool
split_address(const char *text, const char *end, struct place *place)
{
	const char *bracket = text < end && *text == '[' ? memchr(text, ']', (size_t)(end - text)) : NULL;
	const char *colon = bracket ? bracket + 1 : memchr(text, ':', (size_t)(end - text));

	place->address = bracket ? text + 1 : text;
	place->address_bytes = (size_t)((bracket ? bracket : colon ? colon : end) - place->address);
	if (!is_word(place->address, place->address_bytes))
		return false;
	if (!colon || colon == end)
		return true;
	place->port = colon + 1;
	place->port_bytes = (size_t)(end - place->port);
	return *colon == ':' && is_port(place->port, place->port_bytes);
}

static bool
split_place(const char *text, const char *end, struct place *place)
{
	static const char scheme[] = "ssh://";

	*place = (struct place){0};
	if ((size_t)(end - text) > strlen(scheme) && memcmp(text, scheme, strlen(scheme)) == 0) {
		text += strlen(scheme);
		end -= end > text && end[-1] == '/';
	}
	const char *at = find_last(text, (size_t)(end - text), '@');
	if (at) {
		place->user = text;
		place->user_bytes = (size_t)(at - text);
		if (!is_word(text, place->user_bytes))
			return false;
	}
	return split_address(at ? at + 1 : text, end, place);
}

bool
kbi_jump_is_valid(const char *text)
{
	struct place place;
	size_t count = 0;

	if (kbi_str_is(text, "none"))
		return true;
	for (;; text++) {
		size_t length = strcspn(text, ",");
		if (!split_place(text, text + length, &place) || ++count > KBI_JUMP_HOPS_MAX)
			return false;
		text += length;
		if (!*text)
			return true;
	}
}

static kb_status
inherit(const struct kbi_map *settings, struct kbi_map *out)
{
	/* where ssh_config is asked, it says who logs in there and by which key, as with ssh */
	bool has_config = kbi_map_has(settings, "ssh_config");
	kb_status failed = KB_OK;

	for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++) {
		const struct kbi_entry *entry = NULL;
		bool is_of_config = has_config
			&& (kbi_str_is(inherited[i], "user") || kbi_str_is(inherited[i], "identity"));
		while (!failed && !is_of_config && (entry = kbi_map_next(settings, inherited[i], entry)))
			failed = entry->secret ? kbi_map_set_secret(out, entry->name, entry->value, entry->size_bytes)
					       : kbi_map_add(out, entry->name, entry->value);
	}
	return failed;
}

static kb_status
set(struct kbi_map *out, const char *name, const char *text, size_t size_bytes)
{
	kbi_map_remove(out, name);
	return size_bytes ? kbi_map_set_bytes(out, name, text, size_bytes) : KB_OK;
}

kb_status
kbi_jump_settings(const char *text, const struct kbi_map *settings, struct kbi_map *out)
{
	const char *comma = strrchr(text, ','), *last = comma ? comma + 1 : text;
	struct place place;

	if (!kbi_jump_is_valid(text) || !split_place(last, last + strlen(last), &place))
		return KB_EINVAL;
	kb_status failed = inherit(settings, out);
	if (!failed)
		failed = set(out, "address", place.address, place.address_bytes);
	if (!failed && place.port)
		failed = set(out, "port", place.port, place.port_bytes);
	if (!failed && place.user)
		failed = set(out, "user", place.user, place.user_bytes);
	if (!failed && comma)
		failed = set(out, "jump", text, (size_t)(comma - text));
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to an agent and what it says: draft-ietf-sshm-ssh-agent sections 3 and 4. */
#include <string.h>

#include "base/str.h"
#include "transport/agent.h"

enum {
	FAILURE = 5,
	REQUEST_IDENTITIES = 11,
	IDENTITIES_ANSWER = 12,
	SIGN_REQUEST = 13,
	SIGN_RESPONSE = 14,
	EXTENSION_FAILURE = 28,
	OLD_FAILURE = 30,	/* of agents older than the draft */
	COM_FAILURE = 102
};

#define RSA_SHA2_256 2	/* the flag: without it an agent signs with SHA-1 */

static const struct kbi_agent_kind kinds[] = {
	{"ssh-ed25519", "ssh-ed25519", 0},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", 0},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", 0},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", 0},
	{"ssh-rsa", "rsa-sha2-256", RSA_SHA2_256},
};

const struct kbi_agent_kind *
kbi_agent_kind(const void *blob, size_t blob_bytes)
{
	struct kbi_wire wire = {blob, blob_bytes}, type;

	if (!kbi_wire_string(&wire, &type))
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kbi_wire_is(&type, kinds[i].type))
			return &kinds[i];
	return NULL;
}

static const char blanks[] = " \t\r\n";

bool
kbi_agent_public(struct kbi_buf *blob, const char *text, size_t text_bytes)
{
	struct kbi_wire wire, type;

	if (memchr(text, '\0', text_bytes))
		return false;
	const char *name = text + strspn(text, blanks);
	size_t name_bytes = strcspn(name, blanks);
	const char *key = name + name_bytes + strspn(name + name_bytes, " \t");
	if (!kbi_str_unbase64(blob, key, strcspn(key, blanks)))
		return false;
	wire = (struct kbi_wire){(const unsigned char *)blob->data, blob->size_bytes};
	return !kbi_buf_failed(blob) && kbi_wire_string(&wire, &type) && type.size_bytes == name_bytes
		&& name_bytes && memcmp(type.data, name, name_bytes) == 0;
}

static void
finish(struct kbi_buf *message, struct kbi_buf *body)
{
	kbi_wire_add_string(message, kbi_buf_text(body), body->size_bytes);
	if (kbi_buf_failed(body))
		message->failed = kbi_buf_failed(body);
	kbi_buf_free(body);
}

void
kbi_agent_write_list(struct kbi_buf *message)
{
	struct kbi_buf body = KBI_BUF(KBI_AGENT_MAX);

	kbi_buf_add_char(&body, REQUEST_IDENTITIES);
	finish(message, &body);
}

void
kbi_agent_write_sign(struct kbi_buf *message, const struct kbi_buf *blob, const void *data, size_t data_bytes,
	uint32_t flags)
{
	struct kbi_buf body = KBI_BUF(KBI_AGENT_MAX);

	kbi_buf_add_char(&body, SIGN_REQUEST);
	kbi_wire_add_string(&body, blob->data, blob->size_bytes);
	kbi_wire_add_string(&body, data, data_bytes);
	kbi_wire_add_u32(&body, flags);
	finish(message, &body);
}

static bool
open_answer(const struct kbi_buf *answer, int type, struct kbi_wire *wire)
{
	*wire = (struct kbi_wire){(const unsigned char *)kbi_buf_text(answer), answer->size_bytes};
	if (!wire->size_bytes || *wire->data != type)
		return false;
	wire->data++;
	wire->size_bytes--;
	return true;
}

bool
kbi_agent_is_refusal(const struct kbi_buf *answer)
{
	static const unsigned char types[] = {FAILURE, EXTENSION_FAILURE, OLD_FAILURE, COM_FAILURE};

	return answer->size_bytes && memchr(types, answer->data[0], sizeof(types));
}

bool
kbi_agent_read_list(const struct kbi_buf *answer, struct kbi_wire *wire, int64_t *left)
{
	uint32_t count;

	if (!open_answer(answer, IDENTITIES_ANSWER, wire) || !kbi_wire_u32(wire, &count))
		return false;
	*left = count;
	return true;
}

bool
kbi_agent_read_key(struct kbi_wire *wire, int64_t *left, struct kbi_wire *blob)
{
	struct kbi_wire comment;

	if (*left <= 0)
		return false;
	*left = kbi_wire_string(wire, blob) && kbi_wire_string(wire, &comment) ? *left - 1 : -1;
	return *left >= 0;
}

bool
kbi_agent_read_signature(const struct kbi_buf *answer, struct kbi_wire *format, struct kbi_wire *signature)
{
	struct kbi_wire wire, whole;

	return open_answer(answer, SIGN_RESPONSE, &wire) && kbi_wire_string(&wire, &whole) && !wire.size_bytes
		&& kbi_wire_string(&whole, format) && kbi_wire_string(&whole, signature) && !whole.size_bytes
		&& signature->size_bytes;
}

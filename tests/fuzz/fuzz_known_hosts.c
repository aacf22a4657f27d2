/* SPDX-License-Identifier: Apache-2.0 */
/* known_hosts with anything in it: the first line is the name that is looked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/known_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x04" "EEEE";
	const char *text = (const char *)data, *newline = memchr(text, '\n', size);
	struct kbi_known_host host;

	if (!newline)
		return 0;
	char *name = strndup(text, (size_t)(newline - text));
	if (!name)
		return 0;
	kbi_known_hosts_look(newline + 1, size - (size_t)(newline + 1 - text), name, key, sizeof(key) - 1, &host);
	if ((host.known == KBI_KNOWN_NOT) != (host.line == 0))
		abort();
	free(name);
	return 0;
}

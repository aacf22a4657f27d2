/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_config with anything in it, which may include itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/jump.h"
#include "transport/ssh_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t size_bytes;
	int left;
};

static kb_status
include(void *owner, const char *pattern, struct kbi_ssh_config *config, struct kb_err *err)
{
	struct input *input = owner;

	if (input->left-- <= 0)
		return KB_OK;
	return kbi_ssh_config_text(config, pattern, input->text, input->size_bytes, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size, 20};
	struct kbi_map found = {0}, hop = {0};
	struct kb_err err = {0};
	struct kbi_ssh_config config = {
		.host = "alpha", .local_user = "me", .include = include, .owner = &input, .found = &found};
	kb_status status = kbi_ssh_config_read(&config, "config", input.text, size, &err);

	if ((status == KB_OK) != (err.code == KB_OK))
		abort();
	const char *jump = kbi_map_get_or(&found, "proxyjump", "a");
	if ((kbi_jump_settings(jump, &found, &hop) == KB_OK) && !kbi_jump_is_valid(jump))
		abort();
	kbi_map_free(&hop);
	kbi_map_free(&found);
	kbi_err_clear(&err);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/packages.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "steps/words.h"

#define WORDS_MAX 5

static size_t
count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

kb_status
kbi_packages_read(struct kbi_packages *packages, const char *text, struct kb_err *err)
{
	char *rest, *line, *words[WORDS_MAX];

	*packages = (struct kbi_packages){ .text = kbi_str_copy(text), .items = calloc(count_lines(text), sizeof(*packages->items)) };
	if (!packages->text || !packages->items)
		return kbi_fail_memory(err);
	rest = packages->text;
	while ((line = kbi_line_take(&rest))) {
		size_t count = kbi_line_words(line, words, WORDS_MAX);
		bool is_offer = count >= 3 && kbi_str_is(words[1], "|");
		if (count < 2)
			continue;
		packages->items[packages->count++] = (struct kbi_package){
			.name = words[0],
			.version = is_offer ? words[2] : count > 2 ? words[1] : "",	/* of a name alone the second word is the status */
			.status = is_offer ? "" : words[count > 2 ? 2 : 1],
		};
	}
	return KB_OK;
}

void
kbi_packages_free(struct kbi_packages *packages)
{
	free(packages->items);
	free(packages->text);
	*packages = (struct kbi_packages){ 0 };
}

const struct kbi_package *
kbi_packages_find(const struct kbi_packages *packages, const char *name)
{
	return kbi_packages_find_version(packages, name, NULL);
}

const struct kbi_package *
kbi_packages_find_version(const struct kbi_packages *packages, const char *name, const char *version)
{
	for (size_t i = 0; i < packages->count; i++) {
		const struct kbi_package *p = &packages->items[i];
		if (kbi_str_is(p->name, name) && (!kbi_str_is_set(version) || kbi_package_version_is(p->version, version)))
			return p;
	}
	return NULL;
}

bool
kbi_package_is_installed(const struct kbi_package *package)
{
	return package && (kbi_str_is(package->status, "ii") || kbi_str_is(package->status, "hi"));
}

bool
kbi_package_is_held(const struct kbi_package *package)
{
	return kbi_package_is_installed(package) && *package->status == 'h';
}

bool
kbi_package_version_is(const char *package_version, const char *version)
{
	const char *colon = strchr(package_version, ':');	/* an epoch is the packager's, not the program's */
	size_t bytes;

	if (kbi_str_is(package_version, version))
		return true;
	package_version = colon ? colon + 1 : package_version;
	version += *version == 'v';
	bytes = strlen(version);
	return bytes && strncmp(package_version, version, bytes) == 0 && (!package_version[bytes] || strchr("-+~", package_version[bytes]));
}

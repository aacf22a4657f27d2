/* SPDX-License-Identifier: Apache-2.0 */
/* apt's sources in both forms: what was turned off names nothing any more, and is turned off once. Before a line "%%" stand a URL and a
 * version; they, too, are read as untrusted text. */
#include "fuzz.h"

#include "base/str.h"
#include "steps/apt_sources.h"
#include "text/apt.h"

static void
check_off(const char *path, const char *text, size_t text_bytes, const char *url)
{
	const char *const urls[] = {url, NULL};
	const struct kbi_apt_about about = {.urls = urls};
	struct kbi_buf once = KBI_BUF(KBI_SIZE_LARGE), twice = KBI_BUF(KBI_SIZE_LARGE);
	bool is_any_left = false, is_still = false;

	kbi_apt_turn_off(&once, path, text, text_bytes, &about, &is_any_left);
	FUZZ_CHECK(!kbi_buf_failed(&once));
	FUZZ_CHECK(kbi_apt_turn_off(&twice, path, kbi_buf_text(&once), once.size_bytes, &about, &is_still) == 0);
	fuzz_check_same(&once, &twice);
	FUZZ_CHECK(is_any_left == is_still);
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
}

static void
check_source(const char *flavour, const char *url, const char *version)
{
	struct kbi_buf line = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_apt_source(flavour, url, version, "/etc/apt/keyrings/k.gpg", &line, NULL) == KB_OK) {
		const char *text = kbi_buf_text(&line);
		FUZZ_CHECK(strchr(text, '\n') == text + line.size_bytes - 1);	/* one line, whatever came in */
		FUZZ_CHECK(kbi_str_starts(text, "deb [signed-by=/etc/apt/keyrings/k.gpg] "));
	}
	kbi_buf_free(&line);
}

void
fuzz(const char *data, size_t size_bytes)
{
	char *head = fuzz_take(&data, &size_bytes, NULL), *version = strchr(head, '\n');

	if (version) {
		*version++ = '\0';
		version[strcspn(version, "\n")] = '\0';
	}
	check_off("/etc/apt/sources.list", data, size_bytes, "https://pkgs.k8s.io");
	check_off("/etc/apt/sources.list.d/k.sources", data, size_bytes, "https://pkgs.k8s.io");
	kbi_apt_names_url(data, size_bytes, "https://pkgs.k8s.io");
	kbi_apt_version_matches(head, version ? version : "");
	check_source("legacy", head, version);
	check_source("community", head, version);
	check_source("custom", head, version);
	free(head);
}

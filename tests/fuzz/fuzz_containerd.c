/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's configuration: the first byte says what is wanted. Merging again changes nothing, and what was merged is what was wanted. */
#include "fuzz.h"

#include "change.h"
#include "steps/containerd_config.h"

static const struct kbi_version versions[] = {{1, 6, 20}, {1, 7, 28}, {2, 0, 6}, {2, 1, 3}, {2, 2, 0}, {2, 3, 0}};

static void
check_dump(const struct kbi_containerd_want *want, const char *dump)
{
	struct kbi_judge judge = {0};

	kbi_containerd_check_dump(want, &judge, dump);
	kbi_judge_free(&judge);
}

void
fuzz(const char *data, size_t size_bytes)
{
	unsigned choice = fuzz_byte(&data, &size_bytes);
	struct kbi_containerd_want want = {
		.sandbox_image = choice & 1 ? "registry.k8s.io/pause:3.10" : "",
		.bin_dir = "/opt/cni/bin",
		.has_mirrors = choice & 2,
		.is_known = choice & 4,
		.version = versions[(choice >> 3) % (sizeof(versions) / sizeof(versions[0]))],
	};
	struct kbi_buf once = KBI_BUF(2 * KBI_SIZE_TEXT), twice = KBI_BUF(2 * KBI_SIZE_TEXT);

	check_dump(&want, data);
	if (kbi_containerd_merge(&want, data, size_bytes, &once, NULL) == KB_OK && once.size_bytes < KBI_SIZE_TEXT) {
		FUZZ_CHECK(kbi_containerd_merge(&want, kbi_buf_text(&once), once.size_bytes, &twice, NULL) == KB_OK);
		fuzz_check_same(&once, &twice);
		check_dump(&want, kbi_buf_text(&once));
	}
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
}

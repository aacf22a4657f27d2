/* SPDX-License-Identifier: Apache-2.0 */
#include "text/version.h"

#include <string.h>

#include "base/buf.h"

#define NUMBER_MAX 100000

/* What each minor needs. Sources: kubeadm's constants.go and kinder's config.go for the API (v1beta3 can be read from 1.22, v1beta4 from
 * 1.31), kubespray's pod_infra_supported_versions for the sandbox image, containerd's RELEASES.md for the oldest patch of each series,
 * kubernetes/release#3497 for the first minor of pkgs.k8s.io. Up to 1.22 the kubelet speaks CRI v1alpha2, which containerd 2 dropped. */
static const struct kbi_kubernetes rows[] = {
	{19, "v1beta2", "3.2", "legacy", "1.3.0", "2.0.0", "k8s.gcr.io"},
	{20, "v1beta2", "3.2", "legacy", "1.3.0", "2.0.0", "k8s.gcr.io"},
	{21, "v1beta2", "3.4.1", "legacy", "1.4.0", "2.0.0", "k8s.gcr.io"},
	{22, "v1beta3", "3.5", "legacy", "1.4.0", "2.0.0", "k8s.gcr.io"},
	{23, "v1beta3", "3.6", "legacy", "1.4.0", NULL, "k8s.gcr.io"},
	{24, "v1beta3", "3.7", "community", "1.5.0", NULL, "k8s.gcr.io"},
	{25, "v1beta3", "3.8", "community", "1.5.0", NULL, "registry.k8s.io"},
	{26, "v1beta3", "3.9", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{27, "v1beta3", "3.9", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{28, "v1beta3", "3.9", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{29, "v1beta3", "3.9", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{30, "v1beta3", "3.9", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{31, "v1beta4", "3.10", "community", "1.6.15 1.7.0", NULL, "registry.k8s.io"},
	{32, "v1beta4", "3.10", "community", "1.6.36 1.7.24 2.0.1 2.1.0", NULL, "registry.k8s.io"},
	{33, "v1beta4", "3.10", "community", "1.7.24 2.0.4", NULL, "registry.k8s.io"},
	{34, "v1beta4", "3.10.1", "community", "1.7.28 2.0.6 2.1.3", NULL, "registry.k8s.io"},
	{35, "v1beta4", "3.10.1", "community", "1.7.28 2.1.5 2.2.0", NULL, "registry.k8s.io"},
	{36, "v1beta4", "3.10.2", "community", "2.2.0 2.3.0", NULL, "registry.k8s.io"},
};

static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

/* Digits without a leading zero. Returns what follows, or NULL. */
static const char *
read_number(const char *at, int *number)
{
	size_t length = strspn(at, "0123456789");

	*number = 0;
	if (!length || (length > 1 && *at == '0'))
		return NULL;
	for (size_t i = 0; i < length; i++)
		if ((*number = *number * 10 + (at[i] - '0')) > NUMBER_MAX)
			return NULL;
	return at + length;
}

static const char *
read_version(struct kbi_version *version, const char *at)
{
	at = read_number(at, &version->major);
	at = at && *at == '.' ? read_number(at + 1, &version->minor) : NULL;
	return at && *at == '.' ? read_number(at + 1, &version->patch) : NULL;
}

kb_status
kbi_version_parse(struct kbi_version *version, const char *text, struct kb_err *err)
{
	const char *end = text ? read_version(version, text + (*text == 'v')) : NULL;

	if (!end || *end)
		return kbi_fail(err, KB_EINVAL, "version \"%.60s\": not X.Y.Z", text ? text : "");
	return KB_OK;
}

kb_status
kbi_version_parse_minor(struct kbi_version *version, const char *text, struct kb_err *err)
{
	const char *at = text ? read_number(text + (*text == 'v'), &version->major) : NULL;

	at = at && *at == '.' ? read_number(at + 1, &version->minor) : NULL;
	version->patch = 0;
	if (at && *at)
		at = *at == '.' ? read_number(at + 1, &version->patch) : NULL;
	if (!at || *at)
		return kbi_fail(err, KB_EINVAL, "version \"%.60s\": not X.Y or X.Y.Z", text ? text : "");
	return KB_OK;
}

/* Digits are tried once each: a run of them that begins no version cannot begin one further on. */
bool
kbi_version_find(struct kbi_version *version, const char *text)
{
	while (text && *text) {
		text += strcspn(text, "0123456789");
		if (*text && read_version(version, text))
			return true;
		text += strspn(text, "0123456789");
	}
	return false;
}

int
kbi_version_compare(const struct kbi_version *a, const struct kbi_version *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return (a->patch > b->patch) - (a->patch < b->patch);
}

void
kbi_version_print(struct kbi_buf *out, const struct kbi_version *version)
{
	kbi_buf_add_format(out, "%d.%d.%d", version->major, version->minor, version->patch);
}

bool
kbi_kubernetes_knows(const struct kbi_version *version)
{
	return version->major == 1 && version->minor >= rows[0].minor
		&& version->minor <= rows[row_count - 1].minor;
}

const struct kbi_kubernetes *
kbi_kubernetes(const struct kbi_version *version)
{
	if (kbi_kubernetes_knows(version))
		return &rows[version->minor - rows[0].minor];
	return version->major > 1 || (version->major == 1 && version->minor > rows[0].minor)
		? &rows[row_count - 1] : NULL;
}

static bool
same_series(const struct kbi_version *a, const struct kbi_version *b)
{
	return a->major == b->major && a->minor == b->minor;
}

/* In a series that the row names its patch decides; else only what is newer than all named series will do. */
bool
kbi_kubernetes_takes_containerd(const struct kbi_kubernetes *kubernetes, const struct kbi_version *containerd)
{
	struct kbi_version oldest = {0}, end;
	const char *at = kubernetes->containerd;

	if (kubernetes->containerd_end && kbi_version_find(&end, kubernetes->containerd_end)
		&& kbi_version_compare(containerd, &end) >= 0)
		return false;
	while (kbi_version_find(&oldest, at)) {
		if (same_series(&oldest, containerd))
			return kbi_version_compare(containerd, &oldest) >= 0;
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return kbi_version_compare(containerd, &oldest) > 0;
}

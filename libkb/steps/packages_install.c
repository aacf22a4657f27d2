/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/packages.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/version.h"

static const struct kbi_param params[] = {
	{ "kubernetes-version", NULL, "X.Y.Z: the version of the packages, whatever their revision", KBI_REQUIRED },
	{ "packages", "kubeadm kubelet kubectl", "packages of exactly this version", KBI_LIST },
	/* since 1.30 the packages depend on few of them (kubernetes/release, cmd/krel/templates/latest/metadata.yaml) */
	{ "helpers", "cri-tools kubernetes-cni conntrack socat ebtables ethtool iproute2",
		"packages of any version; one that no source has is left out", KBI_LIST },
	{ 0 }
};

struct view {
	struct kbi_judge *judge;
	struct kbi_packages installed, offered;
	struct kbi_buf packages, helpers, unhold;	/* for the script */
	const char *version;
};

static kb_status
check_names(const struct kbi_map *args, const char *param, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, param, e));)
		if (!*e->value || strchr("+-.", *e->value) || e->value[strspn(e->value, allowed)])
			return kbi_fail(err, KB_EINVAL, "packages.install: %s: not a package's name: %s", param, e->value);
	return KB_OK;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_version version;
	const char *text = kbi_map_get(args, "kubernetes-version");

	if (text && kbi_version_parse(&version, text, err))
		return KB_EINVAL;
	if (text && *text == 'v')
		return kbi_fail(err, KB_EINVAL, "packages.install: kubernetes-version: not X.Y.Z: %s", text);
	return check_names(args, "packages", err) ? KB_EINVAL : check_names(args, "helpers", err);
}

/* What is there, for the diff; NULL when nothing is. */
static const char *
show(struct kbi_buf *out, const struct kbi_package *package)
{
	if (!package || !*package->version)
		return NULL;
	kbi_buf_add(out, package->version);
	if (!kbi_package_is_installed(package))
		kbi_buf_add_format(out, " (half installed: %s)", package->status);
	return kbi_buf_text(out);
}

static void
change(struct view *v, const char *name, const struct kbi_package *now, const char *after, struct kbi_buf *list)
{
	struct kbi_buf before = KBI_BUF(KBI_SIZE_TEXT);

	kbi_judge_value(v->judge, "package", name, show(&before, now), after);
	kbi_buf_add_format(list, "%s ", name);
	if (now && *now->status == 'h')
		kbi_buf_add_format(&v->unhold, "%s ", name);
	kbi_buf_free(&before);
}

/* A node's kubelet is changed by an upgrade, in its order and with its node drained; never in passing. And what a newer version has written
 * an older one may not understand. */
static kb_status
refuse(struct view *v, const struct kbi_package *now)
{
	struct kbi_version here, wanted;

	if (!kbi_package_is_installed(now))
		return KB_OK;
	if (kbi_judge_fact_is(v->judge, "is_node", "yes"))
		return kbi_judge_fail(v->judge, KB_ECONFLICT, "packages.node-version",
			"the host is a node with %s %s, and %s was asked for: that is an upgrade, which this step does not do",
			now->name, now->version, v->version);
	if (kbi_version_parse(&wanted, v->version, NULL) || !kbi_version_find(&here, now->version) || kbi_version_compare(&here, &wanted) <= 0)
		return KB_OK;
	return kbi_judge_fail(v->judge, KB_ECONFLICT, "packages.downgrade", "%s %s is installed, which is newer than %s", now->name,
		now->version, v->version);
}

static kb_status
judge_package(struct view *v, const char *name)
{
	const struct kbi_package *now = kbi_packages_find(&v->installed, name);
	const struct kbi_package *offer = kbi_packages_find_version(&v->offered, name, v->version);

	if (kbi_package_is_installed(now) && kbi_package_version_is(now->version, v->version))
		return KB_OK;
	kb_status status = refuse(v, now);
	if (!status)
		change(v, name, now, offer ? offer->version : v->version, &v->packages);
	return status;
}

/* Before the lists are fetched they offer nothing, so what is missing is only known afterwards. */
static void
judge_helper(struct view *v, const char *name)
{
	const struct kbi_package *now = kbi_packages_find(&v->installed, name), *offer = kbi_packages_find(&v->offered, name);

	if (kbi_package_is_installed(now))
		return;
	if (offer)
		change(v, name, now, offer->version, &v->helpers);
	else if (v->judge->is_after_apply || !v->packages.size_bytes)
		kbi_judge_note(v->judge, KB_INFO, "packages.helper-missing", "no source of this host has the package %s", name);
	else
		kbi_buf_add_format(&v->helpers, "%s ", name);
}

static kb_status
judge_all(struct view *v)
{
	kb_status status = KB_OK;

	for (const struct kbi_entry *e = NULL; !status && (e = kbi_map_next(v->judge->args, "packages", e));)
		status = judge_package(v, e->value);
	for (const struct kbi_entry *e = NULL; !status && (e = kbi_map_next(v->judge->args, "helpers", e));)
		judge_helper(v, e->value);
	if (status)
		return status;
	kbi_judge_want(v->judge, "packages", kbi_buf_text(&v->packages));
	kbi_judge_want(v->judge, "helpers", kbi_buf_text(&v->helpers));
	kbi_judge_want(v->judge, "unhold", kbi_buf_text(&v->unhold));
	return KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct view v = {
		.judge = j, .version = kbi_judge_arg(j, "kubernetes-version"),
		.packages = KBI_BUF(KBI_SIZE_TEXT), .helpers = KBI_BUF(KBI_SIZE_TEXT), .unhold = KBI_BUF(KBI_SIZE_TEXT),
	};
	kb_status status = kbi_packages_read(&v.installed, kbi_judge_fact(j, "installed"), &j->err);

	if (!status)
		status = kbi_packages_read(&v.offered, kbi_judge_fact(j, "offered"), &j->err);
	if (!status)
		status = judge_all(&v);
	kbi_packages_free(&v.installed);
	kbi_packages_free(&v.offered);
	kbi_buf_free(&v.packages);
	kbi_buf_free(&v.helpers);
	kbi_buf_free(&v.unhold);
	return status;
}

const struct kbi_step_def kbi_step_packages_install = {
	.name = "packages.install",
	.summary = "kubeadm, kubelet and kubectl are installed at exactly one version, and the tools that they call",
	.params = params,
	.script = kbi_script_packages_install,
	.library = kbi_script_apt,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 1800000,
	.check = check,
	.judge = judge,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/apt_key.h"
#include "steps/containerd_config.h"
#include "steps/containerd_mirrors.h"
#include "steps/packages.h"
#include "steps/scripts.h"
#include "steps/step.h"

#define CONFIG "/etc/containerd/config.toml"
#define ENDPOINT "unix:///run/containerd/containerd.sock"
#define DOCKER "https://download.docker.com/linux"
#define DOCKER_KEYRING "/etc/apt/keyrings/libkb-docker.asc"
#define KEY_TIMEOUT_MS 60000
#define KEY_MAYBE_TIMEOUT_MS 15000	/* when it is only one of two ways */

static const struct kbi_param params[] = {
	{ "kubernetes-version", NULL, "X.Y.Z: which containerd it takes, and its sandbox image", 0 },
	{ "source", "auto", "distribution, docker (download.docker.com), or auto: the distribution's if it is new enough, else Docker's", 0 },
	{ "version", NULL, "the version of containerd, such as 1.7.28; the newest of the source when not given", 0 },
	{ "sandbox-image", NULL, "the image that holds a pod's namespaces; the one of this Kubernetes when not given", 0 },
	{ "bin-dir", "/opt/cni/bin", "where CNI plugins are", 0 },
	{ "registry-mirrors", NULL, "REGISTRY=URL each, such as registry.k8s.io=https://mirror.example; several of one registry are tried in order", KBI_LIST },
	{ "docker-url", DOCKER, "Docker's repository, without the distribution's name", 0 },
	{ "docker-key-fingerprint", NULL, "the only keys that are trusted for it; Docker's own when not given", KBI_LIST | KBI_LOCAL },
	{ "download-ca", NULL, "a PEM file of the controller: the authorities it trusts for the key's download", KBI_LOCAL },
	{ "proxy", NULL, "the proxy for the key's download", KBI_LOCAL },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "version", "containerd's own version, such as 1.7.28", 0 },
	{ "endpoint", "the CRI endpoint", 0 },
	{ 0 }
};

/* docs.docker.com, "Install Docker Engine on Debian" */
static const char *const docker_pins[] = { "9DC858229FC7DD38854AE2D88D81803C0EBFCD88", NULL };

struct view {
	struct kbi_judge *judge;
	const struct kbi_map *args;
	const struct kbi_map *facts;
	struct kbi_packages installed, offered;
	const struct kbi_package *now;		/* of dpkg; NULL: none, or not by a package */
	bool is_there;				/* the program, whoever put it there */
	bool has_version;
	struct kbi_version version;		/* of the program */
	const struct kbi_kubernetes *kubernetes;	/* NULL: not asked for */
};

/* -- parameters */

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char *const sources[] = { "auto", "distribution", "docker" };
	const char *source = kbi_map_get_or(args, "source", "auto"), *version = kbi_map_get(args, "kubernetes-version");
	struct kbi_version parsed;
	bool is_known = false;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		is_known |= kbi_str_is(source, sources[i]);
	if (!is_known)
		return kbi_fail(err, KB_EINVAL, "containerd.install: source: not auto, distribution or docker: %s", source);
	if (*kbi_map_get_or(args, "bin-dir", "/") != '/')
		return kbi_fail(err, KB_EINVAL, "containerd.install: bin-dir: not an absolute path");
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "registry-mirrors", e));)
		if (kbi_containerd_check_mirror(e->value, err))
			return KB_EINVAL;
	return kbi_str_is_set(version) ? kbi_version_parse(&parsed, version, err) : KB_OK;
}

/* -- what the facts say */

static kb_status
look(struct view *v, const struct kbi_map *args, const struct kbi_map *facts, struct kb_err *err)
{
	struct kbi_version version;
	const char *said = kbi_map_get_or(facts, "containerd", "");

	*v = (struct view){ .args = args, .facts = facts };
	kb_status status = kbi_packages_read(&v->installed, kbi_map_get_or(facts, "installed", ""), err);
	if (!status)
		status = kbi_packages_read(&v->offered, kbi_map_get_or(facts, "offered", ""), err);
	if (status)
		return status;
	for (size_t i = 0; i < v->installed.count && !v->now; i++)
		if (kbi_package_is_installed(&v->installed.items[i]))
			v->now = &v->installed.items[i];
	v->is_there = *said;
	v->has_version = *said && kbi_version_find(&v->version, said);
	if (kbi_version_parse(&version, kbi_map_get_or(args, "kubernetes-version", ""), NULL) == KB_OK)
		v->kubernetes = kbi_kubernetes(&version);
	return KB_OK;
}

static void
forget(struct view *v)
{
	kbi_packages_free(&v->installed);
	kbi_packages_free(&v->offered);
}

static bool
is_enough(const struct view *v, const char *version)
{
	struct kbi_version parsed;

	return !v->kubernetes || (kbi_version_find(&parsed, version) && kbi_kubernetes_takes_containerd(v->kubernetes, &parsed));
}

/* Whoever asks for another source or version means it; otherwise what is there stays. */
static bool
is_package_wanted(const struct view *v)
{
	const char *version = kbi_map_get_or(v->args, "version", ""), *source = kbi_map_get_or(v->args, "source", "auto");

	if (!v->now)
		return !v->is_there || (v->installed.count && !kbi_str_is(v->installed.items[0].status, "rc") && *v->installed.items[0].version);
	if (*version && !kbi_package_version_is(v->now->version, version))
		return true;
	return (kbi_str_is(source, "docker") && !kbi_str_is(v->now->name, "containerd.io")) ||
		(kbi_str_is(source, "distribution") && !kbi_str_is(v->now->name, "containerd"));
}

/* -- Docker's repository */

/* os-release's ID and VERSION_CODENAME, as far as they are names */
static void
add_release(struct kbi_buf *out, const struct kbi_map *facts, const char *key)
{
	const char *at = kbi_map_get_or(facts, "os_release", ""), *end = at + strlen(at), *line;
	size_t bytes, key_bytes = strlen(key);

	while ((at = kbi_str_line(at, end, &line, &bytes)))
		if (bytes > key_bytes && strncmp(line, key, key_bytes) == 0)
			kbi_buf_add_bytes(out, line + key_bytes, strspn(line + key_bytes, "abcdefghijklmnopqrstuvwxyz0123456789"));
}

static void
add_docker_url(struct kbi_buf *out, const struct view *v)
{
	const char *base = kbi_map_get_or(v->args, "docker-url", DOCKER);
	size_t bytes = strlen(base);

	while (bytes && base[bytes - 1] == '/')
		bytes--;
	kbi_buf_add_bytes(out, base, bytes);
	kbi_buf_add_char(out, '/');
	add_release(out, v->facts, "ID=");
}

static bool
may_need_docker(const struct view *v)
{
	const char *source = kbi_map_get_or(v->args, "source", "auto"), *version = kbi_map_get(v->args, "version");
	const struct kbi_package *offer = kbi_packages_find_version(&v->offered, "containerd", version);

	if (!is_package_wanted(v) || kbi_str_is(source, "distribution"))
		return false;
	return kbi_str_is(source, "docker") || !offer || !is_enough(v, offer->version);
}

static kb_status
prepare_docker(struct kbi_prepare *prepare, const struct view *v)
{
	bool is_must = kbi_str_is(kbi_map_get_or(prepare->args, "source", "auto"), "docker");
	struct kbi_buf url = KBI_BUF(KBI_SIZE_TEXT), key = KBI_BUF(KBI_SIZE_TEXT);
	struct kb_err why = { 0 };

	add_docker_url(&url, v);
	kbi_buf_add(&url, "/gpg");
	const struct kbi_apt_key_want want = {
		.name = "Docker's apt repository", .url = kbi_buf_text(&url), .args = prepare->args, .pins_arg = "docker-key-fingerprint",
		.pins = docker_pins, .timeout_ms = is_must ? KEY_TIMEOUT_MS : KEY_MAYBE_TIMEOUT_MS,
	};
	kb_status status = kbi_apt_key_prepare(&want, prepare, &key, is_must ? prepare->err : &why);
	if (!status)
		status = kbi_map_set(prepare->made, "docker_key", kbi_buf_text(&key));
	else if (!is_must && status != KB_ECANCELED)
		status = kbi_map_set(prepare->made, "docker_missing", why.cause ? why.cause : "");
	kbi_buf_free(&url);
	kbi_buf_free(&key);
	kbi_err_clear(&why);
	return status;
}

static kb_status
prepare(struct kbi_prepare *prepare)
{
	struct view v;
	kb_status status = look(&v, prepare->args, prepare->facts, prepare->err);

	if (!status && may_need_docker(&v))
		status = prepare_docker(prepare, &v);
	forget(&v);
	return status;
}

/* -- judging */

static void
want_package(struct view *v)
{
	struct kbi_judge *j = v->judge;
	struct kbi_buf url = KBI_BUF(KBI_SIZE_TEXT), source = KBI_BUF(KBI_SIZE_TEXT);

	add_docker_url(&url, v);
	kbi_buf_add_format(&source, "# written by libkb\ndeb [signed-by=" DOCKER_KEYRING "] %s ", kbi_buf_text(&url));
	add_release(&source, v->facts, "VERSION_CODENAME=");
	kbi_buf_add(&source, " stable\n");
	kbi_judge_want(j, "docker_url", kbi_buf_text(&url));
	kbi_judge_want(j, "docker_source", kbi_buf_text(&source));
	kbi_judge_want(j, "oldest", v->kubernetes ? v->kubernetes->containerd : "");
	kbi_judge_want(j, "unhold", kbi_package_is_held(v->now) ? v->now->name : "");
	kbi_judge_want(j, "package", "yes");
	kbi_buf_free(&url);
	kbi_buf_free(&source);
}

static const char *
version_after(const struct view *v)
{
	const char *version = kbi_map_get_or(v->args, "version", "");
	const struct kbi_package *offer = kbi_packages_find_version(&v->offered, "containerd", version);

	if (offer && !may_need_docker(v))
		return offer->version;
	return *version ? version : "the newest";
}

static kb_status
judge_package(struct view *v)
{
	struct kbi_judge *j = v->judge;

	kbi_judge_want(j, "package", "");
	if (!is_package_wanted(v)) {
		if (v->now && !kbi_package_is_held(v->now))
			kbi_judge_value(j, "package", v->now->name, "not held", "held");
		return KB_OK;
	}
	if (v->now && kbi_judge_fact_is(j, "is_node", "yes"))
		return kbi_judge_fail(j, KB_ECONFLICT, "containerd.node-version",
			"the host is a node with %s %s, and another one was asked for: that is an upgrade, which this step does not do", v->now->name,
			v->now->version);
	kbi_judge_value(j, "package", v->now ? v->now->name : "containerd", v->now ? v->now->version : NULL, version_after(v));
	want_package(v);
	return KB_OK;
}

static void
note_version(struct view *v)
{
	const char *why = kbi_map_get_or(v->judge->made, "docker_missing", "");

	if (!v->has_version || !v->kubernetes || is_package_wanted(v) || kbi_kubernetes_takes_containerd(v->kubernetes, &v->version))
		return;
	kbi_judge_note(v->judge, KB_WARNING, "containerd.too-old", "containerd %d.%d.%d is too old: Kubernetes 1.%d is tested with %s and later%s%s",
		v->version.major, v->version.minor, v->version.patch, v->kubernetes->minor, v->kubernetes->containerd,
		*why ? "; of Docker's repository: " : "", why);
}

static void
add_sandbox(struct kbi_buf *out, const struct view *v)
{
	const char *image = kbi_map_get_or(v->args, "sandbox-image", "");

	if (*image)
		kbi_buf_add(out, image);
	else if (v->kubernetes)
		kbi_buf_add_format(out, "%s/pause:%s", v->kubernetes->registry, v->kubernetes->pause);
}

static kb_status
judge_config(struct view *v)
{
	struct kbi_judge *j = v->judge;
	const struct kbi_entry *now = kbi_map_find(j->facts, "config");
	struct kbi_buf sandbox = KBI_BUF(KBI_SIZE_TEXT), merged = KBI_BUF(KBI_SIZE_TEXT);

	add_sandbox(&sandbox, v);
	const struct kbi_containerd_want want = {
		.sandbox_image = kbi_buf_text(&sandbox), .bin_dir = kbi_judge_arg(j, "bin-dir"),
		.has_mirrors = kbi_map_has(j->args, "registry-mirrors"), .is_known = v->has_version, .version = v->version,
	};
	kb_status status = kbi_containerd_merge(&want, now ? now->value : "", now ? now->size_bytes : 0, &merged, &j->err);
	bool differs = !status && kbi_judge_file(j, "config", CONFIG, kbi_buf_text(&merged), NULL);
	kbi_judge_want(j, "restart", differs ? "yes" : "");
	if (!status && !differs && kbi_judge_fact_is(j, "dump.status", "0"))
		status = kbi_containerd_check_dump(&want, j, kbi_judge_fact(j, "dump"));
	kbi_buf_free(&sandbox);
	kbi_buf_free(&merged);
	return status;
}

/* -- crictl and the service */

/* A file that names this endpoint is its owner's, with whatever else is in it. */
static void
judge_crictl(struct kbi_judge *j)
{
	const char *at = kbi_judge_fact(j, "crictl"), *end = at + strlen(at), *line;
	bool is_right = false;
	size_t bytes;

	while ((at = kbi_str_line(at, end, &line, &bytes)))
		is_right |= bytes > 17 && strncmp(line, "runtime-endpoint:", 17) == 0 && memmem(line, bytes, ENDPOINT, strlen(ENDPOINT));
	if (!is_right)
		kbi_judge_file(j, "crictl", "/etc/crictl.yaml",
			"# written by libkb\nruntime-endpoint: " ENDPOINT "\nimage-endpoint: " ENDPOINT "\n", "0644");
}

static void
judge_service(struct view *v)
{
	struct kbi_judge *j = v->judge;
	struct kbi_buf state = KBI_BUF(KBI_SIZE_TEXT);
	const char *cri = kbi_judge_fact(j, "cri");

	kbi_buf_add_format(&state, "%s, %s", kbi_judge_fact(j, "enabled"), kbi_judge_fact(j, "active"));
	kbi_judge_value(j, "unit", "containerd.service", v->is_there ? kbi_buf_text(&state) : NULL, "enabled, active");
	if (kbi_judge_fact_is(j, "stale", "yes"))
		kbi_judge_value(j, "unit", "containerd.service", "started before its configuration was written", "restarted");
	if (kbi_judge_fact_is(j, "active", "active") && kbi_judge_value(j, "value", "containerd's CRI plugin", *cri ? cri : "no answer", "ok"))
		kbi_judge_want(j, "restart", "yes");
	kbi_buf_free(&state);
}

static void
output_version(struct view *v)
{
	struct kbi_buf version = KBI_BUF(64);

	if (v->has_version)
		kbi_version_print(&version, &v->version);
	kbi_judge_output(v->judge, "version", kbi_buf_text(&version));
	kbi_judge_output(v->judge, "endpoint", ENDPOINT);
	kbi_buf_free(&version);
}

static kb_status
judge(struct kbi_judge *j)
{
	struct view v;
	kb_status status = look(&v, j->args, j->facts, &j->err);

	v.judge = j;
	if (!status)
		status = judge_package(&v);
	if (!status)
		status = judge_config(&v);
	if (!status) {
		kbi_containerd_judge_mirrors(j);
		judge_crictl(j);
		judge_service(&v);
		note_version(&v);
		output_version(&v);
	}
	forget(&v);
	return status;
}

const struct kbi_step_def kbi_step_containerd_install = {
	.name = "containerd.install",
	.summary = "containerd runs, is held at its version, and answers as Kubernetes' container runtime",
	.params = params,
	.outputs = outputs,
	.script = kbi_script_containerd_install,
	.library = kbi_script_apt,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 1800000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};

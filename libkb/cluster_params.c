/* SPDX-License-Identifier: Apache-2.0 */
/* Which parameter of which step comes from which field of a description. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cluster_build.h"
#include "spec_field.h"
#include "text/version.h"

/* What is no field but follows from them. */
typedef void word_fn(struct kbi_builder *b, kb_step *step, const char *param, size_t about);

static void
set(struct kbi_builder *b, kb_step *step, const char *param, const char *value)
{
	if (!value || b->has_failed)
		return;
	if (kb_step_param_is_secret(kb_step_name(step), param) == 1)	/* a proxy's address may hold a password */
		kbi_builder_ask(b, kb_step_set_secret(step, param, value, strlen(value)));
	else
		kbi_builder_ask(b, kb_step_set(step, param, value));
}

static void
add(struct kbi_builder *b, kb_step *step, const char *param, const char *value)
{
	if (!b->has_failed)
		kbi_builder_ask(b, kb_step_add(step, param, value));
}

static void
set_buf(struct kbi_builder *b, kb_step *step, const char *param, struct kbi_buf *buf)
{
	if (kbi_buf_failed(buf))
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	set(b, step, param, kbi_buf_text(buf));
	kbi_buf_free(buf);
}

static void
word_name(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	set(b, step, param, b->spec->hosts[about].name);
}

static void
word_address(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	set(b, step, param, b->addresses[about]);
}

static void
add_pair(struct kbi_builder *b, kb_step *step, const char *param, const char *one, const char *two)
{
	struct kbi_buf line = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&line, "%s %s", one, two);
	if (kbi_buf_failed(&line))
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	add(b, step, param, kbi_buf_text(&line));
	kbi_buf_free(&line);
}

/* ADDRESS NAME, as in /etc/hosts */
static void
word_entries(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	(void)about;
	for (size_t i = 0; i < b->spec->host_count && !b->has_failed; i++)
		add_pair(b, step, param, b->addresses[i], b->spec->hosts[i].name);
}

/* NAME ADDRESS, as a Node has them */
static void
word_nodes(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	(void)about;
	for (size_t i = 0; i < b->spec->host_count && !b->has_failed; i++)
		add_pair(b, step, param, b->spec->hosts[i].name, b->addresses[i]);
}

/* HOST:PORT, an IPv6 address in brackets */
static void
word_endpoint(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	const char *address = kbi_spec_get(b->spec, "endpoint.address");
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);

	(void)about;
	if (!address)
		address = b->addresses[b->control_plane];
	kbi_buf_add_format(&text, strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, kbi_spec_get(b->spec, "endpoint.port"));
	set_buf(b, step, param, &text);
}

/* A control plane takes pods of users when it is told to, or when there is nobody else. */
static void
word_schedulable(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	const char *said = kbi_spec_host_get(b->spec, &b->spec->hosts[about], "schedulable");

	if (kbi_spec_is_control_plane(b->spec, &b->spec->hosts[about]))
		set(b, step, param, said ? said : b->spec->host_count == 1 ? "yes" : "no");
}

static void
word_calico(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	(void)about;
	set(b, step, param, kbi_spec_calico(b->spec));
}

/* The description's own, or the one of this version in its image repository; else the step knows. */
static void
word_sandbox(struct kbi_builder *b, kb_step *step, const char *param, size_t about)
{
	const char *said = kbi_spec_host_get(b->spec, &b->spec->hosts[about], "containerd.sandbox_image");
	const char *repository = kbi_spec_get(b->spec, "kubernetes.image_repository");
	struct kbi_buf image = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_version version;

	if (said || !repository) {
		set(b, step, param, said);
		return;
	}
	if (kbi_version_parse(&version, kbi_spec_get(b->spec, "kubernetes.version"), NULL))
		return;
	kbi_buf_add_format(&image, "%s/pause:%s", repository, kbi_kubernetes(&version)->pause);
	set_buf(b, step, param, &image);
}

struct word {
	const char *word;
	word_fn *set;
	bool is_of_host;	/* says something else of each */
};

static const struct word words[] = {
	{"@name", word_name, true}, {"@address", word_address, true}, {"@schedulable", word_schedulable, true}, {"@sandbox", word_sandbox, true},
	{"@nodes", word_nodes, false}, {"@entries", word_entries, false}, {"@endpoint", word_endpoint, false}, {"@calico", word_calico, false},
};

/* from: a field, a word of the table above, or =VALUE */
static const struct {
	const char *step, *param, *from;
} sources[] = {
	{"host.facts", "network", "network.nodes"},
	{"host.facts", "address", "@address"},
	{"host.facts", "pods", "network.pods"},
	{"host.facts", "services", "network.services"},
	{"host.facts", "node-name", "@name"},
	{"host.facts", "kubernetes-version", "kubernetes.version"},
	{"hosts.entries", "entries", "@entries"},
	{"containerd.install", "kubernetes-version", "kubernetes.version"},
	{"containerd.install", "source", "containerd.source"},
	{"containerd.install", "version", "containerd.version"},
	{"containerd.install", "sandbox-image", "@sandbox"},
	{"containerd.install", "registry-mirrors", "containerd.mirrors"},
	{"containerd.install", "download-ca", "download.ca"},
	{"containerd.install", "proxy", "download.proxy"},
	{"apt.repo", "kubernetes-version", "kubernetes.version"},
	{"apt.repo", "flavour", "kubernetes.repository.flavour"},
	{"apt.repo", "url", "kubernetes.repository.url"},
	{"apt.repo", "suite", "kubernetes.repository.suite"},
	{"apt.repo", "components", "kubernetes.repository.components"},
	{"apt.repo", "key-url", "kubernetes.repository.key"},
	{"apt.repo", "key-fingerprint", "kubernetes.repository.fingerprint"},
	{"apt.repo", "download-ca", "download.ca"},
	{"apt.repo", "proxy", "download.proxy"},
	{"packages.install", "kubernetes-version", "kubernetes.version"},
	{"kubeadm.images", "kubernetes-version", "kubernetes.version"},
	{"kubeadm.images", "image-repository", "kubernetes.image_repository"},
	{"kubeadm.init", "apiserver-advertise-address", "@address"},
	{"kubeadm.init", "apiserver-bind-port", "endpoint.port"},
	{"kubeadm.init", "apiserver-cert-extra-sans", "endpoint.sans"},
	{"kubeadm.init", "control-plane-endpoint", "@endpoint"},
	{"kubeadm.init", "config", "kubeadm"},
	{"kubeadm.init", "image-repository", "kubernetes.image_repository"},
	{"kubeadm.init", "kubernetes-version", "kubernetes.version"},
	{"kubeadm.init", "node-ip", "@address"},
	{"kubeadm.init", "node-name", "@name"},
	{"kubeadm.init", "pod-network-cidr", "network.pods"},
	{"kubeadm.init", "schedulable", "@schedulable"},
	{"kubeadm.init", "service-cidr", "network.services"},
	{"kubeadm.init", "service-dns-domain", "network.dns_domain"},
	{"calico.install", "version", "@calico"},
	{"calico.install", "pod-cidr", "network.pods"},
	{"calico.install", "block-size", "cni.block_size"},
	{"calico.install", "encapsulation", "cni.encapsulation"},
	{"calico.install", "image-registry", "cni.image_registry"},
	{"calico.install", "url", "cni.url"},
	{"calico.install", "sha256", "cni.sha256"},
	{"calico.install", "download-ca", "download.ca"},
	{"calico.install", "proxy", "download.proxy"},
	{"calicoctl.install", "version", "@calico"},
	{"calicoctl.install", "url", "cni.calicoctl.url"},
	{"calicoctl.install", "sha256", "cni.calicoctl.sha256"},
	{"calicoctl.install", "download-ca", "download.ca"},
	{"calicoctl.install", "proxy", "download.proxy"},
	{"kubeconfig.install", "user", "kubeconfig.users"},
	{"token.create", "ttl", "token.ttl"},
	{"token.create", "usages", "=authentication"},	/* joins know the authority */
	{"apiserver.reachable", "endpoint", "@endpoint"},
	{"kubeadm.join", "config", "kubeadm"},
	{"kubeadm.join", "kubernetes-version", "kubernetes.version"},
	{"kubeadm.join", "node-ip", "@address"},
	{"kubeadm.join", "node-name", "@name"},
	{"node.configure", "node-name", "@name"},
	{"node.configure", "labels", "labels"},
	{"node.configure", "taints", "taints"},
	{"node.configure", "schedulable", "@schedulable"},
	{"node.ready", "nodes", "@nodes"},
	{"node.drain", "node-name", "@name"},
	{"node.drain", "skip-unreachable", "=yes"},	/* a broken cluster must be taken down, too */
	{"node.delete", "node-name", "@name"},
	{"node.delete", "skip-unreachable", "=yes"},
	{"calico.remove", "skip-unreachable", "=yes"},
	{"net.clean", "pod-network-cidr", "network.pods"},
	{"net.clean", "endpoint", "@endpoint"},
	{"net.clean", "user", "kubeconfig.users"},
};

/* A file of the description's folder, absolute, since a step may be read in another folder than it was made in; what has a scheme is none. */
static void
set_path(struct kbi_builder *b, kb_step *step, const char *param, const char *value)
{
	char *path = strstr(value, "://") ? strdup(value) : kbi_spec_path(b->spec, value);
	char *whole = path && !strstr(value, "://") ? kbi_file_absolute(path) : path;

	if (!whole)
		kbi_builder_fail(b, KB_EIO, NULL, "%s: the folder that it starts from can't be found", value);
	set(b, step, param, whole);
	if (whole != path)
		free(whole);
	free(path);
}

static void
set_field(struct kbi_builder *b, kb_step *step, const char *param, const char *path, size_t about)
{
	const struct kbi_spec_host *host = &b->spec->hosts[about];
	const struct kbi_field *of_host = kbi_field_find_host(path), *field = of_host ? of_host : kbi_field_find(path);

	if (field->flags & (KBI_FIELD_LIST | KBI_FIELD_MAP)) {
		for (const struct kbi_entry *e = NULL; (e = kbi_spec_next(b->spec, of_host ? host : NULL, path, e));)
			add(b, step, param, e->value);
		return;
	}
	const char *value = of_host ? kbi_spec_host_get(b->spec, host, path) : kbi_spec_get(b->spec, path);
	if (value && field->type == KBI_FIELD_PATH)
		set_path(b, step, param, value);
	else
		set(b, step, param, value);
}

static const struct word *
find_word(const char *from)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (kbi_str_is(words[i].word, from))
			return &words[i];
	return NULL;
}

bool
kbi_builder_is_for_all(const char *step)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		const struct word *word = find_word(sources[i].from);
		bool is_of_host = word ? word->is_of_host : kbi_field_find_host(sources[i].from) != NULL;
		if (is_of_host && kbi_str_is(sources[i].step, step))
			return false;
	}
	return true;
}

/* steps: {STEP: {PARAMETER: ...}} of the description replaces what was found so far. */
static void
set_asked(struct kbi_builder *b, kb_step *step)
{
	const struct kbi_map *asked = &b->spec->steps;
	size_t name_bytes = strlen(kb_step_name(step));

	for (size_t i = 0; i < asked->count && !b->has_failed; i++) {
		const struct kbi_entry *entry = &asked->entries[i];
		if (!kbi_str_starts(entry->name, kb_step_name(step)) || entry->name[name_bytes] != ' ')
			continue;
		const char *param = entry->name + name_bytes + 1;
		if (kbi_map_find(asked, entry->name) == entry)	/* the first value of this one */
			kbi_builder_ask(b, kb_step_set(step, param, NULL));
		if (kb_step_param_is_list(kb_step_name(step), param) == 1)
			add(b, step, param, entry->value);
		else
			set(b, step, param, entry->value);
	}
}

void
kbi_builder_params(struct kbi_builder *b, kb_step *step, size_t about)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources) && !b->has_failed; i++) {
		if (!kbi_str_is(sources[i].step, kb_step_name(step)))
			continue;
		const char *from = sources[i].from;
		const struct word *word = find_word(from);
		if (word)
			word->set(b, step, sources[i].param, about);
		else if (*from == '=')
			set(b, step, sources[i].param, from + 1);
		else
			set_field(b, step, sources[i].param, from, about);
	}
	set_asked(b, step);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_field.h"

#include <string.h>

#include <kb/cluster.h>

#include "base/nearest.h"
#include "base/str.h"

#define HOST_PREFIX KBI_FIELD_HOST_PREFIX

#define DEFAULT(value, doc) value, doc " Default: " value "."
#define NO_DEFAULT(doc) NULL, doc

static const struct kbi_field fields[] = {
	{"kubernetes.version", KBI_FIELD_VERSION, 0, NULL,
		NO_DEFAULT("The version of Kubernetes, all three numbers: 1.34.4. It must be given.")},
	{"kubernetes.repository.flavour", KBI_FIELD_CHOICE, 0, "community|legacy|custom",
		NO_DEFAULT("Where the packages come from: community is pkgs.k8s.io or a mirror of it (1.24 and later), legacy is the suite "
			"kubernetes-xenial of apt.kubernetes.io, of which only mirrors are left, custom is any other. The short form is "
			"`repository: community`. Default: community from 1.24 on, legacy before.")},
	{"kubernetes.repository.url", KBI_FIELD_URL, 0, NULL,
		NO_DEFAULT("The repository's address. Default: https://pkgs.k8s.io of this version for community; it must be given for the others.")},
	{"kubernetes.repository.key", KBI_FIELD_PATH, 0, NULL,
		NO_DEFAULT("The key that signs it: an https:// address that the controller fetches, or a file. Default: the one of the flavour.")},
	{"kubernetes.repository.fingerprint", KBI_FIELD_FINGERPRINT, KBI_FIELD_LIST, NULL,
		NO_DEFAULT("The fingerprints that its keys may have, 40 hex digits each. Default: the known ones of the flavour.")},
	{"kubernetes.repository.suite", KBI_FIELD_TEXT, 0, NULL,
		NO_DEFAULT("The suite, for custom only. Default: none (`/`, a flat repository).")},
	{"kubernetes.repository.components", KBI_FIELD_TEXT, KBI_FIELD_LIST, NULL,
		NO_DEFAULT("The components of the suite, for custom only. Default: none.")},
	{"kubernetes.image_repository", KBI_FIELD_TEXT, 0, NULL,
		NO_DEFAULT("Where the images of the control plane come from. Default: kubeadm's own, registry.k8s.io.")},
	{"endpoint.address", KBI_FIELD_ADDRESS, 0, NULL,
		NO_DEFAULT("The name or address by which every node and kubectl reach the API server. Default: the address of the control plane.")},
	{"endpoint.port", KBI_FIELD_NUMBER, 0, "1 to 65535", DEFAULT("6443", "Its port.")},
	{"endpoint.sans", KBI_FIELD_ADDRESS, KBI_FIELD_LIST, NULL,
		NO_DEFAULT("More names and addresses for the API server's certificate. Default: none.")},
	{"network.nodes", KBI_FIELD_NETWORK, 0, NULL,
		NO_DEFAULT("The network by which the nodes reach each other. Addresses outside of it (a NAT card's) are never used for the cluster. "
			"It must be given.")},
	{"network.pods", KBI_FIELD_NETWORK, 0, NULL,
		NO_DEFAULT("The network of the pods, /24 or larger, apart from all others. It must be given.")},
	{"network.services", KBI_FIELD_NETWORK, 0, NULL, DEFAULT("10.96.0.0/12", "The network of the services.")},
	{"network.dns_domain", KBI_FIELD_NAME, 0, NULL, DEFAULT("cluster.local", "The domain of the services' names.")},
	{"cni.calico", KBI_FIELD_CALICO, 0, NULL,
		NO_DEFAULT("The version of Calico, or none: then the nodes are not Ready before you install a network of your own. The short form is "
			"`cni: none`. Default: " KBI_SPEC_CALICO " from Kubernetes 1.34 on; before that it must be given.")},
	{"cni.url", KBI_FIELD_URL, 0, NULL,
		NO_DEFAULT("Where Calico's manifests are, as URL/VERSION/manifests/FILE. Default: Calico's own repository.")},
	{"cni.sha256", KBI_FIELD_SHA256, KBI_FIELD_MAP, NULL,
		NO_DEFAULT("The sums of Calico's manifests by file name, for a version whose sums the library does not know. Default: the known ones.")},
	{"cni.image_registry", KBI_FIELD_TEXT, 0, NULL, NO_DEFAULT("Where Calico's images come from. Default: the operator's own.")},
	{"cni.block_size", KBI_FIELD_NUMBER, 0, "20 to 32", DEFAULT("26", "The prefix length of a node's blocks of pod addresses.")},
	{"cni.encapsulation", KBI_FIELD_CHOICE, 0, "VXLANCrossSubnet|VXLAN|IPIPCrossSubnet|IPIP|None",
		NO_DEFAULT("How pods of different nodes reach each other. Default: what the manifest says, VXLANCrossSubnet.")},
	{"cni.calicoctl.install", KBI_FIELD_YES_NO, 0, NULL,
		NO_DEFAULT("Whether calicoctl is put on the control plane. The short form is `calicoctl: no`. Default: yes when its sum is known or given.")},
	{"cni.calicoctl.url", KBI_FIELD_URL, 0, NULL, NO_DEFAULT("Where calicoctl is, with {version} and {arch} in it, or its folder. Default: Calico's releases.")},
	{"cni.calicoctl.sha256", KBI_FIELD_SHA256, 0, NULL, NO_DEFAULT("Its sum. Default: the known one of the version.")},
	{"containerd.source", KBI_FIELD_CHOICE, KBI_FIELD_OF_HOST, "auto|distribution|docker",
		DEFAULT("auto", "Where containerd comes from: the distribution, Docker's repository, or auto: the distribution if its version will do.")},
	{"containerd.version", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL, NO_DEFAULT("Its version. Default: the newest of the source.")},
	{"containerd.sandbox_image", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("The image that holds a pod's namespaces. Default: the one that kubeadm names for this version.")},
	{"containerd.mirrors", KBI_FIELD_URL, KBI_FIELD_MAP | KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("Mirrors of image registries: `registry.k8s.io: https://mirror.example`, or a list of them. Default: none.")},
	{"download.ca", KBI_FIELD_PATH, 0, NULL,
		NO_DEFAULT("A PEM file with the authorities that the controller trusts for its downloads. Default: the system's.")},
	{"download.proxy", KBI_FIELD_URL, 0, NULL, NO_DEFAULT("The proxy of the controller's downloads. Default: none; the environment is not read.")},
	{"ssh.user", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL, DEFAULT("root", "Who logs in.")},
	{"ssh.address", KBI_FIELD_ADDRESS, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("Where to connect, when it is not the host's address in the node network. Default: the host's address.")},
	{"ssh.port", KBI_FIELD_NUMBER, KBI_FIELD_OF_HOST, "1 to 65535", DEFAULT("22", "The port of sshd.")},
	{"ssh.identity", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("The private key file; with an agent also a public key file, or SHA256:... of one of its keys. Default: ~/.ssh/id_ed25519, id_ecdsa or id_rsa.")},
	{"ssh.agent", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL,
		DEFAULT("no", "Whether an SSH agent is asked for the identity: no, yes (the one of SSH_AUTH_SOCK), or the path of its socket.")},
	{"ssh.jump", KBI_FIELD_JUMP, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("The jump hosts on the way, as ssh's ProxyJump: [user@]host[:port], several parted by commas, the nearest first; or none. "
			"Default: none.")},
	{"ssh.ask", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("What may be asked for while it runs, when it is missing: passphrase, password, host_key, sudo_password, with commas between them. Default: nothing.")},
	{"ssh.known_hosts", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		DEFAULT("~/.ssh/known_hosts", "The host keys that are trusted; several files are parted by colons, and a new key goes to the first.")},
	{"ssh.ssh_config", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("OpenSSH's ssh_config, which says what is not said here: yes is ~/.ssh/config, or a file. Default: none is read.")},
	{"ssh.host_key", KBI_FIELD_TEXT, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("The only host key that is trusted, as ssh-keygen -l prints it (SHA256:...). Default: known_hosts is asked.")},
	{"ssh.accept_new", KBI_FIELD_YES_NO, KBI_FIELD_OF_HOST, NULL,
		DEFAULT("no", "Whether a host that known_hosts does not name is trusted and its key written there. A changed key is refused all the same.")},
	{"ssh.become", KBI_FIELD_CHOICE, KBI_FIELD_OF_HOST, "auto|sudo|none", DEFAULT("auto", "How to become root; auto is sudo unless root logs in.")},
	{"ssh.connect_timeout_ms", KBI_FIELD_NUMBER, KBI_FIELD_OF_HOST, "1 to 3600000",
		DEFAULT("30000", "How long connecting, logging in and becoming root may take together, in milliseconds.")},
	{"ssh.password_file", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("A file whose first line is the login's password; nobody but its owner may read it. Default: none.")},
	{"ssh.sudo_password_file", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("A file whose first line is the password for sudo; nobody but its owner may read it. Default: none.")},
	{"ssh.passphrase_file", KBI_FIELD_PATH, KBI_FIELD_OF_HOST, NULL,
		NO_DEFAULT("A file whose first line is the private key's passphrase; nobody but its owner may read it. Default: none.")},
	{"record", KBI_FIELD_PATH, 0, NULL,
		NO_DEFAULT("A folder that gets a file NAME.rec a host with what it was asked and answered, without secrets. Default: none.")},
	{"replay", KBI_FIELD_PATH, 0, NULL,
		NO_DEFAULT("A folder of such files: they answer, and no host is touched. Default: none.")},
	{HOST_PREFIX "name", KBI_FIELD_NAME, KBI_FIELD_ONLY_HOST, NULL, NO_DEFAULT("The Node's name. It must be given.")},
	{HOST_PREFIX "address", KBI_FIELD_ADDRESS, KBI_FIELD_ONLY_HOST, NULL,
		NO_DEFAULT("Its address in the node network; or local for the machine that the program runs on. It must be given.")},
	{HOST_PREFIX "node_ip", KBI_FIELD_IP, KBI_FIELD_ONLY_HOST, NULL,
		NO_DEFAULT("Its address in the node network, when address is a name or local. Default: the address; for local the one that the machine has "
			"in the node network.")},
	{HOST_PREFIX "role", KBI_FIELD_CHOICE, KBI_FIELD_ONLY_HOST, "control-plane|worker", DEFAULT("worker", "control-plane or worker.")},
	{HOST_PREFIX "schedulable", KBI_FIELD_YES_NO, KBI_FIELD_ONLY_HOST, NULL,
		NO_DEFAULT("Whether a control plane takes pods of users. Default: no, but yes when it is the only host.")},
	{HOST_PREFIX "labels", KBI_FIELD_TEXT, KBI_FIELD_ONLY_HOST | KBI_FIELD_MAP, NULL, NO_DEFAULT("Labels of the Node. Default: none.")},
	{HOST_PREFIX "taints", KBI_FIELD_TAINT, KBI_FIELD_ONLY_HOST | KBI_FIELD_LIST, NULL,
		NO_DEFAULT("Taints of the Node, key=value:Effect each. Default: none but the control plane's own.")},
	{"kubeadm", KBI_FIELD_DOCUMENTS, 0, NULL,
		NO_DEFAULT("kubeadm documents of your own, a list of maps that have a kind; they are merged by kind into what is written. Default: none.")},
	{"kubeconfig.users", KBI_FIELD_TEXT, KBI_FIELD_LIST, NULL,
		NO_DEFAULT("Users of the control plane who get ~/.kube/config, beside root. Default: none.")},
	{"token.ttl", KBI_FIELD_DURATION, 0, NULL, DEFAULT("30m", "How long the token for joining lives if the run ends before it deletes it.")},
	{"join.at_once", KBI_FIELD_NUMBER, 0, "1 to 1000", DEFAULT("5", "How many workers join at the same time.")},
	{"reset.calico", KBI_FIELD_YES_NO, 0, NULL,
		DEFAULT("no", "Whether a reset first removes Calico by its operator; the nodes are cleaned of it in any case.")},
	{"steps", KBI_FIELD_STEPS, 0, NULL,
		NO_DEFAULT("Parameters of single steps, over everything above: `steps: {kubeadm.init: {ignore-preflight-errors: [NumCPU]}}`; by call it is "
			"the field steps.kubeadm.init.ignore-preflight-errors. Default: none.")},
};

/* Sections that may be written as one value. */
static const struct {
	const char *path, *means;
} short_forms[] = {
	{"kubernetes.repository", "kubernetes.repository.flavour"},
	{"cni", "cni.calico"},
	{"cni.calicoctl", "cni.calicoctl.install"},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(*fields))

const struct kbi_field *
kbi_field_at(size_t index)
{
	return index < FIELD_COUNT ? &fields[index] : NULL;
}

static bool
is_host_field(const struct kbi_field *field)
{
	return field->flags & (KBI_FIELD_OF_HOST | KBI_FIELD_ONLY_HOST);
}

/* How a host calls it: "role" is hosts[].role. */
static const char *
host_path(const struct kbi_field *field)
{
	return field->flags & KBI_FIELD_ONLY_HOST ? field->path + strlen(HOST_PREFIX) : field->path;
}

static const char *
long_form(const char *path)
{
	for (size_t i = 0; i < sizeof(short_forms) / sizeof(*short_forms); i++)
		if (kbi_str_is(short_forms[i].path, path))
			return short_forms[i].means;
	return path;
}

const struct kbi_field *
kbi_field_find(const char *path)
{
	const char *wanted = long_form(path);

	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (kbi_str_is(fields[i].path, wanted))
			return &fields[i];
	return NULL;
}

const struct kbi_field *
kbi_field_find_host(const char *path)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (is_host_field(&fields[i]) && kbi_str_is(host_path(&fields[i]), path))
			return &fields[i];
	return NULL;
}

static bool
is_of(const struct kbi_field *field, bool of_host)
{
	return of_host ? is_host_field(field) : !(field->flags & KBI_FIELD_ONLY_HOST);
}

static bool
is_below(const char *path, const char *section)
{
	return kbi_str_starts(path, section) && path[strlen(section)] == '.';
}

bool
kbi_field_is_section(const char *path, bool of_host)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (is_of(&fields[i], of_host) && is_below(of_host ? host_path(&fields[i]) : fields[i].path, path))
			return true;
	return false;
}

/* The word of a path that follows its parent: of ssh.port below "" it is "ssh". Returns its length, 0 when it is not below. */
static size_t
word_below(const char *path, const char *parent, const char **word)
{
	size_t skip = strlen(parent);

	if (skip && !is_below(path, parent))
		return 0;
	*word = path + (skip ? skip + 1 : 0);
	return strcspn(*word, ".");
}

kb_status
kbi_field_fail_unknown(const char *where, const char *parent, const char *key, bool of_host, struct kb_err *err)
{
	struct kbi_nearest nearest = kbi_nearest(key);
	char words[FIELD_COUNT][KBI_FIELD_WORD_MAX];
	const char *word;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (!is_of(&fields[i], of_host))
			continue;
		size_t bytes = word_below(of_host ? host_path(&fields[i]) : fields[i].path, parent, &word);
		if (!bytes || bytes >= KBI_FIELD_WORD_MAX)
			continue;
		memcpy(words[i], word, bytes);
		words[i][bytes] = '\0';
		kbi_nearest_try(&nearest, words[i]);
	}
	if (!*parent && !of_host)
		kbi_nearest_try(&nearest, "hosts");
	const char *dot = *parent ? "." : "";
	if (nearest.best)
		kbi_fail(err, KB_EINVAL, "%sno such key: %s%s%.200s; the nearest is %s%s%s", where, parent, dot, key, parent, dot, nearest.best);
	else
		kbi_fail(err, KB_EINVAL, "%sno such key: %s%s%.200s", where, parent, dot, key);
	kbi_err_id(err, "cluster.unknown-key");
	return KB_EINVAL;
}

const char *
kb_cluster_key(size_t index)
{
	return index < FIELD_COUNT ? fields[index].path : NULL;
}

const char *
kb_cluster_key_doc(const char *key)
{
	const struct kbi_field *field = kbi_field_find(key);

	return field ? field->doc : NULL;
}

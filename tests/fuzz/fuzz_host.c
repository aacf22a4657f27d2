/* SPDX-License-Identifier: Apache-2.0 */
/* What a host's tools print: addresses and routes (ip), packages (dpkg-query, apt-cache madison), kubeadm's documents as they lie there.
 * Three texts with lines "%%" between them. */
#include "fuzz.h"

#include "base/str.h"
#include "steps/host_net.h"
#include "steps/kubeadm_documents.h"
#include "steps/packages.h"
#include "steps/words.h"

static void
check_net(const char *addresses, const char *routes, const char *routes6)
{
	struct kbi_net net = {0};

	if (kbi_net_read(&net, addresses, routes, routes6, NULL) != KB_OK)
		return;
	for (size_t i = 0; i < net.address_count; i++) {
		FUZZ_CHECK(kbi_ip_in(&net.addresses[i].ip, &net.addresses[i].network));
		FUZZ_CHECK(net.addresses[i].text && net.addresses[i].interface);
		kbi_net_is_of_pods(net.addresses[i].interface);
	}
	for (size_t i = 0; i < net.route_count; i++)
		FUZZ_CHECK(net.routes[i].text && net.routes[i].interface);
	const struct kbi_net_address *address = kbi_net_default_address(&net);
	FUZZ_CHECK(!address || (address >= net.addresses && address < net.addresses + net.address_count));
	kbi_net_free(&net);
}

static void
check_packages(const char *text)
{
	struct kbi_packages packages = {0};

	if (kbi_packages_read(&packages, text, NULL) != KB_OK)
		return;
	for (size_t i = 0; i < packages.count; i++) {
		const struct kbi_package *package = &packages.items[i];
		FUZZ_CHECK(package->name && package->version && package->status);
		FUZZ_CHECK(kbi_str_is(kbi_packages_find(&packages, package->name)->name, package->name));
		FUZZ_CHECK(kbi_package_version_is(package->version, package->version) || !*package->version);
		kbi_package_is_installed(package);
		kbi_package_is_held(package);
		if (i > 200)
			break;		/* each question walks the list */
	}
	kbi_packages_free(&packages);
}

static void
check_documents(const char *text)
{
	struct kbi_buf value = KBI_BUF(KBI_SIZE_LARGE);

	kbi_documents_value(text, "ClusterConfiguration", "networking.podSubnet", &value);
	kbi_documents_kubelet_arg(text, "InitConfiguration", "node-ip", &value);
	kbi_buf_free(&value);
}

void
fuzz(const char *data, size_t size_bytes)
{
	char *first = fuzz_take(&data, &size_bytes, NULL), *second = fuzz_take(&data, &size_bytes, NULL);
	char *third = fuzz_take(&data, &size_bytes, NULL), *rest = first, *line, *words[8];

	check_net(first, second, third);
	check_packages(first);
	check_documents(first);
	kbi_networks_are(first, second);
	FUZZ_CHECK(kbi_networks_are(first, second) == kbi_networks_are(second, first));
	while ((line = kbi_line_take(&rest))) {
		size_t count = kbi_line_words(line, words, 8);
		FUZZ_CHECK(count <= 8);
		for (size_t i = 0; i < count; i++)
			FUZZ_CHECK(*words[i] && !strpbrk(words[i], " \t\n") && kbi_word_is_among(words, count, words[i]));
	}
	free(first);
	free(second);
	free(third);
}

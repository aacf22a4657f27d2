// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"runtime"
	"strings"
	"sync"

	"example.org/libkb/internal/ckb"
)

// Functions on text are pure, and need a context of libkb only for their errors. Those that nobody uses are collected.
var scratch sync.Pool

func pure[T any](call func(ckb.Ctx) ckb.Outcome[T]) (value T, err error) {
	c, _ := scratch.Get().(*Context)
	if c == nil {
		if c, err = New(); err != nil {
			return value, err
		}
	}
	defer scratch.Put(c)
	defer runtime.KeepAlive(c)
	return ask(c.core, func() ckb.Outcome[T] { return call(c.core.raw) })
}

// text is bytes that are one.
func text[S ~string](data []byte, err error) (S, error) { return S(data), err }

func check(call func(ckb.Ctx) error) error {
	_, err := pure(func(raw ckb.Ctx) ckb.Outcome[struct{}] { return ckb.Only(call(raw)) })
	return err
}

func yes(n int64, err error) (bool, error) { return n == 1, err }

// CIDRCheck says whether this is a network, such as 172.16.0.0/16 or fd00:10::/48. Strictly: no short forms, no octal numbers, no zone, and no bits set
// behind the prefix. The error's Fix is the network that was meant.
func CIDRCheck(cidr string) error {
	return check(func(raw ckb.Ctx) error { return ckb.CidrCheck(raw, cidr) })
}

// CIDRContains says whether a network holds an address, or a whole network. IPv4 and IPv6 never hold each other.
func CIDRContains(cidr, address string) (bool, error) {
	return yes(pure(func(raw ckb.Ctx) ckb.Outcome[int64] { return ckb.CidrContains(raw, cidr, address) }))
}

// CIDROverlaps says whether two networks share an address. Pods, services and nodes need three that do not.
func CIDROverlaps(a, b string) (bool, error) {
	return yes(pure(func(raw ckb.Ctx) ckb.Outcome[int64] { return ckb.CidrOverlaps(raw, a, b) }))
}

// CIDRBlockCount is how many blocks a pool has. Calico gives each node blocks of its own: with fewer blocks than nodes some nodes borrow single
// addresses. The block size is a prefix length, such as 26.
func CIDRBlockCount(cidr string, blockSize int) (int64, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[int64] { return ckb.CidrBlockCount(raw, cidr, blockSize) })
}

// CIDRSuggest is a private IPv4 network (RFC 1918) that is free of others: the first that fits in 172.16.0.0/12, then 10.0.0.0/8, then
// 192.168.0.0/16. Taken are networks and addresses in use; IPv6 is ignored.
func CIDRSuggest(prefixLength int, taken ...string) (string, error) {
	all := strings.Join(taken, "\n")
	return text[string](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CidrSuggest(raw, prefixLength, &all) }))
}

// CalicoPodCIDR is the pod network in one of Calico's manifests (custom-resources.yaml or calico.yaml); "" when the manifest leaves it to Calico.
func CalicoPodCIDR(manifest []byte) (string, error) {
	return text[string](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CalicoPodCidr(raw, manifest) }))
}

// CalicoSetPodCIDR writes the pod network into one of Calico's manifests. Only the bytes of the value change: comments, quotes, order and line endings
// stay.
func CalicoSetPodCIDR(manifest []byte, cidr string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CalicoSetPodCidr(raw, manifest, cidr) })
}

// CalicoSetBlockSize writes the pool's block size: 20 to 32 for IPv4, 116 to 128 for IPv6, and not larger than the pool.
func CalicoSetBlockSize(manifest []byte, blockSize int) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CalicoSetBlockSize(raw, manifest, blockSize) })
}

// CalicoSetEncapsulation writes how packets between hosts are wrapped: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None.
func CalicoSetEncapsulation(manifest []byte, encapsulation string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CalicoSetEncapsulation(raw, manifest, encapsulation) })
}

// KubeadmConfig is kubeadm's configuration from kubeadm's own flag names: InitConfiguration, ClusterConfiguration and KubeletConfiguration;
// JoinConfiguration; or ResetConfiguration. The kind is "init", "join" or "reset", the options one YAML or JSON mapping. The same options always give the
// same bytes. They may hold a token: keep them as one.
func KubeadmConfig(kind, options string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.KubeadmConfig(raw, kind, options) })
}

// KubeadmMerge merges the caller's own documents into a kubeadm configuration, by kind and API group: mappings member by member, lists and scalars
// replace.
func KubeadmMerge(config []byte, documents string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.KubeadmMerge(raw, config, documents) })
}

// TokenMake makes a bootstrap token from the kernel's random numbers, each letter as likely as any other.
func TokenMake() (Secret, error) { return text[Secret](pure(ckb.TokenMake)) }

// TokenCheck says whether a bootstrap token has its form. No error repeats it.
func TokenCheck(token Secret) error {
	return check(func(raw ckb.Ctx) error { return ckb.TokenCheck(raw, string(token)) })
}

// CAHash is the pin of a cluster's certificate authority: "sha256:" and SHA-256 of the DER form of its public key, as kubeadm join takes it by
// --discovery-token-ca-cert-hash. Of several certificates in PEM the first one counts.
func CAHash(pem []byte) (string, error) {
	return text[string](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.CaHash(raw, pem) }))
}

// JoinParse reads "kubeadm join ..." as people copy it from a terminal. It gives a JSON object with kubeadm's names: "endpoint", "token",
// "discovery-token-ca-cert-hash" (a list) and others; it is good for the options of KubeadmConfig, and holds a secret.
func JoinParse(command string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.JoinParse(raw, command) })
}

// JoinPrint writes a join command on one line. Several CA hashes are parted by white space; a certificate key is for a further control plane, "" for a
// worker.
func JoinPrint(endpoint string, token Secret, caCertHash string, certificateKey Secret) (Secret, error) {
	return text[Secret](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] {
		return ckb.JoinPrint(raw, endpoint, string(token), caCertHash, orNil(string(certificateKey)))
	}))
}

// FstabSwapOff turns swap off in /etc/fstab: its lines are commented with the mark "#kb# ". Every other byte stays.
func FstabSwapOff(fstab []byte) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.FstabSwapOff(raw, fstab) })
}

// FstabSwapOn takes the mark of FstabSwapOff away again; other comments stay.
func FstabSwapOn(fstab []byte) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.FstabSwapOn(raw, fstab) })
}

// HostsBlock names hosts in /etc/hosts: the entries, lines of "ADDRESS NAME...", stand in a block of their own between two marks. "" takes the block
// away.
func HostsBlock(hosts []byte, entries string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.HostsBlock(raw, hosts, entries) })
}

// AptSource is the line of an apt source for Kubernetes' packages. The flavour is "legacy", "community" or "custom"; the URL may be "", for the official
// one; the version, X.Y or X.Y.Z, may be "" where it does not matter; the keyring is an absolute path on the host.
func AptSource(flavour, url, version, keyring string) (string, error) {
	return text[string](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] {
		return ckb.AptSource(raw, flavour, orNil(url), orNil(version), keyring)
	}))
}

// AptFlavour is which layout official packages of a version have: "legacy" before 1.24, else "community".
func AptFlavour(version string) (string, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[string] { return ckb.AptFlavour(raw, version) })
}

// TOMLSet sets one key in a TOML document. Only the bytes of its value change; a key or table that is not there is added. The table's name is as TOML
// writes it, "" is the root; the value is raw TOML.
func TOMLSet(document []byte, table, key, value string) ([]byte, error) {
	return pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.TomlSet(raw, document, table, key, value) })
}

// Diff is the difference of two texts as diff -u prints it, with three lines of context and the names a/NAME and b/NAME; "" when they are equal.
func Diff(name string, before, after []byte) (string, error) {
	return text[string](pure(func(raw ckb.Ctx) ckb.Outcome[[]byte] { return ckb.Diff(raw, name, before, after) }))
}

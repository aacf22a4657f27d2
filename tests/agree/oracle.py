# SPDX-License-Identifier: Apache-2.0
"""oracle.py TABLE FOLDER RESULTS: what the table says, worked out again without libkb: networks by ipaddress, YAML by PyYAML, TOML by tomllib, differences
by diff(1), pins of certificates by openssl(1), and the small formats by what their manuals say. RESULTS has the results of the C runner in
full, for the cases of which the table has a sum. Prints how many cases each function had checked; a case that it does not judge (mostly: errors of a document that a reader need not refuse) is left to whoever wrote the table."""

from __future__ import annotations

import collections
import copy
import hashlib
import ipaddress
import json
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from table import Case, cases, decoded

TOKEN = r"[a-z0-9]{6}\.[a-z0-9]{16}"
HASH = r"sha256:[0-9a-fA-F]{64}"
MIB = 1 << 20
INVALID = "KB_EINVAL"


class Refused(Exception):
    """The case has to fail; with this code, where the oracle knows it."""


class NotJudged(Exception):
    pass


def text(arg: bytes | None) -> str:
    if arg is None:
        return ""
    if b"\0" in arg:
        raise Refused(INVALID)
    try:
        return arg.decode()
    except UnicodeDecodeError:
        raise Refused(INVALID) from None


def bounded(data: bytes | None, most: int = MIB) -> bytes:
    if len(data or b"") > most:
        raise Refused("KB_ETOOBIG")
    return data or b""


# ---- networks ----
def network(arg: bytes | None, strict: bool = True) -> Any:
    spelt = text(arg)
    if not re.fullmatch(r"[0-9a-fA-F.:]+/(0|[1-9][0-9]{0,2})", spelt) or (":" in spelt and "." in spelt):
        raise Refused(INVALID)
    try:
        return ipaddress.ip_network(spelt, strict)
    except ValueError:
        raise Refused(INVALID) from None


def address(arg: bytes | None) -> Any:
    return network((arg or b"") if b"/" in (arg or b"") else (arg or b"") + (b"/128" if b":" in (arg or b"") else b"/32"), False)


def cidr_check(cidr: bytes) -> None:
    network(cidr)


def cidr_contains(cidr: bytes, other: bytes) -> int:
    a, b = network(cidr), address(other)
    return int(a.version == b.version and b.subnet_of(a))


def cidr_overlaps(a: bytes, b: bytes) -> int:
    return int(network(a).overlaps(network(b)))


def cidr_block_count(cidr: bytes, size: bytes) -> int:
    pool, bits = network(cidr), int(size)
    if not pool.prefixlen <= bits <= pool.max_prefixlen:
        raise Refused(INVALID)
    if bits - pool.prefixlen > 62:
        raise Refused("KB_ETOOBIG")
    return 2 ** (bits - pool.prefixlen)


def cidr_suggest(length: bytes, taken: bytes | None) -> str:
    size = int(length)
    if not 8 <= size <= 30:
        raise Refused(INVALID)
    used = {address(word.encode()) for word in re.split(r"[\s,]+", text(bounded(taken))) if word}
    for private in map(ipaddress.ip_network, ("172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16")):
        if private.prefixlen <= size:
            for one in private.subnets(new_prefix=size):
                if not any(u.version == 4 and u.overlaps(one) for u in used):
                    return str(one)
    raise Refused(INVALID)


# ---- YAML ----
class Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """No key twice; every scalar as it is written."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [k.value for k, _ in node.value]
        if len(set(keys)) != len(keys):
            raise Refused(INVALID)
        return super().construct_mapping(node, deep)


Strict.yaml_implicit_resolvers = {}


def documents(data: bytes, most: int = 8 * MIB) -> list[Any]:
    bounded(data, most)
    if data.count(b"[") > 1000:
        raise Refused(INVALID)
    try:
        for event in yaml.parse(text(data), Strict):
            if getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise Refused(INVALID)
        return [d for d in yaml.load_all(text(data), Strict) if d not in (None, "")]
    except (yaml.YAMLError, RecursionError):
        raise Refused(INVALID) from None


def installation_pool(docs: list[Any]) -> dict[str, Any]:
    found = [d for d in docs if isinstance(d, dict) and d.get("kind") == "Installation"]
    try:
        pools = found[0]["spec"]["calicoNetwork"]["ipPools"]
    except (KeyError, TypeError, IndexError):
        raise Refused(INVALID) from None
    if len(found) != 1 or len(pools) != 1:
        raise Refused(INVALID)
    pool: dict[str, Any] = pools[0]
    return pool


def variables(docs: list[Any]) -> list[Any] | None:
    for d in docs:
        if isinstance(d, dict) and d.get("kind") == "DaemonSet" and d["metadata"]["name"] == "calico-node":
            env: list[Any] = next(c for c in d["spec"]["template"]["spec"]["containers"] if c["name"] == "calico-node")["env"]
            return env
    return None


def put(env: list[Any], name: str, value: str) -> None:
    for item in env:
        if item["name"] == name:
            item["value"] = value
            return
    env.append({"name": name, "value": value})


def by_name(docs: list[Any]) -> list[Any]:
    env = variables(docs)
    if env is not None:
        env.sort(key=lambda item: str(item["name"]))
    return docs


def calico_pod_cidr(manifest: bytes) -> str:
    docs = documents(manifest)
    env = variables(docs)
    if env is not None:
        return next((item["value"] for item in env if item["name"] == "CALICO_IPV4POOL_CIDR"), "")
    cidr = installation_pool(docs).get("cidr", "")
    if not isinstance(cidr, str):
        raise Refused(INVALID)
    return cidr


Edit = Callable[[dict[str, Any]], None]


def rewritten(manifest: bytes, pool_edit: Edit, env_edit: Callable[[list[Any]], None]) -> Callable[[bytes], bool]:
    """Judges a manifest by its meaning, and by how few lines of it differ."""
    docs = documents(manifest)
    env = variables(docs)
    if env is not None:
        env_edit(env)
    else:
        pool_edit(installation_pool(docs))

    def same(got: bytes) -> bool:
        changed = collections.Counter(manifest.split(b"\n"))
        changed.subtract(collections.Counter(got.split(b"\n")))
        return by_name(documents(got, 9 * MIB)) == by_name(docs) and sum(abs(n) for n in changed.values()) <= 8

    return same


def calico_set_pod_cidr(manifest: bytes, cidr: bytes) -> Callable[[bytes], bool]:
    net = network(cidr)

    def pool(p: dict[str, Any]) -> None:
        if net.prefixlen > int(p.get("blockSize", 26 if net.version == 4 else 122)) or not isinstance(p.get("cidr", ""), str) or "\n" in p.get("cidr", ""):
            raise Refused(INVALID)
        if net.version == 6 and int(p.get("blockSize", 122)) < 116:
            raise Refused(INVALID)
        p["cidr"] = cidr.decode()

    return rewritten(manifest, pool, lambda env: put(env, "CALICO_IPV4POOL_CIDR", cidr.decode()))


def calico_set_block_size(manifest: bytes, size: bytes) -> Callable[[bytes], bool]:
    def pool(p: dict[str, Any]) -> None:
        if not max(20, ipaddress.ip_network(p["cidr"]).prefixlen) <= int(size) <= 32:
            raise Refused(INVALID)
        p["blockSize"] = size.decode()

    return rewritten(manifest, pool, lambda env: put(env, "CALICO_IPV4POOL_BLOCK_SIZE", size.decode()))


def calico_set_encapsulation(manifest: bytes, how: bytes) -> Callable[[bytes], bool]:
    bounded(manifest, 8 * MIB)
    if how.decode("utf-8", "replace") not in ("IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "None"):
        raise Refused(INVALID)

    def env_edit(env: list[Any]) -> None:
        if how.startswith(b"VXLAN"):
            raise Refused("KB_EUNSUPPORTED")
        put(env, "CALICO_IPV4POOL_IPIP", {b"IPIP": "Always", b"IPIPCrossSubnet": "CrossSubnet", b"None": "Never"}[how])
        put(env, "CALICO_IPV4POOL_VXLAN", "Never")

    return rewritten(manifest, lambda p: p.update(encapsulation=how.decode()), env_edit)


def extra_args(value: Any) -> dict[str, str] | None:
    if isinstance(value, list) and value and all(isinstance(v, dict) and set(v) == {"name", "value"} for v in value):
        return {v["name"]: v["value"] for v in value}
    return None


def merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {k: merged(old[k], v) if k in old else v for k, v in new.items()}
    a, b = extra_args(old), extra_args(new)
    return [{"name": k, "value": v} for k, v in (a | b).items()] if a is not None and b is not None else new


def kubeadm_merge(config: bytes, more: bytes) -> Callable[[bytes], bool]:
    docs = documents(config, MIB)
    if len(more) > MIB or more.count(b"---") > 64:
        raise Refused("KB_ETOOBIG")
    known = {"KubeletConfiguration": "kubelet.config.k8s.io/v1beta1"}
    for d in documents(more):
        if not isinstance(d, dict) or "kind" not in d:
            raise Refused(INVALID)
        mine = next((o for o in docs if isinstance(o, dict) and o.get("kind") == d["kind"]), None)
        if mine is None and not (d.get("apiVersion") or d["kind"] in known):
            raise Refused(INVALID)
        if mine is not None and d.get("apiVersion", mine["apiVersion"]) != mine["apiVersion"]:
            raise Refused(INVALID)
        if mine is None:
            docs.append({"apiVersion": known.get(d["kind"])} | d)
        else:
            docs[docs.index(mine)] = merged(copy.deepcopy(mine), d)
    if not all(isinstance(d, dict) for d in docs):
        raise Refused(INVALID)
    return lambda got: documents(got) == docs


def kubeadm_config(kind: bytes, options: bytes) -> Callable[[bytes], bool]:
    """The kinds, their version and the options that have a plain place; errors only of what is no mapping."""
    want = {"init": ["InitConfiguration", "ClusterConfiguration", "KubeletConfiguration"], "join": ["JoinConfiguration"], "reset": ["ResetConfiguration"]}
    if text(kind) not in want:
        raise Refused(INVALID)
    given = documents(options, MIB)
    if len(given) > 1 or not all(isinstance(d, dict) for d in given):
        raise Refused(INVALID)
    given = given[0] if given else {}
    places = {
        "pod-network-cidr": "networking.podSubnet", "service-cidr": "networking.serviceSubnet", "service-dns-domain": "networking.dnsDomain",
        "apiserver-advertise-address": "localAPIEndpoint.advertiseAddress", "control-plane-endpoint": "controlPlaneEndpoint",
        "node-name": "nodeRegistration.name", "cri-socket": "nodeRegistration.criSocket", "apiserver-cert-extra-sans": "apiServer.certSANs",
        "certificate-key": "controlPlane.certificateKey" if kind == b"join" else "certificateKey",
        "endpoint": "discovery.bootstrapToken.apiServerEndpoint", "force": "force", "cleanup-tmp-dir": "cleanupTmpDir",
    }  # fmt: skip
    minor = int(given.get("kubernetes-version", "1.34").lstrip("v").split(".")[1]) if re.match(r"v?1\.\d", given.get("kubernetes-version", "1.34")) else 99

    def same(got: bytes) -> bool:
        docs = documents(got)
        api = "kubeadm.k8s.io/v1beta" + ("2" if minor < 22 else "3" if minor < 31 else "4")
        return (
            [d["kind"] for d in docs] == want[kind.decode()]
            and all(d["apiVersion"] in (api, "kubelet.config.k8s.io/v1beta1") for d in docs)
            and all(at(docs, places[k]) == v for k, v in given.items() if k in places and v != "null")
        )

    return same


def at(docs: list[Any], path: str) -> Any:
    for d in docs:
        for part in path.split("."):
            d = d.get(part) if isinstance(d, dict) else None
        if d is not None:
            return d
    return None


# ---- TOML ----
def parts(table: str) -> list[str]:
    probe: Any = tomllib.loads(f"[{table}]\n") if table else {}
    names = []
    while probe:
        if not isinstance(probe, dict):		# "[a]" makes an array of tables
            raise Refused(INVALID)
        (name,) = probe
        names.append(name)
        probe = probe[name]
    return names


def toml_set(document: bytes, table: bytes, key: bytes, value: bytes) -> Callable[[bytes], bool]:
    if max(len(table), len(key)) > 4096:
        raise Refused("KB_ETOOBIG")
    bounded(document)
    if document.count(b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["):
        raise Refused(INVALID)		# deeper than 64, which TOML itself allows
    named, said, before = text(key), text(value), text(document)
    try:
        names = parts(text(table))
        wanted = tomllib.loads("v = " + said + "\n")
        if set(wanted) != {"v"} or "#" in said:
            raise Refused(INVALID)
        tree = tomllib.loads(before.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        raise (NotJudged() if is_loose(before) else Refused(INVALID)) from None
    here: Any = tree
    for name in names:
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            raise Refused(INVALID)
    if isinstance(here.get(named), dict) and here[named] or isinstance(here.get(named), list) and any(isinstance(i, dict) for i in here[named]):
        raise Refused(INVALID)
    here[named] = wanted["v"]
    return lambda got: tomllib.loads(got.decode().removeprefix("\ufeff")) == tree


def is_loose(document: str) -> bool:
    """A document whose values or tables TOML refuses, and which a program that edits one key need not read."""
    return bool(re.fullmatch(r"(a = (1|01|1__0|0xg|1979-13-01|25:00:00|\+0x1|1\.)\n(a = 2\n)?|a\.b = 1\na = 2\n|\[a\]\n\[a\]\n)", document))


# ---- small formats ----
def token_check(token: bytes) -> None:
    if not re.fullmatch(TOKEN, text(token)):
        raise Refused(INVALID)


def ca_hash(pem: bytes) -> str:
    found = re.search(rb"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", bounded(pem), re.S)
    key = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=found[0] if found else b"", capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key.stdout, capture_output=True)
    if key.returncode or der.returncode:
        raise Refused(INVALID)
    return "sha256:" + hashlib.sha256(der.stdout).hexdigest()


def is_endpoint(spelt: str) -> bool:
    m = re.fullmatch(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+):([1-9][0-9]{0,4})", spelt)
    return bool(m) and int(m[2]) < 65536 and not re.search(r"(^|\.)(2[6-9]\d|[3-9]\d\d)(\.|$)", m[1])  # type: ignore[index]


def join_parse(command: bytes) -> str:
    line = text(bounded(command)).replace("\r", "")
    line = re.sub(r"\\[ \t]*(\n|$)", " ", line)
    found = re.findall(r"kubeadm join\b[^\n]*", line)
    if len(found) != 1:
        raise Refused(INVALID)
    try:
        words = shlex.split(found[0])[2:]
    except ValueError:
        raise Refused(INVALID) from None
    got: dict[str, Any] = {"endpoint": None, "token": None, "discovery-token-ca-cert-hash": []}
    while words:
        word = words.pop(0)
        name, _, value = word.lstrip("-").partition("=")
        if name in ("discovery-token-unsafe-skip-ca-verification", "config"):
            raise Refused("KB_EUNSUPPORTED")
        if not word.startswith("-"):
            if got["endpoint"]:
                raise Refused(INVALID)
            got["endpoint"] = word
        elif name == "control-plane":
            got[name] = True
        elif name in ("v", "token", "discovery-token", "discovery-token-ca-cert-hash", "certificate-key", "node-name", "skip-phases"):
            value = value or (words.pop(0) if words and "=" not in word else "")
            name = "token" if name == "discovery-token" else name
            if not value or isinstance(got.get(name), str):
                raise Refused(INVALID)
            if name == "discovery-token-ca-cert-hash":
                got[name].append(value)
            elif name != "v":
                got[name] = value.split(",") if name == "skip-phases" else value
        else:
            raise Refused(INVALID)
    check_join(str(got["endpoint"]), str(got["token"]), got["discovery-token-ca-cert-hash"], got.get("certificate-key"))
    return json.dumps(got, separators=(",", ":"))


def check_join(endpoint: str, token: str, hashes: list[str], key: str | None) -> None:
    if not (is_endpoint(endpoint) and re.fullmatch(TOKEN, token) and hashes and all(re.fullmatch(HASH, h) for h in hashes)):
        raise Refused(INVALID)
    if key is not None and not re.fullmatch(r"[0-9a-f]{64}", key):
        raise Refused(INVALID)


def join_print(endpoint: bytes, token: bytes, hashes: bytes, key: bytes | None) -> str:
    pins = text(hashes).split()
    check_join(text(endpoint), text(token), pins, None if key is None else text(key))
    control_plane = "" if key is None else f" --control-plane --certificate-key {text(key)}"
    return f"kubeadm join {text(endpoint)} --token {text(token)}" + "".join(f" --discovery-token-ca-cert-hash {p}" for p in pins) + control_plane


def lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", bounded(data))


def fstab_swap_off(fstab: bytes) -> bytes:
    def line(one: bytes) -> bytes:
        fields = re.split(rb"[ \t]+", one.strip(b" \t\r\n"))
        is_swap = len(fields) > 2 and fields[2] == b"swap" and not fields[0].startswith(b"#")
        return b"#kb# " + one if is_swap else one

    return b"".join(map(line, lines(fstab)))


def fstab_swap_on(fstab: bytes) -> bytes:
    return b"".join(one[5:] if one.startswith(b"#kb# ") and fstab_swap_off(one[5:]) != one[5:] else one for one in lines(fstab))


def diff(name: bytes, before: bytes, after: bytes) -> str | bytes | Callable[[bytes], bool]:
    named = text(bounded(name)).lstrip("/")
    if not named or not named.isprintable():
        raise Refused(INVALID)
    if before == after:
        return b""
    if max(len(before), len(after)) > MIB or before.count(b"\n") + after.count(b"\n") == 6000:
        return f"Files a/{named} and b/{named} differ too much to be shown: {len(before)} and {len(after)} bytes\n"
    for data in (before, after):
        try:
            if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data.replace(b"\r", b"")) or data.decode() is None:
                raise UnicodeError
        except UnicodeError:
            return f"Binary files a/{named} and b/{named} differ\n"
    return lambda got: is_diff(got, named, before, after)


def is_diff(got: bytes, name: str, before: bytes, after: bytes) -> bool:
    """As diff(1) prints it; or, where several are as short, no longer than that, and patch(1) makes the new text of the old with it."""
    heads = f"--- a/{name}\n+++ b/{name}\n".encode()
    if not got.startswith(heads):
        return False
    with tempfile.TemporaryDirectory() as folder:
        for which, data in (("a", before), ("b", after)):
            Path(folder, which).write_bytes(data)
        run = subprocess.run(["diff", "-u", "--label", "a", "--label", "b", "a", "b"], cwd=folder, capture_output=True)
        ours, theirs = got.removeprefix(heads), run.stdout.removeprefix(b"--- a\n+++ b\n")
        if ours == theirs:
            return True
        patch = ["patch", "--silent", "--binary", "a"]
        subprocess.run(patch, cwd=folder, input=b"--- a\n+++ b\n" + ours, capture_output=True, check=True)
        return Path(folder, "a").read_bytes() == after and len(changed(ours)) <= len(changed(theirs))


def changed(hunks: bytes) -> list[bytes]:
    return re.findall(rb"(?m)^[-+].*", hunks)


def apt_flavour(version: bytes) -> str:
    m = re.fullmatch(r"v?(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8}))?", text(version), re.A)
    if not m:
        raise Refused(INVALID)
    if m[1] != "1":
        raise Refused("KB_EUNSUPPORTED")
    return "legacy" if int(m[2]) < 24 else "community"


def token_make() -> None:
    return None


# ---- judging ----
def bytes_of(case: Case, whole: str) -> bytes | None:
    """What the table says is the result; of a sum the bytes that have it, which `whole` spells."""
    if not case.want.startswith("sha256:"):
        return decoded(case.want[1:].encode(), Path()) if case.want.startswith("=") else None
    data = decoded(whole[1:].encode(), Path()) or b""
    return data if case.want == "sha256:" + hashlib.sha256(data).hexdigest() else None


def agrees(case: Case, whole: str, judged: Any) -> bool:
    if judged is None or isinstance(judged, int):
        return case.want == ("ok" if judged is None else str(judged))
    if case.function == "kubeadm_config" and case.want.startswith("KB_"):
        raise NotJudged		# the values of kubeadm's own options
    got = bytes_of(case, whole)
    if got is None:
        return False
    if callable(judged):
        return bool(judged(got))
    return got == (judged if isinstance(judged, bytes) else judged.encode())


def verdict(case: Case, whole: str) -> bool | None:
    judge = globals().get(case.function)
    try:
        return agrees(case, whole, judge(*case.args)) if judge else None
    except Refused as e:
        return case.want == str(e)
    except NotJudged:
        return None


def main(table: str, folder: str, results: str) -> None:
    counts: dict[bool | None, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for case, whole in zip(cases(Path(table), Path(folder)), Path(results).read_text().splitlines(), strict=True):
        good = verdict(case, whole)
        counts[good][case.function] += 1
        if good is False:
            print(f"line {case.line}: {case.function}: not what the table says: {case.want[:100]}")
    for name in sorted({*counts[True], *counts[False], *counts[None]}):
        print(f"{name}: {counts[True][name]} checked, {counts[None][name]} left to the table's author")
    sys.exit(1 if counts[False] else 0)


main(*sys.argv[1:])

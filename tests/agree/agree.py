# SPDX-License-Identifier: Apache-2.0
"""agree.py TABLE FOLDER [raw]: the Python runner, by the public layer or by the raw one. See agree.c for what is printed."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import kb
from kb import _core

from table import cases

SHOWN_MAX = 240


def utf8(text: bytes | None) -> str | None:
    return None if text is None else text.decode("utf-8", "surrogateescape")


def compact(parsed: dict[str, object]) -> str:
    return json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)


# the arguments: d data, s string, o string or None, i int
PUBLIC: dict[str, tuple[str, Callable[..., object]]] = {
    "cidr_check": ("s", kb.cidr.check),
    "cidr_contains": ("ss", lambda *a: int(kb.cidr.contains(*a))),
    "cidr_overlaps": ("ss", lambda *a: int(kb.cidr.overlaps(*a))),
    "cidr_block_count": ("si", kb.cidr.block_count),
    "cidr_suggest": ("io", lambda length, taken: kb.cidr.suggest(length, [taken] if taken is not None else [])),
    "calico_pod_cidr": ("d", lambda text: kb.calico.pod_cidr(text) or ""),
    "calico_set_pod_cidr": ("ds", kb.calico.set_pod_cidr),
    "calico_set_block_size": ("di", kb.calico.set_block_size),
    "calico_set_encapsulation": ("ds", kb.calico.set_encapsulation),
    "kubeadm_config": ("ss", kb.kubeadm.config),
    "kubeadm_merge": ("ds", kb.kubeadm.merge),
    "token_make": ("", lambda: kb.token.check(kb.token.make())),
    "token_check": ("s", kb.token.check),
    "ca_hash": ("d", kb.ca.hash),
    "join_parse": ("s", lambda text: compact(kb.join.parse(text))),
    "join_print": ("ssso", kb.join.command),
    "fstab_swap_off": ("d", kb.fstab.swap_off),
    "fstab_swap_on": ("d", kb.fstab.swap_on),
    "hosts_block": ("ds", kb.hosts.block),
    "apt_source": ("soos", lambda flavour, url, version, keyring: kb.apt.source(flavour, keyring, url, version)),
    "apt_flavour": ("s", kb.apt.flavour),
    "toml_set": ("dsss", kb.toml.set),
    "diff": ("sdd", kb.diff),
}


def raw(name: str) -> Callable[..., object]:
    ctx = _core.new()
    if name == "token_make":
        return lambda: _core.token_check(ctx, _core.token_make(ctx).decode())
    return lambda *args: getattr(_core, name)(ctx, *args)


def spelt(data: bytes) -> str:
    if len(data) > SHOWN_MAX:
        return "sha256:" + hashlib.sha256(data).hexdigest()
    named = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
    return "=" + "".join(named.get(c) or (chr(c) if 32 <= c <= 126 else f"\\x{c:02x}") for c in data)


def shown(result: object) -> str:
    if result is None:
        return "ok"
    if isinstance(result, int):
        return str(result)
    return spelt(result.encode("utf-8", "surrogateescape") if isinstance(result, str) else bytes(result))  # type: ignore[arg-type]


def main(table: str, folder: str, layer: str = "public") -> None:
    take = {"d": lambda x: x, "s": utf8, "o": utf8, "i": lambda x: int(x)}
    for case in cases(Path(table), Path(folder)):
        kinds, call = PUBLIC[case.function]
        call = raw(case.function) if layer == "raw" else call
        args = [take[kind](arg) for kind, arg in zip(kinds, case.args, strict=True)]
        try:
            print(shown(call(*args)))
        except kb.Error as e:
            print(_core.err_name(e.code))


main(*sys.argv[1:])

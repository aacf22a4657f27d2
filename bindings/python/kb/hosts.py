# SPDX-License-Identifier: Apache-2.0
"""/etc/hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def block(hosts: AnyStr, entries: str | Iterable[str] | Mapping[str, str]) -> AnyStr:
    """Names hosts in /etc/hosts: the entries stand in a block of their own between two marks, where the block was or at the end. From lines
    of loopback addresses (127.0.1.1 NAME, as Debian, Ubuntu and Vagrant write them) the names of the block are taken out, since they would
    shadow it: a kubelet that finds its name there has no address to offer. Every other byte stays.

    Parameters:
        hosts: the file
        entries: lines of "ADDRESS NAME...", or a mapping of names to addresses; empty lines and comments are left out; "" takes the block
            away

    Returns: the file.

    Raises: `InvalidArgument` for an entry without address or with something that is no DNS name (RFC 1123), and for a file whose block does
        not end or is there twice; `TooBig`.
    """
    if isinstance(entries, Mapping):
        entries = [f"{address} {name}" for name, address in entries.items()]
    lines = entries if isinstance(entries, str) else "\n".join(entries)
    return like(hosts, _core.hosts_block(scratch(), raw(hosts), lines))

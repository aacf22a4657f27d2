# SPDX-License-Identifier: Apache-2.0
"""/etc/hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def block(hosts: AnyStr, entries: str | Iterable[str] | Mapping[str, str]) -> AnyStr:
    """Names hosts in a block of its own: lines of "ADDRESS NAME...", or a mapping of names to addresses. Without entries the block goes."""
    if isinstance(entries, Mapping):
        entries = [f"{address} {name}" for name, address in entries.items()]
    lines = entries if isinstance(entries, str) else "\n".join(entries)
    return like(hosts, _core.hosts_block(scratch(), raw(hosts), lines))

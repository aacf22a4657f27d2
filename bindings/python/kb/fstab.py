# SPDX-License-Identifier: Apache-2.0
"""/etc/fstab."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def swap_off(fstab: AnyStr) -> AnyStr:
    """Comments the lines of type swap with a mark; every other byte stays."""
    return like(fstab, _core.fstab_swap_off(scratch(), raw(fstab)))


def swap_on(fstab: AnyStr) -> AnyStr:
    """Takes the mark of `swap_off()` away again."""
    return like(fstab, _core.fstab_swap_on(scratch(), raw(fstab)))

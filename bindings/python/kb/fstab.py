# SPDX-License-Identifier: Apache-2.0
"""/etc/fstab."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def swap_off(fstab: AnyStr) -> AnyStr:
    """Turns swap off in /etc/fstab: lines whose third field is "swap" (fstab(5)) are commented with the mark "#kb# ". Every other byte
    stays.

    Parameters:
        fstab: the file; other bytes than text are no matter

    Returns: the file. The same again when there was nothing to do.

    Raises: `TooBig`.
    """
    return like(fstab, _core.fstab_swap_off(scratch(), raw(fstab)))


def swap_on(fstab: AnyStr) -> AnyStr:
    """Takes the mark of `fstab.swap_off()` away again; other comments stay.

    Parameters:
        fstab: the file

    Returns: the file.

    Raises: `TooBig`.
    """
    return like(fstab, _core.fstab_swap_on(scratch(), raw(fstab)))

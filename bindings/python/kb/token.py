# SPDX-License-Identifier: Apache-2.0
"""Bootstrap tokens."""

from __future__ import annotations

from . import _core
from ._scratch import scratch


def make() -> str:
    """A token of the kernel's random numbers. It is a secret."""
    return _core.token_make(scratch()).decode()


def check(token: str) -> None:
    """Raises `InvalidArgument` when it has not the form of one; no error repeats it."""
    _core.token_check(scratch(), token)

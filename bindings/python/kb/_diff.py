# SPDX-License-Identifier: Apache-2.0
"""The difference of two texts."""

from __future__ import annotations

from . import _core
from ._scratch import scratch
from ._text import raw


def diff(name: str, before: str | bytes, after: str | bytes) -> str:
    """As diff -u prints it, with the names a/NAME and b/NAME; "" when they are equal."""
    return _core.diff(scratch(), name, raw(before), raw(after)).decode()

# SPDX-License-Identifier: Apache-2.0
"""The difference of two texts."""

from __future__ import annotations

from . import _core
from ._scratch import scratch
from ._text import raw


def diff(name: str, before: str | bytes, after: str | bytes) -> str:
    """The difference of two texts as diff -u prints it, with three lines of context and the names a/NAME and b/NAME.

    Parameters:
        name: what the texts are called; slashes at its beginning are left out
        before: the old text; what is not text gives the one line "Binary files ... differ"
        after: the new one

    Returns: the diff; empty when they are equal. Of texts over 1 MiB, or too different to be worth reading (about 2,000 lines), one line
        that says so.

    Raises: `InvalidArgument` for a name that is empty or holds control characters; `TooBig` for one over 1 MiB.
    """
    return _core.diff(scratch(), name, raw(before), raw(after)).decode()

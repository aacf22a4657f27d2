# SPDX-License-Identifier: Apache-2.0
"""What the modules of pure text functions share: they take str or bytes, and give back the same."""

from __future__ import annotations

from typing import overload

from ._step import bytes_of


def raw(text: str | bytes) -> bytes:
    return bytes_of(text)


@overload
def like(model: str, data: bytes) -> str: ...
@overload
def like(model: bytes, data: bytes) -> bytes: ...
def like(model: str | bytes, data: bytes) -> str | bytes:
    """data, as str or bytes: whichever model is."""
    return data.decode() if isinstance(model, str) else data

# SPDX-License-Identifier: Apache-2.0
"""What the modules of pure text functions share: they take str or bytes, and give back the same."""

from __future__ import annotations

from typing import AnyStr

from ._step import bytes_of


def raw(text: str | bytes) -> bytes:
    return bytes_of(text)


def like(model: AnyStr, data: bytes) -> AnyStr:
    """data, as str or bytes: whichever model is."""
    return data.decode() if isinstance(model, str) else data

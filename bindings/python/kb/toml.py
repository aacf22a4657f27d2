# SPDX-License-Identifier: Apache-2.0
"""TOML documents, such as containerd's configuration."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def set(document: AnyStr, table: str, key: str, value: str) -> AnyStr:
    """Sets one key; only the bytes of its value change. The value is raw TOML: "true", "3", '"text"'."""
    return like(document, _core.toml_set(scratch(), raw(document), table, key, value))

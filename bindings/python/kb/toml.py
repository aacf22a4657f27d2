# SPDX-License-Identifier: Apache-2.0
"""TOML documents, such as containerd's configuration."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def set(document: AnyStr, table: str, key: str, value: str) -> AnyStr:
    """Sets one key in a TOML document (TOML 1.0). Only the bytes of its value change; a key that is not there is added where its table was
    made: in its section, its inline table, or beside its dotted keys; a table that is not there at the end.

    Parameters:
        document: the document
        table: its name as TOML writes it, parts with dots quoted: plugins."io.containerd.grpc.v1.cri".containerd; "" is the root
        key: the key itself; it is quoted when it has to be
        value: raw TOML: true, 3, "text" with its quotes, ["a", "b"]

    Returns: the document.

    Raises: `InvalidArgument`, with line and column, for a document that cannot be understood, a key that is there twice or is a table, a
        table that is a plain value or an array of tables, and for a value that is not one; `TooBig`, also for names over 4 KiB.
    """
    return like(document, _core.toml_set(scratch(), raw(document), table, key, value))

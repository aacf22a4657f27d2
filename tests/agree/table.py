# SPDX-License-Identifier: Apache-2.0
"""cases.tsv, read: lines, fields, and the spelling of bytes in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAMED = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}
ESCAPE = re.compile(rb"\\(?:\((\d+)\*([^)]*)\)|<([^>]*)>|x([0-9a-f]{2})|([tnr\\]))")


@dataclass
class Case:
    line: int
    function: str
    args: list[bytes | None]
    want: str


def decoded(spelt: bytes, folder: Path) -> bytes | None:
    if spelt == b"\\N":
        return None

    def one(m: re.Match[bytes]) -> bytes:
        if m[1] is not None:
            return (decoded(m[2], folder) or b"") * int(m[1])
        if m[3] is not None:
            return (folder / m[3].decode()).read_bytes()
        return bytes.fromhex(m[4].decode()) if m[4] else NAMED[m[5]]

    return ESCAPE.sub(one, spelt)


def cases(table: Path, folder: Path) -> Iterator[Case]:
    for number, line in enumerate(table.read_bytes().split(b"\n"), 1):
        if line and not line.startswith(b"#"):
            function, *args, arrow, want = line.split(b"\t")
            assert arrow == b"=>", number
            yield Case(number, function.decode(), [decoded(a, folder) for a in args], want.decode())

# SPDX-License-Identifier: Apache-2.0
"""What libkb's headers and the object model say: enumerations, functions with their comments, classes. For the generators and their tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HEADERS = ("common", "error", "loop", "log", "host", "step", "event", "plan", "cluster", "text")


@dataclass(frozen=True)
class Function:
    """A public function of a header."""

    header: str
    name: str
    result: str
    comment: str
    shared: str     # the comment above a group that it belongs to


@dataclass(frozen=True)
class Prototype:
    """A function or method as kb.i declares it: how it is called in Python, and the C function behind it."""

    name: str
    result: str
    params: tuple[tuple[str, str], ...]     # name, type
    c_name: str
    is_static: bool = False


@dataclass
class Class:
    c_name: str
    name: str
    methods: list[Prototype] = field(default_factory=list)


def comment_text(comment: str) -> str:
    """Without its stars, one space between words."""
    return " ".join(re.sub(r"(?m)^\s*/?\*+/?|\*/$", " ", comment).split())


def read(header: str) -> str:
    return (TOP / "include/kb" / f"{header}.h").read_text()


def functions() -> list[Function]:
    """All of them, in the order of the headers. steps.h is generated from the catalogue, and has none of its own."""
    found = []
    for header in HEADERS:
        text, shared, comment = read(header), "", ""
        for match in re.finditer(r"/\*(?:[^*]|\*(?!/))*\*/|KB_API\s+([^;()]*?)(kb_\w+)\(([^;]*)\);", text):
            if match[0].startswith("/**"):
                comment = comment_text(match[0])
            elif match[0].startswith("/*"):
                shared = comment_text(match[0])
            else:
                found.append(Function(header, match[2], " ".join(match[1].split()), comment, shared))
    return found


def enums() -> dict[str, list[str]]:
    """The names of the enumerators of each enumeration."""
    found = {}
    for header in HEADERS:
        text = re.sub(r"/\*(?:[^*]|\*(?!/))*\*/", "", read(header))
        for name, body in re.findall(r"enum (kb_\w+) \{([^}]*)\}", text):
            found[name] = re.findall(r"(KB_\w+)\s*=", body)
    return found


def _params(text: str) -> tuple[tuple[str, str], ...]:
    """The size of data is no parameter of Python's."""
    found = []
    for one in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(.*?)(\w+)", one)
        if match and match[1].strip() and not re.fullmatch(r"size_bytes|before_bytes|after_bytes", match[2]):
            found.append((match[2], match[1].strip().replace("struct ", "")))
        elif one == "size_t size_bytes" and (not found or "void" not in found[-1][1]):
            found.append(("size_bytes", "size_t"))
    return tuple(found)


def _class_name(c_name: str) -> str:
    return "".join(word.capitalize() for word in c_name.removeprefix("kb_").split("_"))


def _prototype(text: str, owner: str) -> Prototype | None:
    match = re.match(r"(static )?([\w ]+?[\s*]+)(\w+)\(([^)]*)\)", text)
    if not match or match[3].startswith("~"):
        return None
    body = re.search(r"\{.*?\b(kb_\w+)\(", text)
    name = match[3] if owner else match[3].removeprefix("kb_")
    return Prototype(name, match[2].strip(), _params(match[4]) if match[4] != "void" else (),
                     body[1] if body else f"{owner}_{name}" if owner else match[3], bool(match[1]))


def model() -> tuple[list[Class], list[Prototype]]:
    """The classes and functions of kb.i."""
    text = (TOP / "bindings/kb.i").read_text()
    text = re.sub(r"/\*(?:[^*]|\*(?!/))*\*/", "", text[text.index("%enddef"):])
    classes: dict[str, Class] = {name: Class(name, _class_name(name)) for name in re.findall(r"%opaque\((kb_\w+)\)", text)}
    for name, body in re.findall(r"%extend (kb_\w+) \{\n(.*?)\n\}", text, re.DOTALL):
        for line in body.splitlines():
            if "~" not in line and (made := _prototype(line.strip(), name)):
                classes[name].methods.append(made)
    text = re.sub(r"%extend kb_\w+ \{\n.*?\n\}", "", text, flags=re.DOTALL)
    lines = (line for line in text.splitlines() if re.match(r"[a-z].*\);", line))
    return list(classes.values()), [made for line in lines if (made := _prototype(line, ""))]

# SPDX-License-Identifier: Apache-2.0
"""Docstrings from the comments of the headers. docs.py prints nothing when those of the text modules are what text.h says today, and what
differs otherwise; docs.py --write writes them."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

from headers import TOP, Function, functions
from homes import HOMES, STAND_INS

PACKAGE = TOP / "bindings/python/kb"
WIDTH = 140
CLASSES = {code: name for name, code in re.findall(r'class (\w+)\(.*\n    """(KB_E\w+)', (PACKAGE / "_errors.py").read_text())}

# Where Python's own types are another thing than C's: each is to be found in the header's comment.
OURS = {
    "kb_cidr_contains": {"1 or 0": "True or False"},
    "kb_cidr_overlaps": {"1 or 0": "True or False"},
    "kb_cidr_suggest": {"in use, parted by white space or commas;": "in use;", "; None: none": ""},
    "kb_calico_pod_cidr": {"empty when": "None when"},
    "kb_kubeadm_config": {"one YAML or JSON mapping;": "a mapping, or the text of one in YAML or JSON;"},
    "kb_join_parse": {"a JSON object": "a dictionary"},
    "kb_join_print": {"several parted by white space": "several as a list"},
    "kb_hosts_block": {'lines of "ADDRESS NAME..."; empty': 'lines of "ADDRESS NAME...", or a mapping of names to addresses; empty'},
    "kb_apt_flavour": {': a constant string. None on failure': ""},
}


def opening(comment: str) -> str:
    """The first sentence of a header's comment. A full stop before a small letter or a figure ends none."""
    text = re.split(r" (?:Returns|Errors|Since|@\w+):? ", comment + " Since: ")[0]
    return re.split(r"(?<=[.?])(?<!\d\.) (?=[A-Z(\"]|kb_)", text)[0].strip()


def in_python(text: str) -> str:
    """The same with Python's words."""
    def home(match: re.Match[str]) -> str:
        if match[1] in HOMES:
            return f"`{HOMES[match[1]]}()`"
        return f"`{STAND_INS[match[1]].split(':')[0].removeprefix('kb.')}`"

    text = re.sub(r"(kb_\w+)\(\)", home, text)
    text = re.sub(r"KB_E[A-Z]+\b", lambda m: f"`{CLASSES[m[0]]}`", text)
    return text.replace("NULL", "None").replace("the caller's own", "your own")


def _parts(comment: str) -> dict[str, str]:
    """ "": what it does; "@name": a parameter; "Returns", "Errors"."""
    found, last = {"": ""}, ""
    for piece in re.split(r" (?=(?:Returns|Errors|Since):|@param )", comment):
        if match := re.match(r"(?:@param (\w+)\s+|(Returns|Errors|Since): )(.*)", piece):
            last = f"@{match[1]}" if match[1] else match[2]
            found[last] = match[3]
        else:
            found[last] += piece
    return found


def _wrapped(text: str, indent: str, more: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + more, break_long_words=False, break_on_hyphens=False)


def docstring(function: Function, params: list[str]) -> str:
    """The whole text, as it stands in the source, indented."""
    parts, indent = {name: in_python(text) for name, text in _parts(function.comment).items()}, "    "
    for was, ours in OURS.get(function.name, {}).items():
        assert any(was in text for text in parts.values()), f"{function.name}: its comment does not say {was!r} any more"
        parts = {name: text.replace(was, ours) for name, text in parts.items()}
    lines = _wrapped('"""' + parts[""], indent)
    told = [(name, parts.get(f"@{'data' if i == 0 else name}") or parts.get(f"@{name}")) for i, name in enumerate(params)]
    if any(text for _, text in told):
        lines += ["", indent + "Parameters:"]
        for name, text in told:
            lines += _wrapped(f"{name}: {text}", indent * 2, indent) if text else []
    for part, title in (("Returns", "Returns"), ("Errors", "Raises")):
        text = parts.get(part, "")
        if text and not re.fullmatch(r"KB_OK\.", text):
            lines += ["", *_wrapped(f"{title}: {text}", indent, indent)]
    return "\n".join([*lines, indent + '"""'])


def _write(path: Path, name: str, function: Function) -> str:
    """The file's text with the docstring of one function as it is to be."""
    text = path.read_text()
    (node,) = (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == name)
    old, params = node.body[0], [a.arg for a in node.args.args]
    assert isinstance(old, ast.Expr) and old.end_lineno
    lines = text.splitlines()
    lines[old.lineno - 1:old.end_lineno] = docstring(function, params).splitlines()
    return "\n".join(lines) + "\n"


def main() -> int:
    status = 0
    for function in functions():
        if function.header != "text":
            continue
        module, _, name = HOMES[function.name].rpartition(".")
        path = PACKAGE / f"{module or '_diff'}.py"
        wanted = _write(path, name, function)
        if wanted == path.read_text():
            continue
        if "--write" in sys.argv:
            path.write_text(wanted)
        else:
            print(f"{path.name}: {name}: not what text.h says today (docs.py --write)")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())

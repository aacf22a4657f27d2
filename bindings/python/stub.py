# SPDX-License-Identifier: Apache-2.0
"""Prints kb/_core.pyi, the types of the raw layer, from the headers and kb.i: python3 bindings/python/stub.py >bindings/python/kb/_core.pyi"""

from __future__ import annotations

import keyword
import re

from headers import Prototype, enums, functions, model

PARAMS = {
    "const char *": "str", "const kb_opt *": "str | None", "size_t": "int", "int": "int", "int64_t": "int", "kb_bare": "int",
    "const void *": "Buffer",
}
RESULTS = {
    "kb_status": "None", "kb_number": "int", "kb_bare": "int", "int": "int", "int64_t": "int", "size_t": "int", "kb_bytes *": "bytes",
    "kb_found *": "bytes | None", "kb_err *": "Error | None", "const kb_must *": "str",
    "kb_ctx *": "Ctx",      # NULL is an exception
}
COMMENTS = {f.name: f for f in functions()}


def is_optional(c_name: str) -> bool:
    """Can the text or handle that it gives be NULL? The header says so: NULL past the end, NULL when there is none."""
    function = COMMENTS[c_name]
    said = re.sub(r"never NULL|NULL (is nothing|on failure)|@param[^@]*|for NULL|(?<=[.(]) ?Errors:.*", "", function.comment)
    own = re.search(r"\bNULL\b", said.split("Returns:")[-1])
    return bool(own) or bool(re.match(r"kb_step_(def|param|output)_", c_name) and "NULL past the end" in function.shared)


def param(name: str, c_type: str) -> str:
    if c_type not in PARAMS:
        made = "".join(word.capitalize() for word in c_type.removesuffix(" *").removeprefix("kb_").split("_"))
    else:
        made = PARAMS[c_type] + (" | None" if name == "secret" else "")
    return f"{name if not keyword.iskeyword(name) else '_' + name}: {made}"       # as SWIG calls it


def result(prototype: Prototype) -> str:
    if prototype.result in RESULTS:
        return RESULTS[prototype.result]
    optional = " | None" if is_optional(prototype.c_name) else ""
    if prototype.result == "const char *":
        return "str" + optional
    return param("", prototype.result).removeprefix(": ") + optional


def line(prototype: Prototype, indent: str) -> list[str]:
    names = [param(*one) for one in prototype.params]
    lines = []
    if indent and prototype.is_static:
        lines.append(f"{indent}@staticmethod")
    elif indent:
        names.insert(0, "self")
    lines.append(f"{indent}def {prototype.name}({', '.join(names)}) -> {result(prototype)}: ...")
    return lines


def main() -> None:
    classes, functions_ = model()
    lines = ["# SPDX-License-Identifier: Apache-2.0", "# Generated from include/kb and bindings/kb.i by bindings/python/stub.py: change those.",
             "from typing_extensions import Buffer", "", "from ._errors import Error", "",
             "KB_VERSION_MAJOR: int", "KB_VERSION_MINOR: int", "KB_VERSION_PATCH: int", "KB_VERSION: str"]
    lines += [f"{name}: int" for names in enums().values() for name in names]
    for one in classes:
        lines += ["", f"class {one.name}:", "    thisown: bool", "    def __init__(self, *args: object, **kwargs: object) -> None: ..."]
        for method in one.methods:
            lines += line(method, "    ")
    lines.append("")
    for function in functions_:
        lines += line(function, "")
    lines.append("def close(handle: Ctx | Host | Step | Plan | Task | Cluster) -> None: ...")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

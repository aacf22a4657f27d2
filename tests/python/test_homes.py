# SPDX-License-Identifier: Apache-2.0
"""Every public function of libkb is reached from Python, and is said there to do what the header says that it does."""

from __future__ import annotations

import functools
import importlib
import inspect
import pydoc
import re
import subprocess
import sys
from types import ModuleType

import pytest
from conftest import TOP

import kb

sys.path.insert(0, str(TOP / "bindings/python"))
import headers  # noqa: E402
from docs import in_python, opening  # noqa: E402
from homes import HOMES, SAID, STAND_INS  # noqa: E402

FUNCTIONS = {f.name: f for f in headers.functions()}
CLASSES, LOOSE = headers.model()
RAW = {p.c_name: p for p in [*LOOSE, *(method for c in CLASSES for method in c.methods)]}


def found(path: str) -> object:
    """kb.Context.log, or the setter, or a private module's function."""
    words, at = path.split("."), kb
    if words[0].startswith("_") and not words[0].startswith("__"):
        at = importlib.import_module(f"kb.{words.pop(0)}")
    for word in words:
        at = at.fset if word == "setter" else inspect.getattr_static(at, word)      # type: ignore[attr-defined]
    return at


def code_of(thing: object) -> str:
    if isinstance(thing, property):
        thing = thing.fget
    elif isinstance(thing, functools.cached_property):
        thing = thing.func
    elif isinstance(thing, staticmethod):
        thing = thing.__func__
    return inspect.getsource(thing)         # type: ignore[arg-type]


def test_every_function_of_the_headers_has_a_home() -> None:
    assert len(FUNCTIONS) > 150
    homes = set(HOMES) | set(STAND_INS)
    assert sorted(set(FUNCTIONS) - homes) == [] and sorted(homes - set(FUNCTIONS)) == [] and not set(HOMES) & set(STAND_INS)


@pytest.mark.parametrize("c_name", [n for n in HOMES if n != "kb_version"])
def test_the_home_calls_it(c_name: str) -> None:
    raw = RAW[c_name]
    assert re.search(rf"\b{raw.name}\b", code_of(found(HOMES[c_name]))), f"kb.{HOMES[c_name]} never says {raw.name}"


def test_the_version_is_the_librarys() -> None:
    assert kb.__version__ == kb._version() and re.fullmatch(r"\d+\.\d+\.\d+", kb.__version__)


@pytest.mark.parametrize(("c_name", "place"), STAND_INS.items())
def test_what_stands_for_it_is_there(c_name: str, place: str) -> None:
    if place.startswith("kb."):
        at: object = kb
        for word in place.split(":")[0].split(".")[1:]:
            at = getattr(at(cause="", code=0) if at is kb.Error and word != "result" else at, word)     # type: ignore[operator]


@pytest.mark.parametrize("c_name", [n for n in HOMES if not re.search(r"[._]_\w+$|__\w+__$|^_", HOMES[n])])
def test_the_docstring_begins_as_the_header_does(c_name: str) -> None:
    first = opening(FUNCTIONS[c_name].comment)
    wanted: str | None = in_python(first)
    if c_name in SAID:
        was, wanted = SAID[c_name]
        assert was == first, "the header's words have changed: look at the docstring"
    if wanted is None:
        return
    doc = " ".join((inspect.getdoc(found(HOMES[c_name])) or "").split())
    assert doc.startswith(wanted.rstrip(".")), f"kb.{HOMES[c_name]}"


def test_said_is_not_longer_than_it_must_be() -> None:
    assert set(SAID) <= set(HOMES)
    assert [n for n, (was, said) in SAID.items() if said == in_python(was)] in ([], ["kb_cluster_load"])


def public(owner: object, prefix: str) -> list[tuple[str, object]]:
    things = []
    for name, thing in vars(owner).items():
        if not name.startswith("_"):
            things.append((f"{prefix}.{name}", thing))
    return things


def test_the_docstrings_of_text_functions_are_the_headers() -> None:
    made = subprocess.run([sys.executable, TOP / "bindings/python/docs.py"], capture_output=True, text=True)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def test_everything_public_is_documented() -> None:
    bare = []
    for name in kb.__all__:
        thing = getattr(kb, name)
        inside = [(f"kb.{name}", thing)]
        if isinstance(thing, ModuleType):
            inside += [(p, t) for p, t in public(thing, f"kb.{name}") if getattr(t, "__module__", "") == thing.__name__]
        elif inspect.isclass(thing) and not issubclass(thing, (int, Exception)):
            inside += [(p, t) for p, t in public(thing, f"kb.{name}") if callable(t) or isinstance(t, (property, functools.cached_property, staticmethod))]
        bare += [path for path, one in inside if not inspect.getdoc(one)]
    assert bare == []


def test_help_reads_well() -> None:
    text = pydoc.render_doc(kb, renderer=pydoc.plaintext)
    for word in ("class Context", "def kubeadm_init" if "def kubeadm_init" in text else "kubeadm_init(", "kubeadm.init", "with kb.Context() as c"):
        assert word in text
    for word in ("SWIG", "kb._core.", "proxy of", "Swig"):
        assert word not in text


def test_names_and_reprs_are_those_of_the_package() -> None:
    for name in kb.__all__:
        thing = getattr(kb, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__module__ == "kb", name
    assert repr(kb.Context).startswith("<class 'kb.Context'") and [n for n in dir(kb) if n.startswith("Swig")] == []

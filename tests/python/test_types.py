# SPDX-License-Identifier: Apache-2.0
"""Types: the stub of the raw layer is what the headers say and what the module has; both checkers agree about the layer and its use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TOP

import kb

TOOLS = Path(os.environ.get("KB_PYTHON_TOOLS", "/nowhere")) / "bin"
SOURCES = TOP / "bindings/python"
HERE = Path(__file__).parent / "typing"
needs_tools = pytest.mark.skipif(not (TOOLS / "mypy").exists(), reason="KB_PYTHON_TOOLS names no environment with mypy and pyright (tools.sh)")


def call(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT": "1", **more})


def mypy(cache: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    return call(TOOLS / "mypy", "--strict", "--no-error-summary", "--cache-dir", cache, *files, MYPYPATH=str(SOURCES))


def pyright(tmp_path: Path, mode: str, *files: Path) -> list[dict[str, object]]:
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps({
        "include": [os.path.relpath(f, tmp_path) for f in files], "extraPaths": [str(SOURCES)], "pythonVersion": "3.11", "typeCheckingMode": mode,
        "reportMissingModuleSource": False, "reportPrivateUsage": False, "reportUnusedExpression": False,
    }))
    ended = call(TOOLS / "pyright", "--outputjson", "-p", config, "--pythonpath", TOOLS / "python")
    said = json.loads(ended.stdout)
    assert said["summary"]["filesAnalyzed"] >= len(files), "nothing was looked at"
    found: list[dict[str, object]] = said["generalDiagnostics"]
    return [f for f in found if f["severity"] == "error"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_the_stub_is_what_the_headers_say_today() -> None:
    made = call(sys.executable, SOURCES / "stub.py")
    assert made.returncode == 0, made.stderr
    assert made.stdout == (SOURCES / "kb/_core.pyi").read_text(), "python3 bindings/python/stub.py >bindings/python/kb/_core.pyi"


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(kb.__file__).parent / "py.typed").exists()


@needs_tools
def test_the_stub_is_what_the_module_has(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(r"kb\._core\.\w+\.__swig_destroy__" + "\n")
    built = Path(kb.__file__).parents[1]
    ended = call(TOOLS / "python", "-m", "mypy.stubtest", "--allowlist", allowed, "kb._core", MYPYPATH=str(built), PYTHONPATH=str(built))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@needs_tools
def test_mypy_finds_nothing_in_the_layer_and_its_use(cache: Path) -> None:
    ended = mypy(cache, SOURCES / "kb", HERE / "usage.py")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout + ended.stderr


@needs_tools
def test_pyright_finds_nothing_in_the_layer_and_its_use(tmp_path: Path) -> None:
    assert pyright(tmp_path, "standard", SOURCES / "kb") == []
    assert pyright(tmp_path, "strict", HERE / "usage.py") == []


def marked() -> set[int]:
    lines = (HERE / "wrong.py").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


@needs_tools
def test_mypy_refuses_what_is_wrong(cache: Path) -> None:
    ended = mypy(cache, HERE / "wrong.py")
    assert {int(n) for n in re.findall(r"wrong\.py:(\d+): error", ended.stdout)} == marked(), ended.stdout


@needs_tools
def test_pyright_refuses_what_is_wrong(tmp_path: Path) -> None:
    found = pyright(tmp_path, "standard", HERE / "wrong.py")
    lines = {f["range"]["start"]["line"] + 1 for f in found}    # type: ignore[index]
    assert lines == marked(), json.dumps(found, indent=1)

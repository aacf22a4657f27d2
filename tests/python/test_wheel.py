# SPDX-License-Identifier: Apache-2.0
"""Wheels: what pip install . builds, told truthfully by its tag, alone in its process, on every Python of this machine.

By default one wheel of the stable ABI is built, and loaded by each of them. KB_LONG=1 adds the source distribution, pip install in an isolated
environment, a repaired wheel with its libraries inside, and what must be refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import TOP

BIN = Path(os.environ.get("KB_PYTHON_WHEEL") or "/nowhere") / "bin"
TOOLS = Path(os.environ.get("KB_PYTHON_TOOLS") or "/nowhere") / "bin"
VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
pytestmark = pytest.mark.skipif(not (BIN / "swig").exists(), reason="KB_PYTHON_WHEEL names no environment with what builds wheels (tools.sh)")
long = pytest.mark.skipif(os.environ.get("KB_LONG", "0") in ("", "0", "OFF"), reason="minutes: KB_LONG=1, or tests/run.sh --long")
SAYS = """
import json, sys, kb
with kb.Context() as c:
    host = c.host("a", "ssh://b")
print(json.dumps([sys.version.split()[0], kb.__version__, kb.__file__, kb.cidr.overlaps("10.0.0.0/8", "10.1.0.0/16"), repr(kb.swap_off()),
      sorted({line.split()[-1] for line in open("/proc/self/maps").read().splitlines() if "libkb.so" in line})]))
"""


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    launcher = {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": "/", "CCACHE_NOHASHDIR": "1"} if shutil.which("ccache") else {}
    return {**kept, **launcher, "PATH": f"{BIN}:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}


def call(*command: str | Path, cwd: Path | None = None, **more: str) -> str:
    ended = subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=1500)
    assert ended.returncode == 0, f"{command}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    return ended.stdout


def interpreter(version: str) -> Path:
    """A Python of this version, on the path or of pyenv."""
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    places = [*(p for root in roots for p in sorted(root.glob(f"{version}.*/bin/python{version}"), reverse=True)),
              *map(Path, filter(None, [shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin:/opt/python/bin")]))]
    for place in places:
        if subprocess.run([place, "-c", "import ssl"], capture_output=True).returncode == 0:
            return place
    pytest.skip(f"there is no Python {version} on this machine")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout that are, or would be, committed: nothing that was built."""
    folder = tmp_path_factory.mktemp("checkout") / "libkb"
    shutil.copytree(TOP, folder, ignore=shutil.ignore_patterns("build", ".git", "__pycache__", "tests", "*.o"))
    return folder


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(BIN / "python", "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", folder, checkout)
    (made,) = folder.glob("*.whl")
    return made


def unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def modules(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if ".so" in name and name.startswith("kb/")]


def is_truthful(wheel: Path) -> bool:
    """Is a wheel of the stable ABI one of a module of the stable ABI, and the other way round?"""
    (module,) = modules(wheel)
    return ("-abi3-" in wheel.name) == module.endswith(".abi3.so")


def test_the_tag_is_true(wheel: Path) -> None:
    assert re.fullmatch(r"libkb-\d+\.\d+\.\d+-cp311-abi3-linux_\w+\.whl", wheel.name) and is_truthful(wheel)


def test_nothing_but_the_package_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        told = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
    ours = {f"kb/{p.name}" for p in (TOP / "bindings/python/kb").iterdir() if p.suffix in (".py", ".pyi", ".typed") or p.name == "py.typed"}
    assert {n for n in names if ".dist-info/" not in n} == ours | {"kb/_core.py", "kb/_kb.abi3.so"}
    assert "Name: libkb\n" in told and "Requires-Python: >=3.11\n" in told and any(n.endswith("licenses/LICENSE") for n in names)


def test_the_module_keeps_to_the_stable_abi_and_hides_the_library(wheel: Path, tmp_path: Path) -> None:
    module = unpacked(wheel, tmp_path) / "kb/_kb.abi3.so"
    assert re.findall(r" [TDBR] (\w+)", call("nm", "-D", "--defined-only", module)) == ["PyInit__kb"]
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", call("readelf", "-d", module)))
    assert not any(name.startswith(("libkb", "libpython")) for name in needed) and {"libcurl.so.4", "libssh2.so.1", "libyaml-0.so.2"} <= needed
    (told,) = json.loads(call(BIN / "abi3audit", "--strict", "--report", wheel))["specs"].values()
    (result,) = (one["result"] for one in told["wheel"])
    assert (result["is_abi3"], result["baseline"], result["computed"], result["non_abi3_symbols"]) == (True, "3.11", "3.11", [])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_of_this_machine_loads_it(wheel: Path, tmp_path: Path, version: str) -> None:
    python, folder = interpreter(version), unpacked(wheel, tmp_path)
    said, _, file, overlaps, step, libraries = json.loads(call(python, "-W", "error", "-X", "dev", "-c", SAYS, cwd=tmp_path, PYTHONPATH=str(folder),
                                                               PYTHONMALLOC="debug").strip())
    assert said.startswith(version) and file.startswith(str(folder)) and overlaps and step == "<kb.Step swap.off>" and libraries == []
    assert "usage: python3 -m kb plan" in call(python, "-W", "error", "-m", "kb", "--help", PYTHONPATH=str(folder))


def test_auditwheel_finds_it_consistent(wheel: Path) -> None:
    assert "is consistent with the" in call(BIN / "auditwheel", "show", wheel)


@pytest.mark.skipif(not (TOOLS / "pyright").exists(), reason="KB_PYTHON_TOOLS names no environment with pyright (tools.sh)")
def test_what_is_public_has_known_types(wheel: Path, tmp_path: Path) -> None:
    site = unpacked(wheel, tmp_path / "site")
    ended = subprocess.run([TOOLS / "pyright", "--verifytypes", "kb", "--ignoreexternal", "--outputjson"], cwd=site, capture_output=True, text=True,
                           env=environment(PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT="1", PYTHONPATH=str(site)))
    told = json.loads(ended.stdout)["typeCompleteness"]
    unknown = [s["name"] for s in told["symbols"] if s["isExported"] and not s["isTypeKnown"]]
    assert told["exportedSymbolCounts"]["withKnownType"] > 60 and unknown == []


@long
def test_the_source_distribution_builds_the_same(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    call(BIN / "python", "-m", "build", "--no-isolation", "--sdist", "-o", tmp_path, checkout)
    (source,) = tmp_path.glob("libkb-*.tar.gz")
    with tarfile.open(source) as archive:
        names = archive.getnames()
        assert not any(re.search(r"/(tests|examples|debian|build|\.ci)/", name) for name in names)
    call(BIN / "python", "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", tmp_path / "again", source)
    (again,) = (tmp_path / "again").glob("*.whl")
    assert again.name == wheel.name
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


@long
@pytest.mark.parametrize("version", VERSIONS)
def test_pip_installs_it_on_every_python(checkout: Path, tmp_path: Path, version: str) -> None:
    """As a user does: an environment of its own, all that builds it from where pip gets packages."""
    call(interpreter(version), "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    call(python, "-m", "pip", "install", "-q", f"{checkout}[live]", PATH=os.environ["PATH"])
    said, _, file, *_ = json.loads(call(python, "-W", "error", "-c", SAYS, cwd=tmp_path).strip())
    assert said.startswith(version) and str(tmp_path / "venv") in file
    call(python, "-m", "pip", "check")
    assert "3 changes are pending" in call(python, "-m", "kb", "--help", cwd=tmp_path)


@long
def test_a_wheel_for_one_python_says_so(checkout: Path, tmp_path: Path) -> None:
    call(BIN / "python", "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-C", "wheel.py-api=", "-w", tmp_path, checkout)
    (made,) = tmp_path.glob("*.whl")
    version = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert f"-{version}-{version}-linux" in made.name and is_truthful(made)


@long
def test_an_old_swig_makes_no_wheel_of_the_stable_abi(checkout: Path, tmp_path: Path) -> None:
    old = next((p for p in ("/usr/bin/swig4.0", "/usr/bin/swig") if Path(p).exists()), None)
    if not old or "Version 4.1" not in subprocess.run([old, "-version"], capture_output=True, text=True).stdout:
        pytest.skip("the system's SWIG is not 4.1")
    ended = subprocess.run([BIN / "python", "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-C", f"cmake.define.SWIG_EXECUTABLE={old}",
                            "-w", tmp_path, checkout], env=environment(), capture_output=True, text=True)
    assert ended.returncode != 0 and "stable ABI needs SWIG 4.4" in ended.stdout + ended.stderr and list(tmp_path.glob("*.whl")) == []


@long
@pytest.mark.parametrize("version", VERSIONS)
def test_a_repaired_wheel_has_its_libraries_inside(wheel: Path, tmp_path: Path, version: str) -> None:
    python = interpreter(version)
    call(BIN / "auditwheel", "repair", "-w", tmp_path, wheel)
    (made,) = tmp_path.glob("*.whl")
    assert re.search(r"-cp311-abi3-manylinux_2_\d+_\w+\.whl", made.name)
    folder = unpacked(made, tmp_path / "in")
    maps = call(python, "-c", "import kb; kb.token.make(); print(open('/proc/self/maps').read())", PYTHONPATH=str(folder))
    for name in ("libcurl", "libssh2", "libyaml"):
        assert {str(folder / "libkb.libs") in place for place in re.findall(rf"(/\S*/{name}\S*)", maps)} == {True}, name

# SPDX-License-Identifier: Apache-2.0
"""run.py BUILD [LAB]: the numbered examples in C, Python and Go do the same.

Without LAB their hosts are this machine (01) and recorded ones. LAB is the folder of a lab's state, inside of its network: then they are the lab's
hosts, which have to be a cluster. For each case exit status, standard error and standard output are compared; of event streams each line of
JSON, without its times and durations, in the order of each host: that of different hosts beside each other is nobody's promise.
Python's example runs in the interpreter that runs this. Go is left out, by name, where there is no go.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
REPLAY = TOP / "tests/data/replay"
CALICO = TOP / "tests/data/calico/v3.32.1"
RESOURCES = (CALICO / "custom-resources.yaml").read_bytes()
TIMES = ("time_ms", "duration_ms")


@dataclass
class Case:
    name: str
    example: str
    args: list[str]
    code: int = 0
    stdin: bytes | None = None  # None: open, and silent
    is_stream: bool = False


def replayed(folder: Path, recorded: str) -> str:
    """The description whose hosts were recorded, with its files beside it."""
    place = folder / recorded
    (place / "calico/v3.32.1").mkdir(parents=True)
    (place / "calico/v3.32.1/manifests").symlink_to(CALICO)
    (place / "Release.key").symlink_to(REPLAY / "Release.key")
    text = (REPLAY / "cluster.yaml").read_text().replace("CALICO", str(place / "calico"))
    (place / "cluster.yaml").write_text(f"{text}replay: {REPLAY / recorded}\n")
    return str(place / "cluster.yaml")


def text_cases() -> Iterator[Case]:
    yield Case("a manifest", "04-text", ["172.16.0.0/16", "192.168.1.0/24"], stdin=RESOURCES)
    yield Case("networks that overlap", "04-text", ["172.16.0.0/16", "172.16.5.0/24"], code=1, stdin=RESOURCES)
    yield Case("no network", "04-text", ["172.16.5.0/16", "192.168.1.0/24"], code=1, stdin=RESOURCES)
    yield Case("no manifest", "04-text", ["172.16.0.0/16", "192.168.1.0/24"], code=1, stdin=b"\0\xff")


def quick_cases(folder: Path) -> Iterator[Case]:
    own = [f"replay:{TOP}/tests/examples/own-plan/{name}.rec" for name in ("cp-1", "worker-1")]
    other = own[:1] * 2  # the worker was recorded as a control plane
    yield Case("this machine", "01-one-step", ["local:"])
    yield Case("no host", "01-one-step", ["nonsense"], code=1)
    yield Case("a host that was asked something else", "01-one-step", own[:1], code=1)
    yield Case("two hosts", "02-own-plan", [*own, "192.168.1.3"])
    yield Case("two hosts' events", "02-own-plan", ["--json", *own, "192.168.1.3"], is_stream=True)
    yield Case("events of hosts that were asked something else", "02-own-plan", ["--json", *other, "192.168.1.3"], code=1, is_stream=True)
    status, fresh = replayed(folder, "status"), replayed(folder, "fresh")
    yield Case("a cluster's status", "03-own-loop", [status])
    yield Case("a cluster's status in events", "03-own-loop", ["--json", status], is_stream=True)
    yield Case("no description", "03-own-loop", ["/nowhere"], code=2)
    yield Case("an installation", "05-replay", [fresh])
    yield Case("another installation than was recorded", "05-replay", [status], code=1)
    yield from text_cases()


def lab_cases(lab: Path) -> Iterator[Case]:
    hosts = ["ssh://vagrant@192.168.1.2", "ssh://vagrant@192.168.1.3"]
    yield Case("a host", "01-one-step", hosts[:1])
    yield Case("a host, applied", "01-one-step", [hosts[0], "apply"])
    yield Case("a host without a login", "01-one-step", ["ssh://nobody@192.168.1.2"], code=1)
    yield Case("two hosts' events", "02-own-plan", ["--json", *hosts, "192.168.1.3"], is_stream=True)
    yield Case("a cluster's status", "03-own-loop", [str(lab / "cluster.yaml")])
    yield Case("a cluster's status in events", "03-own-loop", ["--json", str(lab / "cluster.yaml")], is_stream=True)
    yield from text_cases()


def home_of(lab: Path, folder: Path) -> Path:
    """A home whose ssh knows the lab, since the examples name no key."""
    ssh = folder / "home/.ssh"
    ssh.mkdir(parents=True, mode=0o700)
    shutil.copy(lab / "id", ssh / "id_ed25519")
    (ssh / "id_ed25519").chmod(0o600)
    shutil.copy(lab / "known_hosts", ssh / "known_hosts")
    return ssh.parent


def languages(build: Path, folder: Path) -> dict[str, list[str]]:
    """How an example is called in each language; {} is its name."""
    known = {"C": [f"{build}/examples/{{}}"]}
    if (build / "bindings/python/kb/_core.py").exists():
        known["Python"] = [sys.executable, "-W", "error", f"{TOP}/examples/python/{{}}.py"]
    else:
        print("examples: Python: skipped: KB_PYTHON is OFF")
    if not shutil.which("go"):
        print("examples: Go: skipped: there is no go")
        return known
    # cgo asks pkg-config for libkb: this one is not installed
    (folder / "pc").mkdir()
    (folder / "pc/libkb.pc").write_text(
        f"Name: libkb\nDescription: libkb in its build tree\nVersion: 0\nLibs: -L{build} -lkb -Wl,-rpath,{build}\nCflags: -I{TOP}/include\n"
    )
    env = os.environ | {"PKG_CONFIG_PATH": str(folder / "pc"), "CGO_ENABLED": "1", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    for command in (["go", "vet", "./..."], ["go", "build", "-o", str(folder / "go") + "/", "./..."]):
        subprocess.run(command, cwd=TOP / "examples/go", env=env, check=True)
    return known | {"Go": [f"{folder}/go/{{}}"]}


def seen(line: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in line.items() if k not in TIMES}


def by_host(lines: list[str], is_stream: bool) -> dict[str, list[object]]:
    """What is told of each host, in its order. Plain lines have the name of the host somewhere near their beginning, or belong to none."""
    told: dict[str, list[object]] = {}
    for line in lines:
        event = seen(json.loads(line)) if is_stream else line
        host = str(event.get("host", "")) if isinstance(event, dict) else next((w for w in line.split()[:2] if "-1" in w or "-worker" in w), "")
        told.setdefault(host, []).append(event)
    return told


def run(command: list[str], case: Case, env: dict[str, str]) -> tuple[int, str, dict[str, list[object]]]:
    argv = [word.format(case.example) for word in command] + case.args
    end = subprocess.PIPE
    with subprocess.Popen(argv, stdin=end, stdout=end, stderr=end, env=env) as program:
        if case.stdin is None:
            assert program.stdout and program.stderr
            # open until it has ended: the end of its input would be a key to 03
            out, err = program.stdout.read(), program.stderr.read()
            program.wait()
        else:
            out, err = program.communicate(case.stdin)
    lines = out.decode("utf-8", "backslashreplace").splitlines()
    return program.returncode, err.decode("utf-8", "backslashreplace"), by_host(lines, case.is_stream)


def main(build: str, lab: str = "") -> None:
    with tempfile.TemporaryDirectory() as made:
        folder, built = Path(made), Path(build).resolve()
        env = os.environ | {"PYTHONPATH": str(built / "bindings/python"), "PYTHONDONTWRITEBYTECODE": "1"}
        if lab:
            env["HOME"] = str(home_of(Path(lab), folder))
        known = languages(built, folder)
        wrong = 0
        for case in lab_cases(Path(lab)) if lab else quick_cases(folder):
            results = {language: run(command, case, env) for language, command in known.items()}
            first = results["C"]
            good = first[0] == case.code and bool(first[1] or first[2]) and all(r == first for r in results.values())
            wrong += not good
            print(f"{'ok' if good else 'FAILED'}: {case.example}: {case.name}: {len(sum(first[2].values(), []))} lines in {', '.join(known)}")
            if not good:
                for language, result in results.items():
                    print(f"    {language}: {result}")
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])

# SPDX-License-Identifier: Apache-2.0
"""python3 -m kb: beside kb-install, the installer in C, on the same recorded hosts and the same mistakes: the same words and exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import kb

BUILD = Path(kb.__file__).parents[3]
INSTALL = BUILD / "examples/kb-install"
HIDDEN = "import sys; sys.modules['rich'] = None; from kb._cli import main; sys.exit(main(sys.argv[1:]))"
HAS_RICH = subprocess.run([sys.executable, "-c", "import rich"], capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(not INSTALL.exists(), reason=f"{INSTALL} is not built: there is nothing to compare with")


def plain(text: str) -> str:
    """Without what differs from run to run, and with one name for both programs."""
    text = text.replace("kb-install", "kb").replace("python3 -m kb", "kb")
    text = re.sub(r"\b\d+\.\d s\b|\b\d+ s\b|\b\d+:\d\d\b", "TIME", text)
    text = re.sub(r" +TIME", " TIME", text)
    return re.sub(r"(?m) +$", "", text)


def both(*words: str | Path, fresh: Path | None = None, **env: str) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    environment = {**os.environ, "COLUMNS": "200", **env}
    ended = []
    for program in ([INSTALL], [sys.executable, "-W", "error", "-m", "kb"]):
        if fresh:
            fresh.unlink(missing_ok=True)
        ended.append(subprocess.run([*program, *words], capture_output=True, text=True, env=environment, timeout=120, stdin=subprocess.DEVNULL))
    return ended[0], ended[1]


def same(*words: str | Path, fresh: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Both say the same; a file that the first one writes is removed before the second."""
    c, python = both(*words, fresh=fresh)
    assert python.returncode == c.returncode, python.stderr
    assert sorted(plain(python.stdout).splitlines()) == sorted(plain(c.stdout).splitlines())
    assert plain(python.stderr) == plain(c.stderr)
    return python


@pytest.mark.parametrize("words", [
    [], ["--help"], ["-h", "up"], ["up", "x.yaml", "--help"], ["--version"], ["help"], ["version"], ["steps"], ["steps", "kubeadm.*"], ["steps", "nothing"],
    ["fields"], ["fields", "network.*"], ["nothing"], ["up"], ["plan", "a", "b"], ["up", "/nowhere/cluster.yaml"], ["--json"], ["--json", "up"], ["--json", "--skip", "x", "up", "/nowhere"], ["--only=x", "nothing"], ["up", "--nothing"],
    ["up", "x", "--timeout", "soon"], ["up", "x", "--timeout"], ["up", "x", "--timeout=0"], ["up", "x", "--timeout", "-1"], ["up", "x", "--only"],
    ["up", "x", "--only="], ["up", "x", "--log", "loud"], ["up", "x", "--log="], ["up", "x", "--log"], ["up", "x", "-"], ["up", "x", "--onlyx", "y"],
    ["up", "x", "--skip", ""], ["up", "x", "--timeout", "1000000"], ["up", "x", "--timeout", "5d"],
], ids=" ".join)
def test_what_is_said_without_a_host(words: list[str]) -> None:
    same(*words)


def test_the_help_names_all_that_there_is() -> None:
    c, python = both("--help")
    assert plain(python.stdout) == plain(c.stdout) and python.returncode == 0


@pytest.mark.parametrize("text", ["hots: []\n", "hosts: [", "kubernetes: {version: 1.34.4}\nhosts: []\n", "\0", ""])
def test_a_wrong_description(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    for command in ("plan", "up", "status", "reset"):
        assert same(command, path).returncode == 2


@pytest.mark.parametrize(("name", "words", "code"), [
    ("check", ["plan"], 3), ("check", ["up", "--check", "--skip", "calico.*", "--skip=node.*"], 3), ("check", ["plan", "--only", "swap.*", "--verbose"], None),
    ("complete", ["up", "--verbose"], 0), ("complete", ["plan"], None), ("noisy", ["up"], 0), ("status", ["status"], 0), ("reset", ["reset"], 0),
    ("reset", ["reset", "--check"], None), ("broken", ["up"], 1), ("half", ["up"], 1), ("half", ["plan", "--verbose"], None),
    ("complete", ["up", "--only", "nothing.*"], 2), ("check", ["plan", "--timeout", "1h"], 3),
], ids=str)
def test_recorded_hosts(recorded: Callable[[str], Path], name: str, words: list[str], code: int | None) -> None:
    ended = same(words[0], recorded(name), *words[1:], fresh=recorded(name).parent / "kubeconfig")
    assert ended.stdout or ended.returncode == 2
    assert code is None or ended.returncode == code


def events(text: str) -> list[dict[str, object]]:
    made = [json.loads(line) for line in text.splitlines()]
    for event in made:
        for key in ("time_ms", "duration_ms", "time", "duration", "journal"):
            event.pop(key, None)
    return made


@pytest.mark.parametrize(("name", "command"), [("check", "plan"), ("complete", "up"), ("status", "status"), ("broken", "up"), ("reset", "reset")])
def test_json_is_one_event_a_line(recorded: Callable[[str], Path], name: str, command: str) -> None:
    c, python = both(command, recorded(name), "--json")
    assert c.returncode == python.returncode and plain(c.stderr) == plain(python.stderr)
    theirs, ours = events(c.stdout), events(python.stdout)
    assert len(ours) > 3 and sorted(map(str, ours)) == sorted(map(str, theirs))
    assert (ours[0]["event"], [e["event"] for e in ours if e["event"] != "status"][-1]) == ("plan-started", "plan-done")


def test_the_kubeconfig_is_written_for_its_owner_alone(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    beside, chosen = tmp_path / "kubeconfig", tmp_path / "chosen"
    c, python = both("up", recorded("complete"))
    assert "kubeconfig written to" in c.stdout and "kubeconfig written to" not in python.stdout and beside.stat().st_mode & 0o777 == 0o600
    theirs = beside.read_bytes()
    beside.unlink()
    run = [sys.executable, "-m", "kb", "up", recorded("complete")]
    ended = subprocess.run([*run, "--kubeconfig", chosen], capture_output=True, text=True)
    assert f"kubeconfig written to {chosen}" in ended.stdout and chosen.read_bytes() == theirs and chosen.stat().st_mode & 0o777 == 0o600
    chosen.chmod(0o644)
    subprocess.run([*run, "--kubeconfig", chosen], check=True, capture_output=True)
    assert chosen.stat().st_mode & 0o777 == 0o600
    shutil.copy(chosen, beside)
    beside.write_bytes(re.sub(rb"server: \S+", b"server: https://other:6443", theirs))
    ended = subprocess.run(run, capture_output=True, text=True)
    assert ended.returncode == 1 and "names another API server" in ended.stderr and b"other:6443" in beside.read_bytes()
    same("up", recorded("complete"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["Release.key", "calico", "chosen", "complete.yaml", "kubeconfig"]
    beside.unlink()
    beside.mkdir()
    same("up", recorded("complete"))


def test_the_log_goes_to_standard_error(recorded: Callable[[str], Path]) -> None:
    c, python = both("status", recorded("status"), "--log", "info")
    assert c.returncode == python.returncode == 0
    shapes = [sorted({plain(re.sub(r"^\d\d:\d\d:\d\d\.\d{3}", "CLOCK", line)) for line in one.stderr.splitlines()}) for one in (c, python)]
    assert shapes[0] == shapes[1] and len(shapes[0]) > 3


def slow_cluster(folder: Path, port: int) -> Path:
    path = folder / "cluster.yaml"
    path.write_text(f"kubernetes: {{version: 1.34.4}}\nnetwork: {{nodes: 127.0.0.0/8, pods: 172.16.0.0/16, services: 10.96.0.0/12}}\n"
                    f"ssh: {{port: {port}, password_file: {folder}/word, connect_timeout_ms: 3600000}}\n"
                    "hosts: [{name: one, address: 127.0.0.1, role: control-plane}]\n")
    (folder / "word").write_text("none\n")
    (folder / "word").chmod(0o600)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_it_with_130(tmp_path: Path, number: signal.Signals) -> None:
    import socket
    said = []
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        path = slow_cluster(tmp_path, server.getsockname()[1])
        for program in ([INSTALL], [sys.executable, "-m", "kb"]):
            child = subprocess.Popen([*program, "up", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            server.settimeout(30)
            accepted, _ = server.accept()       # so it is inside its wait
            with accepted:
                time.sleep(0.2)
                child.send_signal(number)
                out, err = child.communicate(timeout=30)
            said.append((child.returncode, plain(out), plain(err)))
    assert said[0] == said[1] and said[1][0] == 130 and "interrupting: what runs is let go of" in said[1][2]


def on_terminal(program: list[str], *words: str | Path) -> tuple[int, str]:
    """What it prints on a terminal of 24 lines and 120 columns, and its exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="24")
        os.environ.pop("NO_COLOR", None)
        os.execv(program[0], [*program, *map(str, words)])
    said, end = b"", time.monotonic() + 120
    while time.monotonic() < end and select.select([fd], [], [], 60)[0]:
        try:
            said += os.read(fd, 65536)
        except OSError:
            break
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def bare(text: str) -> set[str]:
    """The lines that stay, without colours and the live part."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n")
    return {line for line in plain(text).splitlines() if re.search(r"  (present|absent|differs|changed|failed|note|warning)(  |$)|^(done|failed): ", line)}


def test_a_terminal_without_rich_gets_lines(recorded: Callable[[str], Path]) -> None:
    code, said = on_terminal([sys.executable, "-c", HIDDEN], "plan", recorded("check"))
    assert code == 3 and "\033[33m" in said and "\033[2K" not in said and len(bare(said)) > 20


@pytest.mark.skipif(not HAS_RICH, reason="rich is not installed for this interpreter")
def test_a_terminal_with_rich_gets_a_live_part(recorded: Callable[[str], Path]) -> None:
    code, said = on_terminal([sys.executable, "-m", "kb"], "plan", recorded("check"))
    _, lines = on_terminal([sys.executable, "-m", "kb"], "plan", recorded("check"), "--plain")
    _, c = on_terminal([str(INSTALL)], "plan", recorded("check"))
    assert code == 3 and re.search(r"\d+ of \d+", said) and "\033[?25h" in said.split("\033[?25l")[-1]     # the cursor is back
    assert "\033[?25l" not in lines
    assert bare(said) == bare(lines) == bare(c)


def test_nobody_reads_what_it_says(recorded: Callable[[str], Path]) -> None:
    child = subprocess.Popen([sys.executable, "-W", "error", "-m", "kb", "up", recorded("complete"), "--verbose"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    assert (child.wait(60), child.stderr.read()) == (0, "")
    child.stderr.close()

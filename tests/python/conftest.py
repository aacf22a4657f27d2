# SPDX-License-Identifier: Apache-2.0
"""What the tests share: a context of either layer, hosts, recorded clusters, a real sshd, and the lab, if one is up."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import kb
from kb import _core

TOP = Path(__file__).parents[2]
RECORDED = TOP / "tests/data/replay"
CLUSTER = """\
kubernetes: {version: 1.34.4}
network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16, services: 10.96.0.0/12}
hosts:
  - {name: one, address: 192.168.1.2, role: control-plane}
  - {name: two, address: 192.168.1.3}
"""


@pytest.fixture
def ctx() -> _core.Ctx:
    return _core.new()


@pytest.fixture
def local(ctx: _core.Ctx) -> _core.Host:
    return _core.host_new(ctx, "here", "local:")


@pytest.fixture
def context() -> Iterator[kb.Context]:
    with kb.Context() as made:
        yield made


@pytest.fixture
def here(context: kb.Context) -> kb.Host:
    """This machine."""
    return context.host("here", "local:")


@pytest.fixture
def cluster_file(tmp_path: Path) -> str:
    path = tmp_path / "cluster.yaml"
    path.write_text(CLUSTER)
    return str(path)


def events(ctx: _core.Ctx, plan: _core.Plan) -> Iterator[_core.Event]:
    """All events of a plan that was started."""
    while plan.is_running():
        while (event := plan.next_event()) is not None:
            yield event
        if plan.is_running():
            ctx.wait(-1)


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str], Path]:
    """The description of a cluster whose hosts were recorded, by the name of the recording."""
    manifests = tmp_path / "calico/v3.32.1/manifests"
    manifests.parent.mkdir(parents=True)
    manifests.symlink_to(TOP / "tests/data/calico/v3.32.1")
    shutil.copy(RECORDED / "Release.key", tmp_path)
    text = (RECORDED / "cluster.yaml").read_text().replace("CALICO", str(tmp_path / "calico"))

    def describe(name: str) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"{text}replay: {RECORDED / name}\n")
        return path

    return describe


@dataclass
class Sshd:
    """A real sshd on loopback, for root of its own /etc/passwd. `locked` is its key with the passphrase "horse"."""

    folder: Path
    port: int
    password = "correct-horse"

    @property
    def uri(self) -> str:
        return f"ssh://root@127.0.0.1:{self.port}"

    def settings(self, key: str = "key_ed25519") -> dict[str, Path]:
        return {"identity": self.folder / key, "known_hosts": self.folder / "known_hosts"}


def _free_port() -> int:
    """One that nobody has, beneath those that the kernel gives to connections, and to whoever does not care, while a server starts"""
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            port = random.randrange(10000, 20000)
            s.bind(("127.0.0.1", port))
            return port


def _is_up(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if os.getuid() != 0:
        pytest.skip("not root: no sshd of our own")
    if not Path("/usr/sbin/sshd").exists():
        pytest.skip("there is no sshd")
    folder, port = tmp_path_factory.mktemp("sshd"), _free_port()
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    (folder / "sshd_config.more").touch()
    server = subprocess.Popen(["sh", str(TOP / "tests/loop/sshd.sh"), str(folder), str(port)], start_new_session=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not _is_up(port):
            if server.poll() is not None:
                pytest.skip("no sshd of our own can be started here (namespaces?)")
            assert time.monotonic() < end, "sshd never came up"
            time.sleep(0.05)
        key = (folder / "host_ed25519.pub").read_text().split()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
        (folder / "nobody").write_text("")
        shutil.copy(folder / "key_ed25519", folder / "locked")
        subprocess.run(["ssh-keygen", "-q", "-p", "-a", "4", "-P", "", "-N", "horse", "-f", folder / "locked"], check=True,
                       stdout=subprocess.DEVNULL)
        yield Sshd(folder, port)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture
def lab() -> Path:
    """The folder of the lab's state. The lab's hosts are only reachable inside its network."""
    if "KB_LAB" not in os.environ:
        pytest.skip("KB_LAB does not name a lab")
    folder = Path(os.environ["KB_LAB"])
    if not (folder / "up").exists():
        pytest.skip(f"no lab is up in {folder}")
    try:
        socket.create_connection(("192.168.1.2", 22), timeout=3).close()
    except OSError as e:
        pytest.skip(f"the lab's first host does not answer ({e}): run this by tests/lab/lab exec")
    return folder

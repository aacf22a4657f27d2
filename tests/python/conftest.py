# SPDX-License-Identifier: Apache-2.0
"""What the tests of the raw layer share: a context, a plan run to its end, and the lab, if one is up."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import _core

TOP = Path(__file__).parents[2]
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

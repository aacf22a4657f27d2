# SPDX-License-Identifier: Apache-2.0
"""What is dropped, in whatever order: no crash, no leak, no sound, and nothing that is still held breaks."""

from __future__ import annotations

import gc
import itertools
import os
import random
import subprocess
import sys
import time

import pytest

import kb


def everything(cluster_file: str) -> list[object]:
    """One of each, all of one context, with a run begun and one half read."""
    c = kb.Context()
    host = c.host("here", "local:")
    plan = c.plan()
    first, second = plan.add(host, kb.script("say.one", "true")), plan.add(host, kb.script("say.two", "true"))
    second.after(first)
    cluster = c.cluster(cluster_file)
    up = cluster.plan_up()
    run = plan.apply()
    events = iter(run)
    event = next(events)
    c.log_level = kb.LogLevel.TRACE
    waiting = c.plan()
    waiting.add(host, kb.script("say.three", "true"))
    begun = waiting.check()
    begun.start()
    return [c, host, plan, first, second, cluster, up, up.tasks[0], run, events, event, waiting, begun]


def use(thing: object) -> None:
    """What is still held still answers, or says what it is."""
    assert "<kb." in repr(thing) or hasattr(thing, "__next__")
    if isinstance(thing, kb.Plan):
        assert len(thing) >= 1 and all(t.host for t in thing.tasks)
    elif isinstance(thing, kb.Task):
        assert thing.step and thing.host
    elif isinstance(thing, kb.Cluster):
        assert thing.hosts == ("one", "two")
    elif isinstance(thing, kb.Event):
        assert thing.to_dict()["event"] == "plan-started"
    elif isinstance(thing, kb.Context):
        thing.wait(0)


@pytest.mark.parametrize("seed", range(40))
def test_any_order_of_dropping(seed: int, cluster_file: str) -> None:
    order = random.Random(seed)
    held = everything(cluster_file)
    order.shuffle(held)
    while held:
        held.pop()
        if order.random() < 0.3:
            gc.collect()
        if held and order.random() < 0.5:
            use(order.choice(held))


@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_closing(seed: int, cluster_file: str) -> None:
    held = [thing for thing in everything(cluster_file) if hasattr(thing, "close")]
    for thing in random.Random(seed).sample(held, len(held)):
        thing.close()
        thing.close()
        assert all("<kb." in repr(one) for one in held if not hasattr(one, "__next__"))
    gc.collect()


def test_cycles_are_collected(cluster_file: str) -> None:
    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    everything(cluster_file)
    before = count()
    for _ in range(20):
        held = everything(cluster_file)
        for one, other in itertools.pairwise(held):
            if hasattr(one, "__dict__"):
                one.__dict__["friend"] = other
        held[0].friend = held       # type: ignore[attr-defined]
        del held, one, other
    end = time.monotonic() + 20
    while count() != before and time.monotonic() < end:     # a run that was begun may have a thread, which closes its descriptor last
        time.sleep(0.01)
    assert count() == before


EXITS = {
    "things of the module": "",
    "a run that goes on": "run = plan.apply(); run.start(); c.wait(0)",
    "a loop that was left": "for event in plan.apply(): break",
    "a half read loop": "events = iter(plan.apply()); next(events)",
    "a failure": "error = None\ntry: host.run(kb.script('no', 'exit 1', 'exit 3'))\nexcept kb.Error as e: error = e",
    "an asyncio loop that ended early": "import asyncio\nasync def one():\n    async for event in plan.apply(): return event\nevent = asyncio.run(one())",
    "an exit inside the loop": "for event in plan.apply(): sys.exit(0)",
    "a daemon thread that waits": "import threading, time\nthreading.Thread(target=c.wait, args=(100,), daemon=True).start(); time.sleep(0.2)",
    "a cycle with a finalizer": "class F:\n    def __del__(self): self.plan.close()\nf = F(); f.plan = plan; f.me = f; plan.f = f",
}


@pytest.mark.parametrize("body", EXITS.values(), ids=EXITS.keys())
def test_the_interpreter_ends_in_silence(body: str) -> None:
    program = "import sys, kb\nc = kb.Context(); host = c.host('here', 'local:'); plan = c.plan(); plan.add(host, kb.script('slow', 'sleep 0.1'))\n" + body
    ended = subprocess.run([sys.executable, "-W", "error", "-X", "dev", "-c", program], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_import_is_free_of_warnings() -> None:
    subprocess.run([sys.executable, "-W", "error", "-X", "dev", "-c", "import kb, kb.calico, kb.cidr; [getattr(kb, n) for n in kb.__all__]"], check=True)

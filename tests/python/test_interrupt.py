# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, threads and forks, as a user of the public layer meets them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

import kb

# Each waits for ever, or long: for a host that never answers.
BLOCKING = {
    "iterating over a run": "for event in plan.apply(): pass",
    "waiting for a run": "plan.apply().wait()",
    "a step": "host.run(step)",
    "a check": "host.check(step)",
    "the context": "plan.apply().start()\n    while True: c.wait()",
    "a cluster": "for event in c.parse_cluster(CLUSTER).set_secret('password', 'none').set('ssh.connect_timeout_ms', 3600000).up(): pass",
    "asyncio": "asyncio.run(host.run_async(step))",
    "iterating in asyncio": "asyncio.run(drain(plan.apply()))",
}
PROGRAM = """
import asyncio, gc, sys, time
import kb
CLUSTER = '''kubernetes: {{version: 1.34.4}}
network: {{nodes: 127.0.0.0/8, pods: 172.16.0.0/16, services: 10.96.0.0/12}}
ssh: {{port: {port}}}
hosts: [{{name: one, address: 127.0.0.1, role: control-plane}}]
'''
async def drain(run):
    async for event in run: pass
c = kb.Context()
host = c.host("silent", "ssh://127.0.0.1:{port}", connect_timeout_ms=86400000, password="none")
step = kb.script("say.yes", "true")
plan = c.plan()
plan.add(host, step)
print("ready", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    c.close()
    del host, plan
    gc.collect()
"""


@pytest.fixture
def silent() -> object:
    """A port that takes connections, and never says a word."""
    import socket
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("call", BLOCKING.values(), ids=BLOCKING.keys())
def test_ctrl_c_ends_it_at_once(call: str, silent: int) -> None:
    program = PROGRAM.format(call=call, port=silent)
    with subprocess.Popen([sys.executable, "-W", "error", "-X", "dev", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.4)
        begin = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n", child.stderr.read()
        took = time.monotonic() - begin
        assert child.wait(30) == 0 and child.stderr.read() == ""
    assert took < 2


def test_ctrl_c_cancels_the_run(here: kb.Host, context: kb.Context) -> None:
    plan = context.plan()
    for i in range(20):
        plan.add(here, kb.script(f"slow-{i}", "sleep 0.2"))
    run = plan.apply()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    timer.join()
    with pytest.raises(kb.Canceled):
        run.wait()


def meanwhile(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    gave: list[object] = []

    def body() -> None:
        try:
            gave.append(call())
        except Exception as error:
            gave.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, gave


def wait_until_busy(context: kb.Context) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            context.plan()
        except kb.Busy:
            return
        time.sleep(0.001)
    raise AssertionError("the call never began")


def test_other_threads_run_and_are_told_that_the_context_is_in_use(context: kb.Context, here: kb.Host) -> None:
    thread, gave = meanwhile(lambda: here.run(kb.script("be.slow", "sleep 1")))
    wait_until_busy(context)
    plan = None
    for call in (context.plan, lambda: here.set(port=1), lambda: context.wait(0), context.dispatch, lambda: here.run(kb.swap_off())):
        for _ in range(1000):       # between two waits of the other thread it can come in
            try:
                call()
            except kb.Busy as error:
                assert error.code == kb.Code.EBUSY and "another thread" in str(error)
                break
            except kb.InvalidArgument:
                pass
        else:
            raise AssertionError("nobody was refused")
    assert here.name == "here" and plan is None
    assert kb.cidr.contains("10.0.0.0/8", "10.1.2.3")        # text functions have contexts of their own
    thread.join(60)
    assert isinstance(gave[0], (kb.Result, kb.Busy))


def test_text_functions_run_in_many_threads() -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        for i in range(300):
            cidr = f"10.{number}.{i % 256}.0/24"
            if not kb.cidr.contains(cidr, f"10.{number}.{i % 256}.7"):
                wrong.append(cidr)
            try:
                kb.cidr.check(f"10.{number}.0.1/8")
            except kb.InvalidArgument as error:
                if f"10.{number}." not in str(error):
                    wrong.append(str(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_another_thread_may_cancel(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    for i in range(50):
        plan.add(here, kb.script(f"slow-{i}", "sleep 0.2"))
    run = plan.apply()
    run.start()
    thread, gave = meanwhile(run.wait)
    time.sleep(0.2)
    run.cancel()
    thread.join(30)
    assert isinstance(gave[0], kb.Canceled)


def test_a_forked_child_is_told(context: kb.Context, here: kb.Host, cluster_file: str) -> None:
    plan, cluster = context.plan(), context.cluster(cluster_file)
    plan.add(here, kb.swap_off())
    run = plan.apply()
    kb.token.make()
    pid = os.fork()
    if pid == 0:
        told = 0
        calls = (context.plan, context.dispatch, lambda: here.set(port=1), lambda: here.run(kb.script("a", "true")), run.wait, cluster.validate, cluster.plan_up)
        for call in calls:
            try:
                call()
            except kb.InvalidArgument:
                told += 1
        kb.token.check(kb.token.make())         # needs no context of the user's
        with kb.Context() as own:
            own.host("here", "local:")
        os._exit(0 if told == len(calls) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    run.cancel()

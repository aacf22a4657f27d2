# SPDX-License-Identifier: Apache-2.0
"""The raw layer while something waits: other threads, signals, closing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kb import _core, _errors


@contextmanager
def waiting(ctx: _core.Ctx, call: Callable[[], object]) -> Iterator[list[object]]:
    """call runs in a thread, and is inside the context when the block begins. What it gave or raised is in the list."""
    gave: list[object] = []

    def run() -> None:
        try:
            gave.append(call())
        except Exception as e:
            gave.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        end = time.monotonic() + 10
        while not is_busy(ctx):
            assert time.monotonic() < end, "the call never began"
        yield gave
    finally:
        ctx.cancel(0) if not gave else None
        thread.join(20)
        assert not thread.is_alive()


def is_busy(ctx: _core.Ctx) -> bool:
    try:
        _core.cidr_check(ctx, "10.0.0.0/8")
    except _errors.Busy:
        return True
    return False


def test_a_wait_ends_with_its_time(ctx: _core.Ctx) -> None:
    begin = time.monotonic()
    assert ctx.wait(250) == 0
    assert 0.24 < time.monotonic() - begin < 2
    assert ctx.wait(0) == 0


def test_other_threads_run_while_one_waits(ctx: _core.Ctx) -> None:
    with waiting(ctx, lambda: ctx.wait(30000)):
        begin = time.monotonic()
        sum(range(100000))
        assert time.monotonic() - begin < 5


def test_the_second_thread_is_refused_and_the_exempt_calls_are_not(ctx: _core.Ctx, local: _core.Host) -> None:
    with pytest.raises(_errors.InvalidArgument):
        local.set("nope", "1")
    with waiting(ctx, lambda: ctx.wait(30000)) as gave:
        calls = (lambda: local.set("nope", "1"), lambda: _core.plan_new(ctx), lambda: ctx.wait(0), ctx.dispatch, ctx.error)
        for call in calls:
            with pytest.raises(_errors.Busy) as caught:
                call()
            assert caught.value.code == _core.KB_EBUSY
        assert ctx.fd() >= 0
        assert local.name() == "here"
        ctx.cancel(0)
    assert gave == [1]


def test_cancel_from_another_thread_ends_a_run(ctx: _core.Ctx, local: _core.Host) -> None:
    step = _core.step_script(ctx, "be.slow", "sleep 5", None)  # the host is held until it ends: the next run waits for that
    begin = time.monotonic()
    with waiting(ctx, lambda: local.run(step, -1)) as gave:
        time.sleep(0.1)
        ctx.cancel(0)
    assert time.monotonic() - begin < 4
    (result,) = gave
    assert isinstance(result, _core.Result) and result.status() == _core.KB_ECANCELED


@pytest.mark.parametrize("round", range(20))
def test_close_while_another_thread_waits(round: int) -> None:
    ctx = _core.new()
    with waiting(ctx, lambda: ctx.wait(-1)) as gave:
        _core.close(ctx)
        with pytest.raises(_errors.InvalidArgument, match="closed"):
            ctx.wait(0)
        for _ in range(200):
            if gave:
                break
            time.sleep(0.01)
        assert gave in ([0], [1])


def test_close_host_and_step_while_another_thread_runs_them(ctx: _core.Ctx, local: _core.Host) -> None:
    step = _core.step_script(ctx, "be.slow", "sleep 0.5", None)
    with waiting(ctx, lambda: local.run(step, -1)) as gave:
        _core.close(local)
        _core.close(step)
        while not gave:
            time.sleep(0.01)
    (result,) = gave
    assert isinstance(result, _core.Result) and result.status() == _core.KB_OK
    with pytest.raises(_errors.InvalidArgument, match="closed"):
        local.name()


def test_ctrl_c_ends_a_wait_at_once() -> None:
    program = """
import sys, time
from kb import _core
ctx = _core.new()
print("ready", flush=True)
try:
    ctx.wait(-1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    ctx.wait(0)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.3)
        begin = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        assert time.monotonic() - begin < 1
        assert child.wait(10) == 0


def test_a_handler_that_returns_lets_the_wait_go_on(ctx: _core.Ctx) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        begin = time.monotonic()
        assert ctx.wait(400) == 0
        assert time.monotonic() - begin > 0.39
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(seen) >= 3

# SPDX-License-Identifier: Apache-2.0
"""asyncio: any number of runs on one loop, through the library's descriptor, without a thread."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import kb

SAY = kb.script("say.yes", "true")


def slow(name: str) -> kb.Step:
    return kb.script(name, "sleep 0.2")


def plan_of(context: kb.Context, host: kb.Host, *steps: kb.Step) -> kb.Plan:
    plan = context.plan()
    for step in steps:
        plan.add(host, step)
    return plan


def test_the_events_of_a_run(context: kb.Context, here: kb.Host) -> None:
    async def main() -> list[str]:
        events = [event async for event in plan_of(context, here, SAY).apply()]
        return [str(event.kind) for event in events if event.kind != kb.EventKind.NOTE]     # of others who have this machine's lock

    assert asyncio.run(main()) == ["plan-started", "host-connected", "step-done", "plan-done"]
    assert asyncio.run(main())[-1] == "plan-done"         # the context goes with its second loop


def test_several_clusters_in_one_loop_and_thread(recorded: Callable[[str], Path]) -> None:
    threads = set()

    async def up(context: kb.Context, name: str, check: bool, gate: asyncio.Barrier) -> tuple[str, int, bool]:
        done = []
        await gate.wait()
        async for event in context.cluster(recorded(name)).up(check=check):
            threads.add(threading.get_ident())
            if event.kind == kb.EventKind.STEP_DONE:
                done.append(event)
            await asyncio.sleep(0)
        return name, len(done), any(e.changed for e in done)

    async def main() -> list[tuple[str, int, bool]]:
        async with kb.Context() as one, kb.Context() as two:
            gate = asyncio.Barrier(5)
            kinds = [(one, "complete", False), (one, "check", True), (two, "noisy", False), (two, "check", True), (two, "complete", False)]
            return await asyncio.gather(*(up(context, name, check, gate) for context, name, check in kinds))

    before = threading.active_count()
    ended = asyncio.run(main())
    assert [(name, changed) for name, _, changed in ended] == [
        ("complete", False), ("check", True), ("noisy", False), ("check", True), ("complete", False)]
    assert ended[0] == ended[4] and ended[0][1] > 30 and len(threads) == 1 and threading.active_count() == before


def test_runs_of_one_context_go_on_side_by_side(context: kb.Context, recorded: Callable[[str], Path]) -> None:
    order: list[str] = []

    async def follow(name: str, run: kb.Run) -> None:
        async for event in run:
            if event.kind in (kb.EventKind.PLAN_STARTED, kb.EventKind.PLAN_DONE):
                order.append(f"{name} {event.kind}")

    async def main() -> None:
        await asyncio.gather(*(follow(name, context.cluster(recorded("complete")).up()) for name in "ab"))

    asyncio.run(main())
    assert sorted(order[:2]) == ["a plan-started", "b plan-started"] and sorted(order[2:]) == ["a plan-done", "b plan-done"]


def test_a_step_is_awaited_and_its_failure_raised(here: kb.Host) -> None:
    async def main() -> None:
        assert (await here.run_async(SAY)).verdict == kb.Verdict.PRESENT
        assert (await here.check_async(kb.script("no", "exit 1", "true"))).changed
        with pytest.raises(kb.StepFailed) as caught:
            await here.run_async(kb.script("break.it", "exit 1", "exit 3"))
        assert caught.value.result is not None and caught.value.result.exit_status == 3

    asyncio.run(main())


def test_a_run_is_awaited(context: kb.Context, here: kb.Host) -> None:
    async def main() -> None:
        await plan_of(context, here, SAY).apply()

    asyncio.run(main())


def test_the_loop_goes_on_meanwhile(context: kb.Context, here: kb.Host) -> None:
    async def main() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await plan_of(context, here, slow("one"), slow("two")).apply()
        ticking.cancel()
        return ticks

    assert asyncio.run(main()) >= 5


def test_a_deadline_and_a_cancelled_task_cancel_the_run(context: kb.Context, here: kb.Host) -> None:
    async def main() -> None:
        run = plan_of(context, here, *(slow(f"slow-{i}") for i in range(5))).apply()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(_drain(run), 0.1)
        with pytest.raises(kb.Canceled):
            await run
        run = plan_of(context, here, *(slow(f"slow-{i}") for i in range(5))).apply()
        task = asyncio.create_task(_drain(run))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(kb.Canceled):
            await run

    asyncio.run(main())


async def _drain(run: kb.Run) -> None:
    async for _ in run:
        pass


def test_leaving_the_loop_early_cancels_the_run(context: kb.Context, here: kb.Host) -> None:
    async def main() -> None:
        run = plan_of(context, here, *(slow(f"slow-{i}") for i in range(5))).apply()
        async for event in run:
            if event.kind == kb.EventKind.HOST_CONNECTED:
                break
        await asyncio.sleep(0)
        with pytest.raises(kb.Canceled):
            await run

    asyncio.run(main())


def test_a_plan_whose_loop_was_left_runs_again_at_once(context: kb.Context, here: kb.Host) -> None:
    async def main() -> None:
        plan = plan_of(context, here, SAY, kb.script("say.two", "true"))
        for kind in (kb.EventKind.PLAN_STARTED, kb.EventKind.HOST_CONNECTED):
            async for event in plan.apply():
                if event.kind == kind:
                    break
            again = plan.apply(timeout=60)
            seen = [event async for event in again]
            assert {e.run for e in seen} == {again.start()} and seen[-1].kind == kb.EventKind.PLAN_DONE
        task = asyncio.create_task(_drain(plan.apply()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await plan.apply(timeout=60)

    asyncio.run(main())


def test_a_context_that_is_closed_meanwhile_ends_its_coroutines(here: kb.Host, context: kb.Context) -> None:
    async def main() -> None:
        tasks = [asyncio.create_task(_drain(plan_of(context, here, slow(f"slow-{i}")).apply())) for i in range(2)]
        await asyncio.sleep(0.05)
        context.close()
        for ended in await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20):
            assert isinstance(ended, kb.InvalidArgument) and "closed" in str(ended)

    asyncio.run(main())


def test_two_loops_at_once_are_refused(context: kb.Context, here: kb.Host) -> None:
    entered, done = threading.Event(), threading.Event()

    async def one() -> None:
        with context._reading():
            entered.set()
            await asyncio.to_thread(done.wait, 20)

    other = threading.Thread(target=asyncio.run, args=(one(),))
    other.start()
    try:
        assert entered.wait(20)
        with pytest.raises(RuntimeError, match="another asyncio loop"):
            asyncio.run(_drain(plan_of(context, here, SAY).apply()))
    finally:
        done.set()
        other.join()


def test_nothing_is_left_in_the_loop(context: kb.Context, here: kb.Host) -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        await plan_of(context, here, SAY).apply()
        gc.collect()
        return len(loop._selector.get_map())       # type: ignore[attr-defined]

    async def nothing() -> int:
        return len(asyncio.get_running_loop()._selector.get_map())       # type: ignore[attr-defined]

    assert asyncio.run(main()) == asyncio.run(nothing())

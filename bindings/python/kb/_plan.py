# SPDX-License-Identifier: Apache-2.0
"""Plans: steps on hosts and what comes before what; and runs of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from . import _core
from ._enums import EventKind, Mode
from ._errors import Error, described
from ._event import Event
from ._step import Step

if TYPE_CHECKING:
    from ._context import Context, Host


def milliseconds(timeout: float | None) -> int:
    return -1 if timeout is None else max(0, round(timeout * 1000))


class Turn:
    """A coroutine that waits until something was dispatched."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._failed: Exception | None = None

    def take(self, failed: Exception | None) -> None:
        self._failed = self._failed or failed
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        if self._failed is not None:
            raise self._failed
        self._event.clear()


class Task:
    """One step on one host, as part of a plan."""

    def __init__(self, plan: _core.Plan, raw: _core.Task) -> None:
        self._plan = plan
        self._raw = raw

    @property
    def step(self) -> str:
        """The name of its step."""
        return self._raw.step()

    @property
    def host(self) -> str:
        """The name of its host."""
        return self._raw.host()

    def after(self, *tasks: Task) -> Task:
        """It begins only when those have ended well. Returns itself."""
        for task in tasks:
            self._plan.after(self._raw, task._raw)
        return self

    def bind(self, param: str, task: Task, output: str) -> Task:
        """Gives an output of another task to a parameter of this one, and orders them so. A secret stays one. Returns itself."""
        self._plan.bind(self._raw, param.replace("_", "-"), task._raw, output.replace("_", "-"))
        return self

    def on_demand(self) -> Task:
        """Makes it run only when one of the tasks bound to its outputs turns out to need them; otherwise it ends as present without having
        been asked. Returns itself."""
        self._raw.set_on_demand()
        return self

    def wave(self, group: str | None, limit: int = 1) -> Task:
        """Puts it into a wave: of the tasks with the same group name at most `limit` are applied at a time. None takes it out. Returns
        itself."""
        self._raw.set_wave(group, limit)
        return self

    def output(self, name: str) -> bytes | None:
        """An output of a task that has ended; None when there is none."""
        return self._raw.output(name)

    @property
    def outputs(self) -> dict[str, bytes]:
        """All that it gave."""
        gave, index = {}, 0
        while (name := _core.step_output_name(self.step, index)) is not None:
            value = self._raw.output(name)
            if value is not None:
                gave[name] = value
            index += 1
        return gave

    def __repr__(self) -> str:
        return described("Task", lambda: f"{self.host} {self.step}")


class Run:
    """A plan that runs. Iterate over it for its events, with `for` or `async for`; it starts with the first one.

    The last event is `PLAN_DONE`; when the run failed, its error is raised after that. Leaving the loop early, by `break` or by any
    exception (Ctrl-C too), cancels the run, and takes what is left of its events: the plan may be started again at once. `wait()` takes all
    events and throws them away. Iterating again over a run that has ended gives no event, and raises its error.
    """

    def __init__(self, plan: Plan, mode: Mode, timeout: float | None) -> None:
        self._plan = plan
        self._mode = mode
        self._timeout = timeout
        self._number: int | None = None
        self._queue: deque[Event] = deque()
        self._done: Event | None = None

    @property
    def plan(self) -> Plan:
        """The plan that it is a run of."""
        return self._plan

    def start(self) -> int:
        """Starts it, if it was not. Returns the run's number."""
        if self._number is None:
            self._number = self._plan._raw.start(self._mode, milliseconds(self._timeout))
            self._plan._runs[self._number] = self
        return self._number

    def cancel(self) -> None:
        """Returns at once, from any thread; what became of each host arrives as events."""
        if self._number is not None:
            self._plan._context.cancel(self._number)

    def wait(self) -> None:
        """Until it has ended. Raises its error."""
        for _ in self:
            pass

    def _next(self) -> Event | None:
        """Takes its next event; None when there is none now. What an earlier run of the plan left before it goes to that one."""
        while not self._queue and (taken := self._plan._raw.next_event()) is not None:
            event = Event(taken)
            run = self if event.run == self._number else self._plan._runs.get(event.run)
            if run is not None:
                run._queue.append(event)
        if not self._queue:
            return None
        event = self._queue.popleft()
        if event.kind == EventKind.PLAN_DONE:
            self._done = event
        return event

    def _let_go(self) -> None:
        """Cancels what nobody listens to any more, and follows it to its end, which no host can delay: else the plan's next start would find
        it running. That a context is closed or forked is no matter then."""
        if self._number is None or self._done is not None:
            return
        with contextlib.suppress(Error):
            self.cancel()
            while self._done is None:
                if self._next() is None:
                    if not self._plan._raw.is_running():
                        return
                    self._plan._context.wait()

    def _raise_error(self) -> None:
        if self._done is not None and (error := self._done.error) is not None:
            raise error

    def __iter__(self) -> Iterator[Event]:
        raw, context = self._plan._raw, self._plan._context
        try:
            self.start()
            while self._done is None:
                if (event := self._next()) is not None:
                    yield event
                elif raw.is_running():
                    context.wait()
                else:
                    return
        finally:
            self._let_go()
        self._raise_error()

    def __aiter__(self) -> AsyncIterator[Event]:
        return Listener(self)

    async def _listen(self) -> AsyncGenerator[Event, None]:
        raw, context = self._plan._raw, self._plan._context
        with context._reading() as turn:
            try:
                self.start()
                while self._done is None:
                    if (event := self._next()) is not None:
                        yield event
                    elif raw.is_running():
                        await turn.wait()
                    else:
                        return
            finally:
                self._let_go()
        self._raise_error()

    def __await__(self) -> Generator[Any, None, None]:
        async def all_of_it() -> None:
            async for _ in self:
                pass

        return all_of_it().__await__()

    def __repr__(self) -> str:
        state = "not started" if self._number is None else f"run {self._number}"
        return described("Run", lambda: f"{self._mode.name.lower()} of {len(self._plan)} tasks, {state}")


class Listener:
    """What `async for` holds. It lets go of its run at once when it is dropped: an asynchronous generator alone is closed by asyncio only some
    turns later, and the plan's next run would find it busy."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._events = run._listen()

    def __aiter__(self) -> Listener:
        return self

    def __anext__(self) -> Awaitable[Event]:
        return self._events.__anext__()

    async def aclose(self) -> None:
        await self._events.aclose()

    def __del__(self) -> None:
        self._run._let_go()


class Plan:
    """Steps on hosts, and what comes before what. Tasks of one host run in the order in which they were added."""

    def __init__(self, context: Context, raw: _core.Plan) -> None:
        self._context = context
        self._raw = raw
        self._runs: WeakValueDictionary[int, Run] = WeakValueDictionary()      # started, and still held by someone

    def add(self, host: Host, step: Step) -> Task:
        """Adds a step on a host."""
        return Task(self._raw, self._raw.add(host._raw, step._make(self._context._raw)))

    def barrier(self) -> None:
        """All tasks added from now on begin only when all added so far have ended well."""
        self._raw.barrier()

    def only(self, *patterns: str) -> Plan:
        """Keeps only the tasks whose step name fits one of the patterns given so far (shell patterns: * and ?). A task left out counts as
        ended well for those after it; tasks whose outputs a kept one is bound to are still asked, never applied. Returns itself."""
        for pattern in patterns:
            self._raw.only(pattern)
        return self

    def skip(self, *patterns: str) -> Plan:
        """Leaves out the tasks whose step name fits. As `only()` otherwise. Returns itself."""
        for pattern in patterns:
            self._raw.skip(pattern)
        return self

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Its tasks, in the order added."""
        found = (self._raw.task(i) for i in range(self._raw.task_count()))
        return tuple(Task(self._raw, t) for t in found if t is not None)

    def check(self, timeout: float | None = None) -> Run:
        """A dry run: verdicts and differences, nothing is touched."""
        return Run(self, Mode.CHECK, timeout)

    def apply(self, timeout: float | None = None) -> Run:
        """Makes it so. The timeout is in seconds, for all of it."""
        return Run(self, Mode.APPLY, timeout)

    @property
    def running(self) -> bool:
        """It runs or has events left."""
        return self._raw.is_running() == 1

    def next_event(self) -> Event | None:
        """Takes the next event. For a loop of your own; None when there is none now. Such a loop raises nothing: see `Event.error`."""
        taken = self._raw.next_event()
        return None if taken is None else Event(taken)

    def close(self) -> None:
        """Ends its use now; a run of it is cancelled."""
        _core.close(self._raw)

    def __len__(self) -> int:
        return self._raw.task_count()

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return described("Plan", lambda: f"of {len(self)} tasks")


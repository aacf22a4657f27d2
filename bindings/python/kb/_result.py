# SPDX-License-Identifier: Apache-2.0
"""What became of one step on one host."""

from __future__ import annotations

import datetime

from types import TracebackType

from ._enums import EventKind, Mode, Verdict
from ._errors import Error
from ._event import Change, Event
from ._plan import Plan, Run


class Result:
    """What became of one step on one host."""

    def __init__(self, event: Event, outputs: dict[str, bytes]) -> None:
        self._event = event
        self._outputs = outputs

    @property
    def outputs(self) -> dict[str, bytes]:
        """What the step gave, by name."""
        return self._outputs

    @property
    def verdict(self) -> Verdict:
        """What was found, before anything was applied."""
        return self._event.verdict

    @property
    def changed(self) -> bool:
        """Something was applied; of a check: would be."""
        return self._event.changed

    @property
    def exit_status(self) -> int | None:
        """Of the last script on the host; None when none ended."""
        return self._event.exit_status

    @property
    def duration(self) -> datetime.timedelta:
        """How long it took."""
        return self._event.duration

    @property
    def diff(self) -> str:
        """The differences as text, unified for files."""
        return self._event.diff

    @property
    def changes(self) -> tuple[Change, ...]:
        """The differences one by one."""
        return self._event.changes

    @property
    def log(self) -> str:
        """What the scripts printed, if the step failed."""
        return self._event.log

    @property
    def error(self) -> Error | None:
        """The error; None when there is none. A result of `Host.run()` has none: that raises it, and it has the result."""
        return self._event.error

    def __repr__(self) -> str:
        return f"<kb.Result {self._event.host} {self._event.step}: {self.verdict}{', changed' if self.changed else ''}>"


class Alone:
    """A plan of one task while it runs: what waits for it can be interrupted at once. An error that leaves the block gets the result."""

    def __init__(self, plan: Plan, mode: Mode, timeout: float | None) -> None:
        self.run: Run = plan.check(timeout) if mode == Mode.CHECK else plan.apply(timeout)
        self._done: Event | None = None

    def take(self, event: Event) -> None:
        if event.kind == EventKind.STEP_DONE:
            self._done = event

    def result(self) -> Result:
        assert self._done is not None   # a run without this event has raised
        return Result(self._done, self.run.plan.tasks[0].outputs)

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, Error) and self._done is not None:
            error.result = self.result()

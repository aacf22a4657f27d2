# SPDX-License-Identifier: Apache-2.0
"""How what happens is shown: lines, JSON, or lines with a live part below them on a terminal, which rich draws."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._cli_args import Args
from ._enums import Code, EventKind, Severity, Verdict
from ._errors import Error
from ._event import Event

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_COLORS = {"none": "\033[0m", "dim": "\033[2m", "green": "\033[32m", "yellow": "\033[33m", "red": "\033[31m"}
_OWN_WORDS = ("done", "nothing to do", "would be changed")     # the engine's, which stand in the column before
_SEVERITIES = {Severity.WARNING: ("warning", "yellow"), Severity.ERROR: ("error", "red")}


def say(text: str = "", end: str = "\n") -> None:
    """On standard output. That nobody reads it any more must not end a run half-way."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())


def clock(milliseconds: float) -> str:
    """ "0.4 s", "1:05" """
    ms = int(milliseconds)
    if ms < 10000:
        return f"{ms // 1000}.{ms % 1000 // 100} s"
    return f"{ms // 1000} s" if ms < 60000 else f"{ms // 60000}:{ms // 1000 % 60:02d}"


def own(text: str, *where: str) -> str:
    """Without "HOST: STEP: ", which stand beside it."""
    for word in where:
        if word and text.startswith(f"{word}: "):
            text = text[len(word) + 2:]
    return text


def _is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def wants_color() -> bool:
    """https://no-color.org: set to anything but nothing"""
    return not os.environ.get("NO_COLOR") and _is_terminal()


@dataclass
class Tally:
    present: int = 0
    changed: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    warnings: int = 0
    total: int = 0      # tasks of the run
    done: int = 0

    def count(self, event: Event) -> None:
        self.done += 1
        if event.skipped:
            self.skipped += 1
        elif event.status == Code.ECANCELED:
            self.cancelled += 1
        elif event.status != Code.OK:
            self.failed += 1
        elif event.changed:
            self.changed += 1
        else:
            self.present += 1


@dataclass
class Lane:
    """A host, and what runs there now."""

    host: str
    step: str = ""
    said: str = ""          # its last line of output
    begun: str = ""         # output that has no end of line yet
    noted: str | None = None    # a step is judged again after its apply, and notes the same again
    since: float = 0
    is_lost: bool = False


@dataclass
class Show:
    """Lines that never change once they are printed: for files, pipes, and whoever likes them."""

    args: Args
    hosts: tuple[str, ...]
    tally: Tally = field(default_factory=Tally)
    error: Error | None = None      # the first step's that failed

    def __post_init__(self) -> None:
        self.lanes = {host: Lane(host) for host in self.hosts}
        self.width = max(map(len, self.hosts), default=0)
        self.has_color = wants_color()

    # what is known, before it is shown

    def take(self, event: Event) -> None:
        lane, kind = self.lanes.get(event.host), event.kind
        if kind == EventKind.PLAN_STARTED:
            self.tally.total = event.total
        elif kind == EventKind.STEP_DONE:
            self._take_done(lane, event)
        elif kind == EventKind.NOTE:
            if not self.args.is_json and self._is_noted_again(lane, event):
                return
            self.tally.warnings += event.severity >= Severity.WARNING
        elif lane:
            self._take_lane(lane, event)
        self.event(event)

    def _take_done(self, lane: Lane | None, event: Event) -> None:
        self.tally.count(event)
        if lane:
            lane.step = lane.said = lane.begun = ""
        if not self.error and event.status not in (Code.OK, Code.ECANCELED) and not event.skipped:
            self.error = event.error

    def _is_noted_again(self, lane: Lane | None, event: Event) -> bool:
        if lane and lane.noted == event.text:
            return True
        if lane:
            lane.noted = event.text
        return False

    def _take_lane(self, lane: Lane, event: Event) -> None:
        if event.kind == EventKind.STEP_STARTED:
            lane.step, lane.said, lane.since = event.step, "", time.monotonic()
        elif event.kind == EventKind.STEP_OUTPUT:
            *lines, lane.begun = (lane.begun + event.text).split("\n")
            for line in filter(None, lines):        # output comes in pieces that end anywhere
                lane.said = line
                self.output(lane)
        elif event.kind in (EventKind.HOST_LOST, EventKind.HOST_CONNECTED):
            lane.is_lost = event.kind == EventKind.HOST_LOST

    # what is printed

    def line(self, host: str, step: str, rest: str) -> None:
        say(f"{host:<{self.width}}  {step:<20}  {rest}")

    def color(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}{_COLORS['none']}" if self.has_color else text

    def event(self, event: Event) -> None:
        if event.kind == EventKind.STEP_DONE:
            self.step_done(event)
        elif event.kind == EventKind.NOTE:
            word, color = _SEVERITIES.get(event.severity, ("note", "dim"))
            self.line(event.host, event.step, f"{self.color(color, f'{word:<9}')}  {own(event.text, event.host, event.step)} ({event.id})")
        elif event.kind == EventKind.HOST_LOST or (event.kind == EventKind.HOST_CONNECTED and self.args.is_verbose):
            word, color = ("lost", "yellow") if event.kind == EventKind.HOST_LOST else ("connected", "dim")
            self.line(event.host, "", f"{self.color(color, f'{word:<9}')}  {event.text}")
        elif event.kind == EventKind.STEP_STARTED:
            self.line(event.host, event.step, "running")

    def _outcome(self, event: Event) -> tuple[str, str]:
        if event.skipped:
            return "skipped", "dim"
        if event.status != Code.OK:
            return "cancelled" if event.status == Code.ECANCELED else "failed", "red"
        if not event.changed:
            return str(event.verdict or Verdict.PRESENT), "dim"
        return (str(event.verdict), "yellow") if self.args.is_dry else ("changed", "green")

    def step_done(self, event: Event) -> None:
        if event.skipped and not self.args.is_verbose:      # the error at the end says enough
            return
        (word, color), text = self._outcome(event), own(event.text, event.host, event.step)
        milliseconds = event.duration.total_seconds() * 1000
        took = clock(round(milliseconds)) if milliseconds >= 100 else ""
        said = f"  {text}" if text and text not in _OWN_WORDS else ""
        self.line(event.host, event.step, f"{self.color(color, f'{word:<9}')}  {took:>7}{said}")
        if self.args.is_dry or self.args.is_verbose:
            for line in event.diff.removesuffix("\n").split("\n") if event.diff else ():
                say(f"      {self.color({'+': 'green', '-': 'red'}.get(line[:1], 'dim'), line)}")

    def output(self, lane: Lane) -> None:
        if self.args.is_verbose:
            say(f"{lane.host:<{self.width}}  {lane.step:<20}  {self.color('dim', f'| {lane.said}')}")

    def pause(self, is_asking: bool) -> None:
        """The terminal is the question's, as long as one is asked."""

    def end(self) -> None:
        """Before the last words."""


class ShowJson(Show):
    """One event a line, as the library itself words it: the same in every language."""

    def event(self, event: Event) -> None:
        say(event.json())

    def output(self, lane: Lane) -> None:
        pass


class ShowLive(Show):
    """What is finished scrolls by, and below it stands a line for each host that is at work."""

    def __post_init__(self) -> None:
        super().__post_init__()
        from rich.console import Console
        from rich.live import Live

        self.console = Console(no_color=not self.has_color, highlight=False)
        self.live: Live | None = Live(console=self.console, get_renderable=self._table, refresh_per_second=10, transient=True,
                                      redirect_stdout=False, redirect_stderr=False)
        self.live.start()

    def _table(self) -> Table:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table, now = Table.grid(padding=(0, 2)), time.monotonic()
        busy = [lane for lane in self.lanes.values() if lane.step]
        room = max(1, self.console.height - 4)
        for lane in busy[:room]:
            said = "the connection is lost" if lane.is_lost else lane.said
            table.add_row(Spinner("dots"), Text(lane.host), Text(lane.step), Text(clock((now - lane.since) * 1000)),
                          Text(said, style="dim", no_wrap=True, overflow="ellipsis"))
        if len(busy) > room:
            table.add_row("", Text(f"and {len(busy) - room} more hosts"))
        table.add_row("", Text(f"{self.tally.done} of {self.tally.total}", style="dim"))
        return table

    def line(self, host: str, step: str, rest: str) -> None:
        from rich.text import Text

        self.console.print(Text.from_ansi(f"{host:<{self.width}}  {step:<20}  {rest}"), soft_wrap=True)

    def event(self, event: Event) -> None:
        if event.kind != EventKind.STEP_STARTED:
            super().event(event)

    def pause(self, is_asking: bool) -> None:
        if self.live is not None and is_asking == self.live.is_started:
            (self.live.stop if is_asking else self.live.start)()

    def end(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None


def _has_rich() -> bool:
    try:
        import rich.live  # noqa: F401
    except ImportError:
        return False
    return True


def show(args: Args, hosts: tuple[str, ...]) -> Show:
    """The way that fits the command line and what standard output is."""
    if args.is_json:
        return ShowJson(args, hosts)
    return (ShowLive if _is_terminal() and not args.is_plain and _has_rich() else Show)(args, hosts)

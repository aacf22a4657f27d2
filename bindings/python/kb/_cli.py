# SPDX-License-Identifier: Apache-2.0
"""python3 -m kb: what examples/kb-install is in C, with the same words and exit codes. Everything that it can do is the library's."""

from __future__ import annotations

import fnmatch
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from . import _cli_kubeconfig, _cli_status
from ._catalogue import catalogue
from ._cli_args import BAD_INPUT, CHANGES_PENDING, DONE, FAILED, HELP, INTERRUPTED, Args, Bad, read
from ._cli_ask import Ask
from ._cli_show import Show, clock, own, say, show
from ._cluster import Cluster
from ._context import Context
from ._core import version
from ._enums import Code, EventKind
from ._errors import Error
from ._event import Event
from ._plan import Plan


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _report_error(error: Error, shown: Show | None = None) -> None:
    failed = "\033[31mfailed\033[0m" if shown and shown.has_color and sys.stderr.isatty() else "failed"
    where = "".join(f"{word}: " for word in (error.host, error.step) if word)
    _warn(f"{failed}: {where}{own(error.cause, error.host, error.step)}")
    for number, line in enumerate(error.evidence):
        if line:
            _warn(f"  {'' if number else 'evidence':<9} {line}")
    if error.fix:
        _warn(f"  {'fix':<9} {error.fix}")
    _warn(f"  {'code':<9} {' '.join(filter(None, (str(_code(error)), error.id)))}")


def _code(error: Error) -> object:
    return Code(error.code) if error.code in Code._value2member_map_ else "KB_E?"


def _report_end(shown: Show, status: int, took_ms: float) -> None:
    tally, words = shown.tally, {Code.OK: "done", Code.ECANCELED: "interrupted"}
    counts = [(tally.changed, "to change" if shown.args.is_dry else "changed"), (tally.failed, "failed"), (tally.cancelled, "cancelled"),
              (tally.skipped, "skipped"), (tally.warnings, "warnings")]
    said = "".join(f", {count} {what}" for count, what in counts if count)
    say(f"{words.get(Code(status), 'failed')}: {tally.present} present{said}, in {clock(took_ms)}")
    if tally.cancelled and not shown.args.is_dry:
        say("what may still run is named above; the same command again follows it to its end, and goes on")


class Interrupts:
    """The first one asks everything to end, the second ends this program."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.count = 0
        self.restore: Callable[[], None] = lambda: None     # the terminal
        self._was_said = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on)

    def _on(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            self._context.cancel()
            return
        self.restore()
        os.write(2, b"\nkb: ended at once; steps that were running may go on on their hosts\n")
        os._exit(INTERRUPTED)

    def say(self, shown: Show) -> None:
        """Said once, before the events that tell how each step took it."""
        if self.count and not self._was_said:
            self._was_said = True
            shown.end()
            _warn("interrupting: what runs is let go of (once more: end at once)")


def _print_log(context: Context) -> None:
    for entry in context.log():
        text = entry.text.replace("\n", "\n\t")
        _warn(f"{entry.time:%H:%M:%S}.{entry.time.microsecond // 1000:03d} {entry.level} {entry.host}: {text}")


@dataclass
class _Following:
    """A run, until its last event."""

    context: Context
    plan: Plan
    shown: Show
    ask: Ask
    interrupts: Interrupts
    outcome: int = Code.ECANCELED
    took_ms: float = 0

    def _take(self, event: Event) -> None:
        self.ask.hide()
        self.shown.take(event)
        if event.kind == EventKind.QUESTION:
            self.ask.question(event)
        elif event.kind == EventKind.STEP_DONE and event.status != Code.OK:
            self.ask.forget(event.host)
        elif event.kind == EventKind.PLAN_DONE:
            self.ask.forget()
            self.outcome, self.took_ms = event.status, round(event.duration.total_seconds() * 1000)

    def _wait(self) -> None:
        typed, poll = self.ask.fd(), select.poll()
        poll.register(self.context, select.POLLIN)
        if typed is not None:
            poll.register(typed, select.POLLIN)
        if any(fd == typed for fd, _ in poll.poll()):
            self.ask.read()
        if self.interrupts.count:
            self.ask.forget()
        self.interrupts.say(self.shown)
        self.context.dispatch()

    def follow(self) -> None:
        while self.plan.running:
            while (event := self.plan.next_event()) is not None:
                self._take(event)
            _print_log(self.context)
            if self.plan.running:
                self.shown.pause(self.ask.fd() is not None)
                self.ask.show()
                self._wait()
        self.shown.end()
        _print_log(self.context)


def _make_plan(cluster: Cluster, args: Args) -> Plan:
    if args.command == "reset" and args.only:
        cluster.set("reset.calico", True)       # `reset --only 'calico.*'` asks for a step that a reset of everything has no need of
    make = {"reset": cluster.plan_reset, "status": cluster.plan_status}.get(args.command, cluster.plan_up)
    return make().only(*args.only).skip(*args.skip)


def _exit_code(shown: Show, status: int, interrupts: Interrupts) -> int:
    if interrupts.count or status == Code.ECANCELED:
        return INTERRUPTED
    if status != Code.OK:
        return FAILED
    return CHANGES_PENDING if shown.args.is_dry and shown.tally.changed else DONE


def _run(context: Context, args: Args, interrupts: Interrupts) -> int:
    try:
        cluster = context.cluster(args.cluster)
        ask = Ask(args, cluster, context)
        plan = _make_plan(cluster, args)
        (plan.check if args.is_dry else plan.apply)(args.timeout).start()
    except Error as error:
        _report_error(error)
        return BAD_INPUT
    shown = show(args, cluster.hosts)
    following = _Following(context, plan, shown, ask, interrupts)
    interrupts.restore = ask.restore
    try:
        following.follow()
    finally:
        shown.end()
        ask.close()
    status, took = following.outcome, following.took_ms
    code = _exit_code(shown, status, interrupts)
    if args.command == "status":
        _cli_status.show(plan, args)
    if not args.is_json:
        _report_end(shown, status, took)
    if shown.error:
        _report_error(shown.error, shown)
    if code == DONE and args.command == "up" and not args.is_dry:
        code = _cli_kubeconfig.save(plan, args)
    return code


def _run_with_context(args: Args) -> int:
    with Context() as context:
        interrupts = Interrupts(context)
        context.log_level = args.log_level
        code = _run(context, args, interrupts)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)       # the handler must not meet a context that is gone
        return code


def _list_steps(pattern: str) -> int:
    for step in catalogue().values():
        if pattern and not fnmatch.fnmatchcase(step.name, pattern):
            continue
        say(f"{step.name:<21} {step.summary}")
        for param in step.params.values():
            words = "".join(word for word, is_so in (("; a list", param.is_list), ("; required", param.is_required), ("; secret", param.is_secret)) if is_so)
            default = f" ({param.default})" if param.default is not None else ""
            say(f"    {param.name:<27} {param.doc}{words}{default}")
        for name, doc in step.outputs.items():
            say(f"    -> {name:<24} {doc}")
    return DONE


def _list_fields(pattern: str) -> int:
    for key, doc in Cluster.fields().items():
        if not pattern or fnmatch.fnmatchcase(key, pattern):
            say(f"{key:<29} {doc}")
    return DONE


def main(words: list[str]) -> int:
    """Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")       # type: ignore[union-attr]
    try:
        args = read(words)
    except Bad as bad:
        what, value = bad.args
        _warn(f"kb: {what}: {value} (python3 -m kb --help says more)")
        return BAD_INPUT
    if args.command == "help":
        say(HELP, end="")
        return DONE
    if args.command == "version":
        say(f"kb {version()}, libkb {version()}")
        return DONE
    if args.command in ("steps", "fields"):
        return (_list_steps if args.command == "steps" else _list_fields)(args.cluster)
    return _run_with_context(args)

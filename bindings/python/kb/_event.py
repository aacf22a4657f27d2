# SPDX-License-Identifier: Apache-2.0
"""Events: what happened, in the order in which it happened."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from . import _core
from ._enums import EventKind, Severity, Verdict
from ._errors import Error


def time_of(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)


@dataclass(frozen=True)
class Change:
    """One difference: of what kind ("file", "package", "unit"...), its name, what it is and what it is to be. None: not there, or secret."""

    kind: str
    name: str
    before: bytes | None
    after: bytes | None


class Event:
    """One event. It outlives its run and its context."""

    __slots__ = ("_raw", "__dict__")

    def __init__(self, raw: _core.Event) -> None:
        self._raw = raw

    @property
    def kind(self) -> EventKind:
        """Which kind."""
        return EventKind(self._raw.kind())

    @property
    def run(self) -> int:
        """The run's number."""
        return self._raw.run()

    @property
    def time(self) -> datetime.datetime:
        """When, in UTC."""
        return time_of(self._raw.time_ms())

    @property
    def host(self) -> str:
        """The host's name, or ""."""
        return self._raw.host()

    @property
    def step(self) -> str:
        """The step's name, or ""."""
        return self._raw.step()

    @property
    def task(self) -> int | None:
        """The task's index in its plan, from 0; None when it is about no task."""
        index = self._raw.task()
        return None if index < 0 else index

    @property
    def total(self) -> int:
        """How many tasks the run has that are not left out."""
        return self._raw.total()

    @property
    def status(self) -> int:
        """`Code.OK` or a negative code (`kb.Code`)."""
        return self._raw.status()

    @property
    def verdict(self) -> Verdict:
        """The verdict of a step, before anything was applied."""
        return Verdict(self._raw.verdict())

    @property
    def changed(self) -> bool:
        """The step applied something (in a dry run: would)."""
        return self._raw.is_changed() == 1

    @property
    def skipped(self) -> bool:
        """The step was not run because of another: it failed, or was not needed. `text` says why."""
        return self._raw.is_skipped() == 1

    @property
    def duration(self) -> datetime.timedelta:
        """How long the step or run took."""
        return datetime.timedelta(milliseconds=self._raw.duration_ms())

    @property
    def exit_status(self) -> int | None:
        """Exit status of the step's last script; None when none ended."""
        status = self._raw.exit_status()
        return None if status < 0 else status

    @property
    def text(self) -> str:
        """A note's text, a piece of output, or one line on how a step ended."""
        return self._raw.text()

    @property
    def id(self) -> str:
        """Of a note: its stable name, such as "host.name-differs". Of a question: what is asked for, by the name under which `Host.set()`
        takes it beforehand: "passphrase", "password", "host_key" or "sudo_password"."""
        return self._raw.id()

    @property
    def severity(self) -> Severity:
        """Of a note: how grave it is."""
        return Severity(self._raw.severity())

    @property
    def log(self) -> str:
        """All that a step printed, escaped and bounded; "" unless it failed."""
        return self._raw.log()

    @property
    def diff(self) -> str:
        """The differences as text, unified for files; "" when there are none."""
        return self._raw.diff()

    @property
    def journal(self) -> str:
        """Of a step that runs on its host in a session of its own (package installation, kubeadm init and join, and other long ones): the
        name of its journal there, a folder of /var/lib/libkb/journal, from when it was begun until its result was heard. "" otherwise."""
        return self._raw.journal()

    @property
    def question(self) -> int:
        """Of a question: its number, for `Context.answer()`; 0 when the event is none."""
        return self._raw.question()

    @property
    def subject(self) -> str:
        """Of a question: what the answer is for: the key's file, `user@address:port` of a password or sudo's password, the `SHA256:...` of a
        host key. "" otherwise. `text` says it to a person."""
        return self._raw.subject()

    @property
    def attempt(self) -> int:
        """Of a question: 1, and one more each time that an answer to it was wrong, 3 at most. 0 otherwise. 0 otherwise."""
        return self._raw.attempt()

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The differences one by one."""
        raw = self._raw
        return tuple(
            Change(raw.change_kind(i) or "", raw.change_name(i) or "", raw.change_before(i), raw.change_after(i))
            for i in range(raw.change_count())
        )

    @cached_property
    def error(self) -> Error | None:
        """The error of a step or run that failed; None when there is none."""
        return self._raw.error()

    def json(self) -> str:
        """The whole event as one line of JSON, the same in every language."""
        return (self._raw.json() or b"{}").decode()

    def to_dict(self) -> dict[str, Any]:
        """The same as a dictionary."""
        made: dict[str, Any] = json.loads(self.json())
        return made

    def __repr__(self) -> str:
        words = [str(self.kind), self.host, self.step]
        if self.kind == EventKind.STEP_DONE:
            words.append(str(self.verdict))
        return f"<kb.Event {' '.join(filter(None, words))}{': ' + self.text if self.text else ''}>"

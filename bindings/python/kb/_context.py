# SPDX-License-Identifier: Apache-2.0
"""The context, and hosts."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Union

from . import _core
from ._catalogue import listed
from ._cluster import Cluster
from ._enums import LogLevel, Mode
from ._errors import described
from ._event import Event
from ._log import LogEntry, entry
from ._plan import Plan, Turn, milliseconds
from ._result import Alone, Result
from ._step import Step, Values, bytes_of, joined

_SECRETS = frozenset({"password", "sudo_password", "passphrase", "identity_data", "answers"})
_SEPARATORS = {"known_hosts": ":", "answers": "\n"}

Setting = Union[Values, bytes, "Host"]


def _is_meant(key: str, words: Iterable[str]) -> bool:
    """Is a name that does not exist nearer to one of these than to a setting? Its error is to name that one."""
    known = [*words, *Host.keys()]
    return key not in known and bool(near := difflib.get_close_matches(key, known, 1)) and near[0] in words


def secret_of(value: object, separator: str) -> bytes | None:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    text = joined(value, separator)
    return None if text is None else text.encode()


class Host:
    """A host: its name, how to reach it, and how to become root there. Made by `Context.host()`."""

    def __init__(self, context: Context, raw: _core.Host) -> None:
        self._context = context
        self._raw = raw

    @property
    def name(self) -> str:
        """The host's name. Events call it so, and it is the Node's name."""
        return self._raw.name()

    def set(self, **settings: Setting) -> Host:
        """Sets how to reach it: settings and secrets by their names in libkb's host.h (`identity`, `known_hosts`, `port`, `password`...);
        None puts the default back. `jump` may be another `Host`, which keeps its own settings. Takes effect at the next connection.
        Returns itself."""
        for key, value in settings.items():
            if isinstance(value, Host):
                self._set_jump(key, value)
            elif key in _SECRETS or _is_meant(key, _SECRETS):
                self._raw.set_secret(key, secret_of(value, _SEPARATORS.get(key, ",")))
            else:
                self._raw.set(key, joined(value, _SEPARATORS.get(key, ",")))
        return self

    def _set_jump(self, key: str, jump: Host) -> None:
        if key != "jump":
            raise TypeError(f"{key} is a Host, and only jump can be one")
        self._raw.set_jump(jump._raw)

    @staticmethod
    def keys() -> tuple[str, ...]:
        """The names of the settings; secrets are not among them."""
        return tuple(listed(_core.Host.key))

    def get(self, key: str) -> str | None:
        """What a key is set to, or its default. Secrets cannot be asked for."""
        return self._raw.get(key)

    def run(self, step: Step, timeout: float | None = None) -> Result:
        """Makes it so, and waits at most `timeout` seconds. Raises what made it fail; that exception has the `Result` as `result`."""
        return self._wait(step, Mode.APPLY, timeout)

    def check(self, step: Step, timeout: float | None = None) -> Result:
        """Only asks: verdict and differences, nothing is touched."""
        return self._wait(step, Mode.CHECK, timeout)

    async def run_async(self, step: Step, timeout: float | None = None) -> Result:
        """As `run()`, on asyncio's loop."""
        return await self._await(step, Mode.APPLY, timeout)

    async def check_async(self, step: Step, timeout: float | None = None) -> Result:
        """As `check()`, on asyncio's loop."""
        return await self._await(step, Mode.CHECK, timeout)

    def _wait(self, step: Step, mode: Mode, timeout: float | None) -> Result:
        alone = Alone(self._plan_of(step), mode, timeout)
        with alone:
            for event in alone.run:
                self._take(alone, event)
        return alone.result()

    async def _await(self, step: Step, mode: Mode, timeout: float | None) -> Result:
        alone = Alone(self._plan_of(step), mode, timeout)
        with alone:
            async for event in alone.run:
                self._take(alone, event)
        return alone.result()

    def _take(self, alone: Alone, event: Event) -> None:
        if event.question:      # nobody sees it who could answer
            self._context.answer(event, None)
        alone.take(event)

    def _plan_of(self, step: Step) -> Plan:
        plan = self._context.plan()
        plan.add(self, step)
        return plan

    def close(self) -> None:
        """Ends its use now; a plan that has it keeps it."""
        _core.close(self._raw)

    def __repr__(self) -> str:
        return described("Host", lambda: self.name)


class Context:
    """Where everything is made from, and what waits. Used by one thread at a time: another one gets `Busy`. Use it as a context manager, or
    call `close()`: what still runs is cancelled then. A forked child cannot use it."""

    def __init__(self) -> None:
        self._raw = _core.new()
        self._turns: set[Turn] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: int | None = None

    def host(self, name: str, uri: str, /, **settings: Setting) -> Host:
        """Makes a host: `ssh://[user@]address[:port]`, `local:` for this machine, or `replay:FILE` for one that was recorded. Settings as
        `Host.set()`. Nothing is connected until a run needs it."""
        return Host(self, _core.host_new(self._raw, name, uri)).set(**settings)

    def plan(self) -> Plan:
        """Makes an empty plan."""
        return Plan(self, _core.plan_new(self._raw))

    def cluster(self, path: str | os.PathLike[str] | None = None) -> Cluster:
        """Reads a description from a file, or makes an empty one. Paths in it are relative to its folder."""
        if path is None:
            return Cluster(self, _core.cluster_new(self._raw))
        return Cluster(self, _core.cluster_load(self._raw, os.fspath(path)))

    def parse_cluster(self, text: str | bytes, name: str = "cluster.yaml", folder: str | os.PathLike[str] | None = None) -> Cluster:
        """As `Context.cluster()`, from memory. Errors call it `name`; relative paths in it start from `folder`, or from the current
        directory."""
        start = None if folder is None else os.fspath(folder)
        return Cluster(self, _core.cluster_parse(self._raw, name, start, bytes_of(text)))

    def fileno(self) -> int:
        """The one descriptor of this context: readable while anything is queued or due. For any loop; call `dispatch()` then."""
        return self._raw.fd()

    def dispatch(self) -> None:
        """Does what can be done now, without waiting."""
        self._raw.dispatch()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until there is something to do, and does it; False when the time passed or nothing runs. Ctrl-C interrupts it. The timeout
        is in seconds; None waits without end."""
        return self._raw.wait(milliseconds(timeout)) > 0

    def cancel(self, run: int = 0) -> None:
        """Cancels a run, or all of them. From any thread; returns at once: what became of each host arrives as events."""
        self._raw.cancel(run)

    def answer(self, question: Event | int, answer: str | bytes | None) -> None:
        """Answers a question: an event of the kind QUESTION, or its number. None declines: the host fails. To a "host_key", "yes" or the
        fingerprint itself trusts that key for as long as this context lives, anything else refuses it. A wrong answer is asked for again,
        three times in all."""
        number = question.question if isinstance(question, Event) else question
        self._raw.answer(number, None if answer is None else bytes_of(answer))

    @property
    def log_level(self) -> LogLevel:
        """How much of what the library does is kept for `log()`. To be set; nothing is kept at the beginning."""
        return LogLevel(self._raw.log_level())

    @log_level.setter
    def log_level(self, level: LogLevel) -> None:
        self._raw.log_set_level(level)

    def set_log_size(self, size_bytes: int) -> None:
        """Says how much memory the log's entries may take; the oldest are dropped for new ones. A context begins with 1 MiB."""
        self._raw.log_set_size(size_bytes)

    def log(self) -> Iterator[LogEntry]:
        """Takes the log's entries, the oldest first, until there is none. They come with what waits or dispatches."""
        while (raw := self._raw.log_next()) is not None:
            yield entry(raw)

    @property
    def log_dropped(self) -> int:
        """How many entries of the log were dropped so far, unread, because the ring was full or memory was out."""
        return self._raw.log_dropped()

    @contextmanager
    def _reading(self) -> Iterator[Turn]:
        """The turn of one coroutine that waits for events. All of them share one reader."""
        loop, turn = asyncio.get_running_loop(), Turn()
        if self._loop not in (None, loop):
            raise RuntimeError("the context is in use by another asyncio loop")
        if not self._turns:
            self._reader = self.fileno()
            loop.add_reader(self._reader, self._ready, loop)
        self._turns.add(turn)
        self._loop = loop
        turn.take(None)
        try:
            yield turn
        finally:
            self._turns.discard(turn)
            if not self._turns:
                self._stop_reading(loop)

    def _stop_reading(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._reader is not None and not loop.is_closed():
            loop.remove_reader(self._reader)
        self._reader = self._loop = None

    def _ready(self, loop: asyncio.AbstractEventLoop) -> None:
        """What goes wrong here is for the coroutines that wait: nobody else would hear of it, and the descriptor stays readable."""
        failed: Exception | None = None
        try:
            self.dispatch()
        except Exception as error:
            failed = error
            self._stop_reading(loop)
        for turn in tuple(self._turns):
            turn.take(failed)

    def close(self) -> None:
        """Ends its use now, whoever still holds something of it; what runs is cancelled."""
        _core.close(self._raw)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Context:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return described("Context", lambda: f"with descriptor {self.fileno()}")

# SPDX-License-Identifier: Apache-2.0
"""The context, and hosts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from . import _core
from ._cluster import Cluster
from ._enums import Mode
from ._plan import Plan, milliseconds
from ._result import Alone, Result
from ._step import Step, Value, bytes_of, text_of

_SECRETS = frozenset({"password", "sudo_password", "passphrase", "identity_data", "answers"})


class Host:
    """A host: its name, how to reach it, and how to become root there. Made by `Context.host()`."""

    def __init__(self, context: Context, raw: _core.Host) -> None:
        self._context = context
        self._raw = raw

    @property
    def name(self) -> str:
        """What events call it, and the Node's name."""
        return self._raw.name()

    def set(self, **settings: Value | bytes) -> Host:
        """Settings and secrets by their names in libkb's host.h (`identity`, `known_hosts`, `port`, `password`...); None puts the default
        back. They take effect at the next connection. Returns itself."""
        for key, value in settings.items():
            if key in _SECRETS:
                self._raw.set_secret(key, None if value is None else bytes_of(value))  # type: ignore[arg-type]
            else:
                self._raw.set(key, None if value is None else text_of(value))
        return self

    def get(self, key: str) -> str | None:
        """What a setting is, or its default."""
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
                alone.take(event)
        return alone.result()

    async def _await(self, step: Step, mode: Mode, timeout: float | None) -> Result:
        alone = Alone(self._plan_of(step), mode, timeout)
        with alone:
            async for event in alone.run:
                alone.take(event)
        return alone.result()

    def _plan_of(self, step: Step) -> Plan:
        plan = self._context.plan()
        plan.add(self, step)
        return plan

    def close(self) -> None:
        """Ends its use now; a plan that has it keeps it."""
        _core.close(self._raw)

    def __repr__(self) -> str:
        return f"<kb.Host {self.name}>"


class Context:
    """Where everything is made from, and what waits. Used by one thread at a time: another one gets `Busy`. Use it as a context manager, or
    call `close()`: what still runs is cancelled then. A forked child cannot use it."""

    def __init__(self) -> None:
        self._raw = _core.new()
        self._turns: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def host(self, name: str, uri: str, /, **settings: Value | bytes) -> Host:
        """A host: `ssh://[user@]address[:port]`, or `local:` for this machine. Settings as `Host.set()`. Nothing is connected yet."""
        return Host(self, _core.host_new(self._raw, name, uri)).set(**settings)

    def plan(self) -> Plan:
        """An empty plan."""
        return Plan(self, _core.plan_new(self._raw))

    def cluster(self, path: str | os.PathLike[str] | None = None) -> Cluster:
        """A cluster's description, of a file or empty."""
        if path is None:
            return Cluster(self, _core.cluster_new(self._raw))
        return Cluster(self, _core.cluster_load(self._raw, os.fspath(path)))

    def parse_cluster(self, text: str | bytes, name: str = "cluster.yaml", folder: str | os.PathLike[str] | None = None) -> Cluster:
        """As `cluster()`, from memory. Errors call it `name`; relative paths in it start from `folder`, or from the current directory."""
        start = None if folder is None else os.fspath(folder)
        return Cluster(self, _core.cluster_parse(self._raw, name, start, bytes_of(text)))

    def fileno(self) -> int:
        """One descriptor for everything: readable while anything is queued or due. Call `dispatch()` then."""
        return self._raw.fd()

    def dispatch(self) -> None:
        """Does what can be done now, without waiting."""
        self._raw.dispatch()

    def wait(self, timeout: float | None = None) -> bool:
        """Until there is something to do, and does it; False when the time passed or nothing runs. Ctrl-C interrupts it."""
        return self._raw.wait(milliseconds(timeout)) > 0

    def cancel(self, run: int = 0) -> None:
        """Cancels a run, or all of them. From any thread; returns at once."""
        self._raw.cancel(run)

    @contextmanager
    def _reading(self) -> Iterator[asyncio.Event]:
        """The turn of one coroutine that waits for events: set after each dispatch. All of them share one reader."""
        loop, turn = asyncio.get_running_loop(), asyncio.Event()
        if self._loop not in (None, loop):
            raise RuntimeError("the context is in use by another asyncio loop")
        if not self._turns:
            loop.add_reader(self.fileno(), self._ready)
        self._turns.add(turn)
        self._loop = loop
        turn.set()
        try:
            yield turn
        finally:
            self._turns.discard(turn)
            if not self._turns:
                loop.remove_reader(self.fileno())
                self._loop = None

    def _ready(self) -> None:
        self.dispatch()
        for turn in self._turns:
            turn.set()

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

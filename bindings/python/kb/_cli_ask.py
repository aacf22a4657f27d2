# SPDX-License-Identifier: Apache-2.0
"""The library's questions, put to whoever sits at the terminal; secrets are not shown as they are typed."""

from __future__ import annotations

import os
import sys
import termios

from ._cli_args import Args
from ._cluster import Cluster
from ._context import Context
from ._errors import Error
from ._event import Event

_ALL = "passphrase,password,host_key,sudo_password"
_TIME_TO_TYPE_MS = 120000       # for connecting and all answers, when the description does not say
_LINE_MAX_BYTES = 4096          # what a terminal gives at once: termios(3)
_LFLAG = 3                      # its place in what termios gives


def _set_unless_said(cluster: Cluster, key: str, fallback: str | None, value: str | int) -> None:
    if cluster.get(key) in (None, "", fallback):
        cluster.set(key, value)


class Ask:
    """Lets the description's hosts ask, unless it says itself what they may ask. There is nobody to ask with --json, with --batch and
    without a terminal."""

    def __init__(self, args: Args, cluster: Cluster, context: Context) -> None:
        self._context = context
        self._tty = -1
        self._why_not = "--json" if args.is_json else "--batch" if args.is_batch else self._open()
        self._open_questions: list[Event] = []      # the first is being asked
        self._is_shown = False
        self._found: list[object] | None = None     # the terminal's settings, while typing is hidden
        if not self._why_not:
            _set_unless_said(cluster, "ssh.ask", None, _ALL)
            _set_unless_said(cluster, "ssh.connect_timeout_ms", "30000", _TIME_TO_TYPE_MS)

    def _open(self) -> str:
        try:
            self._tty = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError:
            return "no terminal"
        return ""

    def close(self) -> None:
        self.forget()
        if self._tty >= 0:
            os.close(self._tty)
            self._tty = -1

    def fd(self) -> int | None:
        """To be read when it has something; None when nothing is asked."""
        return self._tty if self._open_questions else None

    def question(self, event: Event) -> None:
        """Put when those before it are answered; or declined, and said."""
        if self._tty >= 0:
            self._open_questions.append(event)
            return
        print(f"kb: {event.host}: nobody can be asked ({self._why_not}): {event.text}", file=sys.stderr, flush=True)
        self._context.answer(event, None)

    def forget(self, host: str | None = None) -> None:
        """What a host asked; None: everybody's."""
        kept = [one for one in self._open_questions if host is not None and one.host != host]
        if kept[:1] != self._open_questions[:1]:
            self.hide()
        self._open_questions = kept
        if not kept:
            self.restore()

    def restore(self) -> None:
        """The terminal as it was found."""
        if self._found is not None:
            termios.tcsetattr(self._tty, termios.TCSANOW, self._found)      # type: ignore[arg-type]
            self._found = None

    def _hide_typing(self) -> None:
        """What is typed is not shown; what was typed before it is thrown away."""
        if self._found is None:
            silent = termios.tcgetattr(self._tty)
            self._found = list(silent)
            silent[_LFLAG] = (silent[_LFLAG] & ~(termios.ECHO | termios.ECHOE | termios.ECHOK)) | termios.ICANON | termios.ECHONL
            termios.tcsetattr(self._tty, termios.TCSAFLUSH, silent)

    def show(self) -> None:
        """Behind what else was printed."""
        if not self._open_questions or self._is_shown:
            return
        question, self._is_shown = self._open_questions[0], True
        if question.id != "host_key":
            self._hide_typing()
        wrong = f"That was wrong ({question.attempt} of 3). " if question.attempt > 1 else ""
        text = "".join("?" if ord(letter) < 32 or ord(letter) == 127 else letter for letter in question.text)      # others chose the names
        self._write(f"{wrong}{text}: ")

    def hide(self) -> None:
        """Before anything else is printed."""
        if self._is_shown:
            self._write("\r\033[K")
        self._is_shown = False

    def read(self) -> None:
        """The line that was typed. It ends with Enter; the end of the file declines."""
        line = os.read(self._tty, _LINE_MAX_BYTES)
        question = self._open_questions.pop(0)
        self.restore()
        self._is_shown = False
        if not line:
            self._write("\n")
        try:
            self._context.answer(question, line.removesuffix(b"\n") if line else None)
        except Error:
            print(f"kb: {question.host}: the answer came too late", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        left = text.encode(errors="backslashreplace")
        while left:
            left = left[os.write(self._tty, left):]

# SPDX-License-Identifier: Apache-2.0
"""What the command line asked for: the same words as kb-install, the installer in C."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ._enums import LogLevel

DONE, FAILED, BAD_INPUT, CHANGES_PENDING, INTERRUPTED = 0, 1, 2, 3, 130     # exit codes

HELP = """\
usage: python3 -m kb plan|up|status|reset CLUSTER.yaml [option...]
       python3 -m kb steps [PATTERN]   what the steps are, and what they take
       python3 -m kb fields [PATTERN]  what a description can hold

  plan    show what `up` would change, host by host; touch nothing
  up      make the hosts a cluster; run again, it changes only what differs
  status  ask the cluster how it is
  reset   take the cluster down, in the right order; the packages stay

  --only PATTERN      only the steps whose name fits (* and ?); may be given again
  --skip PATTERN      not the steps whose name fits; may be given again
  --check             with up or reset: show, and touch nothing
  --kubeconfig FILE   where `up` puts the cluster's kubeconfig (default: kubeconfig beside CLUSTER.yaml)
  --timeout SECONDS   for all of it; a number may end in s, m or h
  --json              one event a line, as JSON, on standard output
  --batch             nothing is asked on the terminal: what is missing (a password, an unknown host key) fails its host
  --plain             lines without redrawing, also on a terminal
  --verbose           also what was skipped, all differences, and what the hosts print
  --log LEVEL         what the library does, on standard error: error, warning, info, debug or trace
  --help, --version

exit status: 0 done, 1 failed, 2 bad input, 3 changes are pending (plan, --check), 130 interrupted
"""

_NEEDS_CLUSTER = {"plan": True, "up": True, "status": True, "reset": True, "steps": False, "fields": False, "help": False, "version": False}
_FLAGS = {"--check": "is_dry", "--json": "is_json", "--batch": "is_batch", "--plain": "is_plain", "--verbose": "is_verbose", "-v": "is_verbose"}
_VALUES = ("--only", "--skip", "--kubeconfig", "--log", "--timeout")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class Bad(Exception):
    """The command line is wrong."""


@dataclass
class Args:
    command: str = ""
    cluster: str = ""
    kubeconfig: str | None = None
    only: list[str] = field(default_factory=list)
    skip: list[str] = field(default_factory=list)
    timeout: float | None = None
    log_level: LogLevel = LogLevel.OFF
    is_dry: bool = False
    is_json: bool = False
    is_batch: bool = False
    is_plain: bool = False
    is_verbose: bool = False


def _seconds(text: str) -> float:
    """90, 90s, 15m, 2h"""
    match = re.fullmatch(r"\s*\+?0*([1-9]\d{0,5})([smh]?)", text, re.ASCII)
    if not match:
        raise Bad("not a time", text)
    return int(match[1]) * _SECONDS[match[2]]


def _level(text: str) -> LogLevel:
    for level in LogLevel:
        if str(level) == text:
            return level
    raise Bad("not a level of the log", text)


def _take_value(args: Args, name: str, value: str) -> None:
    if name == "--only":
        args.only.append(value)
    elif name == "--skip":
        args.skip.append(value)
    elif name == "--kubeconfig":
        args.kubeconfig = value
    elif name == "--log" and value:
        args.log_level = _level(value)
    elif name == "--timeout":
        args.timeout = _seconds(value)


def _take_option(args: Args, word: str, rest: list[str]) -> None:
    """--name VALUE or --name=VALUE; the value is taken from the rest."""
    if word in _FLAGS:
        setattr(args, _FLAGS[word], True)
        return
    name, equals, value = word.partition("=")
    if name not in _VALUES:
        raise Bad("no such option", word)
    if not equals and rest:
        value = rest.pop(0)
    _take_value(args, name, value)
    if not value:
        raise Bad("needs a value", word)


def read(words: list[str]) -> Args:
    """Raises Bad."""
    args, rest, has_command = Args(), list(words), False
    for word in words:
        if word in ("--help", "-h", "--version"):
            return Args(command="version" if word == "--version" else "help")
    while rest:
        word = rest.pop(0)
        if len(word) > 1 and word.startswith("-"):
            _take_option(args, word, rest)
        elif not has_command:
            if word not in _NEEDS_CLUSTER:
                raise Bad("no such command", word)
            args.command, has_command = word, True
        elif args.cluster:
            raise Bad("one word too many", word)
        else:
            args.cluster = word
    if not has_command or (_NEEDS_CLUSTER.get(args.command, True) and not args.cluster):
        raise Bad("what is missing", "CLUSTER.yaml" if has_command else "plan, up, status or reset")
    args.is_plain |= args.log_level != LogLevel.OFF     # nothing is drawn over by other lines
    args.is_dry |= args.command == "plan"
    return args

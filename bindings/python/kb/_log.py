# SPDX-License-Identifier: Apache-2.0
"""What the library does, for whoever looks for a fault."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from . import _core
from ._enums import LogLevel
from ._event import time_of


@dataclass(frozen=True)
class LogEntry:
    """One entry of the log. Secrets are masked in it."""

    time: datetime.datetime
    level: LogLevel
    host: str
    text: str


def entry(raw: _core.LogEntry) -> LogEntry:
    return LogEntry(time_of(raw.time_ms()), LogLevel(raw.level()), raw.host(), raw.text())

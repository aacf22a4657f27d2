# SPDX-License-Identifier: Apache-2.0
"""A private context for calls that need one only for their errors: one a thread, and another one in a forked child."""

from __future__ import annotations

import os
import threading

from . import _core


class _Mine(threading.local):
    pid = 0
    ctx: _core.Ctx


_mine = _Mine()


def scratch() -> _core.Ctx:
    if _mine.pid != os.getpid():
        _mine.ctx = _core.new()
        _mine.pid = os.getpid()
    return _mine.ctx

# SPDX-License-Identifier: Apache-2.0
"""The enumerations of libkb, with the values of its headers."""

from __future__ import annotations

import enum

from . import _core


class Code(enum.IntEnum):
    """What a failed call was, by what a caller would do next."""

    OK = _core.KB_OK
    EINVAL = _core.KB_EINVAL
    ETOOBIG = _core.KB_ETOOBIG
    ENOMEM = _core.KB_ENOMEM
    EIO = _core.KB_EIO
    EUNREACHABLE = _core.KB_EUNREACHABLE
    ETRUST = _core.KB_ETRUST
    EAUTH = _core.KB_EAUTH
    EPRIVILEGE = _core.KB_EPRIVILEGE
    EPROTOCOL = _core.KB_EPROTOCOL
    ETIMEOUT = _core.KB_ETIMEOUT
    ECANCELED = _core.KB_ECANCELED
    EBUSY = _core.KB_EBUSY
    ELOCKED = _core.KB_ELOCKED
    ECONFLICT = _core.KB_ECONFLICT
    ESTEP = _core.KB_ESTEP
    EVERIFY = _core.KB_EVERIFY
    EINTEGRITY = _core.KB_EINTEGRITY
    EUNSUPPORTED = _core.KB_EUNSUPPORTED

    def __str__(self) -> str:
        return _core.err_name(self)


class Mode(enum.IntEnum):
    """Whether a plan only looks, or makes it so."""

    CHECK = _core.KB_CHECK
    APPLY = _core.KB_APPLY


class Verdict(enum.IntEnum):
    """What a step found on its host before anything was applied."""

    NONE = 0
    PRESENT = _core.KB_PRESENT
    ABSENT = _core.KB_ABSENT
    DIFFERS = _core.KB_DIFFERS
    PARTIAL = _core.KB_PARTIAL
    FOREIGN = _core.KB_FOREIGN
    UNKNOWN = _core.KB_UNKNOWN

    def __str__(self) -> str:
        return _core.verdict_name(self) or "none"


class EventKind(enum.IntEnum):
    """What an event tells."""

    PLAN_STARTED = _core.KB_EVENT_PLAN_STARTED
    HOST_CONNECTED = _core.KB_EVENT_HOST_CONNECTED
    HOST_LOST = _core.KB_EVENT_HOST_LOST
    STEP_STARTED = _core.KB_EVENT_STEP_STARTED
    STEP_OUTPUT = _core.KB_EVENT_STEP_OUTPUT
    STEP_DONE = _core.KB_EVENT_STEP_DONE
    NOTE = _core.KB_EVENT_NOTE
    PLAN_DONE = _core.KB_EVENT_PLAN_DONE
    QUESTION = _core.KB_EVENT_QUESTION

    def __str__(self) -> str:
        return _core.event_kind_name(self)


class Severity(enum.IntEnum):
    """How grave a note is."""

    NONE = 0
    INFO = _core.KB_INFO
    WARNING = _core.KB_WARNING
    ERROR = _core.KB_ERROR


class LogLevel(enum.IntEnum):
    """How much of what the library does is kept; each level holds those before it."""

    OFF = _core.KB_LOG_OFF
    ERROR = _core.KB_LOG_ERROR
    WARNING = _core.KB_LOG_WARNING
    INFO = _core.KB_LOG_INFO
    DEBUG = _core.KB_LOG_DEBUG
    TRACE = _core.KB_LOG_TRACE

    def __str__(self) -> str:
        return _core.log_level_name(self)

# SPDX-License-Identifier: Apache-2.0
"""What libkb's codes are in Python: one class for each, made by the raw layer with all that kb_err holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

__all__ = [
    "Error",
    "InvalidArgument",
    "TooBig",
    "NoMemory",
    "LocalIO",
    "Unreachable",
    "NotTrusted",
    "LoginRefused",
    "NotPrivileged",
    "ProtocolBroken",
    "Timeout",
    "Canceled",
    "Busy",
    "Locked",
    "Conflict",
    "StepFailed",
    "NotVerified",
    "IntegrityBroken",
    "Unsupported",
]

if TYPE_CHECKING:
    from ._result import Result


class Error(Exception):
    """A call that failed. str() is one line: who, what, how it was.

    `code` is the number (`kb.Code`), `id` a stable name for programs, `evidence` the lines that were seen, `fix` the call or setting that
    would mend it; `result` is what the step left when `Host.run()` or `Host.check()` raised it.
    """

    result: Result | None = None

    def __init__(
        self,
        cause: str,
        *,
        code: int,
        id: str = "",
        host: str = "",
        step: str = "",
        evidence: tuple[str, ...] = (),
        fix: str = "",
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code
        self.id = id
        self.host = host
        self.step = step
        self.evidence = evidence
        self.fix = fix

    def __str__(self) -> str:
        return self.cause

    def __reduce__(self) -> tuple[object, ...]:
        fields = dict(self.__dict__)
        fields.pop("result", None)
        cause = fields.pop("cause")
        return _unpickle, (type(self), cause, fields)


def _unpickle(cls: type[Error], cause: str, fields: dict[str, object]) -> Error:
    return cls(cause, **fields)  # type: ignore[arg-type]


class InvalidArgument(Error, ValueError):
    """KB_EINVAL: the input is wrong."""


class TooBig(Error, ValueError):
    """KB_ETOOBIG: an input or an answer is over its bound."""


class NoMemory(Error, MemoryError):
    """KB_ENOMEM."""


class LocalIO(Error, OSError):
    """KB_EIO: a local file or descriptor failed."""


class Unreachable(Error, ConnectionError):
    """KB_EUNREACHABLE: no connection, or it was lost."""


class NotTrusted(Error):
    """KB_ETRUST: the host key is unknown, changed, revoked or not the pinned one."""


class LoginRefused(Error):
    """KB_EAUTH: the host refused the login."""


class NotPrivileged(Error):
    """KB_EPRIVILEGE: logged in, but no way to become root."""


class ProtocolBroken(Error):
    """KB_EPROTOCOL: the peer does not talk as it should."""


class Timeout(Error, TimeoutError):
    """KB_ETIMEOUT: the deadline passed."""


class Canceled(Error):
    """KB_ECANCELED: the caller cancelled it."""


class Busy(Error):
    """KB_EBUSY: the context is in use by another thread."""


class Locked(Error):
    """KB_ELOCKED: another controller or job holds the host, apt or dpkg."""


class Conflict(Error):
    """KB_ECONFLICT: the host holds a state that is not ours to change."""


class StepFailed(Error):
    """KB_ESTEP: the step ran on the host and failed there."""


class NotVerified(Error):
    """KB_EVERIFY: the step ran, and the host still differs from what was asked."""


class IntegrityBroken(Error):
    """KB_EINTEGRITY: a checksum, signature or fingerprint is not the pinned one."""


class Unsupported(Error):
    """KB_EUNSUPPORTED: this combination cannot work."""


_BY_CODE: dict[int, type[Error]] = {
    -1: InvalidArgument,
    -2: TooBig,
    -3: NoMemory,
    -4: LocalIO,
    -5: Unreachable,
    -6: NotTrusted,
    -7: LoginRefused,
    -8: NotPrivileged,
    -9: ProtocolBroken,
    -10: Timeout,
    -11: Canceled,
    -12: Busy,
    -13: Locked,
    -14: Conflict,
    -15: StepFailed,
    -16: NotVerified,
    -17: IntegrityBroken,
    -18: Unsupported,
}


def described(name: str, tell: Callable[[], str]) -> str:
    """For __repr__, which must not raise: what is closed says so."""
    try:
        return f"<kb.{name} {tell()}>"
    except Error as error:
        return f"<kb.{name}: {error}>"


def make(
    code: int, cause: str, id: str, host: str, step: str, evidence: tuple[str, ...], fix: str
) -> Error:
    """For the raw layer. A code that this version does not know is a plain Error."""
    return _BY_CODE.get(code, Error)(
        cause, code=code, id=id, host=host, step=step, evidence=evidence, fix=fix
    )

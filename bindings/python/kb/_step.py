# SPDX-License-Identifier: Apache-2.0
"""A step: a name and parameters, good for any context."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from typing import ClassVar, Union

from . import _core
from ._catalogue import listed
from ._scratch import scratch

Scalar = Union[
    str,
    int,
    bool,
    os.PathLike[str],
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
]
Value = Union[Scalar, None]
Values = Union[Value, Iterable[Scalar], Mapping[str, Scalar]]
Secret = Union[str, bytes, bytearray, None]


def text_of(value: object) -> str:
    """As libkb takes it: yes and no, and what str() gives of everything else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def texts_of(value: object) -> tuple[str, ...] | None:
    """The texts of a list, and NAME=VALUE of a mapping; None for a single value."""
    if isinstance(value, Mapping):
        return tuple(f"{name}={text_of(of)}" for name, of in value.items())
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return tuple(text_of(one) for one in value)
    return None


def joined(value: object, separator: str = ",") -> str | None:
    """One text: that of a value, or those of a list or mapping with commas between them; None for None."""
    if value is None:
        return None
    several = texts_of(value)
    return text_of(value) if several is None else separator.join(several)


def bytes_of(secret: str | bytes | bytearray) -> bytes:
    return secret.encode() if isinstance(secret, str) else bytes(secret)


def _spelt(step: str, param: str) -> str:
    """The name that libkb has for a keyword: hyphens and dots cannot be written there."""
    for name in listed(lambda index: _core.step_param_name(step, index)):
        if name.replace("-", "_").replace(".", "_") == param:
            return name
    return param.replace("_", "-")


class Step:
    """A step of libkb with its parameters, or a script of your own (see `script`). It never changes, and can be used any number of times.

    A name or parameter that does not exist is an `InvalidArgument` at once, which names the nearest one.
    """

    __slots__ = ("_name", "_params", "_secrets", "_scripts")

    def __init__(self, name: str, /, **params: Values | bytes) -> None:
        self._name = name
        self._scripts: tuple[str, str | None] | None = None
        self._params: dict[str, str | tuple[str, ...]] = {}
        self._secrets: dict[str, bytes] = {}
        for key, value in params.items():
            if value is not None:
                self._take(_spelt(name, key), value)
        self._make(scratch())

    def _take(self, param: str, value: Values | bytes) -> None:
        if isinstance(value, (bytes, bytearray)) or (
            self._scripts is None
            and isinstance(value, str)
            and self._known(param)
            and _core.step_param_is_secret(self._name, param)
        ):
            self._secrets[param] = bytes_of(value)
        else:
            several = texts_of(value)
            self._params[param] = text_of(value) if several is None else several

    def _known(self, param: str) -> bool:
        return _core.step_param_doc(self._name, param) is not None

    def _make(self, ctx: _core.Ctx) -> _core.Step:
        raw = (
            _core.step_script(ctx, self._name, *self._scripts)
            if self._scripts
            else _core.step_new(ctx, self._name)
        )
        for param, value in self._params.items():
            if isinstance(value, tuple):
                for one in value:
                    raw.add(param, one)
            elif self._scripts is None and self._known(param) and _core.step_param_is_list(self._name, param):
                raw.add(param, value)
            else:
                raw.set(param, value)
        for param, secret in self._secrets.items():
            raw.set_secret(param, secret)
        return raw

    @property
    def name(self) -> str:
        """Such as "kubeadm.init"."""
        return self._name

    @property
    def params(self) -> Mapping[str, str | tuple[str, ...]]:
        """What was set, by libkb's own names; secrets are not among them."""
        return dict(self._params)

    def __repr__(self) -> str:
        said = [f"{k}={v!r}" for k, v in self._params.items()] + [f"{k}=<secret>" for k in self._secrets]
        return f"<kb.Step {' '.join([self._name, *said])}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented
        mine, theirs = (
            (s._name, s._scripts, s._params, s._secrets) for s in (self, other)
        )
        return mine == theirs

    __hash__: ClassVar[None]  # type: ignore[assignment]    # of a class with __eq__ alone


def script(name: str, probe: str, apply: str | None = None, /, **params: Values | bytes) -> Step:
    """A step of your own: two pieces of POSIX shell, run as root. `probe` exits 0 for present, 1 for absent, and anything else is unknown;
    without `apply` it only looks. Parameters are shell variables in both, always as data; one given as bytes is a secret."""
    step = Step.__new__(Step)
    step._name, step._scripts, step._params, step._secrets = name, (probe, apply), {}, {}
    for key, value in params.items():
        if value is not None:
            step._take(key, value)
    step._make(scratch())
    return step

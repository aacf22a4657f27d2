# SPDX-License-Identifier: Apache-2.0
"""What steps there are, and what they take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import _core


def listed(name_at: Callable[[int], str | None]) -> Iterator[str]:
    """The names that libkb lists by index."""
    index = 0
    while (name := name_at(index)) is not None:
        yield name
        index += 1


@dataclass(frozen=True)
class Param:
    """A parameter of a step."""

    name: str
    doc: str
    default: str | None
    is_list: bool
    is_required: bool
    is_secret: bool


@dataclass(frozen=True)
class StepInfo:
    """A step of the library: what it leaves true, and what it takes and gives."""

    name: str
    summary: str
    params: dict[str, Param]
    outputs: dict[str, str]


def _param(step: str, name: str) -> Param:
    return Param(
        name,
        _core.step_param_doc(step, name) or "",
        _core.step_param_default(step, name),
        _core.step_param_is_list(step, name) == 1,
        _core.step_param_is_required(step, name) == 1,
        _core.step_param_is_secret(step, name) == 1,
    )


def _info(step: str) -> StepInfo:
    params = {name: _param(step, name) for name in listed(lambda i: _core.step_param_name(step, i))}
    outputs = {name: _core.step_output_doc(step, name) or "" for name in listed(lambda i: _core.step_output_name(step, i))}
    return StepInfo(step, _core.step_def_summary(step) or "", params, outputs)


def catalogue() -> dict[str, StepInfo]:
    """All steps of the library, by name. Each has a function too: "kubeadm.init" is `kb.kubeadm_init()`."""
    return {name: _info(name) for name in listed(_core.step_def_name)}

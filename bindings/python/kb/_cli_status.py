# SPDX-License-Identifier: Apache-2.0
"""What cluster.status found: an object whose members are scalars or lists of flat objects, shown as

    version: v1.34.4
    nodes:
      name: cluster1-master1  ready: true  address: 192.168.1.2
"""

from __future__ import annotations

import json

from ._cli_args import Args
from ._cli_show import say
from ._plan import Plan


def _scalar(value: object) -> str:
    """As JSON has it, but for the quotes. Escapes stay, so that a terminal gets no control character."""
    if isinstance(value, list):
        return f"[{','.join(map(_scalar, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}: {_scalar(one)}" for name, one in value.items()) + "}"
    text = json.dumps(value, ensure_ascii=False)
    return text[1:-1] if isinstance(value, str) else text


def _member(name: str, value: object) -> str:
    if not isinstance(value, list):
        return f"{name}: {_scalar(value)}"
    if not value:
        return f"{name}: none"
    rows = ("  ".join(f"{key}: {_scalar(one)}" for key, one in row.items()) if isinstance(row, dict) else _scalar(row) for row in value)
    return "\n".join([f"{name}:", *(f"  {row}" for row in rows)])


def show(plan: Plan, args: Args) -> None:
    for task in plan.tasks:
        data = task.output("status") if task.step == "cluster.status" else None
        if data is None:
            continue
        text = data.decode(errors="replace").split("\n")[0]
        if args.is_json:
            say(f'{{"event":"status","status":{text}}}')
        else:
            say("\n".join(_member(name, value) for name, value in json.loads(text).items()))

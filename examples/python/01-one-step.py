# SPDX-License-Identifier: Apache-2.0
"""One step on one host: swap off, now and at every boot.

python3 01-one-step.py ssh://vagrant@192.168.1.2           shows what would change
python3 01-one-step.py ssh://vagrant@192.168.1.2 apply     and makes it so
"""

from __future__ import annotations

import sys

import kb


def show(result: kb.Result, change: str) -> None:
    print(f"swap.off: {result.verdict}{change if result.changed else ''}\n{result.diff}", end="")


def main(uri: str, *rest: str) -> int:
    is_apply = rest == ("apply",)
    with kb.Context() as c:
        try:
            host = c.host("the-host", uri)
            result = (host.run if is_apply else host.check)(kb.swap_off(), timeout=60)
        except kb.Error as e:
            if e.result:  # a step that fails on the host has one too; without it nothing could be started
                show(e.result, ", changed" if is_apply else ", would change")
            print(f"{e} (KB_{kb.Code(e.code).name})" if e.result else e, file=sys.stderr)
            return 1
        show(result, ", changed" if is_apply else ", would change")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: 01-one-step.py URI [apply]")
    sys.exit(main(*sys.argv[1:]))

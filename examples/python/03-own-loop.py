# SPDX-License-Identifier: Apache-2.0
"""One's own event loop: the library's one descriptor beside the program's own, in asyncio. Here the other one is the keyboard; Enter cancels.

python3 03-own-loop.py cluster.yaml
python3 03-own-loop.py --json cluster.yaml         the events as they are, one a line
"""

from __future__ import annotations

import asyncio
import sys

import kb


def show(event: kb.Event) -> None:
    print(f"{str(event.kind):<14} {event.host} {event.step} {event.text}")


async def follow(path: str, is_json: bool) -> int:
    async with kb.Context() as c:
        run = c.cluster(path).plan_status().check(timeout=60)
        loop = asyncio.get_running_loop()

        def enter() -> None:
            loop.remove_reader(sys.stdin)
            run.cancel()  # the end arrives as an event

        run.start()
        loop.add_reader(sys.stdin, enter)
        is_over = False
        try:
            async for event in run:  # no thread: asyncio watches the library's descriptor
                is_over = event.kind == kb.EventKind.PLAN_DONE
                if is_json:
                    print(event.json())
                else:
                    show(event)
        except kb.Error:
            if not is_over:
                raise
            return 1  # the last event has said it
        finally:
            loop.remove_reader(sys.stdin)
    return 0


def main(*args: str) -> int:
    is_json = args[:1] == ("--json",)
    try:
        return asyncio.run(follow(args[is_json], is_json))
    except kb.Error as e:
        print(e, file=sys.stderr)
        return 2


if __name__ == "__main__":
    if len(sys.argv) - (sys.argv[1:2] == ["--json"]) != 2:
        sys.exit("usage: 03-own-loop.py [--json] CLUSTER.yaml")
    sys.exit(main(*sys.argv[1:]))

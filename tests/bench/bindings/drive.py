# SPDX-License-Identifier: Apache-2.0
"""As drive.c, in Python: drive.py USER IDENTITY KNOWN_HOSTS HOSTS STEPS PORT. Each step changes something. What is measured begins behind the
interpreter's start and the import."""

import json
import resource
import sys
import time

import kb


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(user, identity, known_hosts, hosts, steps, port):
    hosts, steps, changed = int(hosts), int(steps), 0
    start_cpu_s, start_s = cpu_s(), time.monotonic()
    with kb.Context() as c:
        plan = c.plan()
        trivial = [kb.script("bench.step", "[ -e /run/bench-$number ]", ": >/run/bench-$number", number=i) for i in range(steps)]
        for number in range(hosts):
            host = c.host(f"node-{number}", f"ssh://{user}@127.0.0.1:{port}", identity=identity, known_hosts=known_hosts, become="none",
                          connect_timeout_ms=120000)
            for step in trivial:
                plan.add(host, step)
        for event in plan.apply(timeout=300):
            if event.kind == kb.EventKind.STEP_DONE:
                changed += event.changed
    print(json.dumps({"wall_s": time.monotonic() - start_s, "cpu_ms_per_host": (cpu_s() - start_cpu_s) * 1000 / hosts, "changed": changed}))
    return changed != hosts * steps


sys.exit(main(*sys.argv[1:]))

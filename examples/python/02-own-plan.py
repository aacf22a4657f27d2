# SPDX-License-Identifier: Apache-2.0
"""A plan of one's own: two hosts, an order between them, and an output that becomes a parameter. A worker joins a control plane by steps of
the library, after a step of our own has run on it.

python3 02-own-plan.py ssh://vagrant@192.168.1.2 ssh://vagrant@192.168.1.3 192.168.1.3
python3 02-own-plan.py --json ...                          all events as they are, one a line
"""

from __future__ import annotations

import sys

import kb


def make_plan(c: kb.Context, control_plane: str, worker: str, worker_ip: str) -> kb.Plan:
    cp, w = c.host("cp-1", control_plane), c.host("worker-1", worker)
    tune = kb.script(
        "inotify.raise",
        '[ "$(cat /proc/sys/fs/inotify/max_user_instances)" -ge "$least" ]',
        'echo "fs.inotify.max_user_instances = $least" >/etc/sysctl.d/90-inotify.conf && sysctl -q --system',
        least=512,  # a shell variable of both scripts, always as data
    )
    plan = c.plan()

    # On one host: in the order added.
    init = plan.add(cp, kb.kubeadm_init(pod_network_cidr="172.16.0.0/16"))
    plan.add(cp, kb.kubeconfig_install())
    token = plan.add(cp, kb.token_create())
    tuned = plan.add(w, tune)
    join = plan.add(w, kb.kubeadm_join(node_ip=worker_ip))

    # Between hosts: an edge, and outputs that become parameters, which orders them too.
    token.after(tuned).on_demand()  # no token when the worker has joined already
    join.bind("endpoint", init, "endpoint").bind("ca-cert-hash", init, "ca-cert-hash")
    join.bind("token", token, "token")  # a secret stays one
    return plan


def show(event: kb.Event) -> None:
    if event.kind == kb.EventKind.STEP_DONE:
        print(f"{event.host:<10} {event.step:<20} {str(event.verdict) if event.verdict else '':<8} {event.text if event.status else 'ok'}")


def main(*args: str) -> int:
    is_json = args[:1] == ("--json",)
    with kb.Context() as c:
        try:
            for event in make_plan(c, *args[is_json:]).check(timeout=120):  # apply() makes it so
                if is_json:
                    print(event.json())
                else:
                    show(event)
        except kb.Error as e:
            print(f"KB_{kb.Code(e.code).name}: {e}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) - (sys.argv[1:2] == ["--json"]) != 4:
        sys.exit("usage: 02-own-plan.py [--json] CONTROL-PLANE-URI WORKER-URI WORKER-IP")
    sys.exit(main(*sys.argv[1:]))

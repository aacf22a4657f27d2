# SPDX-License-Identifier: Apache-2.0
"""An installer's test without hosts. Once, against real hosts, the installer ran with `record: FOLDER` in its cluster file; from then on the
same run is played from that folder, with `replay: FOLDER` there. What the installer does is the same; what the hosts say is what they said.

python3 05-replay.py cluster.yaml
"""

from __future__ import annotations

import sys

import kb


def installer(cluster: kb.Cluster) -> kb.Run:
    """What is tested: an installer, here in one line."""
    return cluster.up(timeout=60)


class Seen:
    def __init__(self) -> None:
        self.status = int(kb.Code.EINVAL)
        self.joined = self.not_recorded = 0

    def look_at(self, event: kb.Event) -> None:
        if event.kind == kb.EventKind.PLAN_DONE:
            self.status = event.status
        if event.kind != kb.EventKind.STEP_DONE:
            return
        self.joined += event.changed and event.step == "kubeadm.join"
        if event.error and event.error.id == "replay.not-recorded":
            self.not_recorded += 1  # the installer asks what it did not ask then
            print(event.error.cause, *(f"    {line}" for line in event.error.evidence), sep="\n")


def run(cluster: kb.Cluster) -> Seen:
    seen = Seen()
    try:
        for event in installer(cluster):
            seen.look_at(event)
    except kb.Error:
        pass  # the last event has said it
    return seen


def check(what: str, is_true: bool) -> bool:
    print(f"{what:<44} {'yes' if is_true else 'NO'}")
    return is_true


def main(path: str) -> int:
    with kb.Context() as c:
        try:
            cluster = c.cluster(path)
        except kb.Error:
            check("the cluster file is read", False)
            return 1
        good = [check("the cluster file is read", True)]
        seen = run(cluster)
        good.append(check("everything asked was recorded", seen.not_recorded == 0))
        good.append(check("the hosts become a cluster", seen.status == kb.Code.OK))
        good.append(check("two workers join it", seen.joined == 2))
    return 0 if all(good) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: 05-replay.py CLUSTER.YAML")
    sys.exit(main(sys.argv[1]))

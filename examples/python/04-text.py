# SPDX-License-Identifier: Apache-2.0
"""A text function alone, without any host: Calico's custom-resources.yaml on standard input, with the pod network written in, and every other
byte as it was.

python3 04-text.py 172.16.0.0/16 192.168.1.0/24 <custom-resources.yaml
"""

from __future__ import annotations

import sys

import kb


def main(pods: str, nodes: str) -> int:
    try:
        if kb.cidr.overlaps(pods, nodes):
            print(f"{pods} overlaps {nodes}", file=sys.stderr)
            return 1
        sys.stdout.buffer.write(kb.calico.set_pod_cidr(sys.stdin.buffer.read(), pods))
    except kb.Error as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: 04-text.py POD-CIDR NODE-CIDR <custom-resources.yaml")
    sys.exit(main(*sys.argv[1:]))

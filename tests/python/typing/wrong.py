# SPDX-License-Identifier: Apache-2.0
"""How kb is not used: both type checkers refuse each line that ends in "# wrong", and no other."""

from __future__ import annotations

import kb

with kb.Context() as context:
    kb.kubeadm_init(pod_network_cdir="172.16.0.0/16")  # wrong
    kb.kubeadm_init("172.16.0.0/16")  # wrong
    kb.swap_off(force=True)  # wrong
    kb.kubeadm_init(pod_network_cidr=object())  # wrong
    context.host("a")  # wrong
    context.host(1, "local:")  # wrong
    host = context.host("a", "local:")
    host.run("swap.off")  # wrong
    host.run(kb.swap_off(), timeout="soon")  # wrong
    result = host.run(kb.swap_off())
    result.verdikt  # wrong
    number: int = result.diff  # wrong
    name: str = host.get("port")  # wrong
    plan = context.plan()
    plan.add(kb.swap_off(), host)  # wrong
    plan.add(host, kb.swap_off()).after(plan)  # wrong
    for event in plan:  # wrong
        pass
    for event in plan.apply():
        text: bytes = event.text  # wrong
        event.kind = kb.EventKind.NOTE  # wrong
        context.answer(event, 7)  # wrong
    kb.EventKind.NO_SUCH  # wrong
    kb.NoSuchError  # wrong
    context.cluster(b"cluster.yaml")  # wrong
    context.log_level = "debug"  # wrong
    manifest: bytes = kb.calico.set_pod_cidr("text", "172.16.0.0/16")  # wrong
    kb.cidr.overlaps("10.0.0.0/8")  # wrong
    kb.token.make().decode()  # wrong
    kb.kubeadm.config("init", 7)  # wrong
    kb.script("a")  # wrong
    kb.script("a", b"true")  # wrong


async def main() -> None:
    for event in context.plan().apply():
        pass
    async for event in context.plan():  # wrong
        pass
    await host.run(kb.swap_off())  # wrong
    host.run_async(kb.swap_off()).verdict  # wrong

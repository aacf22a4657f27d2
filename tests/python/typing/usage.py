# SPDX-License-Identifier: Apache-2.0
"""How kb is used, for the type checkers alone: mypy --strict and pyright's strict mode find nothing to say."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
from pathlib import Path

import kb


def one_step(context: kb.Context) -> kb.Result:
    host = context.host("cp-1", "ssh://admin@192.168.1.2", identity=Path("~/.ssh/id_ed25519"), password=b"secret", accept_new=False, port=22)
    host.set(jump=context.host("bastion", "ssh://bastion.example"), known_hosts=["one", "two"])
    result: kb.Result = host.run(kb.swap_off(), timeout=30)
    verdict: kb.Verdict = result.verdict
    took: datetime.timedelta = result.duration
    status: int | None = result.exit_status
    print(verdict, took, status, result.outputs.get("version", b"").decode(), host.get("port"))
    return host.check(kb.kubeadm_init(pod_network_cidr=ipaddress.ip_network("172.16.0.0/16"), apiserver_cert_extra_sans=["a", "b"], upload_certs=True))


def own_plan(context: kb.Context, first: kb.Host, other: kb.Host) -> list[kb.Event]:
    plan = context.plan()
    init = plan.add(first, kb.kubeadm_init(kubernetes_version="1.34.4"))
    join: kb.Task = plan.add(other, kb.kubeadm_join()).bind("ca_cert_hash", init, "ca-cert-hash").after(init).wave("workers", 2)
    token: bytes | None = init.output("token")
    print(join.step, token, plan.only("kubeadm.*").tasks)
    seen: list[kb.Event] = []
    try:
        for event in plan.apply(timeout=600.0):
            if event.kind == kb.EventKind.QUESTION:
                context.answer(event, "yes")
            seen.append(event)
    except kb.StepFailed as error:
        host: str = error.host
        evidence: tuple[str, ...] = error.evidence
        left: kb.Result | None = error.result
        print(host, evidence, left, kb.Code(error.code).name)
    except (kb.Unreachable, kb.LoginRefused, kb.NotTrusted) as error:
        print(error.fix)
    return seen


async def clusters(*paths: str) -> None:
    async def up(context: kb.Context, path: str) -> None:
        async for event in context.cluster(path).up(check=True):
            before: bytes | None = event.changes[0].before if event.changes else None
            print(event.time.isoformat(), event.host, event.text, before, event.to_dict())
        await context.cluster(path).status()

    async with kb.Context() as context:
        await asyncio.gather(*(up(context, path) for path in paths))


def text() -> None:
    manifest: str = kb.calico.set_pod_cidr("...", "172.16.0.0/16")
    data: bytes = kb.calico.set_pod_cidr(b"...", ipaddress.ip_network("172.16.0.0/16"))
    overlaps: bool = kb.cidr.overlaps("10.0.0.0/8", "10.1.0.0/16")
    token: str = kb.token.make()
    free: str = kb.cidr.suggest(16, taken=["10.0.0.0/8"])
    print(manifest, data, overlaps, token, free, kb.kubeadm.config("init", {"pod-network-cidr": "172.16.0.0/16"}), kb.diff("a", "b", b"c"))
    print(kb.hosts.block("", {"node": "192.168.1.2"}), kb.join.parse("kubeadm join"), kb.toml.set("", "a", "b", "true"), kb.catalogue()["swap.off"].params)


def log(context: kb.Context) -> None:
    context.log_level = kb.LogLevel.DEBUG
    for entry in context.log():
        level: kb.LogLevel = entry.level
        print(entry.time, level, entry.host, entry.text, context.log_dropped)


if __name__ == "__main__":
    with kb.Context() as made:
        print(one_step(made), kb.script("own.step", "true", "true", some="value"), kb.__version__)
        log(made)
    asyncio.run(clusters("cluster.yaml"))

# SPDX-License-Identifier: Apache-2.0
"""Calico's manifests: one value is written, and every other byte stays."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw
from .cidr import Network


def pod_cidr(manifest: str | bytes) -> str | None:
    """The pod network in custom-resources.yaml or calico.yaml; None when the manifest leaves it to Calico."""
    return _core.calico_pod_cidr(scratch(), raw(manifest)).decode() or None


def set_pod_cidr(manifest: AnyStr, cidr: Network) -> AnyStr:
    """Writes the pod network."""
    return like(manifest, _core.calico_set_pod_cidr(scratch(), raw(manifest), str(cidr)))


def set_block_size(manifest: AnyStr, block_size: int) -> AnyStr:
    """Writes the prefix length of a node's blocks: 20 to 32, of IPv6 116 to 128."""
    return like(manifest, _core.calico_set_block_size(scratch(), raw(manifest), block_size))


def set_encapsulation(manifest: AnyStr, encapsulation: str) -> AnyStr:
    """Writes how packets between hosts are wrapped: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None."""
    return like(manifest, _core.calico_set_encapsulation(scratch(), raw(manifest), encapsulation))

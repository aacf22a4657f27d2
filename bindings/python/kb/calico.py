# SPDX-License-Identifier: Apache-2.0
"""Calico's manifests: one value is written, and every other byte stays."""

from __future__ import annotations

from typing import AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw
from .cidr import Network


def pod_cidr(manifest: str | bytes) -> str | None:
    """The pod network in one of Calico's manifests: Installation.spec.calicoNetwork.ipPools[0].cidr in custom-resources.yaml, or the
    variable CALICO_IPV4POOL_CIDR of the container calico-node in calico.yaml.

    Parameters:
        manifest: a YAML stream of any number of documents, at most 8 MiB

    Returns: the network as it is written; None when the manifest leaves it to Calico (calico.yaml, where the variable is a comment).

    Raises: `InvalidArgument` when there is no such place or more than one (two Installations, two pools); `TooBig`.
    """
    return _core.calico_pod_cidr(scratch(), raw(manifest)).decode() or None


def set_pod_cidr(manifest: AnyStr, cidr: Network) -> AnyStr:
    """Writes the pod network into one of Calico's manifests. Only the bytes of the value change: comments, quotes, order and line endings
    stay. In calico.yaml the variable is taken out of its comment, with its indentation.

    Parameters:
        manifest: as for `calico.pod_cidr()`
        cidr: the network; at most as long as the block size in the manifest (26 when it has none)

    Returns: the manifest.

    Raises: as `calico.pod_cidr()`; `InvalidArgument` for a network that is none, or too small for one block.
    """
    return like(manifest, _core.calico_set_pod_cidr(scratch(), raw(manifest), str(cidr)))


def set_block_size(manifest: AnyStr, block_size: int) -> AnyStr:
    """Writes the pool's block size: ipPools[0].blockSize, or the variable CALICO_IPV4POOL_BLOCK_SIZE.

    Parameters:
        manifest: as for `calico.pod_cidr()`
        block_size: prefix length of a block: 20 to 32 for IPv4, 116 to 128 for IPv6 (Calico's own bounds), and not larger than the pool

    Returns: the manifest.

    Raises: as `calico.pod_cidr()`; `InvalidArgument` for another block size.
    """
    return like(manifest, _core.calico_set_block_size(scratch(), raw(manifest), block_size))


def set_encapsulation(manifest: AnyStr, encapsulation: str) -> AnyStr:
    """Writes how packets between hosts are wrapped: ipPools[0].encapsulation, or the variables CALICO_IPV4POOL_IPIP and
    CALICO_IPV4POOL_VXLAN.

    Parameters:
        manifest: as for `calico.pod_cidr()`
        encapsulation: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None (operator.tigera.io/v1, IPPool)

    Returns: the manifest.

    Raises: as `calico.pod_cidr()`; `Unsupported` for VXLAN in calico.yaml, which also needs another backend there.
    """
    return like(manifest, _core.calico_set_encapsulation(scratch(), raw(manifest), encapsulation))

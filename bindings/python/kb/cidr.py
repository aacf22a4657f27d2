# SPDX-License-Identifier: Apache-2.0
"""Networks, such as 172.16.0.0/16: strictly read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Union

from . import _core
from ._scratch import scratch

Network = Union[str, ipaddress.IPv4Network, ipaddress.IPv6Network]
Address = Union[Network, ipaddress.IPv4Address, ipaddress.IPv6Address]


def check(cidr: Network) -> None:
    """Is this a network, such as 172.16.0.0/16 or fd00:10::/48? Strictly: no short forms, no octal numbers, no zone, and no bits set behind
    the prefix. (RFC 4632, RFC 4291)

    Parameters:
        cidr: ADDRESS/PREFIX

    Raises: `InvalidArgument` when it is not; for 172.16.5.0/16 the error names the network that was meant, and `Error.fix` is that network.
    """
    _core.cidr_check(scratch(), str(cidr))


def contains(cidr: Network, address: Address) -> bool:
    """Does a network hold an address, or a whole network?

    Parameters:
        cidr: the network
        address: an address, or a network; bits behind its prefix may be set (192.168.1.2/24 counts as 192.168.1.0/24)

    Returns: True or False; IPv4 and IPv6 never hold each other.

    Raises: `InvalidArgument` when either is not what it should be.
    """
    return _core.cidr_contains(scratch(), str(cidr), str(address)) == 1


def overlaps(a: Network, b: Network) -> bool:
    """Do two networks share an address? Pods, services and nodes need three that do not.

    Returns: True or False, the same whichever comes first.

    Raises: `InvalidArgument` when either is no network.
    """
    return _core.cidr_overlaps(scratch(), str(a), str(b)) == 1


def block_count(cidr: Network, block_size: int) -> int:
    """How many blocks a pool has. Calico gives each node blocks of its own: with fewer blocks than nodes some nodes borrow single
    addresses. (Calico documentation, IPPool, "Block sizes")

    Parameters:
        cidr: the pool
        block_size: the prefix length of one block, such as 26

    Returns: 2 to the power of the difference of the two prefix lengths.

    Raises: `InvalidArgument` when a block is larger than the pool or longer than an address; `TooBig` over 2^62 blocks.
    """
    return _core.cidr_block_count(scratch(), str(cidr), block_size)


def suggest(prefix_length: int = 16, taken: Iterable[Address] = ()) -> str:
    """A private IPv4 network (RFC 1918) that is free of others: the first that fits in 172.16.0.0/12, then 10.0.0.0/8, then 192.168.0.0/16.

    Parameters:
        prefix_length: of the network wanted, 8 to 30
        taken: networks and addresses in use; IPv6 is ignored, host bits may be set

    Returns: the network, such as "172.16.0.0/16".

    Raises: `InvalidArgument` when none is left, or something taken cannot be read; `TooBig`.
    """
    return _core.cidr_suggest(scratch(), prefix_length, " ".join(map(str, taken))).decode()

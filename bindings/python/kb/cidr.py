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
    """Raises `InvalidArgument` when this is no network: bits set behind the prefix, short forms, octal numbers. Its `fix` is the network that was meant."""
    _core.cidr_check(scratch(), str(cidr))


def contains(cidr: Network, address: Address) -> bool:
    """Does the network hold an address, or a whole network?"""
    return _core.cidr_contains(scratch(), str(cidr), str(address)) == 1


def overlaps(a: Network, b: Network) -> bool:
    """Do two networks share an address?"""
    return _core.cidr_overlaps(scratch(), str(a), str(b)) == 1


def block_count(cidr: Network, block_size: int) -> int:
    """How many blocks of this prefix length a pool has."""
    return _core.cidr_block_count(scratch(), str(cidr), block_size)


def suggest(prefix_length: int = 16, taken: Iterable[Address] = ()) -> str:
    """A private IPv4 network of this size that is free of those taken."""
    return _core.cidr_suggest(scratch(), prefix_length, " ".join(map(str, taken))).decode()

# SPDX-License-Identifier: Apache-2.0
"""The kubeadm join command, for those who have one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from . import _core
from ._scratch import scratch


def parse(command: str) -> dict[str, Any]:
    """Its options by kubeadm's names, however it was copied from a terminal. It holds a secret."""
    parsed: dict[str, Any] = json.loads(_core.join_parse(scratch(), command))
    return parsed


def command(endpoint: str, token: str, ca_cert_hash: str | Iterable[str], certificate_key: str | None = None) -> str:
    """The command on one line. It holds a secret."""
    hashes = ca_cert_hash if isinstance(ca_cert_hash, str) else " ".join(ca_cert_hash)
    return _core.join_print(scratch(), endpoint, token, hashes, certificate_key).decode()

# SPDX-License-Identifier: Apache-2.0
"""The kubeadm join command, for those who have one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from . import _core
from ._scratch import scratch


def parse(command: str) -> dict[str, Any]:
    """Reads "kubeadm join ..." as people copy it from a terminal: with a prompt or sudo before it, over several lines with backslashes,
    with carriage returns, among other lines.

    Parameters:
        command: text that holds the command once

    Returns: a dictionary with kubeadm's names: "endpoint", "token", "discovery-token-ca-cert-hash" (a list), and where they were given
        "control-plane" (true), "certificate-key" and other flags of kubeadm join. It holds a secret. It is an option map for
        `kubeadm.config()`.

    Raises: `InvalidArgument` when there is no command or more than one, for a flag that kubeadm join does not have, a token, hash or key
        that has not its form, and when no hash is given; `Unsupported` for a join that does not pin the authority, and for --config;
        `TooBig`.
    """
    parsed: dict[str, Any] = json.loads(_core.join_parse(scratch(), command))
    return parsed


def command(endpoint: str, token: str, ca_cert_hash: str | Iterable[str], certificate_key: str | None = None) -> str:
    """Writes a join command on one line. (Steps do not need it: they hand kubeadm a configuration file, where the token is in no argument
    list.)

    Parameters:
        endpoint: HOST:PORT of the API server, an IPv6 address in brackets
        token: a bootstrap token
        ca_cert_hash: as from `ca.hash()`; several as a list
        certificate_key: 64 hexadecimal digits, for a further control plane; None for a worker

    Returns: the line, without a newline. It holds a secret.

    Raises: `InvalidArgument` when a part has not its form.
    """
    hashes = ca_cert_hash if isinstance(ca_cert_hash, str) else " ".join(ca_cert_hash)
    return _core.join_print(scratch(), endpoint, token, hashes, certificate_key).decode()

# SPDX-License-Identifier: Apache-2.0
"""A cluster's certificate authority."""

from __future__ import annotations

from . import _core
from ._scratch import scratch
from ._text import raw


def hash(certificate: str | bytes) -> str:
    """The pin of a certificate in PEM: "sha256:" and 64 hexadecimal digits, as kubeadm join takes it."""
    return _core.ca_hash(scratch(), raw(certificate)).decode()

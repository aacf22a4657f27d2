# SPDX-License-Identifier: Apache-2.0
"""A cluster's certificate authority."""

from __future__ import annotations

from . import _core
from ._scratch import scratch
from ._text import raw


def hash(certificate: str | bytes) -> str:
    """The pin of a cluster's certificate authority: SHA-256 of the DER form of its public key (SubjectPublicKeyInfo; RFC 7469, section
    2.4), as kubeadm join takes it by --discovery-token-ca-cert-hash. RSA, ECDSA and Ed25519 keys.

    Parameters:
        certificate: one or more certificates in PEM, such as /etc/kubernetes/pki/ca.crt; of a chain the first one counts

    Returns: "sha256:" and 64 hexadecimal digits.

    Raises: `InvalidArgument` when there is no certificate; `TooBig`.
    """
    return _core.ca_hash(scratch(), raw(certificate)).decode()

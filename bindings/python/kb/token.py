# SPDX-License-Identifier: Apache-2.0
"""Bootstrap tokens."""

from __future__ import annotations

from . import _core
from ._scratch import scratch


def make() -> str:
    """Makes a bootstrap token from the kernel's random numbers (getrandom(2)), each letter as likely as any other.

    Returns: a token of the form [a-z0-9]{6}.[a-z0-9]{16}. It is a secret.

    Raises: `LocalIO` when the kernel gives no random numbers.
    """
    return _core.token_make(scratch()).decode()


def check(token: str) -> None:
    """Has a bootstrap token its form? (k8s.io/cluster-bootstrap, token/api)

    Parameters:
        token: a secret; no error repeats it

    Raises: `InvalidArgument` when it has not.
    """
    _core.token_check(scratch(), token)

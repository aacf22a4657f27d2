# SPDX-License-Identifier: Apache-2.0
"""Where Kubernetes' packages come from."""

from __future__ import annotations

from . import _core
from ._scratch import scratch


def source(flavour: str, keyring: str, url: str | None = None, version: str | None = None) -> str:
    """The line of an apt source: "legacy", "community" or "custom"."""
    return _core.apt_source(scratch(), flavour, url, version, keyring).decode()


def flavour(version: str) -> str:
    """Which layout the official packages of a version have."""
    return _core.apt_flavour(scratch(), version)

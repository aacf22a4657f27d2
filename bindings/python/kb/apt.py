# SPDX-License-Identifier: Apache-2.0
"""Where Kubernetes' packages come from."""

from __future__ import annotations

from . import _core
from ._scratch import scratch


def source(flavour: str, keyring: str, url: str | None = None, version: str | None = None) -> str:
    """The line of an apt source for Kubernetes' packages (sources.list(5)). "legacy" is the layout of apt.kubernetes.io, whose one suite
    was kubernetes-xenial for every release of Ubuntu and Debian. It was frozen at 1.28.2 and taken away in 2024-03
    (kubernetes/release#3485, kubernetes/website#45685): give the URL of a mirror. "community" is pkgs.k8s.io, with one repository a minor
    from 1.24 on. "custom" is whatever the caller says.

    Parameters:
        flavour: "legacy", "community" or "custom"
        keyring: absolute path on the host, ending in .gpg (binary) or .asc (armored)
        url: http, https or file, without user and password; None or "": the official one. For "custom" the URL, the suite and the
            components as in the line: "https://example.org/deb stable main"
        version: of Kubernetes, X.Y or X.Y.Z; may be None where it does not matter ("custom", and "legacy" with a URL)

    Returns: one line with its newline.

    Raises: `InvalidArgument` for a part that has not its form, and for a suite with "legacy"; `Unsupported` for a version that the official
        repository of this flavour never had.
    """
    return _core.apt_source(scratch(), flavour, url, version, keyring).decode()


def flavour(version: str) -> str:
    """Which layout official packages of a version have.

    Parameters:
        version: of Kubernetes, X.Y or X.Y.Z

    Returns: "legacy" before 1.24, else "community".

    Raises: `InvalidArgument` when it is no version; `Unsupported` when it is not 1.Y.
    """
    return _core.apt_flavour(scratch(), version)

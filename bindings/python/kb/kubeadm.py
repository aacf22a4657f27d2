# SPDX-License-Identifier: Apache-2.0
"""kubeadm's configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, AnyStr

from . import _core
from ._scratch import scratch
from ._text import like, raw


def config(kind: str, options: str | Mapping[str, Any]) -> str:
    """The documents for "init", "join" or "reset" from kubeadm's own flag names: a mapping, or YAML. It may hold a token."""
    given = options if isinstance(options, str) else json.dumps(options, default=str)
    return _core.kubeadm_config(scratch(), kind, given).decode()


def merge(config: AnyStr, documents: str | bytes) -> AnyStr:
    """Merges documents of your own into a configuration, by kind."""
    more = documents if isinstance(documents, str) else documents.decode()
    return like(config, _core.kubeadm_merge(scratch(), raw(config), more))

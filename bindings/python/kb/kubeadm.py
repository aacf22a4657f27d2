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
    """kubeadm's configuration from kubeadm's own flag names: InitConfiguration, ClusterConfiguration and KubeletConfiguration (with the
    systemd cgroup driver), JoinConfiguration, or ResetConfiguration. The same options always give the same bytes. The API follows from
    "kubernetes-version": v1beta2 before 1.22, v1beta3 to 1.30, v1beta4 from 1.31, and v1beta4 when it is not given (kubeadm's
    app/apis/kubeadm; kinder's pkg/kubeadm/config.go). Besides the flags of kubeadm init, join and reset there are: "node-ip";
    "node-labels"; "kubelet-extra-args", "apiserver-extra-args", "controller-manager-extra-args" and "scheduler-extra-args" (NAME=VALUE
    each); "taints" (KEY=VALUE:EFFECT each, or "none" for a control plane that takes pods); "schedulable" (true is the same as taints:
    none); for join "endpoint" (HOST:PORT), and "ca-cert-hash" for "discovery-token-ca-cert-hash". What belongs to a control plane is left
    out for a worker, as kubeadm does.

    Parameters:
        kind: "init", "join" or "reset"
        options: a mapping, or the text of one in YAML or JSON; a list is several values, a mapping of scalars is NAME=VALUE each, null is
            not given

    Returns: a YAML stream. It may hold a token: keep it as one.

    Raises: `InvalidArgument` for an option that there is not (the nearest one is named) or a value that it cannot have; `Unsupported` for
        an option that this version's API does not know, for versions before 1.19, and for a join that would not pin the cluster's
        authority; `TooBig`.
    """
    given = options if isinstance(options, str) else json.dumps(options, default=str)
    return _core.kubeadm_config(scratch(), kind, given).decode()


def merge(config: AnyStr, documents: str | bytes) -> AnyStr:
    """Merges your own documents into a kubeadm configuration, by kind and API group: mappings member by member, lists and scalars replace.
    Extra arguments are merged by name, also where v1beta4 has them as lists. Kinds that the configuration does not have, such as
    KubeProxyConfiguration, are put behind it.

    Parameters:
        config: a configuration, as from `kubeadm.config()`
        documents: a YAML stream of mappings, each with a kind; apiVersion may be left out for the kinds that kubeadm reads

    Returns: a YAML stream, comments and layout not kept. It may hold a token.

    Raises: `InvalidArgument` for a document without kind, with another version of the API than it is merged into, or of unknown kind
        without apiVersion; `TooBig`, also over 64 documents.
    """
    more = documents if isinstance(documents, str) else documents.decode()
    return like(config, _core.kubeadm_merge(scratch(), raw(config), more))

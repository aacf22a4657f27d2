# SPDX-License-Identifier: Apache-2.0
"""A whole cluster from one description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _core
from ._catalogue import listed
from ._errors import described
from ._plan import Plan, Run
from ._step import Values, bytes_of, joined

if TYPE_CHECKING:
    from ._context import Context


class Cluster:
    """A cluster's description, and the plans made from it. Made by `Context.cluster()`.

    `up()`, `reset()` and `status()` give a run to iterate over; `plan_up()`, `plan_reset()` and `plan_status()` the plan alone.
    """

    def __init__(self, context: Context, raw: _core.Cluster) -> None:
        self._context = context
        self._raw = raw

    def set(self, key: str, value: Values) -> Cluster:
        """Sets a field by its dotted path, as the file would have it ("network.pods"); None puts the default back. Returns itself."""
        self._raw.set(key, joined(value))
        return self

    @staticmethod
    def fields() -> dict[str, str]:
        """What a description can hold: dotted paths, and what each means. Those that only hosts have begin with "hosts[]."."""
        return {key: _core.Cluster.key_doc(key) or "" for key in listed(_core.Cluster.key)}

    def get(self, key: str) -> str | None:
        """What a field is, or its default."""
        return self._raw.get(key)

    def add_host(self, name: str, address: str, role: str = "worker", **fields: Values) -> Cluster:
        """Adds a host. The role is "control-plane" or "worker"; fields of its own as `set_host()`. Returns itself."""
        self._raw.add_host(name, address, role)
        for key, value in fields.items():
            self.set_host(name, key, value)
        return self

    def set_host(self, name: str, key: str, value: Values) -> Cluster:
        """Sets a field of one host ("ssh.port", "schedulable", "labels", ...): of those that only hosts have, and of ssh and containerd
        over what the cluster says. None puts the default back. Returns itself."""
        self._raw.set_host(name, key, joined(value))
        return self

    def set_secret(self, key: str, secret: str | bytes | None, host: str | None = None) -> Cluster:
        """A secret of one host, or of all when `host` is None: `password`, `sudo_password`, `passphrase`, `identity_data` or `answers`.
        Returns itself."""
        self._raw.set_secret(host, key, None if secret is None else bytes_of(secret))
        return self

    def add_kubeadm(self, documents: str | bytes) -> Cluster:
        """Adds kubeadm documents of your own (YAML), merged by kind into what is written. Returns itself."""
        self._raw.add_kubeadm(bytes_of(documents))
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of its hosts."""
        names = (self._raw.host_name(i) for i in range(self._raw.host_count()))
        return tuple(n for n in names if n is not None)

    def validate(self) -> None:
        """Looks at the description alone, before any host is touched: missing fields, overlapping or too small networks, versions that
        nobody serves, doubled names and addresses. Raises what is wrong. `plan_up()` does it too."""
        self._raw.check()

    def plan_up(self) -> Plan:
        """The plan that brings it up. No host is touched before every host was looked at. The output "kubeconfig" of its task
        kubeconfig.install is the administrator's kubeconfig."""
        return Plan(self._context, self._raw.up())

    def plan_reset(self) -> Plan:
        """The plan that takes it down: workers first, while there is an API server to tell; the control plane last. Packages and settings
        of the hosts stay."""
        return Plan(self._context, self._raw.reset())

    def plan_status(self) -> Plan:
        """The plan that only looks: nodes, control plane, network."""
        return Plan(self._context, self._raw.status())

    def up(self, timeout: float | None = None, *, check: bool = False) -> Run:
        """Brings it up; with `check` it only says what that would change."""
        plan = self.plan_up()
        return plan.check(timeout) if check else plan.apply(timeout)

    def reset(self, timeout: float | None = None, *, check: bool = False) -> Run:
        """Takes it down; with `check` it only says what that would change."""
        plan = self.plan_reset()
        return plan.check(timeout) if check else plan.apply(timeout)

    def status(self, timeout: float | None = None) -> Run:
        """Looks at its nodes, control plane and network."""
        return self.plan_status().apply(timeout)

    def close(self) -> None:
        """Ends its use now; plans made from it keep what they need."""
        _core.close(self._raw)

    def __repr__(self) -> str:
        return described("Cluster", lambda: f"of {len(self.hosts)} hosts")

# SPDX-License-Identifier: Apache-2.0
"""libkb for Python: bare Debian and Ubuntu hosts become a Kubernetes cluster with kubeadm, over SSH or on this machine.

    import kb

    with kb.Context() as c:
        cluster = c.cluster("cluster.yaml")
        for event in cluster.up(check=True):        # a dry run; without `check` it is made so
            print(event.host, event.step, event.verdict)

        cp = c.host("cp-1", "ssh://admin@192.168.1.2", identity="~/.ssh/id_ed25519")
        result = cp.run(kb.swap_off())              # one step on one host; raises what made it fail
        print(result.verdict, result.diff)

With asyncio: `async for event in cluster.up()` and `await cp.run_async(...)`, any number at once on one loop and no thread.
What fails is an `Error`, and one of its classes for each thing that a caller would do next. Pure functions on text need no context:
`kb.calico.set_pod_cidr()`, `kb.cidr.overlaps()`, `kb.token.make()`, `kb.kubeadm.config()`.
"""

from . import _errors, _steps, apt, ca, calico, cidr, fstab, hosts, join, kubeadm, token, toml
from ._catalogue import Param, StepInfo, catalogue
from ._cluster import Cluster
from ._context import Context, Host
from ._core import version as _version
from ._diff import diff
from ._enums import Code, EventKind, LogLevel, Mode, Severity, Verdict
from ._errors import *
from ._event import Change, Event
from ._log import LogEntry
from ._plan import Plan, Run, Task
from ._result import Result
from ._step import Step, script
from ._steps import *

__version__: str = _version()
__all__ = [
    "Change",
    "Cluster",
    "Code",
    "Context",
    "Event",
    "EventKind",
    "Host",
    "LogEntry",
    "LogLevel",
    "Mode",
    "Param",
    "Plan",
    "Result",
    "Run",
    "Severity",
    "Step",
    "StepInfo",
    "Task",
    "Verdict",
    "apt",
    "ca",
    "calico",
    "catalogue",
    "cidr",
    "diff",
    "fstab",
    "hosts",
    "join",
    "kubeadm",
    "script",
    "token",
    "toml",
]
__all__ += _errors.__all__
__all__ += _steps.__all__
for _name in __all__:
    if getattr(globals()[_name], "__module__", "").startswith("kb._"):
        globals()[_name].__module__ = "kb"

# SPDX-License-Identifier: Apache-2.0
"""The administrator's kubeconfig goes beside the description, never over that of another cluster."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

from ._cli_args import DONE, FAILED, Args
from ._cli_show import say
from ._plan import Plan

_SIZE_MAX_BYTES = 1 << 20


def _fail(path: Path, what: str) -> int:
    print(f"kb: {path}: {what}", file=sys.stderr)
    return FAILED


def _read(path: Path) -> tuple[bytes, int] | None:
    """The file and its mode; None when there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _SIZE_MAX_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return os.read(fd, status.st_size), stat.S_IMODE(status.st_mode)
    finally:
        os.close(fd)


def _server(data: bytes) -> bytes | None:
    """The value of the first `server:`."""
    match = re.search(rb"server: ([^ \r\n]*)", data)
    return match[1] if match else None


def _replace(path: Path, data: bytes) -> None:
    fd, part = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)     # 0600
    try:
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(fd)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _save(path: Path, data: bytes, is_quiet: bool) -> int:
    try:
        old = _read(path)
        if old and old[0] and (_server(old[0]) is None or _server(old[0]) != _server(data)):
            return _fail(path, "it names another API server than this cluster's, and was left alone (--kubeconfig FILE chooses another file)")
        if old and old[0] == data and not old[1] & 0o077:
            return DONE
        _replace(path, data)
    except OSError as error:
        return _fail(path, error.strerror or str(error))
    if not is_quiet:
        say(f"kubeconfig written to {path}")
    return DONE


def save(plan: Plan, args: Args) -> int:
    """An exit code."""
    for task in plan.tasks:
        if task.step == "kubeconfig.install" and (data := task.output("kubeconfig")) is not None:
            folder = args.cluster.rpartition("/")
            path = args.kubeconfig or f"{folder[0]}{folder[1]}kubeconfig"
            return _save(Path(path), data, args.is_json)
    return DONE         # the step was left out

# SPDX-License-Identifier: Apache-2.0
"""libkb for Python.

This version has the raw layer alone, and no public API yet: ``kb._core`` is what SWIG makes of libkb's functions, with C's names and
shapes, and may change in any version. Its exceptions are in ``kb._errors``.
"""

from ._core import version as _version

__all__: list[str] = []
__version__: str = _version()

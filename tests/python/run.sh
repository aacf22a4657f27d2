#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [PYTEST-ARGUMENT...]: the Python package of a build tree made with KB_PYTHON=ON. 77: cannot run here.
# PYTHON is the interpreter, of the version that the module was built for. KB_LAB, inside a lab's network, adds the lab's tests.
set -eu
build=$(cd "${1:?no build folder given}" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}

skip() {
	echo "python: skipped: $*"
	exit 77
}
[ -e "$build/bindings/python/kb/_core.py" ] || skip "$build has no Python module: KB_PYTHON is OFF"
# what the checks of types need; without the network they are skipped by name
KB_PYTHON_TOOLS=$("$here/tools.sh" 2>/dev/null) || KB_PYTHON_TOOLS=
KB_PYTHON_WHEEL=$("$here/tools.sh" "$here/requirements-wheel.txt" 2>/dev/null) || KB_PYTHON_WHEEL=
export KB_PYTHON_TOOLS KB_PYTHON_WHEEL
[ -z "$KB_PYTHON_TOOLS" ] || python=$KB_PYTHON_TOOLS/bin/python
"$python" -c 'import pytest' 2>/dev/null || skip "$python has no pytest"
command -v nm >/dev/null || skip "there is no nm"

export PYTHONPATH="$build/bindings/python" PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec "$python" -W error -m pytest -p no:cacheprovider -rs "$@"

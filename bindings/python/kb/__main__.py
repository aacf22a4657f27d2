# SPDX-License-Identifier: Apache-2.0
"""python3 -m kb: the reference installer, in Python."""

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""long.py SOURCE BUILD LONG: each test whose source asks whether this is a long run is told so, in its environment, exactly when it is one."""

import json
import pathlib
import re
import subprocess
import sys

source, build, is_long = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1"

# the tests that are not called after their file
CALLED = {"python/test_wheel.py": "python.wheel", "embedding/run.sh": "embedding.programs", "fuzz/run.sh": "fuzz.yaml"}


def name(path):
    """The name of the test that this file is."""
    folder, stem = path.parent.name, path.stem
    return CALLED.get(f"{folder}/{path.name}") or (f"lab.{stem}" if folder == "cluster" else f"{folder}.{stem}")


def asks(path):
    return path.name != "long.h" and re.search(r"is_long_run\(|\bKB_LONG\b", path.read_text())


files = [*source.glob("tests/*/*.c"), *source.glob("tests/*/*.sh"), *source.glob("tests/*/test_*.py")]
asking = {name(path) for path in files if asks(path)}
listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True, text=True).stdout
environment = {}
for test in json.loads(listing)["tests"]:
    lists = [p["value"] for p in test.get("properties", []) if p["name"] == "ENVIRONMENT"]
    environment[test["name"]] = [word for words in lists for word in words]
wrong = [f"{test}: is not told" for test in asking if is_long and test in environment and "KB_LONG=1" not in environment[test]]
wrong += [f"{test}: is told, and this is no long run" for test, words in environment.items() if not is_long and "KB_LONG=1" in words]
# those of this list are in every tree of the preset "test"
wrong += [f"{test}: there is no such test" for test in asking if test.split(".")[0] in ("loop", "cut", "engine", "bench", "lab") and test not in environment]
print("\n".join(sorted(wrong)) or f"{len(asking)} tests ask for a long run")
sys.exit(bool(wrong) or len(asking) < 8)

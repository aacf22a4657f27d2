"""30 hosts of this machine, 20 changing steps: from Python and from Go beside C. What a language adds is the median of pairs: each round runs
all three, in turns forth and back."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

from hosts import HERE, TOP, Sshd

HOSTS, STEPS = 30, 20
MOST_WALL, MOST_CPU = 1.15, 1.5  # of C's


def build_go(build, folder):
    with open(f"{folder}/libkb.pc", "w") as pc:
        pc.write(f"Name: libkb\nDescription: libkb in its build tree\nVersion: 0\nLibs: -L{build} -lkb -Wl,-rpath,{build}\nCflags: -I{TOP}/include\n")
    env = os.environ | {"PKG_CONFIG_PATH": folder, "CGO_ENABLED": "1", "GOWORK": "off"}
    subprocess.run(["go", "build", "-o", f"{folder}/drive", "."], cwd=HERE / "bindings", env=env, check=True)
    return [f"{folder}/drive"]


def run_one(command, sshd):
    arguments = ["kb-alone", sshd.key, sshd.known_hosts, HOSTS, STEPS, sshd.port]
    out = subprocess.run([str(word) for word in [*command, *arguments]], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def compare(build, rounds, log):
    os.environ["PYTHONPATH"] = str(build / "bindings/python")
    python = os.environ.get("PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder, Sshd() as sshd:
        tools = {"C": [build / "tests/bench/bench_drive", "change"], "Python": [python, HERE / "bindings/drive.py"], "Go": build_go(build, folder)}
        sshd.know([sshd.port])
        found = {name: [] for name in tools}
        for number in range(rounds):
            for name in list(tools)[:: 1 if number % 2 == 0 else -1]:
                found[name].append(run_one(tools[name], sshd))
                log(f"{name}: {found[name][-1]['wall_s']:.2f} s, {found[name][-1]['cpu_ms_per_host']:.2f} ms a host")
    result = {}
    for name, runs in found.items():
        pairs = [(run["wall_s"] / c["wall_s"], run["cpu_ms_per_host"] / c["cpu_ms_per_host"]) for run, c in zip(runs, found["C"])]
        result[name] = {"wall_s": statistics.median(run["wall_s"] for run in runs), "cpu_ms_per_host": statistics.median(run["cpu_ms_per_host"] for run in runs),
                        "wall_ratio": statistics.median(wall for wall, _ in pairs), "cpu_ratio": statistics.median(cpu for _, cpu in pairs), "runs": rounds}
        least_cpu = [min(run["cpu_ms_per_host"] for run in some) for some in (runs, found["C"])]
        result[name]["least_cpu_ratio"] = least_cpu[0] / least_cpu[1]
    return result


def too_much(found):
    """A line for each bound that was passed. Of processor time the least of the runs counts: what else this machine does only adds to it."""
    return [f"{name}: {what} is {cost[key]:.2f} times C's, and at most {most} is meant" for name, cost in found.items()
            for key, what, most in (("wall_ratio", "wall time", MOST_WALL), ("least_cpu_ratio", "processor time", MOST_CPU)) if cost[key] > most]

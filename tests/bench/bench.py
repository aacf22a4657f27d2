"""bench.py BUILD [--counts] [--peers] [--seed] [--many] [--bindings] [--runs N] [--json] [--save]: what libkb costs, and its peers on the same work.

One table out; --json instead of it; --save writes results.json and the picture results.svg beside this file. Without a choice: all of it."""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import languages

HERE = pathlib.Path(__file__).parent


def log(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def counts(build):
    out = "".join(subprocess.run([build / program], check=True, capture_output=True, text=True).stdout
                  for program in ("tests/loop/test_round_trips", "tests/bench/test_counts"))

    def number(pattern):
        return float(re.search(pattern, out).group(1))
    return {"connect to first output, round trips": number(r"connect to first output: (\d+)"),
            "all steps that prepare a host, asked: round trips, connection included": number(r"all preparation asked: (\d+)"),
            "a dependent changing step: round trips": number(r"20 more: (\d+)") / 20,
            "ten small files changed: round trips, connection included": number(r"files of 1 KiB, all changed: (\d+)"),
            "20 trivial scripts: bytes up beside them": number(r"20 trivial steps: (\d+) bytes"),
            "20 changing steps, each asked, done and verified: bytes up": number(r"20 changing steps more: (\d+) bytes")}


def many(build):
    """200 and 1,000 hosts: logins of one sshd on this machine"""
    from hosts import Sshd
    found = {}
    with Sshd() as sshd:
        sshd.know([sshd.port])
        for hosts in (200, 1000):
            out = subprocess.run([build / "tests/bench/bench_drive", "many", "kb-alone", sshd.key, sshd.known_hosts, str(hosts), "20", str(sshd.port)],
                                 check=True, capture_output=True, text=True).stdout
            found[str(hosts)] = json.loads(out)
            log(f"{hosts} hosts: {found[str(hosts)]['cpu_ms_per_host']:.2f} ms, {found[str(hosts)]['memory_kib_per_host']:.0f} KiB a host")
    return found


def table(found):
    lines = []
    for what, number in found.get("counts", {}).items():
        lines.append(f"{number:>10g}  {what}")
    for hosts, cost in found.get("many", {}).items():
        lines.append(f"{cost['cpu_ms_per_host']:>10.2f}  ms of processor time a host, {hosts} hosts (one local sshd), 20 steps")
        lines.append(f"{cost['memory_kib_per_host']:>10.1f}  KiB of memory a host, {hosts} hosts")
    if "bindings" in found:
        lines.append(f"\n30 hosts of this machine, 20 changing steps (medians of pairs with C):\n{'':12}{'s':>8}{'of C':>8}{'CPU ms/host':>13}{'of C':>8}{'least':>8}{'runs':>6}")
        for name, cost in found["bindings"].items():
            lines.append(f"{name:12}{cost['wall_s']:8.2f}{cost['wall_ratio']:8.2f}{cost['cpu_ms_per_host']:13.2f}{cost['cpu_ratio']:8.2f}{cost['least_cpu_ratio']:8.2f}{cost['runs']:6d}")
    if "peers" in found:
        lines.append("\n30 hosts, 20 dependent steps, 50 ms away (medians):\n"
                     f"{'':44}{'s':>8}{'libkb/it':>10}{'CPU ms/host':>13}{'KiB up/host':>13}{'runs':>6}")
        for name, peer in found["peers"].items():
            lines.append(f"{name:44}{peer['wall_s']:8.2f}{peer['ratio']:10.2f}{peer['cpu_ms_per_host']:13.1f}{peer['bytes_up_per_host'] / 1024:13.1f}"
                         f"{peer['runs']:6d}")
    if "seed" in found:
        first, again = found["seed"]["first"], found["seed"]["again"]
        lines.append("\nThe seed's tasks, three hosts of the lab:\n"
                     f"{'first run, until joined and applied':44}libkb {first['libkb']['s']:.1f} s, Ansible {first['ansible_s']:.1f} s: "
                     f"{first['ratio']:.2f}\n"
                     f"{'nothing to change':44}libkb {again['libkb_s']:.2f} s, Ansible {again['ansible_s']:.1f} s, with Mitogen "
                     f"{again['mitogen_s']:.1f} s: {again['times_faster']:.0f} times faster than Ansible")
        lines += ["\nWhere libkb's time goes then: ms from one step's verdict to the next on each host, which share the processors\n" +
                  f"{'':24}" + "".join(f"{host:>20}" for host in again["times_ms"])]
        for step in dict.fromkeys(step for times in again["times_ms"].values() for step in times):
            lines.append(f"{step:24}" + "".join(f"{times.get(step, ''):>20}" for times in again["times_ms"].values()))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    for part in ("counts", "peers", "seed", "many", "bindings", "json", "save"):
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    build, found = options.build.resolve(), {}
    is_all = not (options.counts or options.peers or options.seed or options.many or options.bindings)
    if options.counts or is_all:
        found["counts"] = counts(build)
    if options.many or is_all:
        found["many"] = many(build)
    if options.bindings or is_all:
        found["bindings"] = languages.compare(build, options.runs, log)
    if options.peers or is_all:
        import peers
        found["peers"] = peers.compare(build, options.runs, log)
    if options.seed or is_all:
        import seed
        found["seed"] = seed.compare(build, log)
    if options.save:
        import picture
        saved = HERE / "results.json"
        old = json.loads(saved.read_text()) if saved.exists() else {}
        saved.write_text(json.dumps({**old, **found}, indent=1) + "\n")
        picture.draw({**old, **found}, HERE / "results.svg")
    print(json.dumps(found) if options.json else table(found))
    passed = languages.too_much(found["bindings"]) if "bindings" in found else []
    for line in passed:
        log(line)
    return 1 if passed else 0


sys.exit(main())

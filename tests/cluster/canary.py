#!/usr/bin/env python3
"""Looks for secrets where none may be. SECRETS is a folder with a file for each.

canary.py make SECRETS            makes them
canary.py files SECRETS PATH...   in files below the paths
canary.py memory SECRETS PID      in the memory of a process, all that a core dump would hold
canary.py processes SECRETS       in the arguments and environment of every process of this machine, until stdin ends

Prints NAME PLACE for each find. A secret is looked for as it is, in hexadecimal, and in base64 at each of its three alignments.
"""
import base64
import os
import pathlib
import re
import secrets as random
import select
import string
import subprocess
import sys


def make(folder):
    word = lambda n: "".join(random.choice(string.ascii_lowercase + string.digits) for _ in range(n))
    folder.mkdir()
    for name in ("password", "sudo_password", "passphrase", "script", "control"):
        (folder / name).write_text(f"{name[:2]} {word(20)}'\"$x\\t{word(8)}")
    (folder / "token").write_text(f"{word(6)}.{word(16)}")
    (folder / "certificate_key").write_text(random.token_hex(32))
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "canary", "-f", key], check=True)
    body = base64.b64decode("".join(key.read_text().splitlines()[1:-1]))
    public = base64.b64decode((folder / "key.pub").read_text().split()[1])[-32:]
    seed = body[body.rindex(public) - 32:body.rindex(public)]   # the private part is seed and public key
    (folder / "seed").write_bytes(seed)
    passphrase = (folder / "passphrase").read_text()
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", key], check=True, stdout=subprocess.DEVNULL)


def forms(value):
    yield value
    yield value.hex().encode()
    for pad in range(3):
        text = base64.b64encode(b"\0" * pad + value)
        # the first and last characters depend on what stands beside the value
        yield text[(0, 2, 3)[pad]:len(text) // 4 * 4 - 4]


class Needles:
    def __init__(self, folder):
        self.names = {}
        for path in sorted(folder.iterdir()):
            if path.suffix == ".pub":
                continue
            value = path.read_bytes()
            if path.name == "key":
                value = value.splitlines()[2]       # one of its lines
            elif path.name == "token":
                value = value.split(b".")[1]        # its secret half
            for form in forms(value):
                self.names[form] = path.name
        self.pattern = re.compile(b"|".join(re.escape(f) for f in sorted(self.names, key=len, reverse=True)))

    def find(self, data):
        return sorted({self.names[m] for m in self.pattern.findall(data)})


def search_files(needles, paths):
    for top in paths:
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                try:
                    with open(path, "rb") as file:
                        found = needles.find(file.read())
                except OSError:
                    continue        # gone meanwhile
                for secret in found:
                    print(secret, path)


def search_memory(needles, pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span, mode, *_, = line.split()
            if "r" not in mode or line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = (int(x, 16) for x in span.split("-"))
            memory.seek(begin)
            try:
                data = memory.read(end - begin)
            except OSError:
                continue            # a page that was never there
            for match in needles.pattern.finditer(data):
                print(needles.names[match.group()], line.split()[-1], repr(data[max(0, match.start() - 24):match.start()]))


def search_processes(needles):
    rounds, seen = 0, set()
    while not select.select([sys.stdin], [], [], 0)[0]:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for what in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{what}", "rb") as file:
                        data = file.read()
                except OSError:
                    continue
                for secret in needles.find(data):
                    if (secret, pid, what) not in seen:
                        seen.add((secret, pid, what))
                        print(secret, what, data[:60].replace(b"\0", b" "), flush=True)
        rounds += 1
    print("rounds", rounds)


def main():
    what, folder, *rest = sys.argv[1:]
    folder = pathlib.Path(folder)
    if what == "make":
        return make(folder)
    needles = Needles(folder)
    if what == "files":
        search_files(needles, rest)
    elif what == "memory":
        search_memory(needles, int(rest[0]))
    else:
        search_processes(needles)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""installer_asks.py KB_INSTALL SSHD_SH: the installer asks on its terminal, a pty here, for what a real sshd and a real sudo want. Exit 77: skipped."""
import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

INSTALLER, SSHD = sys.argv[1:]
PASSWORD = "correct-horse"
PATIENCE_S = 90


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def start_sshd(folder):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    folder.chmod(0o755)
    (folder / "sshd_config.more").touch()
    server = subprocess.Popen(["sh", SSHD, str(folder), str(port)], start_new_session=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                skip("no sshd of our own can be started here")
            time.sleep(0.05)
    key = (folder / "host_ed25519.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    (folder / "nobody").write_text("")
    return server, port


def describe(folder, port, user="kb-zero", known="known_hosts", more=""):
    path = folder / "cluster.yaml"
    path.write_text(f"""kubernetes: {{version: 1.34.4}}
network: {{nodes: 127.0.0.0/8, pods: 172.16.0.0/16}}
ssh: {{user: {user}, port: {port}, identity: {folder}/key_ed25519, known_hosts: {folder}/{known}{more}}}
hosts:
  - {{name: node-0, address: 127.0.0.1, role: control-plane}}
""")
    return [INSTALLER, "plan", str(path), "--only", "swap.off"]


class Terminal:
    """The installer on a pty of its own, which is its controlling terminal."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self.text = ""

    def read(self):
        """False when it has ended."""
        ready, _, _ = select.select([self.fd], [], [], PATIENCE_S)
        assert ready, f"nothing came for {PATIENCE_S} s: {self.text!r}"
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, words):
        while words not in self.text:
            assert self.read(), f"not said: {words!r}, but {self.text!r}"
        self.text = self.text[self.text.index(words) + len(words):]

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def silent(self):
        """The prompt is there when the terminal is silent, as it is made before."""
        assert not self.echoes(), "a secret would be shown as it is typed"

    def say(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        assert PASSWORD not in self.text, "the password was shown"
        return os.waitstatus_to_exitcode(status)


def right_and_wrong(folder, port):
    t = Terminal(describe(folder, port))
    t.expect("Password for sudo of kb-zero on node-0 (127.0.0.1): ")
    t.silent()
    t.say("wrong\n")
    t.expect("That was wrong (2 of 3). Password for sudo of kb-zero")
    t.silent()
    t.say(PASSWORD + "\n")
    t.expect("swap.off")
    assert t.end() in (0, 3), t.text


def declined(folder, port):
    t = Terminal(describe(folder, port))
    t.expect("Password for sudo")
    t.silent()
    t.say("\004")		# the end of the file
    t.expect("its password was asked for, and declined")
    assert t.end() == 1


def host_key(folder, port):
    t = Terminal(describe(folder, port, "kb-bash", "nobody"))
    t.expect("Is that its key? (yes, or the fingerprint): ")
    assert t.echoes(), "what is no secret is shown"
    t.say("yes\n")
    t.expect("swap.off")
    assert t.end() in (0, 3), t.text
    t = Terminal(describe(folder, port, "kb-bash", "nobody"))
    t.expect("Is that its key?")
    t.say("no\n")
    assert t.end() == 1


def interrupted(folder, port, keys):
    t = Terminal(describe(folder, port))
    t.expect("Password for sudo")
    t.silent()
    for key in keys:
        t.say(key)
        time.sleep(0.01)
    end = time.monotonic() + PATIENCE_S
    while True:
        pid, status = os.waitpid(t.pid, os.WNOHANG)
        if pid:
            break
        assert time.monotonic() < end, "Ctrl-C does not end it"
        while select.select([t.fd], [], [], 0.02)[0]:
            try:
                if not os.read(t.fd, 65536):
                    break
            except OSError:
                break
    assert os.waitstatus_to_exitcode(status) == 130
    os.close(t.fd)


def the_terminal_is_given_back(folder, port):
    """A shell on the terminal survives the installer, and sees how it left it."""
    command = " ".join(describe(folder, port))
    t = Terminal(["/bin/sh", "-c", f"trap : INT; {command}; echo ended with $?; read -r line"])
    t.expect("Password for sudo")
    t.silent()
    t.say("\003")
    t.expect("ended with 130")
    assert t.echoes(), "the terminal stays silent after Ctrl-C"
    t.say("\n")
    t.end()


def nobody_to_ask(folder, port):
    ask = ", ask: sudo_password"
    for words, why, ours in (([], "no terminal", False), (["--batch"], "--batch", True), (["--json"], "--json", True)):
        command = describe(folder, port, more=ask) + words
        if ours:		# there is a terminal, and it is left alone
            leader, follower = pty.openpty()
        run = subprocess.run(command, stdin=follower if ours else subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
                             start_new_session=True, check=False)
        assert run.returncode == 1, run
        assert f": node-0: nobody can be asked ({why}): Password for sudo of kb-zero" in run.stderr, run.stderr
        if ours:
            os.close(leader)
            os.close(follower)
        if words == ["--json"]:
            kinds = [json.loads(line)["event"] for line in run.stdout.splitlines()]
            assert "question" in kinds and kinds[-1] == "plan-done", kinds
    t = Terminal(describe(folder, port, more=ask) + ["--batch"])
    t.expect("nobody can be asked (--batch)")
    assert t.end() == 1
    run = subprocess.run(describe(folder, port), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
                         start_new_session=True, check=False)
    assert run.returncode == 1 and "sudo wants a password" in run.stdout + run.stderr, run


def main():
    if os.geteuid() != 0:
        skip("logins of other users need root")
    for program in ("/usr/sbin/sshd", "/usr/bin/sudo"):
        if not os.access(program, os.X_OK):
            skip(f"there is no {program}")
    folder = Path(tempfile.mkdtemp(prefix="kb-asks-"))
    server, port = start_sshd(folder)
    try:
        right_and_wrong(folder, port)
        declined(folder, port)
        host_key(folder, port)
        interrupted(folder, port, "\003")
        interrupted(folder, port, "\003\003")
        the_terminal_is_given_back(folder, port)
        nobody_to_ask(folder, port)
        print("all asked, answered, declined and given back")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()

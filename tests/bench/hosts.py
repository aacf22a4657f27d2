"""Hosts for a comparison: one sshd on this machine behind a relay with a port for each of them."""
import contextlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
TOP = HERE.parent.parent


def free_port():
    """One that nobody has, beneath those that the kernel gives to connections, and to whoever does not care, while a server starts"""
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            port = random.randrange(10000, 20000)
            s.bind(("127.0.0.1", port))
            return port


class Sshd:
    """tests/loop/sshd.sh, until the end of the with block"""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kb-bench-"))
        self.port = free_port()
        (self.folder / "sshd_config.more").write_text("MaxSessions 100\nLogLevel ERROR\n")
        self.process = subprocess.Popen(["sh", TOP / "tests/loop/sshd.sh", self.folder, str(self.port)], start_new_session=True,
                                        stdout=subprocess.DEVNULL)
        for _ in range(2400):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError("sshd does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def key(self):
        return self.folder / "key_ed25519"

    def know(self, ports):
        """known_hosts, ssh_config and the inventories for these ports"""
        keys = [line for kind in ("ed25519", "ecdsa", "rsa") for line in [(self.folder / f"host_{kind}.pub").read_text()]]
        self.known_hosts.write_text("".join(f"[127.0.0.1]:{port} {key}" for port in ports for key in keys))
        self.ssh_config.write_text("".join(f"Host h{i}\n  Port {port}\n" for i, port in enumerate(ports)) + f"""Host *
  HostName 127.0.0.1
  User root
  IdentityFile {self.key}
  IdentitiesOnly yes
  UserKnownHostsFile {self.known_hosts}
  ControlMaster auto
  ControlPath {self.folder}/m-%C
  ControlPersist 60s
  LogLevel ERROR
""")
        common = f"-o IdentitiesOnly=yes -o UserKnownHostsFile={self.known_hosts}"
        self.inventory.write_text("".join(f"h{i} ansible_host=127.0.0.1 ansible_port={port}\n" for i, port in enumerate(ports)) + f"""[all:vars]
ansible_user=root
ansible_ssh_private_key_file={self.key}
ansible_ssh_common_args={common}
ansible_python_interpreter=/usr/bin/python3
""")
        self.pyinfra_inventory.write_text("hosts = " + repr([(f"h{i}", {
            "ssh_hostname": "127.0.0.1", "ssh_port": port, "ssh_user": "root", "ssh_key": str(self.key),
            "ssh_known_hosts_file": str(self.known_hosts)}) for i, port in enumerate(ports)]) + "\n")

    known_hosts = property(lambda self: self.folder / "known_bench")
    ssh_config = property(lambda self: self.folder / "ssh_config")
    inventory = property(lambda self: self.folder / "inventory.ini")
    pyinfra_inventory = property(lambda self: self.folder / "inventory.py")

    def end_masters(self):
        for path in self.folder.glob("m-*"):
            subprocess.run(["ssh", "-F", self.ssh_config, "-o", f"ControlPath={path}", "-O", "exit", "h0"], capture_output=True, check=False)


class Relay:
    """relay.c: `delay_ms` there and as much back"""

    def __init__(self, build, delay_ms, port, count):
        self.command = [build / "tests/bench/bench_relay", str(delay_ms), f"127.0.0.1:{port}", str(count)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [int(port) for port in self.process.stdout.readline().split()]
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate()
        self.carried = json.loads(out)


def timed(command, **env):
    """wall and processor time of a command and of all that it started and waited for"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([str(word) for word in command], env={**os.environ, **{k: str(v) for k, v in env.items()}}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit status {done.returncode}:\n{done.stdout[-3000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout

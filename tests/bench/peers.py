"""30 hosts, 20 dependent trivial steps, 50 ms away: libkb and its peers, each set up as its own documentation recommends for speed."""
import os
import statistics
import sys

import mitogen

from hosts import HERE, Relay, Sshd, timed

HOSTS, STEPS, RTT_MS = 30, 20, 50


def python(script, *arguments):
    return [sys.executable, HERE / "peers" / script, *arguments]


def ansible_env(sshd, strategy):
    plugins = os.path.join(os.path.dirname(os.path.dirname(mitogen.__file__)), "ansible_mitogen", "plugins", "strategy")
    return {"ANSIBLE_PIPELINING": 1, "ANSIBLE_FORKS": 50, "ANSIBLE_STRATEGY": strategy, "ANSIBLE_STRATEGY_PLUGINS": plugins,
            "ANSIBLE_SSH_ARGS": f"-o ControlMaster=auto -o ControlPersist=60s -o ControlPath={sshd.folder}/m-%C",
            "ANSIBLE_LOCAL_TEMP": sshd.folder / "ansible", "ANSIBLE_HOME": sshd.folder / "ansible", "ANSIBLE_CALLBACKS_ENABLED": "",
            "ANSIBLE_NOCOLOR": 1, "ANSIBLE_TIMEOUT": 60, "ANSIBLE_DISPLAY_OK_HOSTS": 0}


def libkb(kind, user):
    def run(sshd, build, ports):
        return timed([build / "tests/bench/bench_drive", kind, user, sshd.key, sshd.known_hosts, HOSTS, STEPS, *ports])
    return run


def asyncssh(sshd, _, ports):
    return timed(python("by_asyncssh.py", "root", sshd.key, sshd.known_hosts, STEPS, *ports))


def parallel_ssh(sshd, _, ports):
    return timed(python("by_parallel_ssh.py", "root", sshd.key, sshd.known_hosts, STEPS, *ports))


def clush(sshd, _, ports):
    return timed(python("by_clush.py", sshd.ssh_config, STEPS, *[f"h{i}" for i in range(len(ports))]))


def pyinfra(sshd, _, ports):
    del ports
    return timed([os.path.join(os.path.dirname(sys.executable), "pyinfra"), "-y", "--no-wait", sshd.pyinfra_inventory,
                  HERE / "peers/by_pyinfra.py"])


def ansible(strategy):
    def run(sshd, _, ports):
        del ports
        return timed([os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", sshd.inventory, HERE / "peers/by_ansible.yml"],
                     **ansible_env(sshd, strategy))
    return run


# name, how it runs, whether it takes so long that it runs once
TOOLS = [("libkb", libkb("ask", "root"), False), ("libkb, each step probed, changed, verified", libkb("change", "kb-alone"), False),
         ("asyncssh", asyncssh, False), ("parallel-ssh", parallel_ssh, False), ("clush", clush, False),
         ("pyinfra", pyinfra, False), ("Ansible with Mitogen", ansible("mitogen_free"), True), ("Ansible, pipelined", ansible("free"), True)]


def run_one(sshd, build, run):
    with Relay(build, RTT_MS / 2, sshd.port, HOSTS) as relay:
        sshd.know(relay.ports)
        wall, cpu, _ = run(sshd, build, relay.ports)
        sshd.end_masters()
    return {"wall_s": wall, "cpu_ms_per_host": cpu * 1000 / HOSTS, "bytes_up_per_host": relay.carried["bytes_up"] / HOSTS,
            "round_trips": relay.carried["most_round_trips"]}


def compare(build, rounds, log):
    """Each round runs them all, in turns forth and back, so that whatever else the machine does hits all alike."""
    found = {name: [] for name, _, _ in TOOLS}
    with Sshd() as sshd:
        for number in range(rounds):
            for name, run, is_slow in TOOLS if number % 2 == 0 else TOOLS[::-1]:
                if is_slow and number > 0:
                    continue
                found[name].append(run_one(sshd, build, run))
                log(f"{name}: {found[name][-1]['wall_s']:.2f} s")
    median = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}
    for name, runs in found.items():
        median[name]["runs"] = len(runs)
        median[name]["ratio"] = median["libkb"]["wall_s"] / median[name]["wall_s"]
    return median

"""The seed's own tasks on three bare hosts of the lab: by libkb, then by Ansible; the first run, and those that find nothing to change."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from hosts import HERE, TOP, timed
from peers import ansible_env

LAB = ["bash", str(TOP / "tests/lab/lab")]
AGAIN = 7		# runs that find nothing to change; Ansible's take so long that they vary less
AGAIN_ANSIBLE = 3


def folder():
    return pathlib.Path(os.environ["KB_LAB"])


def lab(*arguments, **more):
    return subprocess.run([*LAB, *map(str, arguments)], check=True, capture_output=True, text=True, **more).stdout


def fresh():
    lab("down")
    lab("up", 3)
    write_description()


def write_inventory():
    names = [line.split() for line in lab("status").splitlines() if "cluster1-" in line]
    sum256 = (folder() / "www/calicoctl/v3.32.1/SHA256SUMS").read_text().split()[0]
    lines = [f"{name} ansible_host={address}" for _, name, address, *_ in names]
    entries = "\\n".join(f"{address} {name}" for _, name, address, *_ in names)
    (folder() / "inventory.ini").write_text("\n".join(["[control_plane]", lines[0], "[workers]", *lines[1:], f"""[all:vars]
ansible_user=vagrant
ansible_ssh_private_key_file={folder()}/id
ansible_ssh_common_args=-o IdentitiesOnly=yes -o UserKnownHostsFile={folder()}/known_hosts
ansible_python_interpreter=/usr/bin/python3
version=1.34.4
calico=v3.32.1
calicoctl_sha256={sum256}
mirror=https://192.168.1.1
registry=http://192.168.1.1:5000
pods=172.16.0.0/16
entries="{entries}"
"""]))


def install_python():
    """What Ansible needs of a host, and libkb does not; not counted"""
    debs = folder() / "debs"
    debs.mkdir(exist_ok=True)
    subprocess.run(["apt-get", "download", "python3-apt", "python-apt-common", "distro-info-data"], cwd=debs, check=True, capture_output=True)
    for i in (1, 2, 3):
        subprocess.run([*LAB, "ssh", str(i), "sudo tee /usr/local/share/ca-certificates/lab.crt >/dev/null && sudo update-ca-certificates"],
                       input=(folder() / "ca.pem").read_bytes(), check=True, capture_output=True)
        lab("ssh", i, "sudo apt-get -q update && sudo apt-get -q -y install --no-install-recommends python3")
        archive = subprocess.run(["tar", "-C", debs, "-c", "."], check=True, capture_output=True).stdout
        subprocess.run([*LAB, "ssh", str(i), "mkdir -p debs && tar -x -C debs && sudo dpkg -i debs/*.deb"], input=archive, check=True,
                       capture_output=True)


def in_the_lab(*words):
    return ["ip", "netns", "exec", os.environ.get("KB_LAB_NAME", "kb") + "-lab", *words]


def write_description():
    """The lab's cluster, with the distribution's containerd, as the playbook has it"""
    text = (folder() / "cluster.yaml").read_text()
    assert "\ncontainerd:\n" in text
    (folder() / "bench.yaml").write_text(text.replace("\ncontainerd:\n", "\ncontainerd:\n  source: distribution\n"))


def events(build):
    start = time.time()
    wall, _, out = timed(in_the_lab(build / "examples/kb-install", "up", "--json", folder() / "bench.yaml"))
    return start, wall, [json.loads(line) for line in out.splitlines() if line.startswith('{"')]


def created(kind):
    """when the API server says that it was made"""
    out = lab("kubectl", "get", kind, "-o", "jsonpath={.items[*].metadata.creationTimestamp}")
    stamps = [time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone for stamp in out.split()]
    return max(stamps)


def first_by_libkb(build):
    """Until the last node has joined and the custom resources are there; libkb goes on, and waits for Calico and the nodes"""
    start, wall, seen = events(build)
    joined = max(e["time_ms"] for e in seen if e["event"] == "step-done" and e["step"] in ("kubeadm.init", "kubeadm.join")) / 1000
    applied = created("installations.operator.tigera.io") + 1	# stamps are cut to whole seconds: the worse for us
    steps = {}
    for e in seen:
        if e["event"] == "step-done" and e.get("changed"):
            steps[e["step"]] = max(steps.get(e["step"], 0), e["duration_ms"] / 1000)
    return {"s": max(joined, applied) - start, "until_ready_s": wall, "steps_s": steps}


def again_by_libkb(build):
    _, wall, seen = events(build)
    if any(e["event"] == "step-done" and e.get("changed") for e in seen):
        raise RuntimeError("libkb changed something")
    return {"s": wall, "times_ms": where_time_goes(seen)}


def where_time_goes(seen):
    """Of each host: how long after the one before it each step was known, the connection first"""
    hosts, last = {}, {}
    begin = next(e["time_ms"] for e in seen if e["event"] == "plan-started")
    for e in seen:
        if e["event"] not in ("host-connected", "step-done"):
            continue
        what, times = e.get("step", "connection"), hosts.setdefault(e["host"], {})
        times[what] = times.get(what, 0) + e["time_ms"] - last.get(e["host"], begin)
        last[e["host"]] = e["time_ms"]
    return hosts


def by_ansible(strategy):
    plays = in_the_lab(os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", folder() / "inventory.ini", HERE / "seed/playbook.yml")

    class Sshd:
        folder = folder()
    wall, _, out = timed(plays, **{**ansible_env(Sshd, strategy), "ANSIBLE_DISPLAY_OK_HOSTS": 1})
    changed = [line for line in out.splitlines() if "changed=" in line and "changed=0" not in line]
    return wall, changed


def again_by_ansible(strategy):
    walls = []
    for _ in range(AGAIN_ANSIBLE):
        wall, changed = by_ansible(strategy)
        if changed:
            raise RuntimeError(f"Ansible changed something: {changed}")
        walls.append(wall)
    return statistics.median(walls)


def compare(build, log):
    found = {}
    fresh()
    found["first"] = {"libkb": first_by_libkb(build)}
    log(f"first run, libkb: {found['first']['libkb']['s']:.1f} s")
    kb = [again_by_libkb(build) for _ in range(AGAIN)]
    found["again"] = {"libkb_s": statistics.median(run["s"] for run in kb), "runs_s": sorted(run["s"] for run in kb),
                      "times_ms": sorted(kb, key=lambda run: run["s"])[AGAIN // 2]["times_ms"]}
    log(f"again, libkb: {found['again']['libkb_s']:.2f} s")
    fresh()
    install_python()
    write_inventory()
    found["first"]["ansible_s"], _ = by_ansible("linear")
    log(f"first run, Ansible: {found['first']['ansible_s']:.1f} s")
    for name, strategies in (("ansible", ("linear", "free")), ("mitogen", ("mitogen_linear", "mitogen_free"))):
        found["again"][f"{name}_s"] = min(again_by_ansible(strategy) for strategy in strategies)	# the better of its two
        log(f"again, {name}: {found['again'][f'{name}_s']:.1f} s")
    lab("down")
    found["again"]["times_faster"] = found["again"]["ansible_s"] / found["again"]["libkb_s"]
    found["first"]["ratio"] = found["first"]["libkb"]["s"] / found["first"]["ansible_s"]
    return found

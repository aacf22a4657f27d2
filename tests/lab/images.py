"""Writes container images as docker archives, from programs that were compiled here: images.py OUT KUBERNETES BASE PROGRAMS OPERATOR CALICO.

Every image is one layer. OUT gets an archive for each and a file `index` with the line ARCHIVE NAME for every name that it is to have.
"""
import glob
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def pack(entries):
    """A tar of (name, bytes or path of a file) with the folders above each file."""
    out, seen = io.BytesIO(), set()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in entries:
            for end in [m.start() for m in re.finditer("/", name)]:
                if name[:end] not in seen:
                    seen.add(name[:end])
                    folder = tarfile.TarInfo(name[:end])
                    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(folder)
            if isinstance(content, bytes):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                tar.add(os.path.realpath(content), arcname=name, filter=owned_by_root)
    return out.getvalue()


def owned_by_root(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def image(out, archive, names, files, entrypoint, labels=None, env=()):
    """files: {path in the image: path here}."""
    layer = pack(sorted(files.items()))
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({
        "architecture": ARCH, "os": "linux",
        "config": {"Entrypoint": entrypoint, "Env": [PATH, *env], "Labels": labels or {}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
        "history": [{"created_by": "the lab of libkb"}],
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [names[0]], "Layers": [digest + "/layer.tar"]}]).encode()
    with open(f"{out}/{archive}.tar", "wb") as f:
        f.write(pack([(config_name, config), (digest + "/layer.tar", layer), ("manifest.json", manifest)]))
    with open(f"{out}/index", "a", encoding="ascii") as f:
        f.writelines(f"{archive}.tar {name}\n" for name in names)


def with_libraries(base, programs):
    """The programs of the base and every library that they load."""
    files = {program.lstrip("/"): base + program for program in programs}
    ldd = subprocess.run(["chroot", base, "ldd", *programs], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", ldd):
        files[library.lstrip("/")] = base + library
    return files


def iptables(base):
    """What kube-proxy calls: the nft flavour of iptables, as the hosts have it, with the modules that it loads by name."""
    modules = [module[len(base):] for module in glob.glob(f"{base}/usr/lib/*/xtables/*.so")]
    files = with_libraries(base, ["/usr/sbin/xtables-nft-multi", *modules])
    for family in ("iptables", "ip6tables"):
        for verb in ("", "-save", "-restore"):
            files[f"usr/sbin/{family}{verb}"] = base + "/usr/sbin/xtables-nft-multi"
    for name in ("protocols", "services"):
        if os.path.exists(f"{base}/etc/{name}"):
            files[f"etc/{name}"] = f"{base}/etc/{name}"
    return files


def kubernetes_images(out, kubernetes, base):
    """The images that kubeadm of this version asks for, under the names that it asks for."""
    with open(kubernetes + "/images", encoding="ascii") as f:
        wanted = f.read().split()
    for name in wanted:
        program = name.rsplit("/", 1)[1].split(":")[0]
        inside = {"coredns": "coredns", "pause": "pause"}.get(program, "usr/local/bin/" + program)
        files = {inside: f"{kubernetes}/{program}"}
        if program == "kube-proxy":
            files.update(iptables(base))
        image(out, program, [name], files, ["/" + inside])


def operator_images(out, base, operator, calico):
    """The stand-in under every name that the manifests of Calico have for the real one, and its node agent."""
    labels = {"description": "stand-in for tests of libkb; not Calico's operator and not made by its authors"}
    nodes = []
    for manifest in sorted(glob.glob(calico + "/v*/tigera-operator.yaml")):
        version = manifest.split("/")[-2]
        with open(manifest, encoding="utf-8") as f:
            names = re.findall(r"image: (quay\.io/tigera/operator:\S+)", f.read())
        files = {"usr/local/bin/operator": operator + "/operator"}
        image(out, "operator-" + version, names, files, ["operator"], labels, ["CALICO_VERSION=" + version])
        nodes.append("quay.io/calico/node:" + version)
    files = {**iptables(base), "usr/local/bin/calico-node": operator + "/node"}
    image(out, "node", nodes, files, ["calico-node"], labels)


def main(out, kubernetes, base, programs, operator, calico):
    os.makedirs(out, exist_ok=True)
    kubernetes_images(out, kubernetes, base)
    operator_images(out, base, operator, calico)
    image(out, "pod", ["quay.io/libkb-lab/pod:1"], {"pod": programs + "/pod"}, ["/pod"])


main(*sys.argv[1:])

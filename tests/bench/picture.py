"""The picture of the README, from results.json, by matplotlib; the same data makes the same file."""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "libkb"
import matplotlib.pyplot as plt  # noqa: E402


def bars(axes, title, values):
    names = list(values)
    colours = ["#3465a4" if name.startswith("libkb") else "#babdb6" for name in names]
    drawn = axes.barh(names, list(values.values()), color=colours)
    axes.bar_label(drawn, labels=[f"{value:.2f} s" if value < 10 else f"{value:.0f} s" for value in values.values()], padding=3)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)


def draw(found, path):
    parts = []
    if "peers" in found:
        parts.append(("30 hosts, 20 dependent steps, 50 ms away", {name: peer["wall_s"] for name, peer in found["peers"].items()}))
    if "seed" in found:
        first, again = found["seed"]["first"], found["seed"]["again"]
        parts.append(("the same three hosts again, nothing to change", {"libkb": again["libkb_s"], "Ansible with Mitogen": again["mitogen_s"],
                                                                         "Ansible, pipelined": again["ansible_s"]}))
        parts.append(("three bare hosts to a joined cluster", {"libkb": first["libkb"]["s"], "Ansible, pipelined": first["ansible_s"]}))
    figure, axes = plt.subplots(len(parts), 1, figsize=(9, 1.2 + 0.42 * sum(len(values) + 1 for _, values in parts)), squeeze=False,
                                height_ratios=[len(values) for _, values in parts])
    for part, (title, values) in zip(axes[:, 0], parts):
        bars(part, title, values)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    draw(json.loads(pathlib.Path(sys.argv[1]).read_text()), sys.argv[2])

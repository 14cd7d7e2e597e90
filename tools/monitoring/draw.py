"""draw.py PROMETHEUS BEGAN DASHBOARD PICTURE: draws the dashboard's panels of time from what a Prometheus has recorded
since BEGAN (seconds since the epoch), as an SVG. Needs matplotlib; `tools/monitoring/check ONSALE PICTURE` calls it."""

import io
import json
import re
import sys
import time
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "onsale", "font.size": 8})
from matplotlib import pyplot  # noqa: E402 (after the choice of what draws)

COLUMNS = 3
STEP_SECONDS = 2
# Most lines of a panel: those that rose highest.
LINES_MAX = 8
# Longest label of which two fit side by side under a panel.
SHORT_LABEL_MAX = 30
UNITS = {"ops": "a second", "reqps": "a second", "s": "seconds", "short": ""}


def series(prometheus, query, began, ended):
    asked = urllib.parse.urlencode({"query": query, "start": began, "end": ended, "step": STEP_SECONDS})
    with urllib.request.urlopen(f"{prometheus}/api/v1/query_range?{asked}", timeout=30) as reply:
        return json.load(reply)["data"]["result"]


def lines(prometheus, panel, began, ended):
    """(label, times, values) of a panel, highest first."""
    found = []
    for target in panel["targets"]:
        for one in series(prometheus, target["expr"], began, ended):
            told = one["metric"]
            label = re.sub(r"\{\{(\w+)\}\}", lambda name, told=told: told.get(name[1], ""), target["legendFormat"])
            points = [(when - began, float(value)) for when, value in one["values"] if value != "NaN"]
            if points:
                found.append((label, *zip(*points)))
    found.sort(key=lambda line: -max(line[2]))
    return found[:LINES_MAX]


def main():
    prometheus, began, path, picture = sys.argv[1:]
    began, ended = int(began), int(time.time())
    with open(path, encoding="utf-8") as file:
        panels = [panel for panel in json.load(file)["panels"] if panel["type"] == "timeseries"]
    rows = -(-len(panels) // COLUMNS)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(13, 3.1 * rows), layout="constrained")
    for axis in axes.flat[len(panels):]:
        axis.axis("off")
    for axis, panel in zip(axes.flat, panels):
        found = lines(prometheus, panel, began, ended)
        if not found:
            sys.exit(f"nothing to draw for {panel['title']}")
        for label, times, values in found:
            axis.plot(times, values, label=label, linewidth=1.2)
        unit = UNITS[panel["fieldConfig"]["defaults"]["unit"]]
        axis.set_title(f"{panel['title']}, {unit}" if unit else panel["title"], fontsize=9, loc="left")
        # A line at 0 is to be seen, and what is all 0 is not to be blown up.
        highest = max(max(values) for _, _, values in found) or 1
        axis.set_ylim(-0.03 * highest, 1.05 * highest)
        axis.set_xlim(0, ended - began)
        axis.grid(alpha=0.25)
        legend_columns = 2 if all(len(label) <= SHORT_LABEL_MAX for label, _, _ in found) else 1
        axis.legend(fontsize=6, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=legend_columns, frameon=False)
    figure.supxlabel("seconds since the first buyer", fontsize=8)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": "tools/monitoring/draw.py"})
    with open(picture, "w", encoding="utf-8") as file:
        # Tenths of a point are enough, and a quarter smaller.
        file.write(re.sub(r'(?<=[ "])(-?\d+\.\d)\d+', r"\1", drawn.getvalue()))
    print(f"{picture}: {len(panels)} panels of {ended - began} s")


main()

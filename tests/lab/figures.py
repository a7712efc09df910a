# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs on file, one JSON object a line, and what they come to."""
import collections
import json
import math
import os

from pairs import DIRECT_GOALS, FIRST_BYTE_GOAL, good_enough


class Journal:
    """Measured runs: a program that was broken off goes on where it was."""

    def __init__(self, path):
        self.path = path
        self.runs = collections.defaultdict(list)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in filter(str.strip, file):
                    self.keep(json.loads(line))

    def keep(self, record):
        self.runs[record["case"]].append(record)

    def add(self, record):
        """One write a line: several processes may add to one file."""
        append(self.path, record)
        self.keep(record)


def append(path, record):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def percentile(values, share):
    """The smallest value that at least that share of the values does not exceed, or None."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)] if values else None


def spread(runs, name):
    values = [run[name] for run in runs if run.get(name) is not None]
    return {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95), "runs": len(values)}


def counts(runs, name):
    return dict(collections.Counter(run.get(name) or "none" for run in runs).most_common())


def connected(run):
    return run.get("first_byte_ms") is not None and run.get("class") is not None


def missed(case, figures):
    """What a case's figures fall short of, in words."""
    goal, direct, first = DIRECT_GOALS.get(case.way), figures["direct"], figures["first_byte"]
    if figures["connected"] < figures["runs"]:
        yield f"{figures['runs'] - figures['connected']} of {figures['runs']} not connected"
    if figures["as_expected"] < figures["connected"]:
        yield f"{figures['connected'] - figures['as_expected']} of {figures['runs']} not direct"
    if first["p95"] is not None and first["p95"] > FIRST_BYTE_GOAL:
        yield f"first byte p95 {first['p95']:.0f} ms, goal {FIRST_BYTE_GOAL} ms"
    if goal and direct["p50"] is not None and direct["p50"] > goal:
        yield f"direct p50 {direct['p50']:.0f} ms, goal {goal} ms"


def figures_of(case, runs):
    """All that is told of one case."""
    figures = {"case": case.key, "kind": case.kind, "client": case.client, "server": case.server,
               "way": case.way, "runs": len(runs), "connected": sum(map(connected, runs)),
               "as_expected": sum(good_enough(run.get("class"), case.way) for run in runs),
               "classes": counts(runs, "class"), "strategies": counts(runs, "strategy"),
               "first_byte": spread(runs, "first_byte_ms"), "direct": spread(runs, "direct_ms")}
    figures["missed"] = list(missed(case, figures))
    return figures

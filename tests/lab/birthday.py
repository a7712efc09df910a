#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How often a cone and a random symmetric NAT meet directly within ten seconds, and how fast.

Both directions, half the runs each. The routers forget between the runs, so each is a first
meeting, with all of its luck. What the routers' tables hold at most is counted meanwhile.
"""
import argparse
import json
import os
import sys

import router_table
from figures import connected, percentile
from lab import Lab, why_no_labs
from meeting import Meetings
from pairs import is_direct, pair

LIMIT = 10
DIRECTIONS = (("port-restricted", "symmetric-random"), ("symmetric-random", "port-restricted"))


def measure(client, server, runs, prefix):
    """The runs of one direction, one after another, with nothing beside them."""
    case, done = pair(client, server), []
    with Lab(*case.sites, prefix=prefix) as place:
        meetings = Meetings(place, case, LIMIT)
        for number in range(1, runs + 1):
            watch = router_table.Watch(place, meetings.routers)
            try:
                result = meetings.meet()
            finally:
                most = max(watch.stop().values())
            done.append({"client": client, "server": server, "entries": most, **result})
            print(f"{client} to {server}, {number}/{runs}: {result['strategy']} "
                  f"{result['direct_ms'] or 'not direct'}, {most} entries", flush=True)
    return done


def succeeded(run):
    return is_direct(run["class"]) and run["direct_ms"] <= LIMIT * 1000


def summary(runs):
    times = [run["direct_ms"] for run in runs if succeeded(run)]
    return {"runs": len(runs), "connected": sum(map(connected, runs)), "direct": len(times),
            "p50_ms": percentile(times, 0.5), "p95_ms": percentile(times, 0.95),
            "p99_ms": percentile(times, 0.99), "entries": max(run["entries"] for run in runs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--runs", type=int, default=100, help="runs [100]")
    parser.add_argument("--json", metavar="FILE", help="write all of it there")
    parser.add_argument("--prefix", default=os.environ.get("STUNFWD_PREFIX"),
                        help="the installation to measure [STUNFWD_PREFIX]")
    options = parser.parse_args()
    problem = why_no_labs()
    if problem:
        print(f"skipped: {problem}")
        return 77
    prefix = os.path.abspath(options.prefix) if options.prefix else None
    half = -(-options.runs // 2)
    runs = [run for direction in DIRECTIONS for run in measure(*direction, half, prefix)]
    result = summary(runs)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({**result, "all": runs}, file, indent=1)
    print("{direct} of {runs} direct within 10 s ({connected} connected); p50 {p50_ms} ms, "
          "p95 {p95_ms} ms, p99 {p99_ms} ms; at most {entries} entries in a router".format(**result))
    return 0 if result["direct"] >= 0.99 * result["runs"] else 1


if __name__ == "__main__":
    sys.exit(main())

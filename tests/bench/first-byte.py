#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a client takes from its start to the first byte that comes back from the service.

Two sites behind port-restricted NATs, 10 ms from the middle each way: 40 ms there and back
between the peers, 20 ms to the signaling server. The server peer is up and waiting.
"""
import argparse
import json
import os
import re
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from bed import PB, SERVICE, build_pb  # noqa: E402  pylint: disable=wrong-import-position
from lab import Lab, Skip  # noqa: E402  pylint: disable=wrong-import-position
from programs import Client, Server, Signald  # noqa: E402  pylint: disable=wrong-import-position

LOCAL = 17000
ROUTER_OF_A = "198.51.100.2"


def round_trip(place):
    """Milliseconds between the sites, as ping measures them."""
    done = place.run("b", "ping", "-q", "-c", 5, "-i", 0.2, ROUTER_OF_A)
    return float(re.search(r"= [\d.]+/([\d.]+)/", done.stdout).group(1))


def one_run(place, ticket, number):
    start = time.monotonic_ns()
    client = Client(place, "b", ticket, f"tcp:{LOCAL}:{SERVICE}", name=f"client{number}")
    done = place.run("b", PB, "first", "127.0.0.1", LOCAL, 30, start, limit=40)
    strategy = client.wait_connected()["path"]["class"]
    client.program.stop()
    return json.loads(done.stdout)["ms"], strategy


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(runs, prefix):
    build_pb()
    with Lab("a=port-restricted,delay=10", "b=port-restricted,delay=10", prefix=prefix) as place:
        place.start("a", "pb", PB, "server", SERVICE)
        place.wait_listening("a", SERVICE)
        server = Server(place, "a", Signald(place))
        ticket, trip = server.ticket(), round_trip(place)
        results = [one_run(place, ticket, number) for number in range(runs)]
    times = [ms for ms, _ in results]
    return {"runs": runs, "round_trip_ms": trip, "p50_ms": percentile(times, 0.5),
            "p95_ms": percentile(times, 0.95), "round_trips": percentile(times, 0.5) / trip,
            "classes": sorted({name for _, name in results}), "times_ms": times}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=20, help="runs [20]")
    parser.add_argument("--prefix", help="the installation to measure [STUNFWD_PREFIX]")
    parser.add_argument("--json", metavar="FILE", help="write all of it there")
    options = parser.parse_args()
    try:
        result = measure(options.n, options.prefix)
    except Skip as reason:
        print(f"skipped: {reason}")
        return 77
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print("| first byte | runs | round trip ms | p50 ms | p95 ms | round trips (p50) |\n"
          "|---|---|---|---|---|---|")
    print("| client start to first echo | {runs} | {round_trip_ms:.1f} | {p50_ms:.1f} | {p95_ms:.1f} "
          "| {round_trips:.1f} |".format(**result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures one strategy between two sites, run by run, each with new peers.

    STUNFWD_PREFIX=PREFIX measure_punching.py STRATEGY SERVER-SITE CLIENT-SITE RUNS

Prints the time from the client's start to its direct path, and the entries in the
tables of the routers. It measures and judges nothing.
"""
import statistics
import sys
import time

from lab import Lab, wait_for
from programs import Client, Server, Signald

LIMIT = 10


def direct(peer, strategy):
    return [path for path in (known["path"] for known in peer.connected())
            if path["class"] == "p2p" and path["strategy"] == strategy]


def one_run(place, signald, strategy, number):
    """Seconds to the direct path, or None."""
    server = Server(place, "a", signald, "--strategy", strategy, name=f"server{number}")
    ticket = server.ticket()
    time.sleep(0.7)
    start = time.monotonic()
    client = Client(place, "b", ticket, "--strategy", strategy, "tcp:7000:7000",
                    name=f"client{number}")
    try:
        wait_for(lambda: direct(client, strategy), LIMIT, "a direct path", 0.01)
        return time.monotonic() - start
    except AssertionError:
        return None
    finally:
        for peer in (client, server):
            peer.program.end()
            place.programs.remove(peer.program)


def routers(place):
    nodes = (line.strip() for line in place.natlab("show").stdout.splitlines()
             if not line.startswith(" "))
    return [node for node in nodes if "-r" in node]


def main():
    strategy, server_site, client_site, runs = sys.argv[1:]
    took, most = [], {}
    with Lab(f"a={server_site}", f"b={client_site}") as place:
        signald = Signald(place)
        names = routers(place)
        for number in range(int(runs)):
            took.append(one_run(place, signald, strategy, number))
            for name in names:
                count = int(place.run(name, "conntrack", "-C").stdout)
                most.setdefault(name, []).append(count)
                place.run(name, "conntrack", "-F", check=False)
            print(f"# {number}: {took[-1]}", file=sys.stderr, flush=True)
    good = sorted(seconds for seconds in took if seconds is not None)
    print(f"{strategy}, {server_site} and {client_site}: {len(good)} of {runs}", end="")
    if good:
        print(f", p50 {statistics.median(good):.2f} s, p95 {good[int(len(good) * 0.95)]:.2f} s,"
              f" most {good[-1]:.2f} s; entries, median and most: ", end="")
        print(*(f"{name} {statistics.median(counts):.0f}/{max(counts)}"
                for name, counts in most.items()), sep=", ")


if __name__ == "__main__":
    main()

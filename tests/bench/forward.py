#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rate of one forwarded stream each way, and memory with 1,000 connections open.

A server peer with a public address, a client peer behind a port-restricted NAT, no delay. The
same tool straight from host to host is the limit that ratios refer to.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from lab import Lab, Skip, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from programs import Client, Server, Signald  # noqa: E402  pylint: disable=wrong-import-position
from testbed import PORT, build_pb  # noqa: E402  pylint: disable=wrong-import-position
from traffic import SERVICES  # noqa: E402  pylint: disable=wrong-import-position

LOCAL = 17000
HOST_A = "198.51.100.2"


def resident_kib(program):
    with open(f"/proc/{program.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def rates(place, pb, host, port, seconds):
    """Gbit/s towards the service and back."""
    done = [place.run("b", pb, way, host, port, seconds, 1, 1, limit=60) for way in ("bulk", "down")]
    return [json.loads(one.stdout)["gbps"] for one in done]


def with_connections(place, peers, count):
    """Resident KiB of the peers while so many connections are open."""
    holder = place.start("b", "holder", sys.executable, SERVICES, "hold", LOCAL, count)
    wait_for(lambda: "held" in holder.out() or not holder.alive(), 60, f"{count} connections")
    assert holder.alive(), holder.log()
    memory = {name: resident_kib(peer) for name, peer in peers.items()}
    holder.kill()
    return memory


def measure(seconds, connections, prefix):
    pb = build_pb()
    with Lab("a=none", "b=port-restricted", prefix=prefix) as place:
        place.start("a", "pb", pb, "server", PORT)
        place.wait_listening("a", PORT)
        server = Server(place, "a", Signald(place))
        client = Client(place, "b", server.ticket(), f"tcp:{LOCAL}:{PORT}")
        path = client.wait_connected("p2p")["path"]
        peers = {"server": server.program, "client": client.program}
        result = {"class": path["class"], "strategy": path["strategy"],
                  "idle_kib": {name: resident_kib(peer) for name, peer in peers.items()}}
        result["direct_gbps"] = rates(place, pb, HOST_A, PORT, seconds)
        result["connections"] = connections
        result["held_kib"] = with_connections(place, peers, connections)
        result["gbps"] = rates(place, pb, "127.0.0.1", LOCAL, seconds)
        result["after_kib"] = {name: resident_kib(peer) for name, peer in peers.items()}
    return result


def show(result):
    print("| forward | there Gbit/s | back Gbit/s |\n|---|---|---|")
    for name, key in (("direct", "direct_gbps"), ("stunfwd", "gbps")):
        print(f"| {name} | {result[key][0]:.2f} | {result[key][1]:.2f} |")
    count = result["connections"]
    print(f"\n| memory | idle KiB | {count} connections KiB | bytes a connection | "
          "after the transfers KiB |\n|---|---|---|---|---|")
    for name in ("server", "client"):
        idle, held = result["idle_kib"][name], result["held_kib"][name]
        each = (held - idle) * 1024 // max(count, 1)
        print(f"| {name} | {idle} | {held} | {each} | {result['after_kib'][name]} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="of each transfer [3]")
    parser.add_argument("--connections", type=int, default=1000, help="held open [1000]")
    parser.add_argument("--prefix", help="the installation to measure [STUNFWD_PREFIX]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    try:
        result = measure(options.seconds, options.connections, options.prefix)
    except Skip as reason:
        print(f"skipped: {reason}")
        return 77
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())

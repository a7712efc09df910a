# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measurements on long, slow or lossy paths."""
import contextlib
import re
import time

from bed import PB
from forwarding import WAYS, offer

DATAGRAM_RATE = 2000
RISEN = 0.85
WINDOW_MS = 200
STEADY_SHARE = 0.6
"""Of a transfer: the part at its end that counts as steady."""


def bulk(bed, route, way, settings):
    """One stream, of which the part at the end counts."""
    seconds, steady = settings.wan_seconds, settings.wan_seconds * STEADY_SHARE
    done = bed.pb(bed.left, WAYS[way], *route.tcp, steady, seconds - steady, 1,
                  int(settings.check), limit=seconds + 60)
    assert done["dead"] == 0, "the stream broke"
    return done


def lossy_stream(bed, route, settings):
    """One stream each way, the whole of it but the warm-up."""
    values = {}
    for way, command in WAYS.items():
        done = bed.pb(bed.left, command, *route.tcp, settings.wan_seconds, settings.warm_seconds, 1,
                      int(settings.check), limit=settings.wan_seconds + 60)
        assert done["dead"] == 0, "the stream broke"
        values[f"lossy-stream-{way}"] = done["gbps"]
    return values


def seconds_to(steps, bytes_per_ms):
    """When the rate over WINDOW_MS first was at least that, or None."""
    for number, (end, total) in enumerate(steps):
        before = [step for step in steps[:number] if step[0] <= end - WINDOW_MS]
        if before and (total - before[-1][1]) / (end - before[-1][0]) >= bytes_per_ms:
            return end / 1e3
    return None


def rise(delay, gbps=1):
    """A measurement on a path of that delay (ms, each way) and rate: the share of the rate in the
    steady part, and how long one stream takes to come near it."""
    def measure(bed, route, settings):
        values = {}
        for way in WAYS:
            done = bulk(bed, route, way, settings)
            risen = seconds_to(done["steps"], RISEN * gbps * 1e9 / 8 / 1e3)
            values[f"share-{2 * delay}-{way}"] = done["gbps"] / gbps
            values[f"rise-{2 * delay}-{way}"] = settings.wan_seconds if risen is None else risen
        return values
    return measure


def lossy_echo(bed, route, settings):
    """Ping-pong where packets get lost, in ms."""
    done = bed.pb(bed.left, "echo", *route.tcp, settings.seconds)
    return {"lossy-echo-p50": done["p50_us"] / 1e3, "lossy-echo-p99": done["p99_us"] / 1e3}


def round_trip_us(bed):
    done = bed.run(bed.left, "ping", "-q", "-c", 5, "-i", 0.2, bed.right_address)
    return float(re.search(r"= [\d.]+/([\d.]+)/", done.stdout).group(1)) * 1e3


@contextlib.contextmanager
def load(bed, route, command, settings):
    """A stream that has filled the queue of the path, meanwhile."""
    program = bed.start(bed.left, "load", PB, command, *route.tcp, 600, 0, 1, 0)
    time.sleep(settings.wan_seconds / 4)
    yield
    assert program.alive(), "the load has ended early"
    program.kill()
    time.sleep(settings.warm_seconds)      # what it has left under way arrives


def loaded_echo(bed, route, settings):
    """Ping-pong beside a stream that has filled the queue, in round trips of the idle path."""
    trip, values = round_trip_us(bed), {}
    for way, command in WAYS.items():
        with load(bed, route, command, settings):
            done = bed.pb(bed.left, "echo", *route.tcp, settings.wan_seconds)
        for share in ("p50", "p99"):
            values[f"loaded-{way}-{share}"] = done[f"{share}_us"] / trip
    return values


def udp_loss(percent):
    """A measurement of datagrams at a steady rate on a path that loses so many of them."""
    def measure(bed, route, settings):
        sent, got = offer(bed, route, DATAGRAM_RATE, settings.udp_seconds)
        return {f"udp-stall-{percent}": got["longest_wait_ms"],
                f"udp-lost-{percent}": 100 * (1 - got["received"] / sent["sent"])}
    return measure

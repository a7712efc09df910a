# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measurements on a plain path: rates, processor time, echo times, connections, datagrams."""
import json
import time

from bed import PB, SERVICE
from lab import wait_for

LOSS_ALLOWED = 0.01
DATAGRAM = 200
FIRST_RATE, LAST_RATE = 10_000, 1_000_000
REFINEMENTS = 4
IN_FLIGHT = 0.25
"""Seconds that the last datagrams have to arrive."""
WAYS = {"there": "bulk", "back": "down"}


def transfer(bed, route, way, streams, settings):
    """What pb tells of a transfer, and what it cost the programs of both ends."""
    host, port = route.tcp
    with bed.cpu_meter() as meter:
        done = bed.pb(bed.left, WAYS[way], host, port, settings.seconds, settings.warm_seconds,
                      streams, int(settings.check), limit=settings.seconds + settings.warm_seconds + 30)
    assert done["dead"] == 0, f"{done['dead']} of {streams} streams broke"
    done["cpu"] = meter.seconds / (done["total_bytes"] / 1e9)
    return done


def stream(bed, route, settings):
    """One TCP stream each way, and the CPU seconds a GB of both ends."""
    values = {}
    for way in WAYS:
        done = transfer(bed, route, way, 1, settings)
        values[f"stream-{way}"] = done["gbps"]
        if done["cpu"]:
            values[f"cpu-{way}"] = done["cpu"]
    return values


def streams(bed, route, settings):
    """Eight TCP streams each way."""
    return {f"streams-{way}": transfer(bed, route, way, 8, settings)["gbps"] for way in WAYS}


def echo(bed, route, settings):
    """Ping-pong of one byte, in microseconds."""
    done = bed.pb(bed.left, "echo", *route.tcp, settings.seconds)
    return {"echo-p50": done["p50_us"], "echo-p99": done["p99_us"]}


def connections(bed, route, settings):
    """Connect, one byte, its echo, close: how many a second."""
    values = {}
    for at_once in (1, 16):
        done = bed.pb(bed.left, "connections", *route.tcp, settings.seconds / 2, at_once)
        assert done["failed"] == 0, f"{done['failed']} connections failed, {done['done']} did not"
        values[f"connections-{at_once}"] = done["rate"]
    return values


def offer(bed, route, rate, seconds):
    """Datagrams sent and received at a rate, and how long sending took."""
    receiver = bed.start(bed.right, "udp-receive", PB, "udp-receive", SERVICE, seconds + 10)
    wait_for(lambda: bed.listens(bed.right, SERVICE, "udp"), 5, "the receiver", 0.01)
    sent = bed.pb(bed.left, "udp-send", *route.udp, rate, seconds, DATAGRAM, limit=seconds + 30)
    time.sleep(IN_FLIGHT)
    receiver.stop()
    return sent, json.loads(receiver.out().splitlines()[-1])


def udp_rate(bed, route, settings):
    """The highest rate of datagrams of which at least 99 % arrive."""
    if route.udp is None:
        return {}
    seconds, best = settings.udp_step_seconds, 0

    def carried(rate):
        nonlocal best
        sent, got = offer(bed, route, rate, seconds)
        good = got["received"] >= (1 - LOSS_ALLOWED) * sent["sent"]
        if good:
            best = max(best, got["received"] / sent["seconds"])
        return good and sent["sent"] >= 0.9 * rate * seconds

    low, high = FIRST_RATE, 2 * FIRST_RATE
    while high <= LAST_RATE and (carried(high) or carried(high)):
        low, high = high, 2 * high
    for _ in range(REFINEMENTS):
        middle = (low + high) // 2
        low, high = (middle, high) if carried(middle) else (low, middle)
    return {"udp-rate": best}


def start(bed, _route, _settings):
    """From the start of the left end to the first byte back, in milliseconds."""
    return {"start": bed.first_byte_ms}


def relay(bed, route, settings):
    """One stream through signald."""
    return {f"relay-{way}": transfer(bed, route, way, 1, settings)["gbps"] for way in WAYS}

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory: of an idle tunnel, of each connection and of each UDP flow that is held open."""
import sys
import time

from bed import LOCAL
from lab import wait_for
from traffic import ECHO, OFFSET, SERVICES, start_services
from usage import memory_kib

SAMPLES, PAUSE, ALIKE = 40, 0.5, 4
"""How many samples at most, seconds between two, and how many in a row that do not differ."""


def settled(programs):
    """Resident and anonymous KiB of each program, once what was in use for a moment is returned."""
    samples = []
    while len(samples) < SAMPLES:
        samples.append({name: memory_kib(peer.program.pid) for name, peer in programs.items()})
        if len(samples) >= ALIKE and all(sample == samples[-1] for sample in samples[-ALIKE:]):
            break
        time.sleep(PAUSE)
    return samples[-1]


def hold(bed, kind, port, count):
    """A program that holds so many."""
    holder = bed.start(bed.left, kind, sys.executable, SERVICES, kind, port, count)
    wait_for(lambda: "held" in holder.out() or not holder.alive(), 60, f"{kind} of {count}")
    assert holder.alive(), holder.log()
    return holder


def each(before, after, count):
    """KiB of anonymous memory for each of so many, at the end that takes more."""
    return max(after[name][1] - before[name][1] for name in before) / count


def memory(bed, route, settings):
    """MiB of the larger end when idle; KiB of each held connection and flow there."""
    start_services(bed, bed.right)
    idle = settled(route.programs)
    values = {"idle-resident": max(sizes[0] for sizes in idle.values()) / 1024,
              "idle-anonymous": max(sizes[1] for sizes in idle.values()) / 1024}
    for key, kind, port in (("connection-memory", "hold", LOCAL),
                            ("flow-memory", "hold_flows", ECHO + OFFSET)):
        before = settled(route.programs)
        holder = hold(bed, kind, port, settings.held)
        values[key] = each(before, settled(route.programs), settings.held)
        holder.kill()
    return values

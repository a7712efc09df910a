# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who does not read stops who writes, and takes no more memory than the windows allow; the others
go on, and every byte comes when it is asked for."""
import re
import signal
import sys

import traffic
from lab import Lab, wait_for
from programs import Client, Server, Signald
from traffic import ECHO, OFFSET, SERVICES, Steady

LOCAL = ECHO + OFFSET
PER_STREAM = 2_000
"""KiB that a stream which stalls in both directions may take at one end: a window that has grown
once or twice before, what is read ahead the other way, and chunks that are not full."""
BASE = 24_000
"""KiB for what does not depend on the streams, or was given back when they began."""
FLAT = 4_000
LIMIT = 2 * (128 + 32) * 1024
"""KiB of one connection both ways, however many streams it has."""


def memory(peer):
    """KiB that are resident now."""
    with open(f"/proc/{peer.program.pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))


class Stalled:
    """Connections to the echo service that write what they can and read nothing until go_on()."""

    def __init__(self, place, node, count):
        self.program = place.start(node, "stalled", sys.executable, SERVICES, "stall", LOCAL, count)

    def word(self, pattern, limit):
        def found():
            assert self.program.alive() or re.search(pattern, self.program.out()), \
                self.program.log()
            return re.search(pattern, self.program.out())
        return int(wait_for(found, limit, f"'{pattern}'", 0.1).group(1))

    def wait_stopped(self):
        return self.word(r"(\d+) taken", 90)

    def go_on(self):
        self.program.send_signal(signal.SIGUSR1)
        return self.word(r"(\d+) came", 120)


def shrink_buffers(place, *nodes):
    """What waits is to wait in the programs, not in the system's buffers."""
    for node in nodes:
        for option in ("rmem", "wmem"):
            place.run(node, "sysctl", "-w", f"net.ipv4.tcp_{option}=4096 131072 131072")


def stall(place, server_node, client_node, path_class, count):
    shrink_buffers(place, server_node, client_node)
    traffic.start_services(place, server_node)
    server = Server(place, server_node, Signald(place, port=80))
    client = Client(place, client_node, server.ticket(), f"tcp:{LOCAL}:{ECHO}")
    traffic.wait_through(place, client_node, LOCAL)
    client.wait_connected(path_class)
    server.wait_connected(path_class)
    steady = Steady(place, client_node, LOCAL)
    before = [memory(peer) for peer in (client, server)]
    stalled = Stalled(place, client_node, count)
    taken = stalled.wait_stopped()
    steady.wait_more(50)
    first = [memory(peer) for peer in (client, server)]
    steady.wait_more(200)
    second = [memory(peer) for peer in (client, server)]
    print(f"{count} stalled: {taken // 1024} KiB taken; client and server at first {before}, "
          f"then {first}, {second} KiB")
    for low, high, later in zip(before, first, second):
        assert high - low <= min(BASE + count * PER_STREAM, BASE + LIMIT)
        assert later - high <= FLAT
    assert stalled.go_on() == taken
    steady.wait_more(20)


def test_one_stalls_on_a_lan():
    with Lab("a=port-restricted,hosts=2") as place:
        stall(place, "a", "a2", "lan", 1)


def test_many_stall_on_a_lan():
    with Lab("a=port-restricted,hosts=2") as place:
        stall(place, "a", "a2", "lan", 300)


def test_many_stall_between_sites():
    with Lab("a=port-restricted,delay=10", "b=port-restricted,delay=10") as place:
        stall(place, "a", "b", "p2p", 100)


for test in (test_one_stalls_on_a_lan, test_many_stall_on_a_lan, test_many_stall_between_sites):
    test.limit = 300

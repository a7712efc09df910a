# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the bench measures: a lab of tests/lab with two hosts, `left` where the clients are and
`right` where the service is, and `pub` for what stands between them. No NAT is in the way."""
import glob
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "lab"))
from lab import Lab, need  # noqa: E402  pylint: disable=wrong-import-position
from usage import CpuMeter  # noqa: E402  pylint: disable=wrong-import-position

SERVICE = 7000
"""Port of the service, TCP and UDP."""
LOCAL = 8000
"""Port of a forwarder at the left."""
PUB_ADDRESS, RIGHT_ADDRESS, LEFT_ADDRESS = "198.51.100.1", "198.51.100.2", "198.51.100.3"
FIRST_BYTE_LIMIT = 20
PB = os.path.join(HERE, "tools", "pb")


def build_pb():
    """Compiles the traffic tool where that has not been done."""
    sources = sorted(glob.glob(os.path.join(HERE, "tools", "pb*.[ch]")))
    if os.path.exists(PB) and os.path.getmtime(PB) >= max(map(os.path.getmtime, sources)):
        return
    fresh = f"{PB}.{os.getpid()}"
    subprocess.run([need("cc"), "-O2", "-Wall", "-o", fresh,
                    *(name for name in sources if name.endswith(".c")), "-lpthread"], check=True)
    os.rename(fresh, PB)


def halves(cores):
    """What taskset is told for either host; None where there is nothing to share out."""
    middle = len(cores) // 2
    return [",".join(map(str, half)) for half in (cores[:middle], cores[middle:])] if middle else None


class Bed(Lab):
    """`link`: natlab's options for the link to the right host, such as "delay=20,rate=1000".
    `single`: everything is at the left, on loopback.

    The programs of the two hosts have half of the cores each, as two machines would: where they share
    two cores, what the system lets stand on which core decides, and that changes from run to run.
    `shared`: they do that."""

    def __init__(self, link="", prefix=None, single=False, shared=False):
        super().__init__("right=none" + (f",{link}" if link else ""), "left=none", prefix=prefix)
        self.left, self.right, self.middle = ("left",) * 3 if single else ("left", "right", "pub")
        self.right_address = "127.0.0.1" if single else RIGHT_ADDRESS
        self.left_address = "127.0.0.1" if single else LEFT_ADDRESS
        self.middle_address = "127.0.0.1" if single else PUB_ADDRESS
        cores = None if single or shared else halves(sorted(os.sched_getaffinity(0)))
        self.cores = dict(zip((self.left, self.right), cores)) if cores else {}
        self.start_ns = None
        self.first_byte_ms = None

    def __enter__(self):
        build_pb()
        super().__enter__()
        try:
            for node in ("left", "right", "pub"):
                self.congestion_control(node, "cubic")
            self.run("left", "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1",
                     "net.ipv4.ip_local_port_range=10240 65000")
            self.start(self.right, "service", PB, "server", SERVICE)
            self.wait_listening(self.right, SERVICE)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def command(self, node, argv):
        pinned = ["taskset", "-c", self.cores[node]] if node in self.cores else []
        return super().command(node, [*pinned, *argv])

    def congestion_control(self, node, name):
        """By route: a namespace may not change the default, and that need not be the cubic of
        a stock host. Loopback's routes too."""
        for table in ("main", "local"):
            for route in self.run(node, "ip", "-4", "route", "show", "table",
                                  table).stdout.splitlines():
                words = route.partition(" congctl ")[0].split()
                if "broadcast" not in words:
                    self.run(node, "ip", "route", "change", *words, "table", table, "congctl", name)

    def mark(self):
        """The right end of a peer is up and waits: its left end starts now."""
        self.start_ns = time.monotonic_ns()

    def wait_first_byte(self, route):
        """Sets how long it took from the start of the left end to an echo through the peer."""
        host, port = route.tcp
        self.first_byte_ms = self.pb(self.left, "first", host, port, FIRST_BYTE_LIMIT,
                                     self.start_ns or time.monotonic_ns())["ms"]

    def pb(self, node, *words, limit=60, env=None):
        """What a run of the traffic tool prints."""
        return json.loads(self.run(node, PB, *words, limit=limit, env=env, name="pb").stdout)

    def cpu_meter(self):
        return CpuMeter({f"{self.name}-{self.left}", f"{self.name}-{self.right}"})

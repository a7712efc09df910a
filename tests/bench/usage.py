# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs of a node use: processor time and memory, as /proc tells it."""
import os

TICK = os.sysconf("SC_CLK_TCK")
OWN_TOOLS = ("pb", "ip", "ss")
"""What the bench itself runs in the nodes does not count."""


def _stat(pid):
    """Name of the program and the numbers behind it in /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        head, _, tail = file.read().rpartition(")")
    return head.partition("(")[2], tail.split()


def processes(namespaces):
    """PIDs of all programs in the network namespaces."""
    inodes = {os.stat(f"/run/netns/{name}").st_ino for name in namespaces}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}/ns/net").st_ino in inodes and _stat(pid)[0] not in OWN_TOOLS:
                found.append(int(pid))
        except OSError:
            continue
    return found


def cpu_seconds(pids):
    """User and system time of each process, and of its children that have ended."""
    used = {}
    for pid in pids:
        try:
            used[pid] = sum(map(int, _stat(pid)[1][11:15])) / TICK
        except OSError:
            continue
    return used


def memory_kib(pid):
    """Resident memory, and the part of it that is no file's."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["RssAnon"].split()[0])


class CpuMeter:
    """Seconds that the programs of the namespaces use while this is entered."""

    def __init__(self, namespaces):
        self.namespaces = namespaces
        self.seconds = 0

    def __enter__(self):
        self.before = cpu_seconds(processes(self.namespaces))
        return self

    def __exit__(self, *_):
        after = cpu_seconds(processes(self.namespaces))
        self.seconds = sum(used - self.before.get(pid, 0) for pid, used in after.items())

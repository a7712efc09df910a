# SPDX-License-Identifier: LGPL-2.1-or-later
"""One meeting of two peers, with times: from the client's start to the first byte through the
tunnel, and to a direct path."""
import re
import select
import socket
import time

import traffic
from lab import wait_for
from pairs import good_enough, is_direct
from programs import Client, Server, Signald

LOCAL = traffic.ECHO + traffic.OFFSET
STEP = 0.004
DISCOVERY_LIMIT = 2
FIRST_BYTE_LIMIT = 15
STATUS_LIMIT = 5
LIMITS = {"relay": 3}
DIRECT_LIMIT = 12
PATH_LINE = re.compile(rb"(?:connected to|now reaching) \S+ by (\w+) \(([\w-]+),")


class PathLog:
    """When a peer's log told of a path of each class: a line there costs the peer less than a
    program that asks it all the time."""

    def __init__(self, peer):
        self.file = peer.program.err_path
        self.position, self.rest = 0, b""
        self.path, self.changes = None, []

    def step(self):
        with open(self.file, "rb") as file:
            file.seek(self.position)
            text = self.rest + file.read()
            self.position = file.tell()
        *lines, self.rest = text.split(b"\n")
        for found in filter(None, map(PATH_LINE.search, lines)):
            self.path = tuple(word.decode() for word in found.groups())
            self.changes.append((time.monotonic(), self.path[0]))

    def direct(self, since=0):
        """When the first direct path was there, or None."""
        return next((when for when, name in self.changes if when > since and is_direct(name)), None)


class Probe:
    """One byte there and back through a forwarded port, as early as possible."""

    def __init__(self, place, node, port):
        self.place, self.node, self.port = place, node, port
        self.sock, self.first_byte, self.refused = None, None, 0

    def step(self):
        if self.first_byte or not (self.sock or self._connect()):
            time.sleep(STEP)
        elif select.select([self.sock], [], [], STEP)[0]:
            self._read()

    def _connect(self):
        with self.place.inside(self.node):
            sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", self.port))
            sock.sendall(b"x")
            self.sock = sock
        except OSError:
            sock.close()
        return self.sock is not None

    def _read(self):
        """A connection that the client gives up, or the server refuses, is tried again."""
        try:
            answer = self.sock.recv(1)
        except OSError:
            answer = b""
        if answer:
            self.first_byte = time.monotonic()
        else:
            self.refused += 1
        self.close()

    def close(self):
        if self.sock:
            self.sock.close()
            self.sock = None


def wait_ready(server):
    """A server that runs has joined, and knows its NAT by now if there is a way to know it."""
    wait_for(lambda: (server.status() or {}).get("signaling", {}).get("connected"), 20,
             "the server to join", 0.05)
    end = time.monotonic() + DISCOVERY_LIMIT
    while time.monotonic() < end and server.status()["nat"]["classic"] == "unknown":
        time.sleep(0.1)


def milliseconds(start, end):
    return None if end is None else round((end - start) * 1000, 1)


def settled_path(client, log):
    """The path as the status has it, which is counted once a second."""
    end = time.monotonic() + STATUS_LIMIT
    while True:
        path = next((peer["path"] for peer in client.connected() if "path" in peer), None)
        found = (path["class"], path["strategy"]) if path else (None, None)
        log.step()
        if found == (log.path or (None, None)) or time.monotonic() > end:
            return found
        time.sleep(0.2)


def watch(client, probe, way, start, limit):
    """Until there is a byte and a path that is good enough, or until the limits are over."""
    log = PathLog(client)
    limit = start + LIMITS.get(way, limit)
    while client.program.alive():
        probe.step()
        log.step()
        now = time.monotonic()
        done = log.path and good_enough(log.path[0], way) and way != "relay"
        if probe.first_byte and (done or now > limit) or now > start + FIRST_BYTE_LIMIT:
            return log
    raise AssertionError(f"the client has ended:\n{client.program.log()}")


class Meetings:
    """A lab's signaling server and services, with which peers can meet again and again. It
    listens on port 80, which every type of NAT lets out to."""

    def __init__(self, place, case, limit=DIRECT_LIMIT):
        self.place, self.case, self.limit, self.count = place, case, limit, 0
        traffic.start_services(place, case.server_node)
        self.signald = Signald(place, port=80)
        self.routers = [node for node in place.nodes() if re.search(r"-r\d$", node)]

    def meet(self):
        """A new server waits, a new client comes, and no router remembers anything: what was
        measured."""
        place, case = self.place, self.case
        place.forget(*self.routers)
        self.count += 1
        server = Server(place, case.server_node, self.signald, name=f"server{self.count}")
        ticket = server.ticket()
        wait_ready(server)
        probe, start = Probe(place, case.client_node, LOCAL), time.monotonic()
        client = Client(place, case.client_node, ticket, f"tcp:{LOCAL}:{traffic.ECHO}",
                        name=f"client{self.count}")
        try:
            log = watch(client, probe, case.way, start, self.limit)
        finally:
            probe.close()
        found, strategy = settled_path(client, log)
        result = {"first_byte_ms": milliseconds(start, probe.first_byte),
                  "direct_ms": milliseconds(start, log.direct()), "class": found,
                  "strategy": strategy, "refused": probe.refused}
        for peer in (client, server):
            assert peer.program.stop() == 0, f"{peer.name} ended with a failure"
        return result

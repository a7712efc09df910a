# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project's own programs in a place: signald, server and client peers."""
import base64
import json
import os
import re

from lab import wait_for

PUB = "198.51.100.1"
PUB_ALTERNATE = "203.0.113.1"
PUB6 = "[2001:db8:1::10]"


class Signald:
    """stunfwd-signald: rooms at `address`:`port`, STUN beside it."""

    def __init__(self, place, node="pub", address=PUB, alternate=PUB_ALTERNATE, port=8080,
                 stun_port=3478):
        self.place, self.node, self.port = place, node, port
        self.url = f"ws://{address}:{port}"
        self.stun = f"{address}:{stun_port}"
        self.words = ["--listen", f"{address}:{port}", "--stun", self.stun]
        if alternate:
            self.words += ["--stun-alternate", f"{alternate}:{stun_port + 1}"]
        self.start()

    def start(self):
        self.program = self.place.start(self.node, "signald", self.place.binary("stunfwd-signald"),
                                        *self.words, strict=True)
        wait_for(lambda: self.place.listens(self.node, self.port) or not self.program.alive(), 15,
                 "signald to listen")
        assert self.program.alive(), self.program.log()

    def make_ticket(self, secret=None):
        """A ticket for a new room here, as a file would hold it."""
        text = base64.urlsafe_b64encode(secret or os.urandom(32)).rstrip(b"=").decode()
        return f"stunfwd://{self.url[5:]}/?t=ws&stun={self.stun}#{text}"


def loopback_signald(place):
    return Signald(place, None, "127.0.0.1", None, place.port(), place.port())


class Peer:
    """A `stunfwd` that stays: its home and control socket last over restarts."""

    def __init__(self, place, node, name, *words, env=None):
        self.place, self.node, self.name, self.env = place, node, name, env
        self.control = place.path(name + ".control")
        self.words = [*words, "--control", self.control]
        self.start()

    def start(self):
        self.program = self.place.start(self.node, self.name, self.place.binary("stunfwd"),
                                        *self.words, strict=True, env=self.env)

    def ctl(self, *words, check=True, limit=10):
        return self.place.run(self.node, self.place.binary("stunfwd"), "ctl", "--control",
                              self.control, "--json", *words, check=check, limit=limit,
                              name=self.name)

    def status(self):
        """`ctl --json status`, or None while there is nobody to ask."""
        done = self.ctl("status", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def connected(self):
        """Its connected peers, as the status has them."""
        return [peer for peer in (self.status() or {}).get("peers", [])
                if peer["state"] == "connected"]

    def mapping(self, text):
        """What the status says of the mapping whose text starts so, or None."""
        found = [mapping for mapping in (self.status() or {}).get("mappings", [])
                 if mapping["mapping"].startswith(text)]
        return found[0] if found else None

    def wait_connected(self, path_class=None, limit=30):
        """The first peer that is connected (by a path of that class)."""
        def found():
            assert self.program.alive(), f"{self.name} has ended:\n{self.program.log()}"
            return [peer for peer in self.connected()
                    if path_class in (None, peer["path"]["class"])]
        return wait_for(found, limit, f"{self.name} to be connected ({path_class or 'any class'})",
                        0.1)[0]

    def wait_log(self, pattern, limit=20):
        """The match of the first line of its log that has the pattern, in any case."""
        return wait_for(lambda: re.search(pattern, self.program.log(), re.IGNORECASE), limit,
                        f"{self.name} to log '{pattern}'")


class Server(Peer):
    def __init__(self, place, node, signald, *words, name="server", env=None):
        if "--ticket-file" not in words and "--room" not in words:
            words = ("--signaling", signald.url, "--stun", signald.stun, *words)
        super().__init__(place, node, name, "server", *words, env=env)

    def ticket(self):
        """The ticket it prints."""
        return self.wait_log(r"stunfwd://\S+").group()


class Client(Peer):
    def __init__(self, place, node, ticket, *words, name="client", env=None):
        super().__init__(place, node, name, "client", ticket, *words, env=env)

    def wait_mapped(self, *ports, limit=30):
        """Until it listens on these TCP ports."""
        for port in ports:
            self.place.wait_listening(self.node, port, limit=limit)

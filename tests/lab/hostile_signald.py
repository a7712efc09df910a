# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signaling server that means harm. It can open nothing that passes; what it can do is keep,
repeat, swap, drop and make up. docs/signaling.md tells the wire."""
import base64
import hashlib
import json
import os
import random
import socket
import struct
import threading

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
INVENTED = 20


class Member:
    """A peer's connection: RFC 6455, as little of it as the peers use."""

    def __init__(self, sock):
        self.sock, self.file = sock, sock.makefile("rb")
        self.id, self.role = os.urandom(8).hex(), None
        self.lock = threading.Lock()

    def shake_hands(self):
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        digest = hashlib.sha1(headers[b"sec-websocket-key"] + MAGIC).digest()
        self.sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          b"Connection: Upgrade\r\nSec-WebSocket-Protocol: stunfwd.1\r\n"
                          b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")

    def frame(self, opcode, payload):
        length = len(payload)
        head = struct.pack("!BB", 0x80 | opcode, length) if length < 126 else \
            struct.pack("!BBH", 0x80 | opcode, 126, length)
        with self.lock:
            self.sock.sendall(head + payload)

    def say(self, kind, **fields):
        try:
            self.frame(TEXT, json.dumps({"type": kind, **fields}).encode())
        except OSError:
            pass

    def read_frame(self):
        first, length = struct.unpack("!BB", self.file.read(2))
        length &= 0x7F
        if length == 126:
            length, = struct.unpack("!H", self.file.read(2))
        mask = self.file.read(4)
        return first & 0x0F, bytes(byte ^ mask[at % 4]
                                   for at, byte in enumerate(self.file.read(length)))

    def messages(self):
        while True:
            try:
                opcode, payload = self.read_frame()
            except (OSError, struct.error):
                return
            if opcode == CLOSE:
                return
            if opcode == PING:
                self.frame(PONG, payload)
            elif opcode == TEXT:
                yield json.loads(payload)


class HostileSignald:
    """One room. `misdeeds`: any of replay, reorder, drop, claim."""

    def __init__(self, place, node, endpoint, *misdeeds):
        self.misdeeds = set(misdeeds)
        self.members, self.recorded, self.held = [], [], []
        self.random = random.Random(1)
        self.delivered = self.harm = 0
        self.joining = threading.Lock()  # of two who come at once, one must see the other
        with place.inside(node):
            self.sock = socket.create_server(endpoint)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.sock.close()
        for member in list(self.members):
            member.sock.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(Member(sock),), daemon=True).start()

    def _serve(self, member):
        member.shake_hands()
        for message in member.messages():
            if message["type"] == "join":
                self._join(member, message["role"])
            elif message["type"] == "send":
                self._send(member, message["to"], message["data"])
        if member in self.members:
            self.members.remove(member)
        for other in self._in_sight(member):
            other.say("peer-left", id=member.id)

    def _in_sight(self, member):
        return [other for other in self.members if other.role != member.role]

    def _join(self, member, role):
        with self.joining:
            member.role = role
            others = self._in_sight(member)
            member.say("joined", id=member.id, stun=[],
                       members=[{"id": other.id, "role": other.role} for other in others])
            self.members.append(member)
            for other in others:
                other.say("peer-joined", id=member.id, role=role)
        if "claim" in self.misdeeds:
            self.claim(member)

    def _send(self, sender, to, data):
        self.recorded.append((sender.role, sender.id, data))
        target = next((member for member in self.members if member.id == to), None)
        if target is None or "drop" in self.misdeeds and self.random.random() < 0.2:
            self.harm += 1
            return
        if "reorder" in self.misdeeds and not self.held and self.random.random() < 0.5:
            self.held.append((target, sender.id, data))
            threading.Timer(0.3, self._release).start()
            return
        self._deliver(target, sender.id, data)
        self._release()
        if "replay" in self.misdeeds:
            self.replay(target, self.recorded[-3:])
            self.replay(sender, self.recorded[-1:])

    def _deliver(self, target, sender, data):
        self.delivered += 1
        target.say("message", **{"from": sender, "data": data})

    def _release(self):
        while self.held:
            self.harm += 1
            self._deliver(*self.held.pop())

    def replay(self, target, envelopes, sender=None):
        """What was once said, again; from the one who said it, or from a member made up."""
        for _, who, data in envelopes:
            self.harm += 1
            target.say("message", **{"from": sender or who, "data": data})

    def claim(self, member):
        """Members that are not there, with envelopes of others, and with ones made up."""
        role = "client" if member.role == "server" else "server"
        for _ in range(INVENTED):
            name = os.urandom(8).hex()
            member.say("peer-joined", id=name, role=role)
            self.replay(member, self.recorded, name)
            self.replay(member, [(role, name, base64.b64encode(os.urandom(300)).decode())])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signaling server that lies: it accepts WebSockets and answers with garbage."""
import base64
import hashlib
import os
import socket
import struct
import threading

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(opcode, payload, length=None):
    """An unmasked frame; `length` is what its header claims."""
    size = len(payload) if length is None else length
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + payload


def envelope(value):
    return b'{"type":"message","from":"x","member":"x","data":%s}' % value


ANSWERS = [
    frame(TEXT, b""),
    frame(TEXT, b"not json"),
    frame(TEXT, b"[]"),
    frame(TEXT, b"null"),
    frame(TEXT, b'{"type":'),
    frame(TEXT, b'{"type":7}'),
    frame(TEXT, b'{"type":"no such type"}'),
    frame(TEXT, b'{"type":"joined","members":"none","stun":{}}'),
    frame(TEXT, b'{"type":"joined","members":[1,null,{"id":[]}]}'),
    frame(TEXT, b'{"type":"peer-joined","member":"' + b"m" * 5000 + b'","role":"king"}'),
    frame(TEXT, envelope(b'"%s"' % base64.b64encode(os.urandom(300)))),
    frame(TEXT, envelope(b"{}")),
    frame(TEXT, envelope(b'"' + b"A" * 60000 + b'"')),
    frame(TEXT, b"[" * 20000),
    frame(TEXT, b'{"a":' * 5000 + b"1" + b"}" * 5000),
    frame(TEXT, b"\xff\xfe\xc0\x80"),
    frame(TEXT, b'{"type":"message\x00"}'),
    frame(BINARY, os.urandom(1000)),
    frame(TEXT, b"x" * (1 << 20)),
    frame(TEXT, b"short", 1 << 62),
    frame(PING, b"p" * 200),
    frame(0xB, b"a reserved opcode"),
    frame(CLOSE, b"\x00"),
    frame(CLOSE, struct.pack("!H", 1008) + b"go away"),
    os.urandom(500),
    b"",
]
REFUSALS = [
    b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"H" * 300000,
    b"",
]


class GarbageServer:
    """Listens on a free port of loopback. Each connection gets the next of `answers` and is
    closed; the last one again when they are used up."""

    def __init__(self, answers, upgrade=True):
        self.answers, self.upgrade, self.used = answers, upgrade, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(2)
                try:
                    self.answer(connection)
                except OSError:
                    pass
            self.used += 1

    def answer(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(4096)
            if not piece:
                return
            request += piece
        if self.upgrade:
            key = next(line.split(b":")[1].strip() for line in request.split(b"\r\n")
                       if line.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key + MAGIC.encode()).digest())
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        connection.sendall(self.answers[min(self.used, len(self.answers) - 1)])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small services and clients that tests put into nodes.

    services.py serve HTTP-PORT ECHO-PORT   HTTP, and echo over TCP and UDP, on 127.0.0.1
    services.py once PORT                   one TCP connection, one byte there and back
    services.py hold PORT COUNT             COUNT connections, held open after one byte on each
    services.py hold_flows PORT COUNT       COUNT sockets of UDP, kept after one datagram on each
    services.py stall PORT COUNT            COUNT connections that write until nobody takes more, print
                                            how much that was, and read it all back on SIGUSR1
    services.py steady PORT                 one TCP connection; a counter there and back for ever,
                                            printed with the time
    services.py drain SIZE                  reads stdin; a line a megabyte: bytes, and the longest
                                            wait for more so far in ms; then its SHA-256
    services.py datagram PORT SIZE          one datagram of SIZE bytes there and back

HTTP: /number/N is the text N; /bytes/N is N bytes, the same ones each time, and so is
/stream/N, which is made as it is sent.
"""
import functools
import hashlib
import http.server
import os
import random
import resource
import selectors
import signal
import socket
import socketserver
import sys
import threading
import time

LIMIT = 30
PIECE = 1_000_000


@functools.lru_cache(maxsize=4)
def some_bytes(size):
    return random.Random(size).randbytes(size)


def stream(size):
    """The bytes of /stream/SIZE, in pieces."""
    for start in range(0, size, PIECE):
        yield start.to_bytes(8, "big") + some_bytes(PIECE - 8)[:min(PIECE, size - start) - 8]


def stream_hash(size):
    digest = hashlib.sha256()
    for piece in stream(size):
        digest.update(piece)
    return digest.hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self):  # pylint: disable=invalid-name
        kind, _, number = self.path.strip("/").partition("/")
        if kind == "stream" and number.isdigit():
            self.answer(200, int(number), stream(int(number)))
            return
        known = kind in ("number", "bytes") and number.isdigit()
        body = some_bytes(int(number)) if known and kind == "bytes" else number.encode()
        self.answer(200 if known else 404, len(body), [body])

    def answer(self, status, size, pieces):
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Web(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


class Echo(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


class EchoHandler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := self.request.recv(65536):
            self.request.sendall(data)


def echo_datagrams(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    while True:
        data, source = sock.recvfrom(65536)
        sock.sendto(data, source)


def serve(http_port, echo_port):
    web = Web(("127.0.0.1", http_port), Handler)
    echo = Echo(("127.0.0.1", echo_port), EchoHandler)
    for job in (echo.serve_forever, lambda: echo_datagrams(echo_port)):
        threading.Thread(target=job, daemon=True).start()
    web.serve_forever()


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), LIMIT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def exchange(sock, message):
    sock.sendall(message)
    answer = b""
    while len(answer) < len(message):
        piece = sock.recv(65536)
        if not piece:
            sys.exit("the connection was closed")
        answer += piece
    if answer != message:
        sys.exit("the echo differs")


def once(port):
    with connect(port) as sock:
        sock.settimeout(5)
        exchange(sock, b"x")


def allow_many_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def hold(port, count):
    allow_many_files()
    held = []
    for _ in range(count):
        held.append(connect(port))
        exchange(held[-1], b"E")
    print(f"{len(held)} held", flush=True)
    signal.pause()


def part_of_stream(start):
    piece = some_bytes(PIECE)
    start %= PIECE
    return piece[start:start + 65536]


def write_until_stopped(socks):
    """Bytes that each has written when for a second none of them could write."""
    written = dict.fromkeys(socks, 0)
    poller = selectors.DefaultSelector()
    for sock in socks:
        sock.setblocking(False)
        poller.register(sock, selectors.EVENT_WRITE)
    while events := poller.select(1):
        for key, _ in events:
            written[key.fileobj] += key.fileobj.send(part_of_stream(written[key.fileobj]))
    return written


def read_back(sock, size):
    """What it has written, and the end."""
    sock.settimeout(LIMIT)
    sock.shutdown(socket.SHUT_WR)
    count = 0
    while data := sock.recv(65536):
        while data:
            expected = part_of_stream(count)[:len(data)]
            if data[:len(expected)] != expected:
                sys.exit("the echo differs")
            count, data = count + len(expected), data[len(expected):]
    if count != size:
        sys.exit(f"{count} of {size} bytes came")
    return count


def stall(port, count):
    allow_many_files()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    written = write_until_stopped([connect(port) for _ in range(count)])
    print(f"{sum(written.values())} taken", flush=True)
    signal.sigwait({signal.SIGUSR1})
    came = sum(read_back(sock, size) for sock, size in written.items())
    print(f"{came} came", flush=True)


def steady(port):
    with connect(port) as sock:
        count = 0
        while True:
            exchange(sock, count.to_bytes(8, "big"))
            count += 1
            print(count, time.monotonic(), flush=True)
            time.sleep(0.02)


def drain(size):
    """The first byte is awaited for as long as it takes; only what comes later can stall."""
    digest, count, longest, last = hashlib.sha256(), 0, 0, None
    while data := os.read(0, 1 << 16):
        now = time.monotonic()
        longest, last = max(longest, now - (last or now)), now
        before, count = count, count + len(data)
        digest.update(data)
        if before // PIECE < count // PIECE:
            print(count, round(longest * 1000), flush=True)
    if count != size:
        sys.exit(f"{count} of {size} bytes came")
    print(count, round(longest * 1000), digest.hexdigest(), flush=True)


def exchange_datagram(sock, port, message):
    """UDP may lose it: three tries."""
    sock.settimeout(3)
    sock.connect(("127.0.0.1", port))
    for _ in range(3):
        sock.send(message)
        try:
            if sock.recv(65536) == message:
                return
        except TimeoutError:
            continue
    sys.exit(f"no echo of {len(message)} bytes")


def datagram(port, size):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        exchange_datagram(sock, port, some_bytes(size))


def hold_flows(port, count):
    allow_many_files()
    held = []
    for _ in range(count):
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        exchange_datagram(held[-1], port, b"x")
    print(f"{len(held)} held", flush=True)
    signal.pause()


if __name__ == "__main__":
    jobs = {job.__name__: job for job in (serve, once, hold, hold_flows, stall, steady, drain,
                                      datagram)}
    jobs[sys.argv[1]](*map(int, sys.argv[2:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small services and clients that tests put into nodes.

    services.py serve HTTP-PORT ECHO-PORT   HTTP, and echo over TCP and UDP, on 127.0.0.1
    services.py once PORT                   one TCP connection, one byte there and back
    services.py hold PORT COUNT             COUNT connections, held open after one byte on each
    services.py steady PORT                 one TCP connection; a counter there and back for ever
    services.py datagram PORT SIZE          one datagram of SIZE bytes there and back

HTTP: /number/N is the text N; /bytes/N is N bytes, the same ones each time.
"""
import functools
import http.server
import random
import resource
import signal
import socket
import socketserver
import sys
import threading
import time

LIMIT = 30


@functools.lru_cache(maxsize=4)
def some_bytes(size):
    return random.Random(size).randbytes(size)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self):  # pylint: disable=invalid-name
        kind, _, number = self.path.strip("/").partition("/")
        known = kind in ("number", "bytes") and number.isdigit()
        body = some_bytes(int(number)) if known and kind == "bytes" else number.encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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


def hold(port, count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _ in range(count):
        held.append(connect(port))
        exchange(held[-1], b"E")
    print(f"{len(held)} held", flush=True)
    signal.pause()


def steady(port):
    with connect(port) as sock:
        count = 0
        while True:
            exchange(sock, count.to_bytes(8, "big"))
            count += 1
            print(count, flush=True)
            time.sleep(0.05)


def datagram(port, size):
    """UDP may lose it: three tries."""
    message = some_bytes(size)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3)
        sock.connect(("127.0.0.1", port))
        for _ in range(3):
            sock.send(message)
            try:
                if sock.recv(65536) == message:
                    return
            except TimeoutError:
                continue
    sys.exit(f"no echo of {size} bytes")


if __name__ == "__main__":
    jobs = {job.__name__: job for job in (serve, once, hold, steady, datagram)}
    jobs[sys.argv[1]](*map(int, sys.argv[2:]))

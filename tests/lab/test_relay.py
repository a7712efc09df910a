# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sites that nothing but the web's ports, or an HTTP proxy, leads out of."""
import os

import traffic
from lab import Lab, need, wait_for
from programs import PUB, Client, Server, Signald

PROXY = "198.51.100.7"
PROXY_PORT = 3128


class SecureSignald(Signald):
    """signald as it stands in the world: TLS on port 443, with a certificate of its own."""

    def __init__(self, place, *words):
        self.certificate, self.key = place.path("signald.pem"), place.path("signald.key")
        place.run(None if not hasattr(place, "sites") else "pub", need("openssl"), "req", "-x509",
                  "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-days", "2", "-subj", "/CN=signald", "-addext", f"subjectAltName=IP:{PUB}",
                  "-out", self.certificate, "-keyout", self.key)
        self.more = ["--tls-cert", self.certificate, "--tls-key", self.key, *words]
        super().__init__(place, port=443)

    def start(self):
        self.url = self.url.replace("ws://", "wss://")
        self.words += self.more
        self.more = []
        super().start()


def connect(place, signald, *mappings, env=None):
    """A server in `a` and a client in `b` that trust this signald."""
    env = {"SSL_CERT_FILE": signald.certificate, **(env or {})}
    server = Server(place, "a", signald, env=env)
    client = Client(place, "b", server.ticket(), *mappings, env=env)
    return server, client


def test_two_web_only_sites():
    with Lab("a=web-only", "b=web-only") as place:
        for start in (traffic.start_services, traffic.start_iperf, traffic.start_sshd):
            start(place, "a")
        server, client = connect(place, SecureSignald(place), *traffic.MAPPINGS)
        path = client.wait_connected("relay")["path"]
        assert path["strategy"] == "relay", path
        server.wait_connected("relay")
        client.wait_mapped(traffic.SSH + traffic.OFFSET, traffic.HTTP + traffic.OFFSET,
                           traffic.IPERF + traffic.OFFSET)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)
        traffic.ssh_login(place, "b")
        traffic.scp(place, "b", 100)
        traffic.many_requests(place, "b")
        for size in (1, 1200, 8000):
            traffic.datagram(place, "b", traffic.ECHO + traffic.OFFSET, size)
        done = place.run("b", "iperf3", "-c", "127.0.0.1", "-p",
                         str(traffic.IPERF + traffic.OFFSET), "-t", "5", limit=60)
        print(done.stdout)
        after = client.wait_connected("relay")["path"]
        assert after["loss"] < 0.5, after

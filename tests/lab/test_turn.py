# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths through a real TURN server, coturn, in the lab's public node."""
import re

import traffic
from lab import Lab, need, wait_for
from programs import PUB, Client, Server, Signald

PORT, TLS_PORT = 3488, 443
SECRET = "north and south"
ECHO = traffic.ECHO + traffic.OFFSET
MAPPINGS = [f"tcp:{port + traffic.OFFSET}:{port}" for port in (traffic.SSH, traffic.ECHO)]


class TurnLab(Lab):
    """A lab whose programs trust the certificates that were made for the test."""

    def command(self, node, argv):
        command = super().command(node, argv)
        bundle = self.path("ca.pem")
        if "ca.pem" not in self.written:
            return command
        return ["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" "
                "/etc/ssl/certs/ca-certificates.crt && exec \"$@\"", bundle, *command]

    def __init__(self, *sites):
        super().__init__(*sites)
        self.written = set()

    def make_certificate(self):
        self.run(None if False else "pub", need("openssl"), "req", "-x509", "-newkey", "rsa:2048",
                 "-nodes", "-days", 2, "-subj", "/CN=turn", "-addext", f"subjectAltName=IP:{PUB}",
                 "-keyout", self.path("key.pem"), "-out", self.path("ca.pem"))
        self.written.add("ca.pem")


class Coturn:
    def __init__(self, place, *words):
        self.place = place
        self.program = place.start(
            "pub", "coturn", need("turnserver"), "-n", "--log-file=stdout", "--simple-log", "-v",
            "--no-cli", "--realm=lab.example", "--use-auth-secret",
            f"--static-auth-secret={SECRET}", f"--listening-ip={PUB}", f"--relay-ip={PUB}",
            f"--listening-port={PORT}", f"--tls-listening-port={TLS_PORT}",
            f"--pidfile={place.path('coturn.pid')}", f"--userdb={place.path('coturn.db')}", *words)
        place.wait_listening("pub", PORT)

    def count(self, pattern):
        return len(re.findall(pattern, self.program.log()))

    def transports(self):
        """Of the allocations it gave: "UDP", "TCP", "TLS/TCP"... as its log names them."""
        return re.findall(r"session (\d+): new, realm=", self.program.log())


def start_signald(place, *uris):
    secret = place.write("turn-secret", SECRET + "\n")

    class TurnSignald(Signald):
        def start(self):
            for uri in uris:
                self.words += ["--turn-uri", uri]
            self.words += ["--turn-secret-file", secret]
            super().start()
    return TurnSignald(place)


def start_peers(place, signald, *words):
    traffic.start_services(place, "a")
    traffic.start_sshd(place, "a")
    server = Server(place, "a", signald, *words)
    client = Client(place, "b", server.ticket(), *MAPPINGS, *words)
    client.wait_mapped(ECHO)
    traffic.wait_through(place, "b", ECHO)
    return server, client


def assert_by_turn(client, server):
    for peer in (client, server):
        print(peer.ctl("status", check=False))
        path = peer.wait_connected("relay")["path"]
        assert path["strategy"] == "turn", path


def carry(place, signald, megabytes=20):
    server, client = start_peers(place, signald)
    assert_by_turn(client, server)
    traffic.scp(place, "b", megabytes)
    assert_by_turn(client, server)
    return client


def udp_uri():
    return f"turn:{PUB}:{PORT}?transport=udp"


def test_one_leg_over_udp():
    with TurnLab("a=symmetric-random", "b=symmetric-random") as place:
        coturn = Coturn(place)
        client = carry(place, start_signald(place, udp_uri()))
        path = client.wait_connected("relay")["path"]
        print(path, coturn.count("CHANNEL_BIND processed, success"))


def test_tcp_on_both_sides():
    with TurnLab("a=udp-blocked", "b=udp-blocked") as place:
        Coturn(place)
        carry(place, start_signald(place, udp_uri(), f"turn:{PUB}:{PORT}?transport=tcp"))


def test_tls_on_both_sides():
    with TurnLab("a=web-only", "b=web-only") as place:
        place.make_certificate()
        Coturn(place, f"--cert={place.path('ca.pem')}", f"--pkey={place.path('key.pem')}")
        signald = start_signald(place, udp_uri(), f"turns:{PUB}:{TLS_PORT}")
        carry(place, signald)

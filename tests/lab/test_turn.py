# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths through a real TURN server, coturn, in the lab's public node."""
import re

import traffic
from lab import Lab, need, wait_for
from programs import PUB, Client, Server, Signald

PORT, TLS_PORT = 3488, 443
SECRET, USER, PASSWORD = "north and south", "mary", "had a little lamb"
ECHO = traffic.ECHO + traffic.OFFSET
MAPPINGS = [f"tcp:{port + traffic.OFFSET}:{port}" for port in (traffic.SSH, traffic.ECHO)]
UDP, TCP = (f"turn:{PUB}:{PORT}?transport={kind}" for kind in ("udp", "tcp"))
TLS = f"turns:{PUB}:{TLS_PORT}"
TURN_ONLY = ("--strategy", "turn")


class TrustingLab(Lab):
    """A lab whose programs trust the certificate that was made for it."""

    def make_certificate(self):
        self.run("pub", need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                 2, "-subj", "/CN=turn", "-addext", f"subjectAltName=IP:{PUB}", "-keyout",
                 self.path("key.pem"), "-out", self.path("trusted.pem"))
        self.trusted = self.path("trusted.pem")
        return f"--cert={self.trusted}", f"--pkey={self.path('key.pem')}"

    trusted = None

    def command(self, node, argv):
        command = super().command(node, argv)
        if not self.trusted:
            return command
        return ["unshare", "--mount", "sh", "-c",
                "mount --bind \"$0\" /etc/ssl/certs/ca-certificates.crt && exec \"$@\"",
                self.trusted, *command]


class Coturn:
    def __init__(self, place, *words):
        self.program = place.start(
            "pub", "coturn", need("turnserver"), "-n", "--log-file=stdout", "--simple-log", "-v",
            "--no-cli", "--realm=lab.example", f"--listening-ip={PUB}", f"--relay-ip={PUB}",
            f"--listening-port={PORT}", f"--tls-listening-port={TLS_PORT}",
            f"--pidfile={place.path('coturn.pid')}", f"--userdb={place.path('coturn.db')}", *words)
        place.wait_listening("pub", PORT)

    def count(self, pattern):
        return len(re.findall(pattern, self.program.log()))


def with_secret(place, *words):
    return Coturn(place, "--use-auth-secret", f"--static-auth-secret={SECRET}", *words)


class TurnSignald(Signald):
    """One that tells its members of TURN servers."""

    def __init__(self, place, *uris, port=8080):
        self.turn = ["--turn-secret-file", place.write("turn-secret", SECRET + "\n")]
        for uri in uris:
            self.turn += ["--turn-uri", uri]
        super().__init__(place, port=port)

    def start(self):
        self.words += self.turn
        super().start()


def start_peers(place, signald, server_words, client_words):
    traffic.start_services(place, "a")
    traffic.start_sshd(place, "a")
    server = Server(place, "a", signald, *server_words)
    client = Client(place, "b", server.ticket(), *MAPPINGS, *client_words)
    client.wait_mapped(ECHO)
    traffic.wait_through(place, "b", ECHO)
    return server, client


def assert_by_turn(*peers):
    for peer in peers:
        path = peer.wait_connected()["path"]
        assert (path["class"], path["strategy"]) == ("relay", "turn"), (peer.name, path)


def carry(place, signald, server_words=TURN_ONLY, client_words=TURN_ONLY):
    """A file passes, and by TURN before and after; the peers are returned."""
    peers = start_peers(place, signald, server_words, client_words)
    assert_by_turn(*peers)
    traffic.scp(place, "b", 20)
    assert_by_turn(*peers)
    return peers


def leg_count(*peers):
    """How many of the two sides have a path over an allocation of their own."""
    paths = [peer.wait_connected()["path"] for peer in peers]
    return sum(path["local"].startswith(PUB) for path in paths)


def test_one_leg_over_udp():
    """Punching must not take the relayed endpoint for one of the peer's own."""
    words = (*TURN_ONLY, "--strategy", "udp-punch")
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        coturn = with_secret(place)
        peers = carry(place, TurnSignald(place, UDP), words, words)
        assert leg_count(*peers) == 1
        assert coturn.count("CHANNEL_BIND processed, success") == 1
        for peer in peers:
            peer.program.stop()
        wait_for(lambda: coturn.count(r": refreshed,.* lifetime=0\b"), 5, "a release")


def test_one_leg_to_a_side_without_udp():
    """The side that can't send UDP allocates over TCP, the other sends to it."""
    with Lab("a=symmetric-random", "b=udp-blocked") as place:
        with_secret(place)
        peers = carry(place, TurnSignald(place, UDP, TCP))
        assert leg_count(*peers) == 1


def test_tcp_on_both_sides():
    with Lab("a=udp-blocked", "b=udp-blocked") as place:
        with_secret(place)
        peers = carry(place, TurnSignald(place, UDP, TCP))
        assert leg_count(*peers) == 2


def test_tls_on_both_sides():
    with TrustingLab("a=web-only", "b=web-only") as place:
        with_secret(place, *place.make_certificate())
        peers = carry(place, TurnSignald(place, UDP, TCP, TLS, port=80))
        assert leg_count(*peers) == 2


def test_configured_on_one_side():
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        Coturn(place, "--lt-cred-mech", f"--user={USER}:{PASSWORD}")
        words = (*TURN_ONLY, "--turn", UDP, "--turn-user", USER, "--turn-password-file",
                 place.write("turn-password", PASSWORD + "\n"))
        peers = carry(place, Signald(place), server_words=words)
        assert leg_count(*peers) == 1


def test_wrong_password():
    """It is told, and nothing hangs."""
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        Coturn(place, "--lt-cred-mech", f"--user={USER}:{PASSWORD}")
        words = (*TURN_ONLY, "--log-level", "debug", "--turn", UDP, "--turn-user", USER,
                 "--turn-password-file", place.write("turn-password", "something else"))
        server = Server(place, "a", Signald(place), *words)
        client = Client(place, "b", server.ticket(), *MAPPINGS, *words)
        client.wait_log("wrong user name or password")


def test_allocation_is_refreshed():
    """A connection outlives the lifetime of the allocation several times."""
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        coturn = with_secret(place, "--max-allocate-lifetime=8")
        peers = start_peers(place, TurnSignald(place, UDP), TURN_ONLY, TURN_ONLY)
        steady = traffic.Steady(place, "b", ECHO)
        wait_for(lambda: coturn.count(r": refreshed,.* lifetime=8\b") >= 5, 60, "five refreshes")
        steady.wait_more()
        assert_by_turn(*peers)

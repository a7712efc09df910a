# SPDX-License-Identifier: LGPL-2.1-or-later
"""TCP opened from both sides where one of them has no UDP, through real translation."""
import traffic
from lab import Lab, wait_for
from programs import PUB, Client, Server, Signald


def signald_for_all(place):
    """On port 80, which every site lets out to; STUN is coturn's, which answers over TCP too."""
    signald = Signald(place, port=80, stun_port=3480)
    signald.stun = f"{PUB}:3478"
    return signald


def start_web_stun(place):
    """Another coturn, at a port that is never shut."""
    place.start("pub", "coturn", "turnserver", "-n", "--no-auth", "--no-tls", "--no-dtls", "--no-cli",
                "-m", 1, "--realm", "natlab", "-L", PUB, "-p", 443, "--log-file", "stdout",
                "--userdb", place.path("turndb"), "--pidfile", place.path("turn.pid"))
    wait_for(lambda: place.listens("pub", 443), 10, "coturn to listen")


def connect(server_type, client_type, path_class="p2p"):
    """The client comes to a direct path by this strategy and data goes through it."""
    with Lab("--stun", f"a={server_type},delay=5", f"b={client_type},delay=5") as place:
        traffic.start_services(place, "a")
        start_web_stun(place)
        words = ("--log-level", "debug", "--stun", f"{PUB}:443")
        server = Server(place, "a", signald_for_all(place), *words)
        client = Client(place, "b", server.ticket(), *words, *traffic.MAPPINGS)
        path = client.wait_connected(path_class)["path"]
        assert path["strategy"] == "tcp-punch", path
        server.wait_connected(path_class)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)


def test_udp_blocked_and_none():
    connect("udp-blocked", "none")


def test_none_and_udp_blocked():
    connect("none", "udp-blocked")


def test_both_udp_blocked():
    connect("udp-blocked", "udp-blocked")


def test_udp_blocked_and_port_restricted():
    connect("udp-blocked", "port-restricted")


def test_web_only_and_none():
    connect("web-only", "none")


def test_both_web_only():
    connect("web-only", "web-only")


def test_udp_blocked_and_full_cone():
    connect("udp-blocked", "full-cone")


test_udp_blocked_and_full_cone.long = True


def test_udp_blocked_and_addr_restricted():
    connect("udp-blocked", "addr-restricted")


test_udp_blocked_and_addr_restricted.long = True


def test_udp_blocked_and_cgnat():
    connect("cgnat", "udp-blocked")


test_udp_blocked_and_cgnat.long = True


def test_udp_blocked_and_firewall():
    connect("udp-blocked", "firewall")


test_udp_blocked_and_firewall.long = True


def test_udp_blocked_and_upnp():
    connect("udp-blocked", "upnp")


test_udp_blocked_and_upnp.long = True


def test_web_only_and_udp_blocked():
    connect("udp-blocked", "web-only")


test_web_only_and_udp_blocked.long = True


def test_web_only_and_full_cone():
    connect("web-only", "full-cone")


test_web_only_and_full_cone.long = True


def test_web_only_and_port_restricted():
    connect("web-only", "port-restricted")


test_web_only_and_port_restricted.long = True


def test_web_only_and_cgnat():
    connect("cgnat", "web-only")


test_web_only_and_cgnat.long = True


def test_web_only_and_firewall():
    connect("firewall", "web-only")


test_web_only_and_firewall.long = True


def test_web_only_and_addr_restricted():
    connect("web-only", "addr-restricted")


test_web_only_and_addr_restricted.long = True

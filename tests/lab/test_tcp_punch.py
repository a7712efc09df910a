# SPDX-License-Identifier: LGPL-2.1-or-later
"""TCP opened from both sides where one of them has no UDP, through real translation."""
import traffic
from lab import Lab
from programs import PUB, Client, Server, Signald


def signald_for_all(place):
    """On port 80, which every site lets out to; STUN is coturn's, which answers over TCP too."""
    signald = Signald(place, port=80, stun_port=3480)
    signald.stun = f"{PUB}:3478"
    return signald


def connect(server_type, client_type, path_class="p2p"):
    """The client comes to a direct path by this strategy and data goes through it."""
    with Lab(f"a={server_type},delay=5", f"b={client_type},delay=5", stun=True) as place:
        traffic.start_services(place, "a")
        server = Server(place, "a", signald_for_all(place), "--log-level", "debug")
        client = Client(place, "b", server.ticket(), "--log-level", "debug", *traffic.MAPPINGS)
        path = client.wait_connected(path_class)["path"]
        assert path["strategy"] == "tcp-punch", path
        server.wait_connected(path_class)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)


def test_udp_blocked_and_none():
    connect("udp-blocked", "none")

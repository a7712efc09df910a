# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `explain` says where there is no direct path, and what there is a way out of."""
import json

import traffic
from lab import Lab, wait_for
from programs import Client, Server, Signald


def explain(peer, *words):
    return peer.place.run(peer.node, peer.place.binary("stunfwd"), "explain", "--control",
                          peer.control, *words).stdout


def explained(peer):
    """Its only peer, once a relay is found, that one has told its side, and punching has failed."""
    def found():
        one = json.loads(explain(peer, "--json"))["peers"][0]
        ends = [strategy[side] for strategy in one["strategies"] for side in ("here", "there")
                if strategy["id"] == "udp-punch" and side in strategy]
        done = all(end["outcome"] in ("failed", "not tried") for end in ends)
        return one if one["told"] and one.get("path") and ends and done else None
    return wait_for(found, 60, f"both sides' story at {peer.name}", 0.5)


def meet(place):
    server = Server(place, "a", Signald(place))
    client = Client(place, "b", server.ticket(), f"tcp:{traffic.ECHO + traffic.OFFSET}:{traffic.ECHO}")
    client.wait_connected("relay")
    return server, client


def wait_advice(peer, text):
    """That no STUN server answers takes its time to find out, and to tell."""
    wait_for(lambda: text in json.loads(explain(peer, "--json"))["peers"][0]["advice"], 60,
             f"'{text}' at {peer.name}", 0.5)


def test_udp_is_blocked_at_one_end():
    with Lab("a=udp-blocked", "b=symmetric-random") as place:
        server, client = meet(place)
        line = "UDP to every STUN server is lost: blocked by a firewall"
        wait_advice(client, f"{line} at the peer")
        wait_advice(server, f"{line} here")
        assert f"    {line} here" in explain(server).splitlines(), explain(server)


def test_both_nats_choose_ports_at_random():
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        for peer in meet(place):
            one = explained(peer)
            assert one["path"]["class"] == "relay", one
            wait_advice(peer, "both NATs choose ports at random: a port mapping (UPnP, NAT-PMP or PCP) "
                        "at either router, or a TURN server, would help")
            assert "what would help:" in explain(peer), explain(peer)


def test_direct_path_and_relay_beside_it():
    with Lab("a=port-restricted", "b=port-restricted") as place:
        server = Server(place, "a", Signald(place))
        client = Client(place, "b", server.ticket(),
                        f"tcp:{traffic.ECHO + traffic.OFFSET}:{traffic.ECHO}")
        client.wait_connected("p2p")

        def beside():
            one = json.loads(explain(client, "--json"))["peers"][0]
            relays = [path for path in one["standby"] if path["class"] == "relay" and path["alive"]]
            return (one, relays[0]) if relays else None
        one, relay = wait_for(beside, 30, "a relay beside the direct path")
        assert one["why"] == "no better class is alive", one
        assert relay["why_not"] == "its class is worse", relay
        assert one["advice"] == [], one["advice"]
        status = client.status()["peers"][0]
        assert status["path"]["class"] == "p2p" and status["standby"], status
        assert 0 < status["first_path_ms"], status
        assert status["upgraded_at_ms"] == 0 or \
            status["upgraded_at_ms"] >= status["first_path_ms"], status

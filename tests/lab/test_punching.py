# SPDX-License-Identifier: LGPL-2.1-or-later
"""Punching through NATs that are hard to punch: that the strategy alone does it, and at what
cost."""
import contextlib

import traffic
from lab import Lab, wait_for
from programs import Client, Server, Signald

TABLE_BUDGET = 1024


def wait_path(peer, strategy):
    """A packet that comes sooner than the strategy's end makes a path that is not named yet."""
    def found():
        path = peer.wait_connected("p2p")["path"]
        return path if path["strategy"] == strategy else None
    path = wait_for(found, 10, f"{peer.name} to have a path by {strategy}")
    print(f"{peer.name}: {path['strategy']}, {path['local']} to {path['remote']}")


@contextlib.contextmanager
def punched(*sites, strategy):
    """A lab with a server and a client that have found each other by that strategy."""
    with Lab(*sites) as place:
        traffic.start_services(place, "a")
        server = Server(place, "a", Signald(place), "--strategy", strategy)
        client = Client(place, "b", server.ticket(), "--strategy", strategy, *traffic.MAPPINGS)
        for peer in (client, server):
            wait_path(peer, strategy)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)
        yield place


def between(server_site, client_site, strategy):
    with punched(f"a={server_site}", f"b={client_site}", strategy=strategy):
        pass


def birthday(server_site, client_site, *routers):
    """No router has more entries than the strategy declares, all others' included."""
    with punched(f"a={server_site}", f"b={client_site}", strategy="birthday") as place:
        for router in routers:
            entries = int(place.run(router, "conntrack", "-C").stdout)
            print(f"{router}: {entries} entries")
            assert entries <= TABLE_BUDGET, router


def test_predicted_and_port_restricted():
    between("symmetric-seq", "port-restricted", "port-prediction")


def test_port_restricted_and_predicted():
    between("port-restricted", "symmetric-seq", "port-prediction")


def test_predicted_in_steps_and_port_restricted():
    between("symmetric-seq,delta=3", "port-restricted", "port-prediction")


def test_port_restricted_and_predicted_in_steps():
    between("port-restricted", "symmetric-seq,delta=3", "port-prediction")


def test_two_predicted():
    between("symmetric-seq,delay=10", "symmetric-seq,delta=3,delay=10", "port-prediction")


def test_predicted_and_carrier_grade_nat():
    between("symmetric-seq,delta=2", "cgnat", "port-prediction")


def test_firewall_and_predicted():
    between("firewall", "symmetric-seq", "port-prediction")


def test_birthday_and_port_restricted():
    birthday("symmetric-random", "port-restricted", "a-r1", "b-r1")


def test_port_restricted_and_birthday():
    birthday("port-restricted", "symmetric-random", "a-r1", "b-r1")


def test_birthday_and_carrier_grade_nat():
    birthday("symmetric-random", "cgnat", "a-r1", "b-r1", "b-r2")


def test_firewall_and_birthday():
    birthday("firewall", "symmetric-random", "a-r1", "b-r1")


def test_symmetric_and_address_restricted():
    between("symmetric-random", "addr-restricted", "udp-punch")


def test_nobody_and_symmetric():
    between("none", "symmetric-seq", "udp-punch")


def test_two_homes_of_one_carrier():
    """The carrier's NAT hairpins: each reaches the other at its outermost address."""
    with punched("isp=port-restricted,hairpin", "a=port-restricted,behind=isp-r1",
                 "b=port-restricted,behind=isp-r1", strategy="udp-punch"):
        pass

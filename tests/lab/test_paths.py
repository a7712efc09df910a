# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs through a tunnel between two sites, for each kind of pair."""
import traffic
from lab import Lab
from programs import PUB6, Client, Server, Signald


def carry_everything(place, server_node, client_node, signald, path_class):
    """The whole of it: the path has the best class there can be, and all traffic passes."""
    for start in (traffic.start_services, traffic.start_dns, traffic.start_iperf,
                  traffic.start_sshd):
        start(place, server_node)
    server = Server(place, server_node, signald)
    client = Client(place, client_node, server.ticket(), *traffic.MAPPINGS)
    client.wait_mapped(traffic.SSH + traffic.OFFSET, traffic.HTTP + traffic.OFFSET,
                       traffic.IPERF + traffic.OFFSET)
    traffic.wait_through(place, client_node, traffic.ECHO + traffic.OFFSET)
    path = client.wait_connected(path_class)["path"]
    assert path["strategy"], path
    server.wait_connected(path_class)
    traffic.ssh_login(place, client_node)
    traffic.scp(place, client_node, 200)
    traffic.many_requests(place, client_node)
    traffic.dns_query(place, client_node)
    traffic.iperf_udp(place, client_node)
    for size in (1, 1200, 8000):
        traffic.datagram(place, client_node, traffic.ECHO + traffic.OFFSET, size)
    after = client.wait_connected(path_class)["path"]
    print(f"by {after['class']}, {after['strategy']}")
    mapping = client.mapping(f"tcp:{traffic.SSH + traffic.OFFSET}:") or \
        client.mapping(f"tcp:127.0.0.1:{traffic.SSH + traffic.OFFSET}:")
    assert mapping["state"] == "listening" and mapping["bytes_out"] >= 200_000_000, mapping
    assert mapping["errors"] == 0, mapping


def between(server_site, client_site, path_class="p2p"):
    with Lab(f"a={server_site}", f"b={client_site}") as place:
        carry_everything(place, "a", "b", Signald(place), path_class)


def test_two_port_restricted_cones():
    between("port-restricted", "port-restricted")


def test_full_cone_and_symmetric_random():
    between("full-cone", "symmetric-random")


def test_firewall_and_carrier_grade_nat():
    between("firewall", "cgnat")


def test_two_hosts_on_one_lan():
    with Lab("a=port-restricted,hosts=2") as place:
        carry_everything(place, "a", "a2", Signald(place), "lan")


def test_ipv6_only():
    with Lab("a=firewall,v6", "b=port-restricted,v6") as place:
        for node in ("a", "b"):
            place.run(node, "ip", "-4", "address", "flush", "dev", "eth0")
        carry_everything(place, "a", "b", Signald(place, address=PUB6, alternate=None), "p2p")

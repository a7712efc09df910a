# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports that a real router (miniupnpd) was asked to open, with no other strategy in the race."""
import os
import re
import signal

import traffic
from lab import Lab, need, wait_for
from programs import Client, Server, Signald

RUN = "/run/natlab"
NO_PCP = "add rule inet natlab no_pcp iif lan udp dport 5351 @th,64,8 2 drop"
NO_NATPMP = "add rule inet natlab no_pcp iif lan udp dport 5351 @th,64,8 0 drop"
CHAIN = "add chain inet natlab no_pcp { type filter hook input priority -10; }"


ALONE = ("--strategy", "portmap", "--log-level", "debug")


class Router:
    """The router of a site; its configuration is natlab's, changed as the test wants."""

    def __init__(self, place, name):
        need("miniupnpd", "upnpc")
        self.place, self.node = place, name
        self.conf = os.path.join(RUN, place.name, name + ".conf")
        self.pid = os.path.join(RUN, place.name, name + ".pid")

    def listens(self):
        return self.place.listens(self.node, 5351, "udp") or self.place.listens(self.node, 5000)

    def stop(self):
        with open(self.pid) as file:
            os.kill(int(file.read()), signal.SIGTERM)
        wait_for(lambda: not self.listens(), 10, "miniupnpd to end")

    def start(self):
        """Without -d: its lines for each port it looks at would make it slow. The lab's end
        is its own."""
        self.place.run(self.node, "miniupnpd", "-f", self.conf, "-P", self.pid)
        wait_for(self.listens, 10, "miniupnpd to listen")

    def restart(self, *lines, without=()):
        """With further lines in its configuration, and without those that begin so."""
        self.stop()
        with open(self.conf) as file:
            kept = [line for line in file.read().splitlines() if not line.startswith(tuple(without))]
        with open(self.conf, "w") as file:
            file.write("\n".join([*lines, *kept]) + "\n")
        self.start()

    def nft(self, *rules):
        self.place.run(self.node, "nft", "-f", "-", data="\n".join(rules) + "\n")

    def leases(self):
        """Outside and inside ports of the UDP mappings that it has now."""
        rules = self.place.run(self.node, "nft", "list", "chain", "inet", "natlab", "upnp_in").stdout
        return re.findall(r"th dport (\d+) dnat ip to ([\d.]+:\d+)", rules)

    def wait_lease(self):
        return wait_for(self.leases, 10, f"a mapping in {self.node}")

    def wait_no_lease(self):
        wait_for(lambda: not self.leases(), 10, f"no mapping in {self.node}")


def start_pair(place, server_node="a", client_node="b"):
    signald = Signald(place)
    traffic.start_services(place, server_node)
    server = Server(place, server_node, signald, *ALONE)
    client = Client(place, client_node, server.ticket(), *ALONE, *traffic.MAPPINGS)
    return server, client


def connect(place, server_node="a", client_node="b"):
    server, client = start_pair(place, server_node, client_node)
    path = client.wait_connected("p2p")["path"]
    assert path["strategy"] == "portmap", path
    server.wait_connected("p2p")
    traffic.wait_through(place, client_node, traffic.ECHO + traffic.OFFSET)
    return server, client


def direct(sites, ends):
    with Lab(*sites) as place:
        router = Router(place, "a-r1")
        server, client = connect(place, *ends)
        lease = router.wait_lease()
        assert [inner.split(":")[0] for _, inner in lease] == ["192.168.2.10"], lease
        client.program.stop()
        server.program.stop()
        router.wait_no_lease()


def both_ways(*sites):
    """The mapped side as the server, and as the client."""
    direct(sites, ("a", "b"))
    direct(sites, ("b", "a"))


def test_upnp_and_symmetric_random():
    both_ways("a=upnp", "b=symmetric-random")


def test_upnp_and_port_restricted():
    both_ways("a=upnp", "b=port-restricted")


def test_upnp_and_upnp():
    both_ways("a=upnp", "b=upnp")


def by(way, *rules, lines=(), without=()):
    with Lab("a=upnp", "b=symmetric-random") as place:
        router = Router(place, "a-r1")
        router.restart(*lines, without=without)
        if rules:
            router.nft(CHAIN, *rules)
        server, client = connect(place)
        server.wait_log(f"to this machine, by {way},")
        lease = router.wait_lease()
        assert len(lease) == 1, lease
        if way == "UPnP":
            listed = place.run("a", "upnpc", "-l").stdout
            assert f"{lease[0][0]}->{lease[0][1]} 'stunfwd'" in listed, listed
        client.program.stop()
        server.program.stop()
        router.wait_no_lease()


def test_pcp_alone():
    by("PCP", NO_NATPMP, lines=("enable_upnp=no",), without=("enable_upnp",))


def test_natpmp_alone():
    by("NAT-PMP", NO_PCP, lines=("enable_upnp=no",), without=("enable_upnp",))


def test_upnp_alone():
    by("UPnP", lines=("enable_natpmp=no",), without=("enable_natpmp",))


def test_renewed_and_made_again():
    """Leases of 8 s. Only a renewal can bring back what the router has lost."""
    with Lab("a=upnp", "b=symmetric-random") as place:
        router = Router(place, "a-r1")
        router.restart("min_lifetime=4", "max_lifetime=8")
        server, client = connect(place)
        server.wait_log("by PCP, for 8 s")
        first = router.wait_lease()
        router.stop()
        router.nft("flush chain inet natlab upnp_in", "flush chain inet natlab upnp_forward")
        assert not router.leases()
        router.start()
        assert [outer for outer, _ in router.wait_lease()] == [outer for outer, _ in first]
        client.program.stop()
        server.program.stop()
        router.wait_no_lease()


def fails(place, *patterns):
    """Neither end has a mapping: both say so, and it ends early."""
    server, client = start_pair(place)
    for pattern in patterns:
        server.wait_log("portmap.*no mapping here: " + pattern)
        client.wait_log("portmap.*no mapping at the peer: " + pattern)
    client.wait_log("portmap with .*: no mapping at either end")
    server.wait_log("portmap with .*: no mapping at either end")
    assert "no answer within" not in client.program.log() + server.program.log()


def test_disabled_at_the_router():
    with Lab("a=upnp", "b=symmetric-random") as place:
        Router(place, "a-r1").restart("deny 0-65535 0.0.0.0/0 0-65535", without=("allow",))
        fails(place, r"the router at 192\.168\.2\.1 answers PCP, NAT-PMP and UPnP but mapping "
              "is disabled")


def test_no_such_router():
    with Lab("a=symmetric-random", "b=symmetric-random") as place:
        fails(place, "no router answers PCP, NAT-PMP or UPnP")


def test_mapping_that_leads_elsewhere():
    """The router believes in an outside address that no STUN server sees."""
    with Lab("a=upnp", "b=symmetric-random") as place:
        router = Router(place, "a-r1")
        router.restart("ext_ip=44.129.0.9")
        fails(place, r"the mapping at 192\.168\.2\.1 leads to 44\.129\.0\.9, which is behind "
              "another NAT")
        router.wait_no_lease()


def test_behind_a_carrier():
    """miniupnpd knows by itself that its outside address is a shared one."""
    with Lab("a=upnp+port-restricted", "b=symmetric-random") as place:
        fails(place, r"the router at 192\.168\.2\.1 answers [^\n]* no public address to map from")


def gone(*lines, without=()):
    """The end of a program does not wait for a router that was switched off."""
    with Lab("a=upnp", "b=symmetric-random") as place:
        router = Router(place, "a-r1")
        router.restart(*lines, without=without)
        server, client = connect(place)
        router.wait_lease()
        client.program.stop()
        router.nft("add chain inet natlab off { type filter hook input priority -10; policy drop; }")
        server.program.stop(limit=10)


def test_router_with_pcp_is_gone():
    gone()


def test_router_with_upnp_is_gone():
    gone("enable_natpmp=no", without=("enable_natpmp",))


def test_beside_the_other_strategies():
    """All that is installed at once: none of them spoils it for this one."""
    with Lab("a=upnp", "b=symmetric-random") as place:
        signald = Signald(place)
        traffic.start_services(place, "b")
        server = Server(place, "b", signald, "--log-level", "debug")
        client = Client(place, "a", server.ticket(), "--log-level", "debug", *traffic.MAPPINGS)
        path = client.wait_connected("p2p")["path"]
        assert path["strategy"] == "portmap", path
        server.wait_connected("p2p")
        traffic.wait_through(place, "a", traffic.ECHO + traffic.OFFSET)

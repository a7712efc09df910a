# SPDX-License-Identifier: LGPL-2.1-or-later
"""What to expect of each pair of natlab's types of NAT, and why.

UDP. What counts is how a site maps and how it filters:

  open    anybody may send to a known port: none, full-cone; upnp by a leased port
  address one known port, open to the addresses it has sent to: addr-restricted
  port    one known port, open to the endpoints it has sent to: firewall, port-restricted, cgnat
  next    a port for each destination, the next of a counter: symmetric-seq
  random  a port for each destination, any: symmetric-random

An open end is reached by whoever has UDP. An `address` end lets in any port of an address it
has sent to, so the peer's ports need not be known. Two `port` ends punch. The port of a `next`
end is predicted from its counter, by a `port` end as by another `next`. Against `random` a
`port` end needs the birthday paradox. Where that meets random or next, neither port can be aimed
at, and too many pairs of them would have to be tried: relay.

TCP, where a side has no UDP. natlab's udp-blocked preserves ports and filters by connection,
so its public port is known (`port` in the list above), and two SYNs that cross open both
sides. It reaches open ends, punches `address` and `port` ends and its own kind, and upnp by a
TCP port leased. A `next` end would take a prediction for TCP, a `random` one more SYNs than a
router should see: relay is enough there.

web-only lets out TCP to the ports 80 and 443 alone. Where a peer may open port 443 on its side,
as root may in these labs, and its NAT preserves the port, that end is reached or punched; so is
another web-only. Ports of symmetric ends are others, and a upnp router leases none below 1024:
relay. For peers that may not open such a port it is relay wherever web-only is.
"""
TYPES = ("none", "firewall", "full-cone", "addr-restricted", "port-restricted", "symmetric-seq",
         "symmetric-random", "upnp", "udp-blocked", "web-only", "cgnat")
UDP = {"none": "open", "full-cone": "open", "upnp": "open", "addr-restricted": "address",
       "firewall": "port", "port-restricted": "port", "cgnat": "port", "symmetric-seq": "next",
       "symmetric-random": "random"}
BY_UDP = {frozenset(ends): how for *ends, how in (
    ("port", "port", "punched"), ("port", "next", "predicted"), ("next", "next", "predicted"),
    ("port", "random", "birthday"))}
RANKS = {"lan": 0, "p2p": 1, "relay": 2}
DIRECT_GOALS = {"lan": 700, "punched": 700, "predicted": 2000, "birthday": 4000}
"""Milliseconds that the median of the time to a direct path should keep to."""
FIRST_BYTE_GOAL = 600
"""Milliseconds that 95 % of all first bytes should keep to."""


def by_udp(one, other):
    """How two ends with UDP meet: punched, predicted, birthday, or relay."""
    ends = {UDP[one], UDP[other]}
    return "punched" if ends & {"open", "address"} else BY_UDP.get(frozenset(ends), "relay")


def by_tcp(one, other):
    """How they meet where one of them has no UDP: tcp, or relay."""
    ends = {one, other}
    unknown = {"symmetric-seq", "symmetric-random", *(("upnp",) if "web-only" in ends else ())}
    return "relay" if ends & unknown else "tcp"


def how(one, other):
    """The way a pair should meet, whichever of them is the client."""
    return by_udp(one, other) if one in UDP and other in UDP else by_tcp(one, other)


def path_class(way):
    """The worst class that is good enough for a way to meet."""
    return way if way in RANKS else "p2p"


def is_direct(found):
    return RANKS.get(found, RANKS["relay"]) < RANKS["relay"]


def good_enough(found, way):
    return found in RANKS and RANKS[found] <= RANKS[path_class(way)]


class Case:
    """Two hosts in a lab: what to build, who is the server, and how they should meet."""

    def __init__(self, kind, client, server, sites, way, nodes=("b", "a")):
        self.kind, self.client, self.server = kind, client, server
        self.sites, self.way = sites, way
        self.client_node, self.server_node = nodes
        self.key = f"{kind}/{client}/{server}"


def pair(client, server):
    """Two sites, 40 ms there and back between the hosts."""
    return Case("pair", client, server, (f"a={server},delay=10", f"b={client},delay=10"),
                how(client, server))


def same_lan(kind):
    """Two hosts of one site."""
    return Case("lan", kind, kind, (f"a={kind},hosts=2,delay=10",), "lan", ("a2", "a"))


def behind_carrier(carrier, client, server, hairpin=True):
    """Two homes behind one carrier's NAT, which leads them to each other if it hairpins."""
    option = ",hairpin" if hairpin else ""
    way = how(client, server) if hairpin else "relay"
    return Case("hairpin" if hairpin else "no-hairpin", f"{client}+{carrier}", f"{server}+{carrier}",
                (f"c={carrier}{option}", f"a={server},behind=c-r1,delay=10",
                 f"b={client},behind=c-r1,delay=10"), way)


CARRIERS = ("full-cone", "addr-restricted", "port-restricted")
HOMES = (("none", "none"), ("port-restricted", "port-restricted"), ("port-restricted", "full-cone"),
         ("symmetric-seq", "port-restricted"))


def all_cases():
    """The whole matrix and its variants. A carrier's NAT that does not hairpin parts its homes."""
    yield from (pair(client, server) for client in TYPES for server in TYPES)
    yield from (same_lan(kind) for kind in TYPES if kind != "none")
    yield from (behind_carrier(carrier, *homes) for carrier in CARRIERS for homes in HOMES)
    yield behind_carrier("port-restricted", "port-restricted", "port-restricted", hairpin=False)

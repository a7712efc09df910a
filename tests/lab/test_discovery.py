# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `stunfwd nat` says of every kind of NAT, and whether other programs agree."""
import json

from lab import Lab, wait_for
from programs import PUB, PUB_ALTERNATE, Signald

EI, AD, APD = "endpoint-independent", "address-dependent", "address-and-port-dependent"
SEQUENTIAL = {"ports": "sequential", "port_spread": 0, "hops": 1}
ALONE = {"hairpinning": "no", "public_addresses": 1}

# What the type of natlab is, and what must be found.
KINDS = {
    "none": ("none", EI, "open internet", {"ports": "preserved"}),
    "firewall": ("none", APD, "symmetric firewall", {"ports": "preserved"}),
    "full-cone": (EI, EI, "full cone", {"ports": "preserved", "hops": 1, **ALONE}),
    "addr-restricted": (EI, AD, "restricted cone", {"ports": "preserved", "hops": 1, **ALONE}),
    "port-restricted": (EI, APD, "port-restricted cone", {"ports": "preserved", "hops": 1, **ALONE}),
    "symmetric-seq": (APD, APD, "symmetric", {"port_delta": 1, **SEQUENTIAL, **ALONE}),
    "symmetric-seq,delta=7": (APD, APD, "symmetric", {"port_delta": 7, **SEQUENTIAL, **ALONE}),
    "symmetric-random": (APD, APD, "symmetric", {"ports": "random", "hops": 1, **ALONE}),
    "upnp": (APD, APD, "symmetric", {"ports": "random", "hops": 1, **ALONE}),
    "cgnat": (EI, APD, "port-restricted cone", {"ports": "preserved", "hops": 2, **ALONE}),
    "full-cone,hairpin": (EI, EI, "full cone", {"hairpinning": "yes", "hops": 1}),
    "port-restricted,hairpin": (EI, APD, "port-restricted cone", {"hairpinning": "yes", "hops": 1}),
    "cgnat,hairpin": (EI, APD, "port-restricted cone", {"hairpinning": "yes", "hops": 2}),
    "addr-restricted,port=random": (EI, AD, "restricted cone", {"ports": "random"}),
    "udp-blocked": ("unknown", "unknown", "udp blocked", {"udp_blocked": True}),
    "web-only": ("unknown", "unknown", "udp blocked", {"udp_blocked": True}),
}


def nat(place, *words, node="a", limit=30):
    """What `stunfwd nat --json` says."""
    done = place.run(node, place.binary("stunfwd"), "nat", "--json", *words, limit=limit)
    return json.loads(done.stdout)


def check(kind, report):
    mapping, filtering, classic, more = KINDS[kind]
    expected = {"mapping": mapping, "filtering": filtering, "classic": classic, **more}
    found = {name: report.get(name) for name in expected}
    assert found == expected, f"{kind}: {report}"


def ask_coturn(*kinds):
    for kind in kinds:
        with Lab("--stun", f"a={kind}") as place:
            check(kind, nat(place, "--stun", f"{PUB}:3478"))


def test_cone_by_coturn():
    ask_coturn("addr-restricted", "cgnat,hairpin")


def test_symmetric_by_coturn():
    ask_coturn("symmetric-seq,delta=7", "symmetric-random")


def test_blocked():
    """What was not measured is told, with the reason."""
    with Lab("--stun", "a=udp-blocked") as place:
        report = nat(place, "--stun", f"{PUB}:3478")
        check("udp-blocked", report)
        assert {item["what"] for item in report["unknown"]} >= {"mapping", "filtering"}, report
        text = place.run("a", place.binary("stunfwd"), "nat", "--stun", f"{PUB}:3478").stdout
        assert "not measured: no STUN server answered over UDP" in text, text


def test_every_kind_by_coturn():
    ask_coturn(*KINDS)


test_every_kind_by_coturn.long = True


# How other programs call the types: turnutils_natdiscovery the behaviours, `stun` the classic name.
MAPPINGS = {EI: "Endpoint Independent Mapping", AD: "Address Dependent Mapping",
            APD: "Address and Port Dependent Mapping"}
FILTERS = {EI: "Endpoint Independent Filtering", AD: "Address Dependent Filtering",
           APD: "Address and Port Dependent Filtering"}
CLASSIC = {
    "none": "Open", "firewall": "Firewall",
    "full-cone": "Independent Mapping, Independent Filter",
    "addr-restricted": "Independent Mapping, Address Dependent Filter",
    "port-restricted": "Independent Mapping, Port Dependent Filter",
    "symmetric-seq": "Dependent Mapping", "symmetric-random": "Dependent Mapping",
    "cgnat": "Independent Mapping, Port Dependent Filter",
}


def others_agree(kind):
    """With signald as the server, all three clients say the same."""
    with Lab(f"a={kind}") as place:
        Signald(place)
        check(kind, nat(place, "--stun", f"{PUB}:3478"))
        mapping, filtering = KINDS[kind][:2]
        said = place.run("a", "turnutils_natdiscovery", "-m", "-f", PUB, check=False).stdout
        if mapping != "none":
            assert MAPPINGS[mapping] in said and FILTERS[filtering] in said, f"{kind}: {said}"
        said = place.run("a", "stun", PUB, check=False).stdout
        assert CLASSIC[kind] in said, f"{kind}: {said}"


def test_others_agree_on_a_cone():
    others_agree("addr-restricted")


def test_others_agree_on_a_symmetric_nat():
    others_agree("symmetric-random")


def test_others_agree_on_every_kind():
    for kind in CLASSIC:
        others_agree(kind)


test_others_agree_on_every_kind.long = True


def test_one_address():
    """A server with one address and two ports shows what can be known, and what cannot is said."""
    with Lab("a=symmetric-random", "b=full-cone") as place:
        Signald(place, alternate=None)
        report = nat(place, "--stun", f"{PUB}:3478")
        assert report["mapping"] == "unknown", report
        assert {"mapping", "filtering"} <= {item["what"] for item in report["unknown"]}, report

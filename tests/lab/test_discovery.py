# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `stunfwd nat` says of every kind of NAT, and whether other programs agree."""
import json
import time

from lab import Lab, wait_for
from programs import PUB, Server, Signald

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
    """A server with one address shows what can be known, and what cannot is said."""
    with Lab("a=symmetric-random") as place:
        Signald(place, alternate=None)
        report = nat(place, "--stun", f"{PUB}:3478")
        assert report["mapping"] == "unknown", report
        assert {"mapping", "filtering"} <= {item["what"] for item in report["unknown"]}, report


def test_two_ports():
    """By default signald answers on two ports, over UDP and TCP: enough to see a symmetric NAT."""
    with Lab("a=symmetric-random") as place:
        place.start("pub", "signald", place.binary("stunfwd-signald"), "--listen", f"{PUB}:8080", strict=True)
        place.wait_listening("pub", 8080)
        report = nat(place, "--stun", f"{PUB}:3478", "--stun", f"{PUB}:3479")
        assert report["mapping"] == APD, report
        assert "filtering" in {item["what"] for item in report["unknown"]}, report
        for port in (3478, 3479):
            assert place.listens("pub", port, "tcp") and place.listens("pub", port, "udp")


def measure_lifetime(site, seconds, with_signald=False):
    with Lab(*([] if with_signald else ["--stun"]), f"a={site},timeout={seconds}") as place:
        if with_signald:
            Signald(place, alternate=None)
        found = nat(place, "--lifetime", "--stun", f"{PUB}:3478", limit=140)["lifetime_seconds"]
        assert seconds - max(2, seconds / 5) <= found <= seconds, f"{site}: {found}, not {seconds}"


def test_lifetime():
    measure_lifetime("symmetric-random", 8)


def test_lifetime_of_others():
    measure_lifetime("full-cone", 20)
    measure_lifetime("cgnat", 12, with_signald=True)


test_lifetime_of_others.long = True


def test_lifetime_cannot_be_known():
    """A server without RESPONSE-PORT, a NAT that preserves ports: told, and without waiting."""
    with Lab("a=full-cone") as place:
        place.start("pub", "stund", "turnserver", "-n", "--no-auth", "--no-tls", "--no-dtls", "--no-cli",
                    "--no-rfc5780", "-m", "1", "--realm", "lab", "-L", PUB, "--log-file", "stdout",
                    "--userdb", place.path("turndb"), "--pidfile", place.path("turn.pid"))
        place.wait_listening("pub", 3478, "udp")
        report = nat(place, "--lifetime", "--stun", f"{PUB}:3478")
        assert "lifetime_seconds" not in report, report
        why = [item["why"] for item in report["unknown"] if item["what"] == "lifetime_seconds"]
        assert why and "RESPONSE-PORT" in why[0], report


def test_network_change():
    """Another address is noticed and all measured anew; containers that come and go are not."""
    with Lab("a=full-cone") as place:
        signald = Signald(place)
        server = Server(place, "a", signald)
        server.ticket()

        def public():
            return ((server.status() or {}).get("nat") or {}).get("public", "")

        def changes():
            return server.program.log().count("the network has changed")

        wait_for(lambda: public().startswith("198.51.100.2:"), 15, "the public endpoint")
        for number in range(20):
            place.run("a", "ip", "link", "add", f"veth{number}", "type", "veth", "peer", "name", f"peer{number}")
            place.run("a", "ip", "address", "add", f"172.17.{number}.1/24", "dev", f"veth{number}")
            place.run("a", "ip", "link", "set", f"veth{number}", "up")
        time.sleep(1)    # longer than changes are waited for
        assert changes() == 0, server.program.log()
        place.run("a", "ip", "address", "add", "192.168.2.77/24", "dev", "eth0")
        wait_for(lambda: changes() == 1, 10, "the change to be noticed")
        wait_for(lambda: public().startswith("198.51.100.2:"), 15, "the public endpoint again")
        with open(place.path("server.home", "state", "stunfwd", "networks")) as file:
            assert "hops=1" in file.read()

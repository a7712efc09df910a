# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pair for each way to meet; matrix.py measures all of them."""
from lab import Lab
from meeting import Meetings
from pairs import good_enough, pair


LIMIT = 40


def meets(client, server):
    """Whoever they are, they connect, and by a path as good as there can be."""
    case = pair(client, server)
    with Lab(*case.sites) as place:
        found = Meetings(place, case, LIMIT).meet()
        print(f"{case.key}, {case.way}: {found}")
        assert found["first_byte_ms"] is not None, f"not connected: {found}"
        assert good_enough(found["class"], case.way), f"{case.way} is possible: {found}"


def test_punched_by_a_carrier_grade_nat_and_a_cone():
    meets("cgnat", "addr-restricted")


def test_predicted_by_a_cone():
    meets("port-restricted", "symmetric-seq")


def test_predicted_by_each_other():
    meets("symmetric-seq", "symmetric-seq")


def test_birthday():
    meets("symmetric-random", "port-restricted")


def test_port_leased_by_upnp():
    meets("symmetric-random", "upnp")


def test_tcp_where_udp_is_blocked():
    meets("udp-blocked", "port-restricted")


def test_tcp_where_only_the_web_is_let_out():
    meets("web-only", "full-cone")


def test_relayed_where_no_port_is_known():
    meets("symmetric-random", "symmetric-random")


def test_relayed_to_the_web_only():
    meets("web-only", "symmetric-random")

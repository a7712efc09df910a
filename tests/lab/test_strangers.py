# SPDX-License-Identifier: LGPL-2.1-or-later
"""Those who are no peers get nothing: no connection, and no packets sent to where they point."""
import contextlib
import time

import strangers
import traffic
from hostile_signald import HostileSignald
from lab import Lab, wait_for
from programs import PUB, Client, Server, Signald
from strangers import LyingStun, Stranger, Victim
from traffic import ECHO, OFFSET
from trouble import CUT, SITE, between_sites, is_direct

LOCAL = ECHO + OFFSET
MAPPING = f"tcp:{LOCAL}:{ECHO}"
SITES = ("a=full-cone", "b=full-cone")
"""Their mapped ports take packets from anybody."""
VICTIM, VICTIM_PORT = "203.0.113.200", 5004
LIAR = 9999
WATCHED = 20
INVENTED_AT_LEAST = 40
CHECK_SIZE_MAX = 200
"""Bytes of a check on the wire: FWD_PROBE_SIZE_MAX and the headers, rounded up."""
CHECKS_A_SECOND = 150
"""Of all strategies together, towards one address: what a victim may see of one hostile peer."""


@contextlib.contextmanager
def tunnel():
    """A direct tunnel between two open sites, with bytes under way; then whoever was there
    must not have mattered."""
    with Lab(*SITES) as place:
        traffic.start_services(place, "a")
        server = Server(place, "a", Signald(place))
        client = Client(place, "b", server.ticket(), MAPPING)
        traffic.wait_through(place, "b", LOCAL)
        client.wait_connected("p2p")
        server.wait_connected("p2p")
        steady = traffic.Steady(place, "b", LOCAL)
        yield place, server, client
        steady.wait_more()
        for peer in (server, client):
            found = peer.connected()
            assert len(found) == 1 and is_direct(found[0]["path"]["class"]), found


def public_endpoints(server, client):
    """Where each of them is reached: what the other one sends to."""
    return [strangers.split(peer.connected()[0]["path"]["remote"]) for peer in (server, client)]


def wait_told(peer):
    wait_for(lambda: strangers.told_of_strangers(peer), 20, f"{peer.name} to log the strangers")


def pester(place, server, client, make_packets):
    """Packets to both, from each other's address and from a victim's. What the victim got."""
    victim, stranger = Victim(place, VICTIM), Stranger(place)
    at_b, at_a = public_endpoints(server, client)
    for source, target in ((at_a, at_b), (at_b, at_a), ((VICTIM, VICTIM_PORT), at_a),
                           ((VICTIM, VICTIM_PORT), at_b)):
        before = stranger.sent
        for payload in make_packets(stranger, target):
            stranger.send(source, target, payload)
        sent = stranger.sent - before
    time.sleep(2)    # an answer may be repeated; what is asserted holds at any time
    packets, count = victim.counted()
    print(f"the victim got {packets} packets, {count} bytes; each peer got {sent} in its name")
    stranger.close()
    return count, 2 * sent


def test_made_up_packets():
    with tunnel() as (place, server, client):
        count, sent = pester(place, server, client, lambda *_: strangers.made_up_packets())
        assert count <= 3 * sent, f"{count} bytes for {sent}"
        for peer in (server, client):
            wait_told(peer)


def test_packets_overheard_and_repeated():
    """They carry the right keys, and come again from elsewhere: no one may follow them there."""
    with tunnel() as (place, server, client):
        count, sent = pester(place, server, client,
                             lambda stranger, target: stranger.overhear(target, 20) * 3)
        assert count <= 3 * sent, f"{count} bytes for {sent}"
        at_a, at_b = (strangers.split(peer.connected()[0]["path"]["remote"])[0]
                      for peer in (client, server))
        assert VICTIM not in (at_a, at_b)


def ticket_for_hostile(signald):
    """The room is at the hostile server, STUN where it always is."""
    return signald.make_ticket().replace(f"{PUB}:{signald.port}", f"{PUB}:80")


@contextlib.contextmanager
def hostile_room(*misdeeds):
    with Lab("a=port-restricted", "b=port-restricted") as place:
        traffic.start_services(place, "a")
        hostile = HostileSignald(place, "pub", (PUB, 80), *misdeeds)
        ticket = place.write("ticket", ticket_for_hostile(Signald(place)) + "\n")
        try:
            yield place, hostile, ticket
        finally:
            hostile.close()


def test_signald_that_repeats_swaps_drops_and_makes_up():
    with hostile_room("replay", "reorder", "drop", "claim") as (place, hostile, ticket):
        server = Server(place, "a", None, "--ticket-file", ticket)
        client = Client(place, "b", "--ticket-file", ticket, MAPPING)
        traffic.wait_through(place, "b", LOCAL, 90)
        wait_for(lambda: len(server.connected()) == 1 and len(client.connected()) == 1, 30,
                 "one peer each")
        print(f"{hostile.harm} misdeeds, {hostile.delivered} messages delivered")
        assert hostile.harm > INVENTED_AT_LEAST
        for peer in (server, client):
            assert peer.status()["signaling"]["dropped"] > 0, peer.status()
            peer.wait_log("a message in the room was dropped")




def test_signald_that_points_at_a_peer_of_the_past():
    """All that was ever said in the room is said again to a server that has just come; who was
    a peer then has nothing sent to it now."""
    with hostile_room() as (place, hostile, ticket):
        first = Server(place, "a", None, "--ticket-file", ticket)
        client = Client(place, "b", "--ticket-file", ticket, MAPPING)
        traffic.wait_through(place, "b", LOCAL, 60)
        for peer in (client, first):
            peer.program.stop()
        victim = Victim(place, SITE.format(3))
        server = Server(place, "a", None, "--ticket-file", ticket, name="later")
        wait_for(lambda: any(member.role == "server" for member in hostile.members), 20,
                 "the server in the room")
        target = hostile.members[-1]
        for _ in range(5):
            hostile.claim(target)
        wait_for(lambda: server.status()["signaling"]["dropped"] > 0, 20, "dropped messages")
        time.sleep(5)    # the client's strategies would begin at once
        packets, count = victim.counted()
        print(f"{hostile.harm} messages of the past; {packets} packets, {count} bytes to the peer "
              "of then")
        assert packets == 0
        assert not server.connected()


def test_client_that_points_at_a_victim():
    """It holds the ticket and lies about where it is: what the server sends there is paced and
    bounded, and no connection comes of it."""
    with Lab(*SITES) as place:
        victim = Victim(place, VICTIM)
        signald = Signald(place)
        server = Server(place, "a", signald)
        liar = LyingStun(place, "pub", (PUB, LIAR), (VICTIM, VICTIM_PORT))
        with between_sites(place, CUT):
            start = time.monotonic()
            Client(place, "b", server.ticket(), MAPPING, "--stun", f"{PUB}:{LIAR}")
            wait_for(lambda: victim.counted()[0] > 0, 20, "the server to believe it")
            time.sleep(WATCHED)    # what is asserted holds at any time
            packets, count = victim.counted()
            seconds = time.monotonic() - start
            paths = [path for peer in server.connected()
                     for path in (peer["path"], *peer["standby"])]
        print(f"in {seconds:.0f} s the victim got {packets} packets, {count} bytes, in "
              f"{strangers.attempts(server)} attempts; the liar was asked {liar.asked} times")
        assert packets <= CHECKS_A_SECOND * seconds
        assert count <= packets * CHECK_SIZE_MAX
        assert not any(path["remote"].startswith(VICTIM) for path in paths), paths

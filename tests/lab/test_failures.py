# SPDX-License-Identifier: LGPL-2.1-or-later
"""What breaks heals by itself."""
import traffic
from lab import Lab, wait_for
from programs import Client, Server, Signald
from traffic import ECHO, HTTP, OFFSET

SITES = ("a=port-restricted", "b=port-restricted")
LOCAL = ECHO + OFFSET
MAPPING = f"tcp:{LOCAL}:{ECHO}"


def connect(place, client_node="b"):
    """A tunnel from the client's node to the echo service at `a`, upgraded to P2P."""
    traffic.start_services(place, "a")
    signald = Signald(place)
    server = Server(place, "a", signald)
    client = Client(place, client_node, server.ticket(), MAPPING)
    client.wait_mapped(LOCAL)
    traffic.wait_through(place, client_node, LOCAL)
    client.wait_connected("p2p")
    return signald, server, client


def test_server_killed_and_restarted():
    with Lab(*SITES) as place:
        _, server, client = connect(place)
        ticket = server.ticket()
        server.program.kill()
        server.start()
        traffic.wait_through(place, "b", LOCAL, 60)
        assert client.program.alive()
        wait_for(lambda: server.program.log().count(ticket) >= 2, 5, "the same ticket again")


def test_client_killed_and_restarted():
    with Lab(*SITES) as place:
        _, server, client = connect(place)
        client.program.kill()
        client.start()
        traffic.wait_through(place, "b", LOCAL, 60)
        wait_for(lambda: len(server.connected()) == 1, 60, "the server to forget the first client")


def router_forgets(router, option=""):
    with Lab(*(site + option for site in SITES)) as place:
        connect(place)
        steady = traffic.Steady(place, "b", LOCAL)
        place.forget(router)
        steady.wait_more(40, limit=15)


def test_router_of_the_client_forgets():
    router_forgets("b-r1")


def test_router_of_the_server_forgets():
    router_forgets("a-r1")


def test_router_of_the_client_gives_other_ports():
    router_forgets("b-r1", ",port=random")


def test_router_of_the_server_gives_other_ports():
    router_forgets("a-r1", ",port=random")


def test_router_forgets_during_a_download():
    """The one who has to move has nothing to send."""
    with Lab(*(site + ",port=random,rate=40" for site in SITES)) as place:
        traffic.start_services(place, "a")
        server = Server(place, "a", Signald(place))
        client = Client(place, "b", server.ticket(), f"tcp:{HTTP + OFFSET}:{HTTP}")
        client.wait_connected("p2p")
        download = traffic.Download(place, "b", HTTP + OFFSET, 20_000_000)
        download.wait_bytes(2_000_000)
        place.forget("b-r1")
        download.wait_complete(30)


def test_signald_killed_and_restarted():
    with Lab(*SITES, "c=port-restricted") as place:
        signald, server, _ = connect(place)
        steady = traffic.Steady(place, "b", LOCAL)
        signald.program.kill()
        steady.wait_more()
        signald.start()
        Client(place, "c", server.ticket(), MAPPING, name="late").wait_mapped(LOCAL)
        traffic.wait_through(place, "c", LOCAL, 60)
        steady.wait_more()


def test_two_clients_on_one_server():
    with Lab(*SITES, "c=full-cone") as place:
        _, server, _ = connect(place)
        Client(place, "c", server.ticket(), MAPPING, f"tcp:{HTTP + OFFSET}:{HTTP}",
               name="second")
        traffic.wait_through(place, "c", LOCAL)
        first, second = traffic.Steady(place, "b", LOCAL), traffic.Steady(place, "c", LOCAL, "other")
        traffic.many_requests(place, "c")
        assert len(server.connected()) == 2, server.status()
        first.wait_more()
        second.wait_more()


def test_client_started_before_the_server():
    with Lab(*SITES) as place:
        traffic.start_services(place, "a")
        signald = Signald(place)
        ticket = place.write("ticket", signald.make_ticket() + "\n")
        client = Client(place, "b", "--ticket-file", ticket, MAPPING)
        wait_for(lambda: (client.status() or {}).get("signaling", {}).get("connected"), 20,
                 "the client in its room")
        Server(place, "a", signald, "--ticket-file", ticket)
        traffic.wait_through(place, "b", LOCAL)
        client.wait_connected("p2p")

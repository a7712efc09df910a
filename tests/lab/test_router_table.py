# SPDX-License-Identifier: LGPL-2.1-or-later
"""A router survives being punched: its table is small, and others use it."""
import router_table
import traffic
from lab import Lab, wait_for
from programs import PUB, Client, Server, Signald
from traffic import ECHO, HTTP, OFFSET

LOCAL = ECHO + OFFSET
TABLE = 4096
BUDGET = 1024
OTHERS = 200
"""Entries of all that runs beside: downloads, requests, STUN, signaling, other strategies."""
MEGABYTES, RATE = 40, 16
SITES = tuple(f"{name}={kind},delay=10,rate={RATE},hosts=2" for name, kind in
              (("a", "port-restricted"), ("b", "symmetric-random")))
ROUTERS = ("a-r1", "b-r1")


def serve_to_all(place):
    """The services of `pub` are for every site here: its loopback is, by a rule."""
    traffic.start_services(place, "pub")
    place.run("pub", "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
    place.nft("pub", f"""table ip serve {{
        chain in {{
            type nat hook prerouting priority dstnat;
            ip daddr {PUB} tcp dport {HTTP} dnat to 127.0.0.1
        }}
    }}
    """)


def strategies_tried(peer):
    return {item["id"]: item["attempts"] for item in peer.status()["strategies"]}


def test_downloads_beside_birthday():
    """Hosts beside both peers download and make new connections while these look for ports."""
    with Lab(*SITES) as place:
        serve_to_all(place)
        traffic.start_services(place, "a")
        for router in ROUTERS:
            router_table.limit(place, router, TABLE)
        url = f"http://{PUB}:{HTTP}"
        downloads = [traffic.Transfer(place, node, url, MEGABYTES * 1_000_000, f"download-{node}")
                     for node in ("a2", "b2")]
        for download in downloads:
            download.wait_share(0.1, 60)
        watch = router_table.Watch(place, ROUTERS)
        server = Server(place, "a", Signald(place, port=80))
        client = Client(place, "b", server.ticket(), f"tcp:{LOCAL}:{ECHO}")
        traffic.wait_through(place, "b", LOCAL)
        assert not any(download.ended() for download in downloads), "they ended too soon"
        for node in ("a2", "b2"):
            traffic.many_requests(place, node, HTTP, 100, host=PUB)
        longest = [download.wait_complete(120) for download in downloads]
        wait_for(lambda: all(peer["state"] == "connected" for peer in client.connected()), 10,
                 "the tunnel to be there")
        most = watch.stop()
        refused = [place.counter(router, "small")[0] for router in ROUTERS]
        path, tried = client.wait_connected()["path"], strategies_tried(client)
        print(f"entries at most {most}; longest stalls {longest} ms; {path['class']} by "
              f"{path['strategy']}, after {tried}")
        assert tried.get("birthday"), "birthday was not tried"
        assert max(most.values()) <= BUDGET + OTHERS, most
        assert refused == [0, 0], f"{refused} new connections were refused"


test_downloads_beside_birthday.limit = 300

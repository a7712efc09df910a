# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both sides' story of the strategies, on loopback."""
import json

import traffic
from lab import Loopback, wait_for
from programs import Client, Server, loopback_signald


class Pair:
    """A server and a client peer that are connected."""

    def __init__(self, place):
        self.place = place
        local, http, echo = place.port(), place.port(), place.port()
        traffic.start_services(place, None, http, echo)
        self.server = Server(place, None, loopback_signald(place))
        self.client = Client(place, None, self.server.ticket(), f"tcp:{local}:{echo}")
        self.client.wait_connected()

    def explain(self, peer, *words, check=True):
        return self.place.run(None, self.place.binary("stunfwd"), "explain", "--control",
                              peer.control, *words, check=check)

    def both_told(self, peer):
        """What `peer` explains once it knows the other side's story, too."""
        def found():
            explained = json.loads(self.explain(peer, "--json").stdout)
            told = [one for one in explained["peers"] if one["told"]]
            return explained if told else None
        return wait_for(found, 15, f"both sides' story at {peer.name}")


def check_end(end):
    assert end["outcome"] in ("not tried", "running", "succeeded", "failed", "stopped"), end
    for number in ("race", "duration_ms", "sent"):
        assert end[number] >= 0, end
    assert all(isinstance(line, str) for line in end["lines"] + end["advice"]), end


def check_sides(explained, role):
    assert explained["role"] == role, explained
    peer = explained["peers"][0]
    assert peer["state"] == "connected" and peer["path"]["class"] == "lan", peer
    assert peer["why"] and "classic" in explained["nat"] and "classic" in peer["nat"], peer
    for strategy in peer["strategies"]:
        for side in ("here", "there"):
            if side in strategy:
                check_end(strategy[side])
    lan = next(one for one in peer["strategies"] if one["id"] == "lan")
    for side in ("here", "there"):
        assert lan[side]["outcome"] in ("succeeded", "stopped"), lan
    assert "succeeded" in (lan["here"]["outcome"], lan["there"]["outcome"]), lan
    assert peer["advice"] == [], "advice, though there is a direct path"


def test_both_sides_tell():
    with Loopback() as place:
        pair = Pair(place)
        check_sides(pair.both_told(pair.client), "client")
        check_sides(pair.both_told(pair.server), "server")


def test_text_for_people():
    with Loopback() as place:
        pair = Pair(place)
        peer = pair.both_told(pair.client)["peers"][0]
        lines = pair.explain(pair.client).stdout.splitlines()
        assert lines[0].startswith(f"peer {peer['id']}: connected; NAT here "), lines
        assert any(line.startswith("  path lan by lan, ") for line in lines), lines
        assert any(line.startswith("  lan  ") and " after " in line for line in lines), lines
        assert any(line.startswith("    there: ") for line in lines), lines
        assert all(line.isprintable() for line in lines), lines


def test_one_peer_of_many():
    with Loopback() as place:
        pair = Pair(place)
        name = pair.client.wait_connected()["id"]
        explained = json.loads(pair.explain(pair.client, "--json", name[:6]).stdout)
        assert [peer["id"] for peer in explained["peers"]] == [name], explained
        other = pair.explain(pair.client, "z", check=False)
        assert other.returncode == 1 and "\"z\"" in other.stderr and not other.stdout, other


def test_nobody_met_yet():
    with Loopback() as place:
        signald = loopback_signald(place)
        pair = Pair.__new__(Pair)
        pair.place = place
        alone = Server(place, None, signald)
        alone.ticket()
        wait_for(lambda: alone.status(), 10, "the control socket")
        assert "no peer has been met yet" in pair.explain(alone).stdout
        assert json.loads(pair.explain(alone, "--json").stdout)["peers"] == []


def test_wrong_use():
    with Loopback() as place:
        binary, nowhere = place.binary("stunfwd"), place.path("nowhere")
        for words, status in ((["--no-such-option"], 2), (["one", "two"], 2),
                              (["--control", nowhere], 1), ([], 1)):
            done = place.run(None, binary, "explain", *words, check=False)
            assert done.returncode == status, f"{words}: {done}"
            assert len(done.stderr.splitlines()) == 1 and not done.stdout, f"{words}: {done}"


def test_status_counts_strategies():
    """The status beside it: attempts and successes of each strategy, times from the first race."""
    with Loopback() as place:
        pair = Pair(place)
        for peer in (pair.client, pair.server):
            pair.both_told(peer)
            status = peer.status()
            lan = next(one for one in status["strategies"] if one["id"] == "lan")
            assert set(lan) == {"id", "attempts", "successes"}, lan
            assert lan["attempts"] >= lan["successes"] >= 0 and lan["attempts"] >= 1, lan
            one = status["peers"][0]
            assert one["first_path_ms"] > 0, one
            assert one["upgraded_at_ms"] == 0 or one["upgraded_at_ms"] >= one["first_path_ms"], one
            assert isinstance(one["standby"], list), one

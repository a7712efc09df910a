# SPDX-License-Identifier: LGPL-2.1-or-later
"""That every figure of the bench can be measured, that the bytes which its traffic tool compares are
right, and that stunfwd counts what passed. No figure is judged."""
import json
import math
import os
import sys

from lab import Place, Skip, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, HERE)
import goals  # noqa: E402  pylint: disable=wrong-import-position
from bed import LOCAL, Bed  # noqa: E402  pylint: disable=wrong-import-position
from forwarding import DATAGRAM, offer, transfer  # noqa: E402  pylint: disable=wrong-import-position
from held import hold  # noqa: E402  pylint: disable=wrong-import-position
from items import ITEMS  # noqa: E402  pylint: disable=wrong-import-position
from peers import stunfwd  # noqa: E402  pylint: disable=wrong-import-position
from settings import SHORT  # noqa: E402  pylint: disable=wrong-import-position

SKIPPED = 77


def bench(*names):
    """The figures of a short run, from its JSON."""
    with Place() as place:
        file = place.path("figures.json")
        done = place.run(None, sys.executable, os.path.join(HERE, "bench.py"), "--short",
                         "--rounds", 1, "--json", file, *names, limit=140, check=False,
                         env={name: value for name, value in os.environ.items()
                              if name.startswith("STUNFWD_") or name == "CI"})
        if done.returncode == SKIPPED:
            raise Skip(done.stdout.strip())
        assert done.returncode == 0, done.stdout + done.stderr
        with open(file, encoding="utf-8") as opened:
            return json.load(opened)["figures"], done.stdout


def measured(*names):
    """Every figure of those items, in every column that has it, is a number."""
    figures, table = bench(*names)
    for figure in goals.chosen(names):
        assert figure.text in table, f"the table lacks {figure.key}"
        for column in ITEMS[figure.item].columns:
            if figure.item == "stream" and figure.key.startswith("cpu") and column == "direct":
                continue                       # no forwarder, no time of its own
            value = figures[figure.key]["medians"].get(column)
            assert value is not None and math.isfinite(value), f"{figure.key} of {column}: {value}"


def test_rates():
    measured("stream", "streams", "relay")


def test_small_exchanges():
    measured("echo", "connections", "start")


def test_datagrams():
    measured("udp_rate", "udp_loss_1", "udp_loss_5")


def test_long_paths():
    measured("rise_40", "rise_80")


def test_lossy_paths():
    measured("lossy_stream", "lossy_echo")


def test_full_queue():
    measured("loaded_echo")


def test_memory():
    measured("memory")


def mapping(peer, text):
    """The mapping's connections and bytes each way, once nothing of it is open."""
    wait_for(lambda: peer.mapping(text)["connections"] == 0, 15, f"{text} to have no connection")
    counted = peer.mapping(text)
    return counted["total"], counted["bytes_out"], counted["bytes_in"]


def test_counters():
    """stunfwd's own count of what the traffic tool has moved."""
    with Bed() as bed:
        route = stunfwd(bed)
        bed.wait_first_byte(route)
        client = route.programs["client"]
        total, out, back = mapping(client, f"tcp:{LOCAL}:")
        there = transfer(bed, route, "there", 2, SHORT)
        here = transfer(bed, route, "back", 1, SHORT)
        hold(bed, "hold", LOCAL, SHORT.held).kill()
        after = mapping(client, f"tcp:{LOCAL}:")
        assert after[0] == total + 3 + SHORT.held, (total, after)
        assert after[1] >= out + there["total_bytes"] + SHORT.held, (out, there, after)
        assert after[2] >= back + here["total_bytes"] + SHORT.held, (back, here, after)
        sent, got = offer(bed, route, 1000, SHORT.seconds)
        assert 0 < got["received"] <= sent["sent"], (sent, got)
        assert client.mapping(f"udp:{LOCAL}:")["bytes_out"] >= got["received"] * DATAGRAM

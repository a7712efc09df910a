# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements: what each takes, and who is measured."""
import dataclasses
import typing

import forwarding
import held
import other_forwards
import other_tunnels
import wan

ALL = {"stunfwd": "stunfwd", "ssh": "ssh", "direct": "direct"}
OURS = {"stunfwd": "stunfwd"}
BESIDE = {"stunfwd": "stunfwd", "direct": "direct", "bbr": "direct_bbr"}


@dataclasses.dataclass(frozen=True)
class Item:
    """`columns`: the columns of the table that it fills, and the peer of each. Items of one
    setting, which is link and loopback, share the start of a peer."""
    measure: typing.Callable
    columns: dict
    link: str = ""
    single: bool = False
    once: bool = False
    """One round is enough."""
    alone: bool = False
    """The peer is started for this item alone."""

    @property
    def setting(self):
        return self.link, self.single, self.measure if self.alone else None


ITEMS = {
    "stream": Item(forwarding.stream, ALL),
    "streams": Item(forwarding.streams, ALL),
    "echo": Item(forwarding.echo, ALL),
    "connections": Item(forwarding.connections, ALL),
    "udp_rate": Item(forwarding.udp_rate, {"stunfwd": "stunfwd", "direct": "direct"}),
    "lossy_stream": Item(wan.lossy_stream, BESIDE, "delay=20,rate=1000,loss=1"),
    "udp_loss_1": Item(wan.udp_loss(1), OURS, "loss=1", once=True),
    "udp_loss_5": Item(wan.udp_loss(5), OURS, "loss=5", once=True),
    "rise_40": Item(wan.rise(20), BESIDE, "delay=20,rate=1000"),
    "rise_80": Item(wan.rise(40), BESIDE, "delay=40,rate=1000"),
    "lossy_echo": Item(wan.lossy_echo, ALL, "loss=1"),
    "loaded_echo": Item(wan.loaded_echo, ALL, "delay=20,rate=100"),
    "memory": Item(held.memory, OURS, once=True, alone=True),
    "relay": Item(forwarding.relay, {"stunfwd": "stunfwd_relay"}),
    "start": Item(forwarding.start, {"stunfwd": "stunfwd", "ssh": "ssh"}, single=True),
}

OTHERS = other_forwards.PEERS | other_tunnels.PEERS
WITH_OTHERS = ("stream", "streams", "echo", "connections", "udp_rate")


def visits(names, others):
    """Each start of a peer: (setting, peer, column), and the items that are measured then."""
    found = {}
    for name in names:
        item, columns = ITEMS[name], ITEMS[name].columns
        if others and name in WITH_OTHERS:
            columns = columns | {other: other for other in OTHERS}
        for column, peer in columns.items():
            found.setdefault((item.setting, peer, column), []).append(item)
    return found

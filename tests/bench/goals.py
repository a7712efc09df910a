# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every figure of the table, and what it should reach and aim at."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Goal:
    """A bound on the figure itself, or on its ratio to that of a column."""
    sign: str
    bound: float
    of: str = None

    def __str__(self):
        return f"{self.sign} {self.bound:,g}" + (f" × {self.of}" if self.of else "")

    def met(self, value):
        """Whether the value, or the ratio, keeps to it; None when there is none."""
        if value is None:
            return None
        return value >= self.bound if self.sign == "≥" else value <= self.bound


def least(bound, of=None):
    return Goal("≥", bound, of)


def most(bound, of=None):
    return Goal("≤", bound, of)


@dataclasses.dataclass(frozen=True)
class Figure:
    """`key` is the name in JSON and for --only; `item` the measurement that yields it."""
    key: str
    item: str
    text: str
    unit: str
    reach: tuple = ()
    aim: tuple = ()
    digits: int = 2


def _there_and_back(key, item, text, unit, end="", **goals):
    return [Figure(f"{key}-{way}{end}", item, f"{text}, {way}", unit, **goals)
            for way in ("there", "back")]


def _udp_loss(percent, most_lost):
    item, text = f"udp_loss_{percent}", f"2,000 datagrams/s, {percent} % lost"
    return [Figure(f"udp-stall-{percent}", item, f"{text}: longest stall", "ms",
                   (most(300),), (most(100),), 0),
            Figure(f"udp-lost-{percent}", item, f"{text}: lost", "%", (most(most_lost),))]


def _rise(trip):
    item, text = f"rise_{trip}", f"1 Gbit/s, {trip} ms"
    return [*_there_and_back(f"share-{trip}", item, f"{text}: share of the rate", "1",
                             reach=(least(0.85),), aim=(least(0.95),)),
            *_there_and_back(f"rise-{trip}", item, f"{text}: 0.85 reached after", "s",
                             reach=(most(3),), aim=(most(1),))]


FIGURES = [
    *_there_and_back("stream", "stream", "one TCP stream", "Gbit/s",
                     reach=(least(0.8, "ssh"),), aim=(least(1.1, "ssh"),)),
    *_there_and_back("streams", "streams", "eight streams", "Gbit/s",
                     reach=(least(0.8, "ssh"),), aim=(least(1.1, "ssh"),)),
    *_there_and_back("cpu", "stream", "CPU of both ends", "s/GB",
                     reach=(most(1, "ssh"),), aim=(most(0.7, "ssh"),)),
    Figure("echo-p50", "echo", "1-byte ping-pong p50", "µs", (most(1, "ssh"),), (most(100),), 0),
    Figure("echo-p99", "echo", "1-byte ping-pong p99", "µs", (most(1, "ssh"),), (), 0),
    Figure("connections-1", "connections", "new connections, one at a time", "1/s",
           (least(4000),), (least(8000),), 0),
    Figure("connections-16", "connections", "new connections, 16 at once", "1/s",
           (least(10000),), (least(20000),), 0),
    Figure("udp-rate", "udp_rate", "200-byte datagrams, ≤ 1 % lost", "1/s",
           (least(150_000),), (least(0.95, "direct"),), 0),
    *_there_and_back("lossy-stream", "lossy_stream", "1 Gbit/s, 40 ms, 1 % lost: one stream", "Gbit/s",
                     reach=(least(0.5), least(10, "direct")), aim=(least(1, "bbr"),)),
    *_udp_loss(1, 1.2),
    *_udp_loss(5, 5.4),
    *_rise(40),
    *_rise(80),
    Figure("lossy-echo-p50", "lossy_echo", "1 % lost: 1-byte ping-pong p50", "ms"),
    Figure("lossy-echo-p99", "lossy_echo", "1 % lost: 1-byte ping-pong p99", "ms",
           (most(10),), (most(5),)),
    *_there_and_back("loaded", "loaded_echo", "100 Mbit/s, 40 ms, beside a stream: ping-pong p50",
                     "round trips", end="-p50"),
    *_there_and_back("loaded", "loaded_echo", "100 Mbit/s, 40 ms, beside a stream: ping-pong p99",
                     "round trips", end="-p99", reach=(most(2.5),), aim=(most(1.3),)),
    Figure("idle-resident", "memory", "idle tunnel, the larger end", "MiB", (most(12),), (most(6),)),
    Figure("idle-anonymous", "memory", "of it not of files", "MiB"),
    Figure("connection-memory", "memory", "idle connection, the larger end", "KiB",
           (most(8),), (most(4),)),
    Figure("flow-memory", "memory", "UDP flow, the larger end", "KiB", (most(1),), (most(0.5),)),
    *_there_and_back("relay", "relay", "one stream through signald", "Gbit/s",
                     reach=(least(1),), aim=(least(2),)),
    Figure("start", "start", "start to first byte, loopback", "ms", (most(150),), (most(50),), 0),
]


def _named(word):
    """The figures of that very name, or that measurement; else those with the word in the name."""
    exact = [figure for figure in FIGURES if word in (figure.key, figure.item)]
    return exact or [figure for figure in FIGURES if word in figure.key]


def chosen(words):
    """The figures that the words name, all of them without words; in the table's order."""
    named = [figure for word in words for figure in _named(word)]
    return [figure for figure in FIGURES if not words or figure in named]

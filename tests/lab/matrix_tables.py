# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page that matrix.py writes."""
import pairs
from pairs import DIRECT_GOALS, FIRST_BYTE_GOAL, TYPES

WAYS = ("punched", "predicted", "birthday", "tcp", "relay")
INTRODUCTION = """\
# NAT against NAT

Written by `{command}` on {date}; edit [tests/lab/pairs.py](../tests/lab/pairs.py) or
[tests/lab/matrix_tables.py](../tests/lab/matrix_tables.py), not this page.

Every type of NAT of [natlab](../tests/lab/README.md) against every other, in network
namespaces: 40 ms there and back between the peers, 20 ms to the signaling server, which is
STUN server and relay as well. Each run is a new server that waits, then a new client with one
TCP mapping, behind routers that remember nothing. Times count from the start of the client's
process: to the first byte that has come back through the mapping, and to the first direct path.
A machine with {processors} processors, with several labs side by side.

## How they should meet

{reasons}

{expected}
"""


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(head), "|" + "---|" * len(head), *map(row, rows)])


def grid(cell):
    """Clients down, servers across."""
    return table(["client \\ server", *TYPES],
                 [[f"**{client}**", *(cell(client, server) for server in TYPES)] for client in TYPES])


def number(value):
    return "–" if value is None else f"{value:.0f}"


def both(spread):
    return f"{number(spread['p50'])} / {number(spread['p95'])}"


def listed(counted):
    return ", ".join(f"{name} {count}" if len(counted) > 1 else name
                     for name, count in counted.items())


def measured_cell(figures):
    """Strategy and median: `udp-punch 310`."""
    if figures is None:
        return ""
    strategy = next(iter(figures["strategies"]))
    time = figures["direct"]["p50"]
    text = strategy if time is None else f"{strategy} {time:.0f}"
    return f"{text} (!)" if figures["missed"] else text


def case_row(figures):
    return [f"{figures['client']} → {figures['server']}", figures["way"],
            f"{figures['connected']} / {figures['runs']}", listed(figures["strategies"]),
            both(figures["first_byte"]), both(figures["direct"]),
            number(DIRECT_GOALS.get(figures["way"]))]


def case_table(figures):
    return table(["client → server", "should be", "connected", "strategy",
                  "first byte p50 / p95 ms", "direct p50 / p95 ms", "goal for direct p50"],
                 map(case_row, figures))


def way_row(way, figures):
    of_way = [item for item in figures if item["way"] == way]
    runs = sum(item["runs"] for item in of_way)
    medians = [item["direct"]["p50"] for item in of_way if item["direct"]["p50"] is not None]
    return [way, len(of_way), f"{sum(item['connected'] for item in of_way)} / {runs}",
            f"{sum(item['as_expected'] for item in of_way)} / {runs}",
            number(max((item["first_byte"]["p95"] for item in of_way
                        if item["first_byte"]["p95"] is not None), default=None)),
            f"{number(min(medians, default=None))} … {number(max(medians, default=None))}",
            number(DIRECT_GOALS.get(way))]


def ways_table(figures):
    return table(["way", "pairs", "runs connected", "as good as expected",
                  "slowest first byte p95 ms", "direct p50 ms", "goal"],
                 [way_row(way, figures) for way in (*WAYS, "lan")
                  if any(item["way"] == way for item in figures)])


def missed_lines(figures):
    lines = [f"- {item['kind']}, {item['client']} → {item['server']}: {'; '.join(item['missed'])}"
             for item in figures if item["missed"]]
    return "\n".join(lines) or "Nothing: all cases are as they should be."


def summary(figures):
    """Lines for the terminal."""
    yield ways_table(figures)
    yield ""
    yield missed_lines(figures)


def measured_section(figures):
    found = {(item["client"], item["server"]): item for item in figures if item["kind"] == "pair"}
    yield "## What was measured\n"
    yield "The strategy of the path in the end, and the median of the milliseconds to the first " \
          "direct path; (!) misses a goal.\n"
    yield grid(lambda client, server: measured_cell(found.get((client, server)))) + "\n"
    yield ways_table([item for item in figures if item["kind"] == "pair"]) + "\n"


def variants_section(figures):
    texts = (("lan", "### Two hosts of one site"),
             ("hairpin", "### Two homes behind one carrier's NAT that hairpins"),
             ("no-hairpin", "### The same where it does not hairpin"))
    for kind, title in texts:
        of_kind = [item for item in figures if item["kind"] == kind]
        if of_kind:
            yield f"{title}\n\n{case_table(of_kind)}\n"


def page(about, figures):
    reasons = pairs.__doc__.split("\n\n", 1)[1].strip()
    reasons = reasons.replace("\n\n  open ", "\n\n```\n  open ").replace(
        ": symmetric-random\n\n", ": symmetric-random\n```\n\n")
    parts = [INTRODUCTION.format(reasons=reasons, expected=grid(pairs.how), **about),
             *measured_section(figures),
             f"## Goals\n\nEvery run connects; first byte p95 at most {FIRST_BYTE_GOAL} ms; direct "
             f"p50 at most {DIRECT_GOALS['punched']} ms where punched, {DIRECT_GOALS['predicted']} ms "
             f"where predicted, {DIRECT_GOALS['birthday']} ms by birthday. What was missed:\n\n"
             f"{missed_lines(figures)}\n",
             *variants_section(figures), "### Every pair\n",
             case_table([item for item in figures if item["kind"] == "pair"])]
    return "\n".join(parts) + "\n"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Horizontal bars as SVG that reads on light and on dark paper; on a logarithmic scale where the values
differ much, and then the title says so."""
import math
from xml.sax.saxutils import escape

WIDTH, LABEL, RIGHT = 760, 130, 90
BAR, STEP, HEAD, FOOT = 14, 22, 44, 28
STYLE = """\
text { font: 12px sans-serif; fill: #222; }
.title { font-weight: bold; }
.tick { fill: #666; text-anchor: middle; }
.name { text-anchor: end; }
.grid { stroke: #bbb; stroke-width: 0.5; }
.bar { fill: #8a9bb0; }
.ours { fill: #2f7d4f; }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; }
  .tick { fill: #999; }
  .grid { stroke: #555; }
  .bar { fill: #74859b; }
  .ours { fill: #55b37c; }
}"""


MUCH = 20


class Scale:
    """From zero to a round number."""
    NOTE = ""

    def __init__(self, values):
        step = 10.0 ** math.floor(math.log10(max(values)))
        self.step = next(step * part for part in (0.2, 0.5, 1, 2) if max(values) / (step * part) <= 6)
        self.high = math.ceil(max(values) / self.step - 1e-9)

    def share(self, value):
        return value / (self.step * self.high)

    def x(self, value):
        return LABEL + self.share(value) * (WIDTH - LABEL - RIGHT)

    def ticks(self):
        return [self.step * number for number in range(self.high + 1)]


class LogarithmicScale(Scale):
    """From whole power of ten to whole power of ten."""
    NOTE = " (logarithmic scale)"

    def __init__(self, values):  # pylint: disable=super-init-not-called
        self.low = math.floor(math.log10(min(values)) - 1e-9)
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)

    def share(self, value):
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def scale_of(values):
    return LogarithmicScale(values) if max(values) / min(values) >= MUCH else Scale(values)


def element(kind, text=None, **attributes):
    words = " ".join(f'{name.rstrip("_")}="{value:.1f}"' if isinstance(value, float) else
                     f'{name.rstrip("_")}="{value}"' for name, value in attributes.items())
    return f"<{kind} {words}/>" if text is None else f"<{kind} {words}>{escape(text)}</{kind}>"


def grid(scale, top, bottom):
    for tick in scale.ticks():
        at = float(scale.x(tick))
        yield element("line", class_="grid", x1=at, x2=at, y1=top, y2=bottom)
        yield element("text", f"{tick:g}", class_="tick", x=at, y=bottom + 14)


def bars(scale, entries, top):
    for number, (name, value) in enumerate(entries):
        line, end = top + number * STEP + 4, float(scale.x(value))
        yield element("text", name, class_="name", x=LABEL - 8, y=line + 11)
        yield element("rect", class_="ours" if name.startswith("stunfwd") else "bar", x=LABEL,
                      y=line, width=end - LABEL, height=BAR)
        yield element("text", f"{value:.3g}", x=end + 5, y=line + 11)


def panel(title, entries, top):
    """Elements of one diagram that starts at `top`, and where it ends."""
    scale, bottom = scale_of([value for _, value in entries]), top + HEAD + len(entries) * STEP
    return [element("text", title + scale.NOTE, class_="title", x=8, y=top + 24),
            *grid(scale, top + HEAD, bottom), *bars(scale, entries, top + HEAD)], bottom + FOOT


def draw(panels):
    """`panels`: a title and (name, value) pairs each, in the order they are to be drawn in."""
    elements, top = [], 0
    for title, entries in panels:
        entries = [(name, value) for name, value in entries if value]
        if entries:
            more, top = panel(title, entries, top)
            elements += more
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
                      f"<style>{STYLE}</style>", *elements, "</svg>", ""])

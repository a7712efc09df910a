# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table, and the figures as JSON."""
import datetime
import json
import os
import platform

import goals
import plot
from items import WITH_OTHERS

COLUMNS = {"stunfwd": "stunfwd", "ssh": "ssh -L", "direct": "direct", "bbr": "direct, BBR"}


def number(value, digits):
    return "–" if value is None else f"{value:,.{digits}f}"


def spread(values, digits):
    """Median and, of several rounds, least and most."""
    values = sorted(values)
    if not values:
        return "–"
    middle = number(values[len(values) // 2] if len(values) % 2 else
                    sum(values[len(values) // 2 - 1:len(values) // 2 + 1]) / 2, digits)
    if len(values) == 1:
        return middle
    return f"{middle} ({number(values[0], digits)}..{number(values[-1], digits)})"


def goals_text(goals):
    return ", ".join(map(str, goals)) or "–"


def ratio_text(results, figure):
    """The ratios that the goals ask for, else the one to ssh or to the direct way."""
    asked = list(dict.fromkeys(goal.of for goal in figure.reach + figure.aim if goal.of))
    for column in asked or ("ssh", "direct"):
        if not asked and results.ratio(figure.key, column) is not None:
            asked = [column]
    told = [(results.ratio(figure.key, column), column) for column in asked]
    return ", ".join(f"{ratio:.2f} × {column}" for ratio, column in told if ratio is not None) or "–"


def row(results, figure, columns):
    return [f"{figure.text}, {figure.unit}", goals_text(figure.reach), goals_text(figure.aim),
            *(spread(results.of(figure.key, column), figure.digits) for column in columns),
            ratio_text(results, figure), results.verdict(figure)]


def aligned(rows):
    """Markdown of a table whose first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
             for cells in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def table(results, figures):
    columns = [column for column in COLUMNS if column in results.columns()]
    return aligned([["figure", "reach", "aim", *map(COLUMNS.get, columns), "ratio", "met"],
                    *(row(results, figure, columns) for figure in figures)])


def peers_table(results):
    """A row for each peer, of what was measured of all."""
    measured = {key for key, _ in results.values}
    figures = [figure for figure in goals.FIGURES
               if figure.item in WITH_OTHERS and figure.key in measured]
    return aligned([["peer", *(f"{figure.text}, {figure.unit}" for figure in figures)],
                    *([COLUMNS.get(column, column),
                       *(spread(results.of(figure.key, column), figure.digits)
                         for figure in figures)] for column in results.columns())])


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {"processors": os.cpu_count(), "model": models[0] if models else platform.machine(),
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def as_json(results, figures):
    """All values of all rounds, and what they come to."""
    told = {}
    for figure in figures:
        columns = {column: results.of(figure.key, column) for column in results.columns()
                   if results.of(figure.key, column)}
        told[figure.key] = {
            "text": figure.text, "unit": figure.unit, "values": columns,
            "medians": {column: results.median(figure.key, column) for column in columns},
            "ratios": {column: results.ratio(figure.key, column) for column in columns
                       if column != "stunfwd"},
            "reach": goals_text(figure.reach), "aim": goals_text(figure.aim),
            "met": results.verdict(figure)}
    return {"at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": machine(), "figures": told}


def write_json(path, results, figures):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(as_json(results, figures), file, indent=1, ensure_ascii=False)


def ranked(results, key, best_first):
    """Columns and their medians, the best one first."""
    columns = [(COLUMNS.get(column, column), results.median(key, column))
               for column in results.columns() if results.median(key, column)]
    return sorted(columns, key=lambda column: column[1], reverse=best_first)


def write_svg(path, results):
    """One stream there and ping-pong, of everything that was measured."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(plot.draw([
            ("One TCP stream, Gbit/s (more is better)", ranked(results, "stream-there", True)),
            ("1-byte ping-pong p50, µs (less is better)", ranked(results, "echo-p50", False))]))

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures every type of NAT against every other: does it connect, how, and how fast.

Each run is a new server that waits, then a new client; the routers have forgotten all that
was before. Runs are added to the journal as they end: when broken off, the same command goes
on. The tables are made of all that the journal holds.
"""
import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import os
import signal
import sys

import matrix_tables
from figures import Journal, append, figures_of
from lab import Lab, why_no_labs
from meeting import Meetings
from pairs import all_cases

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")


def give_up(*_):
    raise SystemExit("broken off")


def measure_in_lab(case, count, journal, prefix):
    """Up to `count` runs, each written down, until one goes wrong."""
    with Lab(*case.sites, prefix=prefix) as place:
        meetings = Meetings(place, case)
        for _ in range(count):
            record = {"case": case.key, "way": case.way}
            try:
                append(journal, {**record, **meetings.meet()})
            except AssertionError as error:
                append(journal, {**record, "strategy": "failed", "error": str(error)[:300]})
                break


def measure(case, count, journal, prefix):
    """`count` runs of a case. A run in which a program fails is one that did not connect, and
    the last one in its lab. What went wrong, or None."""
    problem, goal = None, len(Journal(journal).runs[case.key]) + count
    while count > 0:
        before = count
        try:
            measure_in_lab(case, count, journal, prefix)
        except AssertionError as error:
            problem = f"{case.key}: {error}"
        count = goal - len(Journal(journal).runs[case.key])
        if count == before:    # no lab, or nothing to run in it
            break
    return problem


def begin_worker():
    """The first process ends them by SIGTERM, and each takes its lab down."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, give_up)
    os.environ["STUNFWD_LAB"] = f"mx{os.getpid()}"


def measure_all(cases, options):
    """Measures what the journal lacks, several labs side by side; how many cases failed."""
    journal = Journal(options.journal)
    wanted = [(case, options.runs - len(journal.runs[case.key])) for case in cases]
    wanted = [(case, count) for case, count in wanted if count > 0]
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=begin_worker) as pool:
        todo = [pool.submit(measure, case, count, options.journal, options.prefix)
                for case, count in wanted]
        try:
            for done, future in enumerate(concurrent.futures.as_completed(todo), 1):
                problem = future.result()
                failed += problem is not None
                print(f"{done}/{len(todo)}", problem or "", flush=True)
        except BaseException:    # broken off: each worker takes its lab down
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise
    return failed


def chosen_cases(words):
    """The cases whose key has one of the words, or all of them."""
    return [case for case in all_cases() if not words or any(word in case.key for word in words)]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("case", nargs="*", help="words that a case's name must contain (one of "
                        "them), such as\npair/none/, /cgnat or hairpin [all cases]")
    parser.add_argument("-n", "--runs", type=int, default=10, help="runs of each case [10]")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="labs side by side [2]")
    parser.add_argument("--journal", default=os.path.join(BUILD, "matrix.jsonl"),
                        help="the runs [build/matrix.jsonl]")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables there")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--prefix", default=os.environ.get("STUNFWD_PREFIX"),
                        help="the installation to measure [STUNFWD_PREFIX]")
    parser.add_argument("--list", action="store_true", help="print the cases and how they should "
                        "meet")
    parser.add_argument("--tables-only", action="store_true", help="measure nothing")
    return parser.parse_args()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def report(cases, options):
    """Prints what is missed, and writes the files asked for; whether all is as it should be."""
    runs = Journal(options.journal).runs
    figures = [figures_of(case, runs[case.key]) for case in cases if runs[case.key]]
    command = f"tests/lab/matrix.py -n {options.runs} -j {options.jobs}"
    about = {"command": command, "date": datetime.date.today().isoformat(),
             "processors": os.cpu_count()}
    if options.json:
        write(options.json, json.dumps({**about, "cases": figures}, indent=1) + "\n")
    if options.markdown:
        write(options.markdown, matrix_tables.page(about, figures))
    print(*matrix_tables.summary(figures), sep="\n")
    return not any(item["missed"] for item in figures)


def main():
    signal.signal(signal.SIGTERM, give_up)
    options = parse()
    cases = chosen_cases(options.case)
    if options.list:
        print(*(f"{case.key}: {case.way}" for case in cases), sep="\n")
        return 0
    failed = 0
    if not options.tables_only:
        problem = why_no_labs()
        if problem:
            print(f"skipped: {problem}")
            return 77
        options.prefix = os.path.abspath(options.prefix) if options.prefix else None
        failed = measure_all(cases, options)
    return 0 if report(cases, options) and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

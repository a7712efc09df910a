#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs tests that take running programs, and prints TAP.

A test is a function test_*() of a file test_*.py. Each runs in a process of its own,
with a time limit; two run side by side. The last line is a comment with the counts.
"""
import argparse
import concurrent.futures
import functools
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import lab  # noqa: E402  pylint: disable=wrong-import-position

SKIPPED = 77
LIMIT = 150


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec.loader.exec_module(module)
    return module


def find(paths):
    """(file, function) of each test, in the order of the files."""
    for path in paths:
        if os.path.isdir(path):
            names = sorted(n for n in os.listdir(path) if n.startswith("test_") and n.endswith(".py"))
            yield from find([os.path.join(path, name) for name in names])
        else:
            module = load(path)
            for name, value in vars(module).items():
                if name.startswith("test_") and callable(value):
                    yield path, value


def run_here(path, name):
    """The child's part: one test; its result is the exit status."""
    def give_up(*_):
        raise AssertionError("the test's time limit is over")
    signal.signal(signal.SIGTERM, give_up)
    try:
        getattr(load(path), name)()
    except lab.Skip as reason:
        print(reason)
        return SKIPPED
    except BaseException:  # pylint: disable=broad-exception-caught
        traceback.print_exc()
        return 1
    return 0


class Results:
    """Prints one TAP line a test as it ends."""

    def __init__(self, total):
        self.lock = threading.Lock()
        self.number = self.passed = self.failed = self.skipped = 0
        print(f"1..{total}", flush=True)

    def add(self, name, status, output, seconds):
        with self.lock:
            self.number += 1
            if status == 0:
                self.passed += 1
                print(f"ok {self.number} - {name} # {seconds:.1f} s")
                self.tell(output)
            elif status == SKIPPED:
                self.skipped += 1
                print(f"ok {self.number} - {name} # SKIP {(output.strip().splitlines() or ['?'])[-1]}")
            else:
                self.failed += 1
                print(f"not ok {self.number} - {name} # {seconds:.1f} s")
                self.tell(output)
            sys.stdout.flush()

    @staticmethod
    def tell(output):
        print("".join(f"#   {line}\n" for line in output.splitlines()), end="")


def run_child(options, results, test):
    path, function = test
    name = f"{os.path.basename(path)[5:-3]}.{function.__name__[5:]}"
    if getattr(function, "long", False) and not options.long:
        results.add(name, SKIPPED, "a long test: --long", 0)
        return
    tag = f"sf{os.getpid()}x{abs(hash(name)) % 100000}"
    env = {**os.environ, "STUNFWD_LAB": tag, "PYTHONDONTWRITEBYTECODE": "1"}
    if options.prefix:
        env["STUNFWD_PREFIX"] = os.path.abspath(options.prefix)
    start = time.monotonic()
    # pylint: disable-next=consider-using-with
    child = subprocess.Popen([sys.executable, __file__, "--one", path, function.__name__], env=env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        output, _ = child.communicate(timeout=getattr(function, "limit", LIMIT))
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            output, _ = child.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    if child.returncode == -signal.SIGKILL:    # it could not take down its labs itself
        for number in range(1, 4):
            subprocess.run([lab.NATLAB, "down", f"{tag}n{number}"], check=False)
    results.add(name, child.returncode, output, time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help="files or folders of tests, and words that "
                        "names of tests must contain (one of them)")
    parser.add_argument("--prefix", help="the installation to test")
    parser.add_argument("--long", action="store_true", help="run the long tests as well")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2))
    parser.add_argument("--list", action="store_true", help="print the names only")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return run_here(*options.one)
    paths = [word for word in options.what if os.path.exists(word)] or [HERE]
    words = [word for word in options.what if not os.path.exists(word)]
    tests = [test for test in find(paths)
             if not words or any(word in test[1].__name__ for word in words)]
    if options.list:
        print(*(function.__name__ for _, function in tests), sep="\n")
        return 0
    results = Results(len(tests))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(functools.partial(run_child, options, results), tests))
    print(f"# {results.passed} passed, {results.failed} failed, {results.skipped} skipped")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())

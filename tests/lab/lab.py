# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where tests run programs: on loopback, or in the nodes of a lab that natlab builds.

A place is a context manager. It keeps the logs of the programs it starts, ends those
and no others, and fails the test when one of the project's programs crashed, did not
end cleanly or left a sanitizer's report.
"""
import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NATLAB = os.path.join(HERE, "natlab")
PATH = "/usr/local/sbin:/usr/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|-CRITICAL \*\*|:ERROR:|Assertion .* failed")
STOP_LIMIT = 15
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """Why a test cannot run here."""


def in_ci():
    return os.environ.get("CI") == "true"


def need(*tools):
    """Paths of the tools; a missing one skips the test, or fails it in CI."""
    found = [shutil.which(tool, path=PATH) for tool in tools]
    for tool, path in zip(tools, found):
        if path is None and in_ci():
            raise AssertionError(f"{tool} is not installed")
        if path is None:
            raise Skip(f"{tool} is not installed")
    return found[0] if len(found) == 1 else found


def why_no_labs():
    """None, or why there can be no labs here."""
    if os.geteuid() != 0:
        return "a lab needs root"
    probe = f"natlabprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True,
                          env={"PATH": PATH})
    if made.returncode:
        return "no network namespaces here: " + made.stderr.strip()
    subprocess.run(["ip", "netns", "delete", probe], check=True, env={"PATH": PATH})
    return None


def wait_for(condition, limit, what="the condition", interval=0.03):
    """The first true value of condition(); an AssertionError after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain for {what}")
        time.sleep(interval)


def _die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _enter(namespace):
    if libc.setns(namespace.fileno(), 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), namespace.name)


class Program:
    """A program under way in a place. `strict`: one of the project's own, which must end
    with status 0 when it is asked to."""

    def __init__(self, name, command, directory, env, strict):
        self.name, self.strict = name, strict
        self.out_path = os.path.join(directory, name + ".out")
        self.err_path = os.path.join(directory, name + ".err")
        self.killed = False
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            # pylint: disable-next=consider-using-with,subprocess-popen-preexec-fn
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, env=env, cwd=directory,
                                            start_new_session=True, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log(self):
        return self.out() + self.err()

    def wait(self, limit):
        """Its exit status, which it must have within `limit` seconds."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended after {limit} s") from None

    def send_signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, limit=STOP_LIMIT):
        self.send_signal(number)
        return self.wait(limit)

    def kill(self):
        """As a power cut would: the test means it, so its status is not held against it."""
        self.killed = True
        if self.alive():
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def end(self):
        """Ends it, and its children; returns what was wrong with it, or None."""
        problem = None
        if self.alive():
            self.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT if self.strict else 2)
            except subprocess.TimeoutExpired:
                problem = f"did not end within {STOP_LIMIT} s of SIGTERM"
            if problem is None and self.process.returncode != 0:
                problem = f"ended with status {self.process.returncode} after SIGTERM"
        elif self.process.returncode < 0 and not self.killed:
            problem = f"died of {signal.Signals(-self.process.returncode).name}"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        report = REPORT.search(self.log())
        if report:
            problem = f"its log has '{report.group()}'"
        return f"{self.name} {problem}" if self.strict and problem else None


class Place:
    """One machine: loopback. `prefix` is a staged installation of the project."""

    def __init__(self, prefix=None):
        self.prefix = prefix or os.environ.get("STUNFWD_PREFIX")
        self.directory = tempfile.mkdtemp(prefix="stunfwd-")
        self.programs = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        problems = [program.end() for program in reversed(self.programs)]
        problems = [problem for problem in problems if problem]
        if problems or (kind is not None and not issubclass(kind, Skip)):
            self.show_logs()
        self.take_down()
        shutil.rmtree(self.directory, ignore_errors=True)
        if kind is None and problems:
            raise AssertionError("; ".join(problems))

    def take_down(self):
        pass

    def show_logs(self):
        for program in self.programs:
            lines = program.log().splitlines()[-120:]
            print(f"--- {program.name}, status {program.process.returncode}:", *lines, sep="\n  ")

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, content, mode=0o600):
        """A file of that name in the place's own directory; its path."""
        with open(self.path(name), "wb" if isinstance(content, bytes) else "w") as file:
            file.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def binary(self, name):
        """A program of the project, from the installation under test."""
        path = os.path.join(self.prefix or "", "bin", name)
        if not os.access(path, os.X_OK):
            raise AssertionError(f"no {path}: --prefix must name an installation of stunfwd")
        return path

    def environment(self, name):
        """A home of its own, so that nothing of the user's or of another program gets in."""
        env = {"PATH": PATH, "LANG": "C.UTF-8", "NO_COLOR": "1", "G_DEBUG": "fatal-criticals",
               "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
        for variable, folder in (("HOME", ""), ("XDG_STATE_HOME", "state"),
                                 ("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config")):
            env[variable] = self.path(name + ".home", folder)
            os.makedirs(env[variable], mode=0o700, exist_ok=True)
        if self.prefix:
            env["LD_LIBRARY_PATH"] = os.path.join(self.prefix, "lib")
            env["GSETTINGS_SCHEMA_DIR"] = os.path.join(self.prefix, "share/glib-2.0/schemas")
        return env

    def command(self, node, argv):
        assert node is None, "loopback has no nodes"
        return [str(word) for word in argv]

    def start(self, node, name, *argv, strict=False, env=None):
        """Starts a program that the place ends. A name used again continues its logs."""
        program = Program(name, self.command(node, argv), self.directory,
                          {**self.environment(name), **(env or {})}, strict)
        self.programs.append(program)
        return program

    def run(self, node, *argv, limit=30, check=True, data=None, env=None, name="run"):
        """Runs a command to its end; its stdout and stderr are text."""
        try:
            done = subprocess.run(self.command(node, argv), input=data, text=True,
                                  stdin=None if data is not None else subprocess.DEVNULL,
                                  capture_output=True, timeout=limit, check=False, cwd=self.directory,
                                  errors="replace", env={**self.environment(name), **(env or {})},
                                  preexec_fn=_die_with_parent)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{argv[0]} has not ended after {limit} s") from None
        report = REPORT.search(done.stderr)
        assert not report, f"{argv[0]}: {done.stderr}"
        assert done.returncode >= 0, f"{argv[0]} died of signal {-done.returncode}: {done.stderr}"
        assert not check or done.returncode == 0, \
            f"{' '.join(map(str, argv))}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def listens(self, node, port, kind="tcp"):
        """Whether something in the node listens on the port."""
        option = "-Hltn" if kind == "tcp" else "-Hlun"
        return bool(self.run(node, "ss", option, f"sport = {port}").stdout.strip())

    def wait_listening(self, node, port, kind="tcp", limit=15):
        wait_for(lambda: self.listens(node, port, kind), limit,
                 f"{kind} port {port} of {node or 'loopback'}")


class Loopback(Place):
    """Ports are picked below the ephemeral range, so that nothing takes them in between."""

    def __init__(self, prefix=None):
        super().__init__(prefix)
        self.picked = set()

    def port(self):
        while True:
            port = random.randrange(10240, 32000)
            if port not in self.picked and self._free(port):
                self.picked.add(port)
                return port

    @staticmethod
    def _free(port):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
        return True


class Lab(Place):
    """A lab of natlab: Lab("a=full-cone", "b=symmetric-random"). Nodes are as natlab names
    them: pub, inet, a, a2, a-r1..."""

    count = 0

    def __init__(self, *sites, prefix=None):
        super().__init__(prefix)
        Lab.count += 1
        self.sites = sites
        self.name = f"{os.environ.get('STUNFWD_LAB', f'lab{os.getpid()}')}n{Lab.count}"

    def __enter__(self):
        problem = why_no_labs()
        if problem:
            self.take_down()
            shutil.rmtree(self.directory)
            raise AssertionError(problem) if in_ci() else Skip(problem)
        try:
            self.natlab("up", *self.sites)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def natlab(self, verb, *words):
        return subprocess.run([NATLAB, verb, self.name, *words], check=True, text=True,
                              capture_output=True, timeout=60, env={**os.environ, "PATH": PATH})

    def take_down(self):
        subprocess.run([NATLAB, "down", self.name], check=False, timeout=60,
                       env={**os.environ, "PATH": PATH})

    def command(self, node, argv):
        return ["ip", "netns", "exec", f"{self.name}-{node}", *map(str, argv)]

    def forget(self, *routers):
        """Makes routers lose their state, as a restart would."""
        for router in routers:
            self.natlab("forget", router)

    def nodes(self):
        """The names of all nodes, as natlab has them."""
        start = self.name + "-"
        return sorted(name[len(start):] for name in os.listdir("/run/netns")
                      if name.startswith(start))

    @contextlib.contextmanager
    def inside(self, node):
        """Sockets that this thread makes meanwhile belong to the node."""
        with open("/proc/thread-self/ns/net", encoding="ascii") as home, \
                open(f"/run/netns/{self.name}-{node}", encoding="ascii") as away:
            _enter(away)
            try:
                yield
            finally:
                _enter(home)

    def nft(self, node, rules):
        """Loads rules into a node, such as a table of the test's own."""
        return self.run(node, "nft", "-f", "-", data=rules)

    def counter(self, node, table):
        """Packets and bytes of the one named counter of a table of the test's own."""
        listed = self.run(node, "nft", "-j", "list", "counters", "table", "inet", table).stdout
        counter = next(item["counter"] for item in json.loads(listed)["nftables"]
                       if "counter" in item)
        return counter["packets"], counter["bytes"]

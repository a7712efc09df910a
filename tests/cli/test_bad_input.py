# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input on loopback: one clear line, no crash, no hang."""
import os
import shlex
import shutil
import socket

import traffic
from garbage_server import ANSWERS, REFUSALS, GarbageServer
from lab import Loopback, need, wait_for
from programs import Client, Server, Signald, loopback_signald

SECRET = "A" * 43
GOOD_TICKET = f"stunfwd://127.0.0.1:9/?t=ws#{SECRET}"
GOOD_MAPPING = "tcp:18080:80"


def refused(place, *words, names=""):
    """`stunfwd WORDS` must end at once with status 2 and one line that names what is wrong."""
    done = place.run(None, place.binary("stunfwd"), *words, check=False, limit=10)
    shown = f"stunfwd {shlex.join(words)[:200]}: status {done.returncode}, {done.stderr[:500]!r}"
    assert done.returncode == 2, shown
    assert len(done.stderr.splitlines()) == 1 and done.stderr.endswith("\n"), shown
    assert len(done.stderr) < 1000, shown
    assert names in done.stderr, f"{shown}: does not say '{names}'"
    assert SECRET not in done.stderr + done.stdout, f"{shown}: shows the secret"


def test_wrong_ticket():
    with Loopback() as place:
        for ticket in ("", "rubbish", "stunfwd://", "stunfwd://host", "stunfwd://host#short",
                       f"stunfwd:///?t=ws#{SECRET}", f"stunfwd://host:99999/?t=ws#{SECRET}",
                       f"stunfwd://host/?t=gopher#{SECRET}", f"http://host/?t=ws#{SECRET}",
                       f"stunfwd://host/?t=ws#{SECRET}A", f"stunfwd://host/?t=ws#{SECRET[:-1]}!",
                       "stunfwd://host/?t=ws#" + "A" * 5000, f"stunfwd://h\xff\n/?t=ws#{SECRET}"):
            refused(place, "client", ticket, GOOD_MAPPING)


def test_wrong_mapping():
    with Loopback() as place:
        for mapping in ("tcp", "tcp:", "tcp:80", "tcp:99999:80", "tcp:80:99999",
                        "tcp:-1:80", "tcp:80:", "tcp:a:b", "nonsense:80:80", "tcp:80-70:80-70",
                        "tcp:8000-8010:9000-9001", "tcp:[::1:80:80", "tcp:1:2:3:4:5", "unix:a",
                        "R:", "R:R:tcp:1:2"):
            refused(place, "client", GOOD_TICKET, mapping, names=mapping)
        refused(place, "client", GOOD_TICKET, "x" * 10000, names="mapping")


def test_wrong_words_and_files():
    with Loopback() as place:
        refused(place, "no-such-verb", names="no-such-verb")
        refused(place, "server", "--no-such-option", names="no-such-option")
        refused(place, "server", "--signaling", "gopher://host", names="gopher")
        refused(place, "server", "--signaling", "ws://", names="ws://")
        refused(place, "server", "--signaling", "ws://127.0.0.1:9", "a word", names="a word")
        refused(place, "server", "--signaling", "ws://127.0.0.1:9", "--stun", "host:99999",
                names="host:99999")
        refused(place, "server", "--signaling", "ws://127.0.0.1:9", "--allow", "tcp",
                names="tcp")
        refused(place, "server", "--signaling", "ws://127.0.0.1:9", "--turn", "turn:host",
                names="--turn-user")
        refused(place, "server", "--signaling", "ws://127.0.0.1:9", "--turn", "stun:host",
                "--turn-user", "u", "--turn-password-file", place.write("password", "p"),
                names="stun:host")
        for option in ("--ticket-file", "--config"):
            refused(place, "client", option, "/no/such/file", GOOD_MAPPING, names="/no/such/file")
        for name, content in (("empty", ""), ("binary", os.urandom(5000)), ("long", "x" * 100000)):
            path = place.write(name, content)
            refused(place, "client", "--ticket-file", path, GOOD_MAPPING, names=path)
        for name, content in (("broken.conf", "[stunfwd\nx"), ("types.conf", "[stunfwd]\nlog-level=7\n")):
            path = place.write(name, content)
            refused(place, "run", "--config", path, names=path)
        refused(place, "run", names="--config")
        for words in (["--signaling", "ws://h"], ["--room", "r"], ["--ticket-file", "f"],
                      ["--passphrase-file", "f"], ["--allow", "tcp:*"], ["--stun", "h:1"],
                      [GOOD_MAPPING]):
            refused(place, "run", "--config", "none.conf", *words, names=words[0])
        path = place.write("server.conf", "[stunfwd/profiles/x]\nrole='server'\n")
        refused(place, "run", "--config", path, names="signaling-url")
        refused(place, "client", "--signaling", "ws://127.0.0.1:9", "--room", "r",
                "--passphrase-file", "/no/such/file", GOOD_MAPPING, names="/no/such/file")


def test_wrong_words_of_signald():
    with Loopback() as place:
        for words in (["--listen", "nowhere"], ["--listen", "127.0.0.1:99999"], ["--no-such"],
                      ["--stun", "x"], ["--relay", "maybe"], ["--store", "paper"],
                      ["--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"]):
            done = place.run(None, place.binary("stunfwd-signald"), *words, check=False, limit=10)
            assert done.returncode == 2, f"{words}: {done}"
            assert len(done.stderr.splitlines()) == 1, f"{words}: {done.stderr}"


def test_ctl_without_a_session():
    with Loopback() as place:
        done = place.run(None, place.binary("stunfwd"), "ctl", "--control", place.path("none"),
                         "status", check=False, limit=10)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done


def in_room(place, signald, name, text):
    """The options by which to meet in a room with a passphrase."""
    path = place.write(name, text + "\n")
    return ["--signaling", signald.url, "--room", "bad-input-test", "--passphrase-file", path]


def test_wrong_passphrase():
    with Loopback() as place:
        signald = loopback_signald(place)
        right = in_room(place, signald, "right", "correct horse battery staple")
        wrong = in_room(place, signald, "wrong", "correct horse battery stable")
        server = Server(place, None, signald, *right)
        port, echo = place.port(), place.port()
        traffic.start_services(place, None, place.port(), echo)
        lost = Client(place, None, *wrong, f"tcp:{place.port()}:{echo}", name="lost")
        found = Client(place, None, *right, f"tcp:{port}:{echo}")
        traffic.wait_through(place, None, port)
        wait_for(lambda: (lost.status() or {}).get("signaling", {}).get("connected"), 20,
                 "the client with the wrong passphrase in a room")
        assert not lost.connected() and len(server.connected()) == 1, lost.status()
        assert found.program.alive() and lost.program.alive() and server.program.alive()
        assert len(lost.program.err().splitlines()) < 20, lost.program.err()


def test_nobody_in_the_room():
    with Loopback() as place:
        signald = loopback_signald(place)
        client = Client(place, None, signald.make_ticket(), f"tcp:{place.port()}:{place.port()}")
        wait_for(lambda: (client.status() or {}).get("signaling", {}).get("connected"), 20,
                 "the client in its room")
        client.wait_log("wait|no server|nobody")
        assert not client.connected() and client.program.alive()


def test_local_port_in_use():
    with Loopback() as place, socket.create_server(("127.0.0.1", 0)) as taken:
        port, free = taken.getsockname()[1], place.port()
        done = place.run(None, place.binary("stunfwd"), "client", GOOD_TICKET, f"tcp:{free}:80",
                         f"tcp:{port}:80", "--control", place.path("control"), check=False,
                         limit=10)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done
        assert f"{port} is in use" in done.stderr, done.stderr
        assert not place.listens(None, free) and not os.path.exists(place.path("control"))


def test_unreachable_signald():
    with Loopback() as place:
        port, local, echo = place.port(), place.port(), place.port()
        traffic.start_services(place, None, place.port(), echo)
        ticket = place.write("ticket", f"stunfwd://127.0.0.1:{port}/?t=ws#{SECRET}\n")
        client = Client(place, None, "--ticket-file", ticket, f"tcp:{local}:{echo}")
        client.wait_log(f"127.0.0.1:{port}")
        assert client.program.alive()
        signald = Signald(place, None, "127.0.0.1", None, port, place.port())
        Server(place, None, signald, "--ticket-file", ticket)
        traffic.wait_through(place, None, local, 60)
        complaints = [line for line in client.program.log().splitlines() if "refused" in line.lower()]
        assert 1 <= len(complaints) <= 5, complaints


def test_target_that_refuses():
    with Loopback() as place:
        signald, local, closed = loopback_signald(place), place.port(), place.port()
        server = Server(place, None, signald)
        client = Client(place, None, server.ticket(), f"tcp:{local}:{closed}")
        client.wait_connected()
        client.wait_mapped(local)
        done = place.run(None, need("curl"), "-sS", "--max-time", 20, f"http://127.0.0.1:{local}/",
                         check=False)
        assert done.returncode in (7, 52, 56), done    # reset at once, no reply, reset later
        wait_for(lambda: str(closed) in server.program.log() + client.program.log(), 5,
                 "a line about the target")
        lines = [line for line in server.program.log().splitlines() if str(closed) in line]
        assert len(lines) <= 1, lines
        wait_for(lambda: client.status()["mappings"][0]["errors"] == 1, 5, "the error to be counted")


def test_target_that_is_not_allowed():
    with Loopback() as place:
        signald, local = loopback_signald(place), place.port()
        server = Server(place, None, signald)
        client = Client(place, None, server.ticket(), f"tcp:{local}:192.0.2.1:80")
        client.wait_connected()
        client.wait_mapped(local)
        assert not traffic.try_once(place, None, local)
        server.wait_log(r"192\.0\.2\.1")
        assert server.program.alive() and client.program.alive()


PLUGIN = """
#include <stunfwd/plugin.h>
static gboolean nothing (FwdPluginRegistry *r, GError **e) { return r != NULL && e != NULL; }
__attribute__ ((visibility ("default"))) extern const FwdPlugin stunfwd_plugin;
const FwdPlugin stunfwd_plugin = { .abi_major = %s, .abi_minor = %s, .name = "%s",
  .version = "1", .licence = "MIT", .register_types = %s };
"""


def build_plugin(place, folder, name, major="FWD_ABI_MAJOR", minor="FWD_ABI_MINOR",
                 register="nothing"):
    source = place.write(name + ".c", PLUGIN % (major, minor, name, register))
    flags = place.run(None, need("pkg-config"), "--cflags", "gobject-2.0").stdout.split()
    place.run(None, need("cc"), "-shared", "-fPIC", "-I", os.path.join(place.prefix, "include"),
              *flags, "-o", os.path.join(folder, name + ".so"), source)


def test_bad_plugins():
    """Of another ABI, without the symbol, corrupt: each is refused in words, all else works."""
    with Loopback() as place:
        folder = place.path("plugins")
        os.mkdir(folder)
        build_plugin(place, folder, "major", major="FWD_ABI_MAJOR + 1")
        build_plugin(place, folder, "minor", minor="FWD_ABI_MINOR + 1")
        build_plugin(place, folder, "empty", register="NULL")
        place.write("plugins/corrupt.so", os.urandom(4096))
        place.write("plugins/void.so", b"")
        with open(os.path.join(folder, "major.so"), "rb") as file:
            place.write("plugins/truncated.so", file.read()[:700])
        place.run(None, need("cc"), "-shared", "-fPIC", "-x", "c", "/dev/null", "-o",
                  os.path.join(folder, "symbolless.so"))
        shutil.copy(os.path.join(folder, "symbolless.so"), os.path.join(folder, "name with spaces.so"))
        done = place.run(None, place.binary("stunfwd"), "plugins", "--plugin-dir", folder, limit=15)
        shown = done.stdout + done.stderr
        for name in ("major", "minor", "empty", "corrupt", "void", "truncated", "symbolless"):
            lines = [line for line in shown.splitlines() if f"{name}.so" in line]
            assert lines, f"nothing is said of {name}.so:\n{shown}"
        for plugin in ("udp-punch", "tcp", "websocket"):
            assert plugin in done.stdout, f"{plugin} is gone:\n{shown}"
        tunnel_works(place, "--plugin-dir", folder)


def tunnel_works(place, *words):
    signald, local, echo = loopback_signald(place), place.port(), place.port()
    traffic.start_services(place, None, place.port(), echo)
    server = Server(place, None, signald, *words)
    Client(place, None, server.ticket(), f"tcp:{local}:{echo}", *words)
    traffic.wait_through(place, None, local)


def survives(answers, upgrade):
    """A client takes each answer, stays, and ends cleanly. Each answer has a client of its own,
    since waiting for the back-off of one would take too long."""
    with Loopback() as place:
        for number, answer in enumerate(answers):
            liar = GarbageServer([answer], upgrade)
            ticket = f"stunfwd://127.0.0.1:{liar.port}/?t=ws#{SECRET}"
            client = Client(place, None, ticket, f"tcp:{place.port()}:{place.port()}",
                            name=f"client{number}")
            wait_for(lambda liar=liar: liar.used >= 1, 15, f"answer {number} to be read")
            client.wait_log(f"127.0.0.1:{liar.port}|signaling")
            assert client.status()["peers"] == [], client.status()
            assert client.program.stop() == 0, f"answer {number}: {client.program.log()}"


def test_signald_that_sends_garbage():
    survives(ANSWERS, True)


def test_signald_that_is_none():
    survives(REFUSALS, False)


def test_garbage_to_signald():
    """From the network side: what strangers send to its ports."""
    with Loopback() as place:
        signald = loopback_signald(place)
        for text in (b"", b"\0" * 70000, os.urandom(5000), b"GET / HTTP/9.9\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx",
                     b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 8\r\n\r\n{\"room\":"):
            with socket.create_connection(("127.0.0.1", signald.port), 5) as sock:
                try:
                    sock.sendall(text)
                except OSError:
                    pass
        stun = ("127.0.0.1", int(signald.stun.rsplit(":", 1)[1]))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for text in (b"", b"\0\1", os.urandom(1400), b"\0\1\xff\xff\x21\x12\xa4\x42" + b"\0" * 12):
                sock.sendto(text, stun)
        assert signald.program.alive()
        url = f"http://127.0.0.1:{signald.port}/"
        place.run(None, need("curl"), "-s", "--max-time", 10, "-o", "/dev/null", url)
        server = Server(place, None, signald)
        wait_for(lambda: (server.status() or {}).get("signaling", {}).get("connected"), 20,
                 "a server in its room")

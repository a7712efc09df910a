# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes at run time, and clean ends, on loopback."""
import json
import os
import re
import signal
import socket
import threading

import traffic
from lab import Loopback, need, wait_for
from programs import Client, Peer, Server, loopback_signald


class Tunnel:
    """A server and a client peer with one mapping to an echo service, `local` to `echo`."""

    def __init__(self, place):
        self.place = place
        self.local, self.http, self.echo = place.port(), place.port(), place.port()
        self.services = traffic.start_services(place, None, self.http, self.echo)
        self.signald = loopback_signald(place)
        self.server = Server(place, None, self.signald)
        self.client = Client(place, None, self.server.ticket(), f"tcp:{self.local}:{self.echo}")
        traffic.wait_through(place, None, self.local)
        self.client.wait_connected()


def test_add_and_remove_while_a_transfer_goes_on():
    with Loopback() as place:
        tunnel, port = Tunnel(place), place.port()
        client = tunnel.client
        steady = traffic.Steady(place, None, tunnel.local)
        client.ctl("add", f"tcp:{port}:{tunnel.http}")
        client.wait_mapped(port)
        traffic.many_requests(place, None, port, 50)
        listed = json.loads(client.ctl("list").stdout)
        mappings = listed if isinstance(listed, list) else listed["mappings"]
        assert len(mappings) == 2, listed
        added = next(m for m in mappings if str(port) in m["mapping"])
        client.ctl("remove", str(added["id"]))
        wait_for(lambda: not place.listens(None, port), 5, "the removed mapping's port to close")
        steady.wait_more()
        assert len(client.status()["mappings"]) == 1, client.status()


def test_list_shows_the_port_that_was_found():
    with Loopback() as place:
        tunnel = Tunnel(place)
        tunnel.client.ctl("add", f"R:tcp:0:{tunnel.echo}")

        def listed():
            done = place.run(None, place.binary("stunfwd"), "ctl", "--control",
                             tunnel.client.control, "list")
            return re.search(rf"R:tcp:0:{tunnel.echo} .*, port (\d+)$", done.stdout, re.MULTILINE)
        port = int(wait_for(listed, 10, "the server's port in the list").group(1))
        traffic.wait_through(place, None, port)


def test_wrong_words_to_ctl():
    with Loopback() as place:
        tunnel = Tunnel(place)
        for words in (["add", "nonsense:1:2"], ["add"], ["remove", "999"], ["remove", "x"],
                      ["no-such-verb"], ["log-level", "loud"]):
            done = tunnel.client.ctl(*words, check=False)
            assert done.returncode in (1, 2), f"{words}: {done}"
            assert len(done.stderr.splitlines()) == 1, f"{words}: {done.stderr}"
        taken = tunnel.client.ctl("add", f"tcp:{tunnel.http}:{tunnel.echo}", check=False)
        assert taken.returncode == 1 and "in use" in taken.stderr, taken
        assert traffic.try_once(place, None, tunnel.local)


def edit(path, ticket, mappings):
    """As an editor saves: a new file takes the old one's place."""
    listed = ", ".join(f"'{mapping}'" for mapping in mappings)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(f"[stunfwd]\nlog-level='info'\n\n[stunfwd/profiles/office]\nrole='client'\n"
                   f"ticket-file='{ticket}'\nmappings=[{listed}]\n")
    os.rename(path + ".new", path)


def test_edit_of_the_configuration():
    with Loopback() as place:
        http, echo, first, second = (place.port() for _ in range(4))
        traffic.start_services(place, None, http, echo)
        signald = loopback_signald(place)
        ticket = place.write("ticket", signald.make_ticket() + "\n")
        Server(place, None, signald, "--ticket-file", ticket)
        config = place.path("stunfwd.conf")
        edit(config, ticket, [f"tcp:{first}:{echo}"])
        client = Peer(place, None, "client", "run", "--config", config)
        traffic.wait_through(place, None, first)
        steady = traffic.Steady(place, None, first)
        edit(config, ticket, [f"tcp:{first}:{echo}", f"tcp:{second}:{http}"])
        place.wait_listening(None, second)
        traffic.many_requests(place, None, second, 50)
        with open(config, "a", encoding="utf-8") as file:
            file.write("mappings=[7\n")
        client.wait_log("stunfwd.conf")
        steady.wait_more()
        assert place.listens(None, second), "an invalid edit removed a mapping"
        edit(config, ticket, [f"tcp:{first}:{echo}"])
        wait_for(lambda: not place.listens(None, second), 10, "the removed mapping's port to close")
        steady.wait_more()


def test_the_group_of_the_program():
    """A server of a configuration keeps a ticket; control socket and level are the file's."""
    with Loopback() as place:
        port, http = place.port(), place.port()
        traffic.start_services(place, None, http, place.port())
        signald, control = loopback_signald(place), place.path("of-the-file")
        config = place.write("stunfwd.conf", f"[stunfwd]\nlog-level='debug'\ncontrol='{control}'\n\n"
                             f"[stunfwd/profiles/home]\nrole='server'\n"
                             f"signaling-url='{signald.url}'\nstun=['{signald.stun}']\n")
        server = place.start(None, "run", place.binary("stunfwd"), "run", "--config", config,
                             strict=True)
        wait_for(lambda: "stunfwd://" in server.out() and os.path.exists(control), 10,
                 "a ticket and the control socket")
        assert ": debug: " in server.err(), server.err()
        with open(place.path("run.home", "state", "stunfwd", "server.ticket"), encoding="ascii") as kept:
            assert kept.readline() == server.out()
        client = Client(place, None, server.out().strip(), f"tcp:{port}:{http}")
        client.wait_connected()
        traffic.many_requests(place, None, port, 5)


def files_under(folder):
    return [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]


def ends_cleanly(number):
    with Loopback() as place:
        tunnel = Tunnel(place)
        for peer, port in ((tunnel.client, tunnel.local), (tunnel.server, None)):
            assert os.path.exists(peer.control), peer.control
            assert peer.program.stop(number) == 0, peer.program.log()
            assert not os.path.exists(peer.control), "the control socket is left"
            assert not files_under(place.path(f"{peer.name}.home", "run", "stunfwd")), "run-time files are left"
            assert port is None or not place.listens(None, port)
            children = place.run(None, need("pgrep"), "-g", peer.program.pid, check=False).stdout
            assert not children, f"processes are left: {children}"
        assert tunnel.signald.program.stop(number) == 0, tunnel.signald.program.log()


def test_interrupt_leaves_nothing():
    ends_cleanly(signal.SIGINT)


def test_termination_leaves_nothing():
    ends_cleanly(signal.SIGTERM)


def test_termination_drains():
    """What a connection had under way when the signal came still arrives, both ways."""
    with Loopback() as place:
        tunnel, message = Tunnel(place), os.urandom(4_000_000)
        received = bytearray()
        with socket.create_connection(("127.0.0.1", tunnel.local), 10) as sock:
            sender = threading.Thread(target=sock.sendall, args=(message,))
            sender.start()
            received += sock.recv(65536)
            tunnel.client.program.send_signal(signal.SIGTERM)
            while len(received) < len(message) and (piece := sock.recv(65536)):
                received += piece
            sender.join()
        assert received == message, f"{len(received)} of {len(message)} bytes"
        assert tunnel.client.program.wait(15) == 0


def test_stop_by_ctl():
    with Loopback() as place:
        tunnel = Tunnel(place)
        tunnel.client.ctl("stop")
        assert tunnel.client.program.wait(15) == 0
        wait_for(lambda: not tunnel.server.connected(), 10, "the server to see the client go")

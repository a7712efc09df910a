# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to paths: troubles that a test makes, and how long they last."""
import contextlib
import time

from lab import wait_for
from meeting import PathLog, milliseconds
from pairs import is_direct

SITE = "198.51.100.{}"
"""The public address of a lab's site, numbered from 2."""
CUT, LOSSY = "drop", "numgen random mod 100 < 10 drop"


@contextlib.contextmanager
def between_sites(place, verdict, one=2, other=3):
    """Meanwhile packets between two sites have that verdict, in the middle; whatever else they
    send, such as to the signaling server, is not touched."""
    ends = f"{{ {SITE.format(one)}, {SITE.format(other)} }}"
    place.nft("inet", f"""table inet between {{
        chain between {{
            type filter hook forward priority 0;
            ip saddr {ends} ip daddr {ends} {verdict}
        }}
    }}
    """)
    try:
        yield
    finally:
        place.nft("inet", "delete table inet between\n")


def renumber(place, node, old, new, gateway):
    """The host's network gives it another address."""
    for words in (("address", "del", f"{old}/24", "dev", "eth0"),
                  ("address", "add", f"{new}/24", "dev", "eth0"),
                  ("route", "add", "default", "via", gateway)):
        place.run(node, "ip", *words)


def move(place, node, router, subnet):
    """A laptop is carried to the LAN of another site's router."""
    name = f"{place.name}-{router}"
    place.run(node, "ip", "link", "del", "eth0")
    place.run(node, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "visitor", "netns",
              name)
    place.run(router, "ip", "link", "set", "visitor", "master", "lan", "up")
    place.run(node, "ip", "address", "add", f"{subnet}.77/24", "dev", "eth0")
    place.run(node, "ip", "link", "set", "eth0", "up")
    place.run(node, "ip", "route", "add", "default", "via", f"{subnet}.1")


def current_class(peer):
    """The class of the path that is in use and alive, or None."""
    paths = [found["path"] for found in peer.connected() if "path" in found]
    return paths[0]["class"] if paths and paths[0].get("alive", True) else None


def wait_fresh(peer):
    """Until its status has counted anew, which it does once a second; something must flow."""
    def count():
        return [found["bytes_in"] for found in peer.connected()]
    before = count()
    wait_for(lambda: count() != before, 20, "a fresh status", 0.1)


def wait_direct(peer, limit=60):
    wait_for(lambda: is_direct(current_class(peer)), limit, "a direct path", 0.1)


def wait_relayed(peer, limit=60):
    wait_for(lambda: current_class(peer) == "relay", limit, "a relayed path", 0.1)


class Recovery:
    """How a steady exchange of bytes comes through a trouble."""

    def __init__(self, client, steady):
        self.client, self.steady = client, steady
        self.log = PathLog(client)

    def measure(self, name, start, limit=60):
        """After a trouble that began, or ended, at `start`: seconds until the bytes flow again,
        and until they flow directly; 0 where they have not left the direct path."""
        self.steady.wait_more(20, limit)
        wait_fresh(self.client)
        wait_direct(self.client, limit)
        self.log.step()
        left = [when for when, found in self.log.changes if when > start and not is_direct(found)]
        back = self.steady.longest_wait(start)
        direct = milliseconds(start, self.log.direct(left[-1] if left else start)) or 0
        print(f"{name}: back after {back * 1000:.0f} ms, direct after {direct:.0f} ms",
              "" if left else "(never relayed)")
        return back, direct / 1000


def now():
    return time.monotonic()

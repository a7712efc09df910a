# SPDX-License-Identifier: LGPL-2.1-or-later
"""A router's connection table: how full it is, and one that is small.

nf_conntrack_max is one number for all namespaces, so a small table is made of a rule: who would
be one too many is dropped, as by a table that is full."""
import threading

FILE = "/proc/sys/net/netfilter/nf_conntrack_count"


def count(place, router):
    return int(place.run(router, "cat", FILE).stdout)


def limit(place, router, entries):
    place.nft(router, f"""table inet small {{
        counter refused {{ }}
        chain forward {{
            type filter hook forward priority -10;
            ct state new ct count over {entries} counter name refused drop
        }}
    }}
    """)


class Watch(threading.Thread):
    """The most entries that each of the routers has had meanwhile."""

    def __init__(self, place, routers, interval=0.1):
        super().__init__(daemon=True)
        self.place, self.interval = place, interval
        self.most = dict.fromkeys(routers, 0)
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(self.interval):
            for router, most in self.most.items():
                self.most[router] = max(most, count(self.place, router))

    def stop(self):
        """Entries at most, by router."""
        self.over.set()
        self.join()
        return self.most

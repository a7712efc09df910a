# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services next to the server peer, and real programs that use them through mappings."""
import hashlib
import json
import os
import sys
import time

from lab import need, wait_for
from services import PIECE, some_bytes, stream_hash

SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "services.py")
SSH, HTTP, DNS, IPERF, ECHO = 2222, 8000, 5353, 5201, 7007
OFFSET = 10000
"""A service's port is here at the client, plus OFFSET."""
MAPPINGS = [f"{kind}:{port + OFFSET}:{port}" for kind, port in (
    ("tcp", SSH), ("tcp", HTTP), ("udp", DNS), ("tcp", IPERF), ("udp", IPERF), ("tcp", ECHO),
    ("udp", ECHO))]


def start_services(place, node, http=HTTP, echo=ECHO):
    """HTTP, and echo over TCP and UDP."""
    program = place.start(node, f"services-{node}", sys.executable, SERVICES, "serve", http, echo)
    place.wait_listening(node, http)
    place.wait_listening(node, echo)
    place.wait_listening(node, echo, "udp")
    return program


def start_dns(place, node):
    place.start(node, "dnsmasq", need("dnsmasq"), "--keep-in-foreground", f"--port={DNS}",
                "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
                "--address=/test.example/192.0.2.7", "--conf-file=/dev/null", "--pid-file=",
                "--user=root", "--log-facility=-")
    place.wait_listening(node, DNS, "udp")


def start_iperf(place, node):
    place.start(node, "iperf3", need("iperf3"), "-s", "-p", IPERF, "-B", "127.0.0.1")
    place.wait_listening(node, IPERF)


def root_is_locked():
    """sshd without PAM refuses an account whose password starts with '!'."""
    with open("/etc/shadow", encoding="utf-8") as file:
        return any(line.startswith("root:!") for line in file)


def start_sshd(place, node, address="127.0.0.1"):
    keygen, sshd = need("ssh-keygen", "sshd")
    for key in ("ssh_host", "ssh_user"):
        place.run(None if node is None else node, keygen, "-q", "-t", "ed25519", "-N", "", "-f",
                  place.path(key))
    os.makedirs("/run/sshd", exist_ok=True)
    with open(place.path("ssh_host.pub"), encoding="utf-8") as file:
        place.write("known_hosts", f"* {file.read()}")
    config = place.write("sshd_config", f"""\
ListenAddress {address}:{SSH}
HostKey {place.path("ssh_host")}
AuthorizedKeysFile {place.path("ssh_user.pub")}
PidFile none
StrictModes no
UsePAM {"yes" if root_is_locked() else "no"}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
Subsystem sftp internal-sftp
""")
    place.start(node, "sshd", sshd, "-D", "-e", "-f", config)
    place.wait_listening(node, SSH)


def ssh_options(place):
    return ["-F", "/dev/null", "-i", place.path("ssh_user"), "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={place.path('known_hosts')}", "-o", "ConnectTimeout=15"]


def ssh_login(place, node):
    done = place.run(node, need("ssh"), *ssh_options(place), "-p", SSH + OFFSET, "root@127.0.0.1",
                     "echo through; exit 0")
    assert done.stdout == "through\n", done.stdout


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def scp(place, node, megabytes):
    """Sends a file to the other side and compares what arrived."""
    source, copy = place.path("sent"), place.path("arrived")
    with open(source, "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    place.run(node, need("scp"), *ssh_options(place), "-q", "-P", SSH + OFFSET, source,
              f"root@127.0.0.1:{copy}", limit=90)
    assert os.path.getsize(copy) == megabytes * 1_000_000
    assert sha256(source) == sha256(copy), "the copy differs"
    os.remove(source)
    os.remove(copy)


def many_requests(place, node, port=HTTP + OFFSET, count=1000, host="127.0.0.1"):
    """Small HTTP requests, up to 50 at a time, each with an answer of its own."""
    folder = place.path("answers")
    os.makedirs(folder, exist_ok=True)
    done = place.run(node, need("curl"), "--silent", "--show-error", "--fail", "--parallel",
                     "--parallel-max", 50, "--parallel-immediate", "--max-time", 60,
                     f"http://{host}:{port}/number/[1-{count}]", "--output", f"{folder}/#1",
                     "--write-out", "%{http_code}\n", limit=70)
    assert done.stdout.split() == ["200"] * count, f"{done.stdout.count('200')} of {count} were answered"
    for number in range(1, count + 1):
        with open(f"{folder}/{number}", encoding="utf-8") as file:
            assert file.read() == str(number), f"request {number} has another's answer"


def dns_query(place, node):
    done = place.run(node, need("dig"), "@127.0.0.1", "-p", DNS + OFFSET, "+short", "+time=3",
                     "+tries=3", "host.test.example", "A")
    assert done.stdout.strip() == "192.0.2.7", done.stdout


def iperf_udp(place, node):
    """At a rate at which the receiver's own buffer outlasts a busy machine's pauses."""
    done = place.run(node, need("iperf3"), "-c", "127.0.0.1", "-p", IPERF + OFFSET, "--udp",
                     "--bitrate", "1M", "--length", 1100, "--time", 5, "--json", check=False)
    result = json.loads(done.stdout)
    assert "error" not in result, result["error"]
    total = result["end"]["sum"]
    assert total["packets"] > 500, total
    assert total["lost_percent"] < 5, total


def datagram(place, node, port, size):
    place.run(node, sys.executable, SERVICES, "datagram", port, size)


def try_once(place, node, port):
    """Whether a byte goes there and back over a TCP connection of its own."""
    return place.run(node, sys.executable, SERVICES, "once", port, check=False).returncode == 0


def wait_through(place, node, port, limit=40):
    wait_for(lambda: try_once(place, node, port), limit, f"an echo through port {port}", 0.2)


class Steady:
    """One TCP connection with a byte under way all the time."""

    def __init__(self, place, node, port, name="steady"):
        self.program = place.start(node, name, sys.executable, SERVICES, "steady", port)
        self.wait_more()

    def echoes(self):
        """Number and time of each."""
        lines = map(str.split, self.program.out().splitlines())
        return [(int(line[0]), float(line[1])) for line in lines if len(line) == 2]

    def count(self):
        echoes = self.echoes()
        return echoes[-1][0] if echoes else 0

    def longest_wait(self, since):
        """Seconds, from a time or a later echo to the next one; a wait that has not ended counts."""
        times = [since, *(when for _, when in self.echoes() if when > since), time.monotonic()]
        return max(after - before for before, after in zip(times, times[1:]))

    def wait_more(self, more=20, limit=30):
        """Until so many more echoes have come, over this same connection."""
        goal = self.count() + more

        def came():
            assert self.program.alive(), f"the connection broke: {self.program.err()}"
            return self.count() >= goal
        wait_for(came, limit, f"{more} more echoes")


class Download:
    """One HTTP answer of that many bytes, on its way to a file."""

    def __init__(self, place, node, port, size):
        self.size, self.file = size, place.path("download")
        self.program = place.start(node, "curl", need("curl"), "--silent", "--show-error", "--fail",
                                   "--no-buffer", "--output", self.file,
                                   f"http://127.0.0.1:{port}/bytes/{size}")

    def wait_bytes(self, count):
        wait_for(lambda: os.path.exists(self.file) and os.path.getsize(self.file) >= count, 30,
                 f"{count} bytes")

    def wait_complete(self, limit):
        assert self.program.wait(limit) == 0, self.program.log()
        with open(self.file, "rb") as file:
            assert file.read() == some_bytes(self.size), "what arrived differs"


class Transfer:
    """A large HTTP answer by curl, whose bytes are counted, timed and hashed as they come."""

    def __init__(self, place, node, url, size, name="transfer"):
        self.size = size
        pipe = 'set -o pipefail; "$0" --silent --show-error --fail --no-buffer "$1" | "${@:2}"'
        self.program = place.start(node, name, "bash", "-c", pipe, need("curl"),
                                   f"{url}/stream/{size}", sys.executable, SERVICES, "drain", size)

    def words(self):
        lines = self.program.out().splitlines()
        return lines[-1].split() if lines else ["0", "0"]

    def ended(self):
        return not self.program.alive()

    def wait_share(self, share, limit):
        """Until so much of it has come."""
        wait_for(lambda: self.ended() or int(self.words()[0]) >= share * self.size - PIECE, limit,
                 f"{share:.0%} of {self.size} bytes", 0.1)

    def wait_complete(self, limit):
        """The longest wait between two bytes, in ms."""
        assert self.program.wait(limit) == 0, self.program.log()
        _, longest, digest = self.words()
        assert digest == stream_hash(self.size), "what arrived differs"
        return int(longest)

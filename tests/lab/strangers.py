# SPDX-License-Identifier: LGPL-2.1-or-later
"""People who are none of the peers: one on the path who makes up packets with any source, a
STUN server that lies, a victim whose packets are counted."""
import os
import re
import socket
import struct
import threading
import zlib

COOKIE = 0x2112A442
BINDING, SUCCESS, FAILURE, INDICATION = 0x0001, 0x0101, 0x0111, 0x0011
USERNAME, INTEGRITY, XOR_MAPPED, INTEGRITY_SHA256, FINGERPRINT = 0x06, 0x08, 0x20, 0x1C, 0x8028
ETH_P_IP, UDP = 0x0800, 17
IPV4_HEADER, UDP_HEADER = 20, 8


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_mapped(address, port):
    number, = struct.unpack("!I", socket.inet_aton(address))
    return attribute(XOR_MAPPED, struct.pack("!BBHI", 0, 1, port ^ COOKIE >> 16, number ^ COOKIE))


def stun(kind, *attributes, transaction=None):
    body = b"".join(attributes)
    return struct.pack("!HHI", kind, len(body), COOKIE) + (transaction or os.urandom(12)) + body


def with_fingerprint(message):
    """RFC 8489, 14.7: the length counts the attribute itself."""
    longer = message[:2] + struct.pack("!H", len(message) - 12) + message[4:]
    return longer + attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(longer) ^ 0x5354554E))


def forged_stun():
    """Checks and answers by one who has no key."""
    someone = attribute(USERNAME, os.urandom(8).hex().encode() + b":" + os.urandom(8).hex().encode())
    for kind in (BINDING, SUCCESS, FAILURE, INDICATION):
        yield stun(kind)
        yield stun(kind, someone, attribute(INTEGRITY_SHA256, os.urandom(32)))
        yield with_fingerprint(stun(kind, someone, attribute(INTEGRITY, os.urandom(20))))
        yield stun(kind, xor_mapped("203.0.113.66", 666))


def forged_quic():
    """Initials of known and unknown versions, short headers, and a stateless reset's look."""
    for version in (1, 0x6B3343CF, 0x1A2A3A4A, 0):
        for identifier in (8, 20):
            head = struct.pack("!BIB", 0xC0, version, identifier) + os.urandom(identifier) + \
                struct.pack("!B", 8) + os.urandom(8) + b"\0" + struct.pack("!H", 0x4000 | 1150)
            yield head + os.urandom(1200 - len(head))
    for length in (21, 43, 1200):
        yield bytes([0x40]) + os.urandom(length - 1)


def random_datagrams():
    """Any first byte, any length, no length at all."""
    yield b""
    for first in range(256):
        yield bytes([first]) + os.urandom(first * 5)


def made_up_packets():
    yield from forged_stun()
    yield from forged_quic()
    yield from random_datagrams()


def split(endpoint):
    address, _, port = endpoint.rpartition(":")
    return address, int(port)


def ipv4_checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Stranger:
    """Sits in the middle, and sends with whatever source it likes."""

    def __init__(self, place, node="inet"):
        with place.inside(node):
            self.out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.tap.settimeout(5)
        self.sent = 0

    def close(self):
        self.out.close()
        self.tap.close()

    def send(self, source, target, payload):
        """No UDP checksum: RFC 768 allows none over IPv4."""
        length = UDP_HEADER + len(payload)
        udp = struct.pack("!HHHH", source[1], target[1], length, 0)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, IPV4_HEADER + length, 0, 0x4000, 64, UDP, 0,
                           socket.inet_aton(source[0]), socket.inet_aton(target[0]))
        head = head[:10] + struct.pack("!H", ipv4_checksum(head)) + head[12:]
        self.out.sendto(head + udp + payload, (target[0], 0))
        self.sent += len(head + udp + payload)

    def overhear(self, target, count):
        """The payloads of the next UDP packets to the target, as they pass by."""
        wanted = socket.inet_aton(target[0])
        heard = []
        while len(heard) < count:
            packet = self.tap.recv(65536)
            udp = packet[IPV4_HEADER:]
            if packet[9] == UDP and packet[16:20] == wanted and \
                    struct.unpack("!H", udp[2:4])[0] == target[1]:
                heard.append(udp[UDP_HEADER:])
        return heard


class Victim:
    """An address that has asked for nothing: UDP that is sent to it is counted, where it passes
    the middle, and by whom does not matter. Nobody answers there."""

    def __init__(self, place, address, node="inet"):
        self.place, self.node, self.address = place, node, address
        self.table = "victim" + address.replace(".", "x")
        place.nft(node, f"""table inet {self.table} {{
            counter sent {{ }}
            chain prerouting {{
                type filter hook prerouting priority raw;
                ip daddr {address} meta l4proto udp counter name sent drop
            }}
        }}
        """)

    def counted(self):
        """Packets and bytes, IP header included."""
        return self.place.counter(self.node, self.table)


class LyingStun(threading.Thread):
    """A STUN server that tells everybody the address of somebody else."""

    def __init__(self, place, node, endpoint, lie):
        super().__init__(daemon=True)
        self.lie = lie
        with place.inside(node):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(endpoint)
        self.asked = 0
        self.start()

    def run(self):
        while True:
            try:
                data, source = self.sock.recvfrom(2048)
            except OSError:
                return
            self.asked += 1
            answer = stun(SUCCESS, xor_mapped(*self.lie), transaction=data[8:20])
            self.sock.sendto(answer, source)


def attempts(peer):
    """How many attempts of strategies a peer counts in all."""
    return sum(item["attempts"] for item in (peer.status() or {}).get("strategies", []))


def told_of_strangers(peer):
    """What its log says of them, or None."""
    return re.search(r"(?i).*stranger.*", peer.program.log())

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs that carry whole networks, for `--peers`: a TUN or TAP device at each end."""
import os
import time

from bed import SERVICE
from lab import need, wait_for
from other_forwards import certificate
from peers import Route

REGISTER = 1.5
"""Seconds that a node is given to register with the one in the middle."""


def device(bed, node, name, address=None, mtu=None):
    """Waits for a device that a program makes, and gives it its address."""
    wait_for(lambda: bed.run(node, "ip", "link", "show", name, check=False).returncode == 0, 10, name)
    if address:
        bed.run(node, "ip", "address", "add", address, "dev", name)
        bed.run(node, "ip", "link", "set", name, *(("mtu", mtu) if mtu else ()), "up")


def service_at(address):
    return Route((address, SERVICE), (address, SERVICE))


def wireguard_go(bed):
    """wireguard-go, MTU 1420."""
    keys = {node: bed.run(node, need("wg"), "genkey").stdout for node in ("left", "right")}
    public = {node: bed.run(node, "wg", "pubkey", data=key).stdout.strip()
              for node, key in keys.items()}

    def up(node, address, other, other_node, other_address):
        name = f"pb{bed.name}{node[0]}"[-15:]
        config = bed.write(f"{node}.conf", f"""[Interface]
PrivateKey={keys[node].strip()}
ListenPort=51820
[Peer]
PublicKey={public[other_node]}
AllowedIPs={other}/32
Endpoint={other_address}:51820
""")
        bed.start(node, f"{node}-wireguard", need("wireguard-go"), "-f", name,
                  env={"WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"})
        wait_for(lambda: os.path.exists(f"/var/run/wireguard/{name}.sock"), 10, name)
        bed.run(node, "wg", "setconf", name, config)
        device(bed, node, name, f"{address}/24", 1420)
    up("right", "10.92.0.2", "10.92.0.1", "left", bed.left_address)
    bed.mark()
    up("left", "10.92.0.1", "10.92.0.2", "right", bed.right_address)
    return service_at("10.92.0.2")


NEBULA = """
pki: {{ca: {folder}/ca.crt, cert: {folder}/{name}.crt, key: {folder}/{name}.key}}
static_host_map: {{{map}}}
lighthouse: {{am_lighthouse: {light}, interval: 5, hosts: [{hosts}]}}
listen: {{host: 0.0.0.0, port: 4242}}
punchy: {{punch: true}}
tun: {{disabled: {light}, dev: pbneb}}
logging: {{level: error}}
firewall:
  outbound: [{{port: any, proto: any, host: any}}]
  inbound: [{{port: any, proto: any, host: any}}]
"""


def nebula(bed):
    """Lighthouse in the middle, direct path, AES-256-GCM, MTU 1300."""
    tool, folder = need("nebula-cert"), bed.directory
    bed.run("pub", tool, "ca", "-name", "pb")
    for name, number in (("pub", 9), ("left", 1), ("right", 2)):
        bed.run("pub", tool, "sign", "-name", name, "-ip", f"10.93.0.{number}/24")

    def up(name):
        light = name == "pub"
        config = bed.write(f"{name}.yml", NEBULA.format(
            folder=folder, name=name, light=str(light).lower(),
            map="" if light else f'"10.93.0.9": ["{bed.middle_address}:4242"]',
            hosts="" if light else '"10.93.0.9"'))
        bed.start(name, f"{name}-nebula", need("nebula"), "-config", config)
        bed.wait_listening(name, 4242, "udp")
    up("pub")
    up("right")
    device(bed, "right", "pbneb")
    time.sleep(REGISTER)
    bed.mark()
    up("left")
    return service_at("10.93.0.2")


def n2n(bed):
    """Supernode in the middle, twofish, TAP, MTU 1400."""
    bed.start("pub", "supernode", need("supernode"), "-l", 7654)
    bed.wait_listening("pub", 7654, "udp")

    def up(node, number):
        mac, address = f"02:00:00:00:95:0{number}", f"10.95.0.{number}"
        bed.start(node, f"{node}-edge", need("edge"), "-d", "pbn2n", "-a", address, "-c", "pb",
                  "-k", "secretkey", "-l", f"{bed.middle_address}:7654", "-m", mac)
        device(bed, node, "pbn2n")
        bed.run(node, "ip", "address", "add", f"{address}/24", "dev", "pbn2n", check=False)
        bed.run(node, "ip", "link", "set", "pbn2n", "address", mac, "mtu", 1400, "up", check=False)
    up("right", 2)
    time.sleep(REGISTER)
    bed.mark()
    up("left", 1)
    return service_at("10.95.0.2")


def tinc(bed):
    """1.0 with its defaults: router mode, aes-256-cbc, sha256."""
    hosts = {"left": (bed.left_address, "10.96.0.1"), "right": (bed.right_address, "10.96.0.2")}
    texts = {}
    for name, (public, address) in hosts.items():
        os.makedirs(bed.path(name, "hosts"))
        key = bed.path(name, "rsa_key.priv")
        bed.run("pub", need("openssl"), "genrsa", "-traditional", "-out", key, 2048)
        os.chmod(key, 0o600)
        texts[name] = f"Address = {public} 655\nSubnet = {address}/32\n" + bed.run(
            "pub", "openssl", "rsa", "-in", key, "-RSAPublicKey_out").stdout

    def up(name):
        bed.write(f"{name}/tinc.conf", f"Name = {name}\nInterface = pbtinc\nAddressFamily = ipv4\n"
                  + ("ConnectTo = right\n" if name == "left" else ""))
        for host, text in texts.items():
            bed.write(f"{name}/hosts/{host}", text)
        bed.start(name, f"{name}-tinc", need("tincd"), "-c", bed.path(name), "-D", "-d1",
                  f"--pidfile={bed.path(name, 'pid')}")
        device(bed, name, "pbtinc", f"{hosts[name][1]}/24")
    up("right")
    bed.mark()
    up("left")
    return service_at("10.96.0.2")


def fastd(bed):
    """TUN, salsa2012+umac, MTU 1400."""
    tool, secret, public = need("fastd"), {}, {}
    for node in ("left", "right"):
        secret[node] = bed.run(node, tool, "--generate-key",
                               "--machine-readable").stdout.split()[-1]
        config = bed.write("key.conf", f'secret "{secret[node]}"; mode tun; interface "x"; '
                           'method "salsa2012+umac";')
        public[node] = bed.run(node, tool, "-c", config, "--show-key",
                               "--machine-readable").stdout.strip()

    def up(node, local, address, other, remote):
        config = bed.write(f"{node}.conf", f"""mode tun;
interface "pbfastd";
mtu 1400;
bind {local}:10000;
method "salsa2012+umac";
log level error;
secret "{secret[node]}";
peer "{other}" {{ key "{public[other]}"; remote {remote} port 10000; }}
""")
        bed.start(node, f"{node}-fastd", tool, "-c", config)
        device(bed, node, "pbfastd", f"{address}/24")
    up("right", bed.right_address, "10.97.0.2", "left", bed.left_address)
    bed.mark()
    up("left", bed.left_address, "10.97.0.1", "right", bed.right_address)
    return service_at("10.97.0.2")


def openvpn(bed):
    """2.6 over UDP, TLS, AES-128-GCM, MTU 1500, no kernel offload."""
    prints = {node: certificate(bed, node) for node in ("left", "right")}

    def up(node, other, address, other_address, *words):
        bed.start(node, f"{node}-openvpn", need("openvpn"), "--dev-type", "tun", "--dev", "pbovpn",
                  "--proto", "udp", "--ifconfig", address, other_address,
                  "--cert", bed.path(f"{node}.pem"), "--key", bed.path(f"{node}.key"),
                  "--peer-fingerprint", prints[other], "--data-ciphers", "AES-128-GCM",
                  "--dh", "none", "--verb", 1, "--keepalive", 10, 60, *words)
    up("right", "left", "10.94.0.2", "10.94.0.1", "--tls-server", "--local", bed.right_address,
       "--port", 1194)
    bed.wait_listening("right", 1194, "udp")
    bed.mark()
    up("left", "right", "10.94.0.1", "10.94.0.2", "--tls-client", "--remote", bed.right_address, 1194,
       "--nobind")
    return service_at("10.94.0.2")


PEERS = {function.__name__: function
         for function in (wireguard_go, nebula, n2n, tinc, fastd, openvpn)}

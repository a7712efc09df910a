# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs that forward a port, for `--peers`."""
import os

from bed import LOCAL, SERVICE
from lab import need, wait_for
from peers import HERE, Route, ssh

NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node")
NPM = os.path.join(os.path.dirname(NODE), "npm", "node_modules")
TARGET = f"127.0.0.1:{SERVICE}"
LISTEN = f"127.0.0.1:{LOCAL}"


def certificate(bed, name):
    """NAME.pem and NAME.key in the bed's folder; returns the SHA-256 fingerprint."""
    pem = bed.path(f"{name}.pem")
    bed.run("pub", need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj", f"/CN={name}",
            "-keyout", bed.path(f"{name}.key"), "-out", pem)
    shown = bed.run("pub", "openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256")
    return shown.stdout.split("=")[1].strip()


def wait_log(program, text):
    wait_for(lambda: text in program.log() or not program.alive(), 15, f"{program.name}: {text}")
    assert program.alive(), program.log()


def socat(bed):
    """One plain relay at the left with its defaults, no encryption."""
    tool, right = need("socat"), bed.right_address
    bed.start("left", "socat-udp", tool, f"UDP4-LISTEN:{LOCAL},bind=127.0.0.1,fork,reuseaddr",
              f"UDP4:{right}:{SERVICE}")
    bed.mark()
    bed.start("left", "socat", tool, f"TCP4-LISTEN:{LOCAL},bind=127.0.0.1,fork,reuseaddr",
              f"TCP4:{right}:{SERVICE}")
    return Route(HERE, HERE)


def socat_twice(bed):
    """A plain relay at each end, 128 KiB at a time, no encryption."""
    tool, right = need("socat"), bed.right_address
    bed.start("right", "right-socat", tool, "-b", 131072,
              f"TCP4-LISTEN:9000,bind={right},fork,reuseaddr", f"TCP4:{TARGET}")
    bed.wait_listening("right", 9000)
    bed.mark()
    bed.start("left", "left-socat", tool, "-b", 131072,
              f"TCP4-LISTEN:{LOCAL},bind=127.0.0.1,fork,reuseaddr", f"TCP4:{right}:9000")
    return Route(HERE)


def ssh_chacha(bed):
    """ssh -L with its default cipher."""
    return ssh(bed, "chacha20-poly1305@openssh.com")


def stunnel(bed):
    """TLS 1.3 by OpenSSL, a session for each connection."""
    tool = need("stunnel4")
    certificate(bed, "server")
    common = "foreground=yes\npid=\nsyslog=no\n[forward]\n"
    bed.start("right", "right-stunnel", tool, bed.write("server.conf", f"""{common}
accept={bed.right_address}:8443
connect={TARGET}
cert={bed.path("server.pem")}
key={bed.path("server.key")}
"""))
    bed.wait_listening("right", 8443)
    config = bed.write("client.conf", f"""{common}client=yes
accept={LISTEN}
connect={bed.right_address}:8443
CAfile={bed.path("server.pem")}
verifyPeer=yes
""")
    bed.mark()
    bed.start("left", "left-stunnel", tool, config)
    return Route(HERE)


def ss_tunnel(bed):
    """shadowsocks-libev, aes-128-gcm, TCP and UDP."""
    where = ("-s", bed.right_address, "-p", 8388, "-k", "password", "-m", "aes-128-gcm", "-u")
    bed.start("right", "ss-server", need("ss-server"), *where)
    bed.wait_listening("right", 8388)
    bed.mark()
    bed.start("left", "ss-tunnel", need("ss-tunnel"), *where, "-b", "127.0.0.1", "-l", LOCAL,
              "-L", TARGET)
    return Route(HERE, HERE)


def kcptun(bed, *words):
    """With its defaults: aes, mode fast, FEC 10+3, snappy."""
    both = ("--key", "key", "--quiet", *words)
    bed.start("right", "kcptun-server", need("kcptun-server"), "-l", f"{bed.right_address}:29900",
              "-t", TARGET, *both)
    bed.wait_listening("right", 29900, "udp")
    bed.mark()
    bed.start("left", "kcptun-client", need("kcptun-client"), "-l", LISTEN,
              "-r", f"{bed.right_address}:29900", *both)
    return Route(HERE)


def kcptun_tuned(bed):
    """aes-128, fast3, no FEC, no compression, large windows and buffers."""
    return kcptun(bed, "--crypt", "aes-128", "--mode", "fast3", "--nocomp", "--ds", 0, "--ps", 0,
                  "--sndwnd", 4096, "--rcvwnd", 4096, "--sockbuf", 16777217, "--smuxver", 2,
                  "--smuxbuf", 16777217, "--streambuf", 8388608, "--mtu", 1400)


def start_dht(bed):
    """A private HyperDHT of four nodes in the middle; what the peers' environment needs."""
    program = bed.start("pub", "dht", need("node"), f"{NODE}/hyper-boot.js", bed.middle_address,
                        49737, 4)
    wait_log(program, "ready")
    return {"HS_BOOTSTRAP": f"{bed.middle_address}:49737"}


def holesail(bed):
    """Its command line program, with a bootstrap list of its own."""
    env, key = start_dht(bed), "benchmark" * 8
    words = (need("node"), "-r", f"{NODE}/hs-preload.js", f"{NPM}/holesail/src/bin/holesail.mjs")
    right = bed.start("right", "right-holesail", *words, "--live", SERVICE, "--host", "127.0.0.1",
                      "--key", key, env=env)
    wait_log(right, "hs://")
    bed.mark()
    bed.start("left", "left-holesail", *words, f"hs://s000{key}", "--port", LOCAL,
              "--host", "127.0.0.1", env=env)
    return Route(HERE)


def hyperdht(bed):
    """hyperdht and udx: a connection of theirs for each TCP connection."""
    env, script = start_dht(bed), f"{NODE}/hyper-tunnel.js"
    right = bed.start("right", "right-hyperdht", need("node"), script, "server", "11" * 32, SERVICE,
                      env=env)
    wait_log(right, "ready")
    key = right.out().split("ready ")[1].split()[0]
    bed.mark()
    bed.start("left", "left-hyperdht", need("node"), script, "client", key, LOCAL, env=env)
    return Route(HERE)


def datachannel(bed):
    """WebRTC data channels by libdatachannel, one for each TCP connection."""
    script = f"{NODE}/datachannel.js"
    right = bed.start("right", "right-datachannel", need("node"), script, "server", bed.directory,
                      SERVICE)
    wait_log(right, "ready")
    bed.mark()
    bed.start("left", "left-datachannel", need("node"), script, "client", bed.directory, LOCAL)
    return Route(HERE)


def iroh_js(bed):
    """iroh by its JavaScript binding, which moves bytes as arrays of numbers: its figures are the
    binding's."""
    script, ticket = f"{NODE}/iroh-tunnel.js", bed.path("ticket")
    right = bed.start("right", "right-iroh", need("node"), script, "server", SERVICE, ticket,
                      f"{bed.right_address}:4433")
    wait_log(right, "ready")
    bed.mark()
    bed.start("left", "left-iroh", need("node"), script, "client", LOCAL, ticket)
    return Route(HERE)


PEERS = {function.__name__: function
         for function in (socat, socat_twice, ssh_chacha, stunnel, ss_tunnel, kcptun, kcptun_tuned,
                          holesail, hyperdht, datachannel, iroh_js)}

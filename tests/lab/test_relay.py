# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sites that nothing but the web's ports, or an HTTP proxy, leads out of."""
import traffic
from lab import Lab, need, wait_for
from programs import PUB, Client, Server, Signald

PROXY_PORT = 3128


class SecureSignald(Signald):
    """signald as it stands in the world: TLS on port 443, with a certificate of its own."""

    def __init__(self, place, *words):
        self.certificate, self.key = place.path("signald.pem"), place.path("signald.key")
        place.run("pub", need("openssl"), "req", "-x509",
                  "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-days", "2", "-subj", "/CN=signald", "-addext", f"subjectAltName=IP:{PUB}",
                  "-out", self.certificate, "-keyout", self.key)
        self.more = ["--tls-cert", self.certificate, "--tls-key", self.key, *words]
        super().__init__(place, port=443)

    def start(self):
        self.url = self.url.replace("ws://", "wss://")
        self.words += self.more
        self.more = []
        super().start()


RELAY = ("--strategy", "relay")


def connect(place, signald, *mappings, words=RELAY, client_env=None):
    """A server in `a` and a client in `b` that trust this signald."""
    env = {"SSL_CERT_FILE": signald.certificate}
    server = Server(place, "a", signald, *words, env=env)
    client = Client(place, "b", server.ticket(), *words, *mappings,
                    env={**env, **(client_env or {})})
    return server, client


def test_two_web_only_sites():
    with Lab("a=web-only", "b=web-only") as place:
        for start in (traffic.start_services, traffic.start_iperf, traffic.start_sshd):
            start(place, "a")
        server, client = connect(place, SecureSignald(place), *traffic.MAPPINGS)
        path = client.wait_connected("relay")["path"]
        assert path["strategy"] == "relay", path
        server.wait_connected("relay")
        client.wait_mapped(traffic.SSH + traffic.OFFSET, traffic.HTTP + traffic.OFFSET,
                           traffic.IPERF + traffic.OFFSET)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)
        traffic.ssh_login(place, "b")
        traffic.scp(place, "b", 100)
        traffic.many_requests(place, "b")
        for size in (1, 1200, 8000):
            traffic.datagram(place, "b", traffic.ECHO + traffic.OFFSET, size)
        place.run("b", "iperf3", "-c", "127.0.0.1", "-p", traffic.IPERF + traffic.OFFSET, "-t", 5,
                  limit=60)
        # Checks find room beside what fills the path.
        after = client.wait_connected("relay")["path"]
        assert after["loss"] < 0.5, after


def test_signald_is_killed_and_comes_back():
    """The relay dies with it; one connection of TCP goes on when there is a new one."""
    with Lab("a=web-only", "b=web-only") as place:
        traffic.start_services(place, "a")
        signald = SecureSignald(place)
        server, client = connect(place, signald, *traffic.MAPPINGS)
        client.wait_connected("relay")
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)
        steady = traffic.Steady(place, "b", traffic.ECHO + traffic.OFFSET)
        signald.program.kill()
        wait_for(lambda: not client.connected() and not server.connected(), 20,
                 "both to see that the path is lost")
        signald.start()
        steady.wait_more()
        client.wait_connected("relay")
        server.wait_connected("relay")


def start_proxy(place):
    """tinyproxy in `pub`, which lets CONNECT through to port 443."""
    config = place.write("tinyproxy.conf", f"""\
Port {PROXY_PORT}
Listen {PUB}
Timeout 600
MaxClients 50
ConnectPort 443
LogLevel Connect
""", mode=0o644)
    program = place.start("pub", "tinyproxy", need("tinyproxy"), "-d", "-c", config)
    place.wait_listening("pub", PROXY_PORT)
    return program


def allow_only_proxy(place, router):
    place.run(router, "nft", f"""table inet only_proxy {{
        chain out {{
            type filter hook forward priority -10; policy drop;
            ct state established,related accept
            oifname "wan" ip daddr {PUB} tcp dport {PROXY_PORT} accept
        }}
    }}""")


def test_through_an_http_proxy():
    """The client's only way out is a proxy, which its environment names."""
    with Lab("a=web-only", "b=full-cone") as place:
        traffic.start_services(place, "a")
        proxy = start_proxy(place)
        allow_only_proxy(place, "b-r1")
        signald = SecureSignald(place)
        url = f"http://{PUB}:{PROXY_PORT}"
        _, client = connect(place, signald, *traffic.MAPPINGS, words=(),
                            client_env={"https_proxy": url, "http_proxy": url})
        path = client.wait_connected("relay", 60)["path"]
        assert path["strategy"] == "relay", path
        client.wait_mapped(traffic.HTTP + traffic.OFFSET)
        traffic.wait_through(place, "b", traffic.ECHO + traffic.OFFSET)
        traffic.many_requests(place, "b")
        assert "CONNECT" in proxy.log(), proxy.log()

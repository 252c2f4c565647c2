"""A real HTTP proxy as a process of its own: `python -m tests.base.http.proxy CERTIFICATE LOGIN`, both maybe empty.

It forwards plain requests and opens tunnels, and connects every name to the port of the request on this machine: only
it knows where names lead. It prints its port, then a line for each request. Without the right login it answers 407; to
`refused.example`, 403; to `gone.example`, 502.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.conftest import ROOT

ANSWERS = {"refused.example": 403, "gone.example": 502}


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    """Serves one client."""

    protocol_version = "HTTP/1.1"
    login = ""

    def is_turned_away(self, host: str) -> bool:
        """Answers instead of a server, where it should."""
        print(self.command, self.path, flush=True)
        given = self.headers.get("Proxy-Authorization", "")
        expected = f"Basic {base64.b64encode(self.login.encode()).decode()}" if self.login else given
        status = 407 if given != expected else ANSWERS.get(host, 0)
        if status:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        return status != 0

    def do_CONNECT(self) -> None:
        """A tunnel."""
        host, _, port = self.path.rpartition(":")
        if self.is_turned_away(host):
            return
        with socket.create_connection(("127.0.0.1", int(port))) as onward:
            self.send_response(200)
            self.end_headers()
            self.copy(onward)
        self.close_connection = True

    def copy(self, onward: socket.socket) -> None:
        """Copies both ways until one side closes."""
        sides = {self.connection: onward, onward: self.connection}
        while True:
            waiting = isinstance(self.connection, ssl.SSLSocket) and self.connection.pending()
            for side in [self.connection] if waiting else select.select([*sides], [], [])[0]:
                try:
                    received = side.recv(65_536)
                    sides[side].sendall(received)
                except OSError:
                    return
                if not received:
                    return

    def do_GET(self) -> None:
        """A plain request, with the whole address."""
        url = urlsplit(self.path)
        if self.is_turned_away(url.hostname or ""):
            return
        onward = http.client.HTTPConnection("127.0.0.1", url.port or 80)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        onward.request(self.command, url.path, self.rfile.read(int(self.headers.get("content-length", "0"))), headers)
        response = onward.getresponse()
        body = response.read()
        self.send_response(response.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


class RunningProxy(NamedTuple):
    """`port`: where it listens; `requests`: the lines that it has printed."""

    port: int
    requests: list[str]


@contextmanager
def running_proxy(certificate: str = "", login: str = "") -> Iterator[RunningProxy]:
    """A proxy until the block ends."""
    command = [sys.executable, "-m", "tests.base.http.proxy", certificate, login]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        proxy = RunningProxy(int(process.stdout.readline()), [])
        lines = process.stdout
        reader = threading.Thread(target=lambda: proxy.requests.extend(line.strip() for line in lines), daemon=True)
        reader.start()
        try:
            yield proxy
        finally:
            process.terminate()
            reader.join(10)


def main(certificate: str, login: str) -> None:
    """Runs a proxy until it is ended."""
    ProxyHandler.login = login
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ProxyHandler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:3])

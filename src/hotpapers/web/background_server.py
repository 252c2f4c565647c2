"""A small HTTP server on an address of the operator's own, beside the program's work: its health, or a witness."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hotpapers.errors import SettingsError


def address_of(listen: str, setting: str = "run.listen") -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464` as host and port. `setting`: where it stands. Raises SettingsError."""
    host, _, port = listen.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError(f"{setting}: {listen!r} is no address; write it as 127.0.0.1:9464.")
    return host.strip("[]"), int(port)


class PlainHandler(BaseHTTPRequestHandler):
    """Answers in short texts, and logs nothing: whoever watches asks every few seconds."""

    timeout = 10

    def say(self, status: int, type: str, text: str, **headers: str) -> None:
        """One answer."""
        body = text.encode()
        self.send_response(status)
        for name, value in {"content-type": type, "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def background_server(
    listen: str, handler: type[BaseHTTPRequestHandler], name: str, setting: str = "run.listen"
) -> Iterator[int]:
    """Answers on an address until the end of the context; gives its port. `name`: of the thread. Raises
    SettingsError."""
    try:
        server = ThreadingHTTPServer(address_of(listen, setting), handler)
    except OSError as problem:
        raise SettingsError(f"{setting}: {listen}: {problem.strerror}; choose another address.") from problem
    thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

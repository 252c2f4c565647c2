"""An API behind a real server: in a thread of this process, or in its own process.

`python -m tests.serve.api_server STORE` serves the API of a store, prints its port, and exits when standard input
closes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.connections import ConnectionLimits
from hotpapers.serve.server import build_server
from tests.cli.run import environment
from tests.conftest import ROOT


@contextmanager
def running(web_server: uvicorn.Server, listener: socket.socket) -> Iterator[threading.Thread]:
    """Runs a server in a thread until the block ends."""
    thread = threading.Thread(target=web_server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not web_server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield thread
    finally:
        web_server.should_exit = web_server.force_exit = True
        thread.join()
        listener.close()


@contextmanager
def thread_server(app: ASGIApp, limits: ConnectionLimits | None = None) -> Iterator[int]:
    """Serves an app in a thread; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    with running(build_server(app, limits), listener):
        yield listener.getsockname()[1]


@contextmanager
def process_server(store: str) -> Iterator[int]:
    """Serves the API of a store in its own process; yields its port."""
    command = [sys.executable, "-m", "tests.serve.api_server", store]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    assert process.stdin and process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Serves until standard input closes."""
    backend = Backend(lambda: Record(sys.argv[1], create=False), ServeConfig(rate=0))
    server, listener = build_server(Starlette(routes=Api(backend).routes)), socket.create_server(("127.0.0.1", 0))

    def stop_at_end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=stop_at_end, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])
    backend.close()


if __name__ == "__main__":
    main()

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
from tests.cli.run import environment
from tests.conftest import ROOT


def uvicorn_server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="critical", proxy_headers=False))


@contextmanager
def thread_server(app: ASGIApp) -> Iterator[int]:
    """Serves an app in a thread; yields its port."""
    server, listener = uvicorn_server(app), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listener.close()


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
    server, listener = uvicorn_server(Starlette(routes=Api(backend).routes)), socket.create_server(("127.0.0.1", 0))

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

"""An API behind a real server: in a thread of this process, or in its own process.

`python -m tests.web.serving STORE` serves the API of a store, prints its port, and exits when standard input closes.
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

from hotpapers.store import Record
from hotpapers.web.api import ApiConfig, ApiRoute
from tests.cli.run import environment
from tests.conftest import ROOT


def configured(app: Starlette) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="critical", proxy_headers=False))


@contextmanager
def in_thread(app: Starlette) -> Iterator[int]:
    """Serves an app in a thread; yields its port."""
    running, listener = configured(app), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield listener.getsockname()[1]
    finally:
        running.should_exit = running.force_exit = True
        thread.join()
        listener.close()


@contextmanager
def in_process(store: str) -> Iterator[int]:
    """Serves the API of a store in its own process; yields its port."""
    command = [sys.executable, "-m", "tests.web.serving", store]
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
    route = ApiRoute(lambda: Record(sys.argv[1], create=False), ApiConfig(rate=0))
    running, listener = configured(Starlette(routes=[route])), socket.create_server(("127.0.0.1", 0))

    def end() -> None:
        sys.stdin.read()
        running.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    running.run(sockets=[listener])
    route.api.close()


if __name__ == "__main__":
    main()

"""A server for bench_app: `python -m bench.app_server ours|bare STORE FILE…`. Prints its port, ends with its parent.

`ours` is the app as `hotpapers serve` runs it. `bare` is a Starlette app that returns the bytes of the files, the n-th
at /n, under the same server with the same settings.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.cli import start
from hotpapers.issue.freeze import publication_of
from hotpapers.issue.shelf import RecordShelf
from hotpapers.record import Record
from hotpapers.serve.api import ApiRoute, Operator
from hotpapers.serve.app import app


def ours(store: str) -> Starlette:
    """Pages and API of the store's only publication; nobody is limited, as there is but one client."""
    record = Record(store, create=False)
    kept = RecordShelf(record)
    position = record.head.position

    def shelf() -> RecordShelf:
        assert record.head.position == position
        return kept

    made = app(shelf, publication_of(record, None).publication)
    made.router.routes.insert(0, ApiRoute(lambda: Record(store, create=False), Operator(rate=0)))
    return made


def bare(files: list[Path]) -> Starlette:
    """The same bytes, at hand."""
    bodies = {str(n): file.read_bytes() for n, file in enumerate(files)}
    types = {".html": "text/html", ".json": "application/json"}
    media = {str(n): types[file.suffix] for n, file in enumerate(files)}

    async def answer(request: Request) -> Response:
        name = request.path_params["path"]
        return Response(bodies[name], media_type=media[name])

    return Starlette(routes=[Route("/{path:path}", answer)])


def main() -> None:
    """Serves until standard input ends."""
    kind, store, *files = sys.argv[1:]
    served = ours(store) if kind == "ours" else bare([Path(file) for file in files])
    listener = start._listening("127.0.0.1", 0)
    config = uvicorn.Config(
        served, ws="none", lifespan="off", server_header=False, log_level="warning", proxy_headers=False
    )
    running = uvicorn.Server(config)

    def end() -> None:
        sys.stdin.read()
        running.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    running.run(sockets=[listener])


if __name__ == "__main__":
    main()

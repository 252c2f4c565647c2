"""A server for bench_app: `python -m bench.app_server ours|bare|writer STORE FILE…`.

Prints its port and ends with its parent.

`ours` is the app as `hotpapers serve` runs it. `bare` is a Starlette app that returns the bytes of the files, the n-th
at /n, under the same server with the same settings. `writer` serves nothing: it writes a batch of new posts every half
second, as a running collector would.
"""

from __future__ import annotations

import itertools
import sys
import threading
from functools import partial
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hotpapers.base import network_terms
from hotpapers.base.model import Item, Mention, Post, Snapshot
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record, current_time
from hotpapers.serve.api import Api
from hotpapers.serve.app import SiteApp
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.page_cache import CurrentPages, FreshIssueReader
from hotpapers.serve.search_pages import SearchRoutes
from hotpapers.serve.server import build_server, open_listener

PAUSE, PER_BATCH = 0.5, 100
"""Seconds between two batches of the writer, and posts per batch."""


def own_app(store: str) -> ASGIApp:
    """Pages, API and search of the store's only publication, without rate limits, as there is only one client."""
    with Record(store, create=False) as record:
        publication = publication_of(record, None).publication
    backend = Backend(partial(Record, store, create=False), ServeConfig(rate=0))
    pages = CurrentPages(FreshIssueReader(backend.open_record, allowed=network_terms.TERMS), publication, NOBODY)
    return SiteApp(pages, (), Api(backend), SearchRoutes(backend, pages, publication, NOBODY))


def bare(files: list[Path]) -> Starlette:
    """The same bytes, from memory."""
    bodies = {str(n): file.read_bytes() for n, file in enumerate(files)}
    types = {".html": "text/html", ".json": "application/json"}
    media = {str(n): types[file.suffix] for n, file in enumerate(files)}

    async def answer(request: Request) -> Response:
        name = request.path_params["path"]
        return Response(bodies[name], media_type=media[name])

    return Starlette(routes=[Route("/{path:path}", answer)])


def write(store: str, end: threading.Event) -> None:
    """New posts, with counts, about papers that are in no issue."""
    with Record(store, create=False) as record:
        for number in itertools.count():
            at = current_time()
            items: list[Item] = []
            for n in range(PER_BATCH):
                post, paper = f"bluesky:bench-{number}-{n}", f"arxiv:9901.{(number * PER_BATCH + n) % 10_000:05}"
                items += [
                    Post(post=post, network="bluesky", account=f"bluesky:by-{n}", created_at=at, text="Made up",
                         handle=f"by-{n}", observed_at=at),
                    Mention(post=post, paper=paper, form="abs", observed_at=at),
                    Snapshot(post=post, reposts=0, likes=n, observed_at=at),
                ]  # fmt: skip
            record.append(items, source="bench")
            if end.wait(PAUSE):
                return


def _set_at_end(end: threading.Event) -> None:
    sys.stdin.read()
    end.set()


def main() -> None:
    """Serve until standard input ends."""
    kind, store, *files = sys.argv[1:]
    if kind == "writer":
        finish = threading.Event()
        threading.Thread(target=partial(_set_at_end, finish), daemon=True).start()
        sys.stdout.write("0\n")
        sys.stdout.flush()
        write(store, finish)
        return
    site = own_app(store) if kind == "ours" else bare([Path(file) for file in files])
    listener = open_listener("127.0.0.1", 0)
    if kind == "ours":
        running = build_server(site)
    else:
        config = uvicorn.Config(
            site,
            http="h11",
            ws="none",
            lifespan="off",
            server_header=False,
            access_log=False,
            log_level="error",
            proxy_headers=False,
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

"""The ASGI app: GET and HEAD of the site's pages, with the bytes of the static site's files, and further routes. Only
lists that readers can choose from differ: here their choices are links, and addresses such as `?in=cs.CL` are answered;
and the pages of papers, which link to feeds of what people say.

Rendered pages, and cached replies of the API and of searches, are sent immediately, without routing, if they are known
to be current; see `page_cache` and `answer_cache` for the others."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base.installed import hooks_of
from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.settings import Settings
from hotpapers.base.settings.serve import ServeSettings
from hotpapers.publish.hooks import JoinAddress
from hotpapers.publish.render.html.pages import MAX_PATH_CHARS
from hotpapers.publish.view.page_fields import EVERYTHING, choice_of
from hotpapers.record import Record
from hotpapers.serve.api import ROOT as API_ROOT
from hotpapers.serve.api import Api, problem_reply
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.connections import allowed_behind
from hotpapers.serve.hooks import AppStart, Routes
from hotpapers.serve.http_messages import (
    HTML,
    PAGE,
    READ,
    Refused,
    Reply,
    Responder,
    build_reply,
    plain_refusal,
    query_suffix,
    text_reply,
)
from hotpapers.serve.own_hosts import to_own_pages
from hotpapers.serve.page_cache import CurrentPages, FreshIssueReader, PageCache
from hotpapers.serve.search_pages import SearchRoutes
from hotpapers.serve.server import build_server
from hotpapers.site.site import Site


class SiteApp:
    """The app of one publication. `routes`: besides those of the pages, the API and searches."""

    def __init__(
        self,
        pages: CurrentPages,
        routes: Sequence[BaseRoute] = (),
        api: Api | None = None,
        search: SearchRoutes | None = None,
    ) -> None:
        self._pages = pages
        self.api = api
        self._search = search
        page = Responder(lambda request: pages.attempt(partial(_page_of, request)), _unavailable, methods=())
        all_routes = [*(api.routes if api else ()), *routes, *(search.routes if search else ())]
        self._router = Router(all_routes, redirect_slashes=False, default=page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = self.api.backend.hosts if self.api else None
        answer: ASGIApp | None = None
        if hosts and not hosts.is_public:
            send = to_own_pages(send)
            if refused := hosts.refusal(scope):
                answer = (problem_reply if scope["path"].startswith(API_ROOT) else plain_refusal)(refused, {})
        answer = answer or self._ready(scope) or self._router
        await answer(scope, receive, send)

    def _ready(self, scope: Scope) -> Reply | None:
        """A reply that can be sent immediately."""
        if scope["method"] not in READ:
            return None
        if self.api and scope["path"].startswith(API_ROOT):
            return self.api.cache.ready(scope)
        if scope["query_string"]:
            return self._search.cache.ready(scope) if self._search else None
        page = self._pages.cached(_file_path(scope["path"][1:]))
        return page.for_client(scope) if page else None


async def _page_of(request: Request, cache: PageCache) -> Reply:
    """The reply of the site: a page, a redirect to the path with a slash, or *not found*."""
    path = request.scope["path"][1:]
    file_path = _file_path(path)
    is_possible = len(file_path) <= MAX_PATH_CHARS
    if request.method not in READ:
        body = await cache.ask(lambda cache: cache.pages.refused(file_path if is_possible else "404.html"))
        return build_reply(405, PAGE | {"content-type": HTML, "allow": ", ".join(READ)}, body)
    page = None
    if is_possible:
        choice = choice_of(request.query_params.get("in"), request.query_params.get("by"))
        page = await cache.get(file_path, choice) if choice != EVERYTHING else None
        page = page or await cache.get(file_path)
    if page is not None:
        return page.for_client(request.scope)
    if not path.endswith("/") and len(file_path) < MAX_PATH_CHARS and await cache.get(f"{path}/index.html") is not None:
        location = f"{path.rpartition('/')[2]}/{query_suffix(request.scope)}"
        return build_reply(308, PAGE | {"location": location})
    body = await cache.ask(lambda cache: cache.pages.missing(file_path if is_possible else "404.html"))
    return build_reply(404, PAGE | {"content-type": HTML}, body)


def _unavailable(refused: Refused, headers: Mapping[str, str]) -> Reply:
    text = "This page is temporarily unavailable. Please try again in a moment."
    return text_reply(refused.status, text, {**PAGE, **headers})


def _file_path(path: str) -> str:
    return f"{path}index.html" if path == "" or path.endswith("/") else path


# ---- a site as an app --------------------------------------------------------------------------------


def serve_site(site: Site, publication: Publication, listener: socket.socket) -> None:
    """Serves a publication until stopped. Raises SettingsError."""
    name = publication.publication
    limits = site.settings.serve
    site_config = site.app_config_of(name)
    warn_of_proxy(limits)
    config = ServeConfig(site.terms, limits.rate, limits.proxies, site_config.proofs, limits.base)
    config = config._replace(hosts=further_hosts(site.settings, site_config.base), listens_on=listener.getsockname()[0])
    backend = Backend(partial(Record, site.store, create=False), config)
    with closing(FreshIssueReader(backend.open_record, site.terms)) as issue_reader, closing(backend):
        pages = CurrentPages(issue_reader, name, site_config)
        routes = [route for hook in hooks_of(Routes) for route in hook.make(backend, pages, publication, site)]
        search = SearchRoutes(backend, pages, name, site_config)
        running = build_server(SiteApp(pages, routes, Api(backend), search), allowed_behind(limits.proxies))
        for hook in hooks_of(AppStart):  # once `build_server` has learned all structs, as no two threads may
            hook.prepare(backend)
        running.run(sockets=[listener])


def further_hosts(settings: Settings, site_base: str) -> tuple[str, ...]:
    """The app's names besides that of its address: those in the settings, the site's, and those in messages."""
    in_messages = (page.base(settings) for page in hooks_of(JoinAddress))
    bases = (site_base, *in_messages, *(account.feed for account in settings.bluesky))
    return (*settings.serve.hosts, *(urlsplit(base).netloc for base in bases))


ONE_CLIENT = (
    "[serve] base begins with https://, so there is a proxy in front, but `proxies` is 0: all readers count as one"
    " client and share one rate limit. Set proxies = 1, or the number of proxies."
)

NO_NAME = (
    "[serve] proxies is set, but neither base nor hosts: if the proxy asks by another name than this machine's, it is"
    " refused (421). Set base, or add the name to hosts."
)


def warn_of_proxy(serve: ServeSettings) -> None:
    """Warns if the settings forget a proxy: this server does not speak TLS itself."""
    if serve.base.startswith("https://") and not serve.proxies:
        log_event(ONE_CLIENT, level=logging.WARNING)
    if serve.proxies and not (serve.base or serve.hosts):
        log_event(NO_NAME, level=logging.WARNING)

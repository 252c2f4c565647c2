"""Serves a site as a web app: pages, API, search, routes of wings."""

from __future__ import annotations

import logging
import socket
from contextlib import closing
from functools import partial

from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.settings.serve import ServeSettings
from hotpapers.base.wings import wings
from hotpapers.record import Record
from hotpapers.serve.web.api import Api
from hotpapers.serve.web.app import SiteApp
from hotpapers.serve.web.backend import Backend, ServeConfig
from hotpapers.serve.web.connection_table import allowed_behind
from hotpapers.serve.web.page_cache import CurrentPages, FreshIssueReader
from hotpapers.serve.web.search_pages import SearchRoutes
from hotpapers.serve.web.server import server
from hotpapers.site.site import Site


def serve_site(site: Site, publication: Publication, listener: socket.socket) -> None:
    """Serves a publication until stopped. Raises SettingsError."""
    name, limits, site_config = (
        publication.publication,
        site.settings.serve,
        site.app_config_of(publication.publication),
    )
    warn_of_proxy(limits)
    config = ServeConfig(site.terms, limits.rate, limits.proxies, site_config.proofs, limits.base)
    backend = Backend(partial(Record, site.store, create=False), config)
    with closing(FreshIssueReader(backend.open_record, site.terms)) as issue_reader, closing(backend):
        pages = CurrentPages(issue_reader, name, site_config)
        routes = [
            *(route for wing in wings() for route in wing.routes(backend, pages, publication, site)),
            *SearchRoutes(backend, pages, name, site_config).routes,
        ]
        running = server(SiteApp(pages, routes, Api(backend)), allowed_behind(limits.proxies))
        for wing in wings():  # once `server` has learned all structs, which no two threads may do at once
            wing.prepare(backend)
        running.run(sockets=[listener])


ONE_CLIENT = (
    "[serve] base begins with https://, so there is a proxy in front, but `proxies` is 0: all readers count as one"
    " client and share one rate limit. Set proxies = 1, or the number of proxies."
)


def warn_of_proxy(serve: ServeSettings) -> None:
    """Warns if the settings forget a proxy: this server does not speak TLS itself."""
    if serve.base.startswith("https://") and not serve.proxies:
        log_event(ONE_CLIENT, level=logging.WARNING)

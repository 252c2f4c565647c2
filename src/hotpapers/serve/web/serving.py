"""Serves a site as a web app: pages, API, search, readers' forms."""

from __future__ import annotations

import logging
import socket
from contextlib import closing
from functools import partial

from starlette.routing import BaseRoute

from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.wings import wings
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.serve.web import report_forms
from hotpapers.serve.web.api import Api
from hotpapers.serve.web.app import SiteApp
from hotpapers.serve.web.backend import Backend, ServeConfig
from hotpapers.serve.web.connection_table import allowed_behind
from hotpapers.serve.web.forms import FormRouter
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
    config = ServeConfig(site.terms, limits.rate, limits.proxies, site_config.proofs, limits.base)
    backend = Backend(partial(Record, site.store, create=False), config)
    with closing(FreshIssueReader(backend.open_record, site.terms)) as issue_reader, closing(backend):
        pages = CurrentPages(issue_reader, name, site_config)
        routes = [
            *(route for wing in wings() for route in wing.routes(backend)),
            *form_routes(backend, publication, site),
            *SearchRoutes(backend, pages, name, site_config).routes,
        ]
        running = server(SiteApp(pages, routes, Api(backend)), allowed_behind(limits.proxies))
        for wing in wings():  # once `server` has learned all structs, which no two threads may do at once
            wing.prepare(backend)
        running.run(sockets=[listener])


# ---- forms --------------------------------------------------------------------------------------------


ONE_CLIENT = (
    "[serve] base begins with https://, so there is a proxy in front, but `proxies` is 0: all readers count as one"
    " client and share one rate limit. Set proxies = 1, or the number of proxies."
)


def form_routes(backend: Backend, publication: Publication, site: Site) -> list[BaseRoute]:
    """The routes of the forms; none if the app has no public address. Raises SettingsError."""
    serve = site.settings.serve
    if not serve.base:
        return []
    if serve.base.startswith("https://") and not serve.proxies:  # this server does not speak TLS itself
        log_event(ONE_CLIENT, level=logging.WARNING)
    make_router = partial(FormRouter, backend, phrases.one_line(publication.title))
    reports = report_forms.ReportDependencies(backend.open_record, terms=site.terms)
    routes = list(report_forms.routes(make_router(), reports))
    for wing in wings():
        routes += wing.forms(make_router(), backend.open_record, publication, site)
    return routes

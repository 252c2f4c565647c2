"""Serves a site as a web app: pages, API, search, readers' forms."""

from __future__ import annotations

import socket
from functools import partial

from hotpapers.base.errors import UsageError
from hotpapers.base.model import Publication
from hotpapers.base.wings import wings
from hotpapers.record import Record
from hotpapers.serve.web import feed_generator, reader_features
from hotpapers.serve.web.api import ApiConfig, ApiRoute
from hotpapers.serve.web.app import server
from hotpapers.serve.web.connection_table import allowed_behind
from hotpapers.serve.web.mcp_route import McpEndpoint
from hotpapers.serve.web.page_cache import FreshIssueReader
from hotpapers.serve.web.search_pages import SearchRoutes
from hotpapers.serve.web.sessions import open_store
from hotpapers.site.site import Site


def serve_site(site: Site, publication: Publication, host: str, listener: socket.socket) -> None:
    """Serves a publication until stopped. Raises SettingsError."""
    open_record = partial(open_store, partial(Record, site.store, create=False))
    name = publication.publication
    issue_readers = [FreshIssueReader(open_record, site.terms) for _ in range(2)]
    feeds = feed_generator.routes(issue_readers[1], name, site.settings.bluesky)
    limits, site_config = site.settings.serve, site.app_config_of(name)
    config = ApiConfig(site.terms, limits.rate, limits.proxies, site_config.proofs)
    api = ApiRoute(open_record, config)
    tools = McpEndpoint(open_record, config, limits.base)
    search = SearchRoutes(open_record, name, site_config, config)
    pages = [route for wing in wings() if wing.pages is not None for route in wing.pages(open_record)]
    forms = reader_features.ReaderFeatures(open_record, publication, site)
    routes = [api, tools.route, *feeds, *pages, *forms.routes, *search.routes]
    port = listener.getsockname()[1]
    running = server(issue_readers[0], name, host, port, site_config, routes, allowed_behind(limits.proxies))
    running.run(sockets=[listener])
    for close in (api.api.close, tools.close, search.close, forms.close, *(reader.close for reader in issue_readers)):
        close()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        # inherited by accepted connections: the end of a response must not wait for the acknowledgment of its beginning
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as problem:
        reason = (problem.strerror or str(problem)).partition(" (while")[0]
        raise UsageError(f"{host}, port {port}: {reason}; choose another --host or --port") from problem

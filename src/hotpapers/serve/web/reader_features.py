"""The app's forms for readers with their dependencies, if the settings make the app public."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from starlette.routing import BaseRoute

from hotpapers.base.http import ClientLimits, HostPacer
from hotpapers.base.logs import log_event
from hotpapers.base.model import HttpClient, Publication
from hotpapers.base.settings import Settings
from hotpapers.base.wings import wings
from hotpapers.collect.job_factory import addresses, read_settings, secrets_of
from hotpapers.collect.pace import PACE
from hotpapers.collect.sources.bluesky import BlueskySettings
from hotpapers.publish.schedule.publishing import render_changed
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.serve.web import my_posts, report_forms
from hotpapers.serve.web.backend import Backend
from hotpapers.serve.web.forms import FormRouter
from hotpapers.site.site import Site

ASKING = ClientLimits(connect=5.0, read=10.0, whole=15.0, size=1_000_000, redirects=1, tries=1)
"""Tight limits, as a reader is waiting for the response."""


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
    own_posts = my_posts_dependencies(backend.open_record, site)
    routes = [*report_forms.routes(make_router(), reports), *my_posts.routes(make_router(), own_posts)]
    for wing in wings():
        if wing.forms is not None:
            routes += wing.forms(make_router(), backend.open_record, publication, site)
    return routes


def my_posts_dependencies(open_record: Callable[[], Record], site: Site) -> my_posts.MyPostsDependencies:
    """The dependencies of the page for authors of posts. Raises SettingsError."""
    settings = site.settings
    view = read_settings("bluesky", settings.source.get("bluesky", {}), str(site.file))
    assert isinstance(view, BlueskySettings)
    return my_posts.MyPostsDependencies(
        open_record,
        partial(client, site, HostPacer()),
        view.view,
        partial(render_changed, site_config=site.site_config, allowed=site.terms),
        my_posts.ServerTurns(),
        tuple(addresses(_network_tables(settings))),
        settings.bots,
        settings.contact,
    )


def _network_tables(settings: Settings) -> list[object]:
    """The settings tables of the networks on which accounts can be verified."""
    return [settings.source.get(name, {}) for name in ("bluesky", "mastodon")]


def client(site: Site, reserve: HostPacer) -> AbstractContextManager[HttpClient]:
    """A client for fetching one profile. Internal addresses are only allowed if the settings of sources name them.
    `reserve`: the pacing of hosts, shared by all clients."""
    tables = _network_tables(site.settings)
    return site.http(
        tuple(addresses(tables)),
        pace=PACE,
        reserve=reserve,
        secrets=tuple(secrets_of(tables)),
        limits=ASKING,
    )

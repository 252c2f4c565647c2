"""The app's forms for readers with their dependencies, if the settings make the app public."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers import terms
from hotpapers.deliver.email.config import mail_config_of
from hotpapers.http import ClientLimits, HostPacer, PoliteHttpClient, user_agent
from hotpapers.ingest.job_factory import PACE, addresses, read_settings, secrets_of
from hotpapers.logs import log_event
from hotpapers.model import HttpClient, Publication
from hotpapers.schedule.publishing import render_changed
from hotpapers.settings import Settings
from hotpapers.sources.bluesky import BlueskySettings
from hotpapers.store import Record
from hotpapers.view import phrases
from hotpapers.view.site_config import SiteConfig
from hotpapers.web import join_page, my_posts, report_forms
from hotpapers.web.forms import FormRouter

ASKING = ClientLimits(connect=5.0, read=10.0, whole=15.0, size=1_000_000, redirects=1, tries=1)
"""Tight limits, as a reader is waiting for the response."""


ONE_CLIENT = (
    "[serve] base begins with https://, so there is a proxy in front, but `proxies` is 0: all readers count as one"
    " client and share one rate limit. Set proxies = 1, or the number of proxies."
)


class ReaderConfig(NamedTuple):
    """The operator's settings, their folder and file, and the parts used on pages."""

    settings: Settings
    folder: Path
    file: str
    site_config: SiteConfig
    terms: terms.Table


class ReaderFeatures:
    """The routes of the forms. Raises SettingsError. Close it after use."""

    def __init__(self, open_record: Callable[[], Record], publication: Publication, operator: ReaderConfig) -> None:
        self.routes: list[BaseRoute] = []
        self._routers: list[FormRouter] = []
        self._site = phrases.one_line(publication.title)
        self._serve = operator.settings.serve
        if not self._serve.base:
            return
        # this server does not speak TLS itself
        if self._serve.base.startswith("https://") and not self._serve.proxies:
            log_event(ONE_CLIENT, level=logging.WARNING)
        self.routes += report_forms.routes(
            self._add_router(), report_forms.ReportDependencies(open_record, terms=operator.terms)
        )
        self.routes += my_posts.routes(self._add_router(), my_posts_dependencies(open_record, operator))
        if operator.settings.mailing.relay:
            mail_config = mail_config_of(operator.settings.mailing, operator.folder)
            dependencies = join_page.JoinDependencies(open_record, mail_config, publication.publication)
            self.routes += join_page.routes(self._add_router(), dependencies)

    def _add_router(self) -> FormRouter:
        self._routers.append(FormRouter(self._serve.base, self._site, self._serve.proxies))
        return self._routers[-1]

    def close(self) -> None:
        for router in self._routers:
            router.close()


def my_posts_dependencies(open_record: Callable[[], Record], operator: ReaderConfig) -> my_posts.MyPostsDependencies:
    """The dependencies of the page for authors of posts. Raises SettingsError."""
    settings = operator.settings
    view = read_settings("bluesky", settings.source.get("bluesky", {}), operator.file)
    assert isinstance(view, BlueskySettings)
    return my_posts.MyPostsDependencies(
        open_record, partial(client, settings, HostPacer()), view.view,
        partial(render_changed, site_config=operator.site_config, allowed=operator.terms), my_posts.ServerTurns(),
        tuple(addresses(_network_tables(settings))), settings.bots, settings.contact,
    )  # fmt: skip


def _network_tables(settings: Settings) -> list[object]:
    """The settings tables of the networks on which accounts can be verified."""
    return [settings.source.get(name, {}) for name in ("bluesky", "mastodon")]


def client(settings: Settings, reserve: HostPacer) -> AbstractContextManager[HttpClient]:
    """A client for fetching one profile. Internal addresses are only allowed if the settings of sources name them.
    `reserve`: the pacing of hosts, shared by all clients."""
    tables = _network_tables(settings)
    return PoliteHttpClient(
        user_agent(settings.contact), pace=PACE, reserve=reserve, base_addresses=tuple(addresses(tables)),
        secrets=tuple(secrets_of(tables)), limits=ASKING,
    )  # fmt: skip

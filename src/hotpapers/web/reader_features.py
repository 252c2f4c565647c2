"""What readers can do in the app: its forms, with all that they need, where the settings say that it is public."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers import terms
from hotpapers.deliver.email.config import is_open, mail_config_of
from hotpapers.http import ClientLimits, HostPacer, PoliteHttpClient, user_agent
from hotpapers.ingest.job_factory import PACE, addresses, read_settings, secrets_of
from hotpapers.logs import LOG
from hotpapers.model import HttpClient, Publication
from hotpapers.schedule.publishing import render_changed
from hotpapers.settings import Settings
from hotpapers.settings.serve import ServeSettings
from hotpapers.sources.bluesky import BlueskySettings
from hotpapers.store import Record
from hotpapers.view import phrases
from hotpapers.view.site_config import SiteConfig
from hotpapers.web import join_page, my_posts, report_forms
from hotpapers.web.forms import FormRouter

ASKING = ClientLimits(connect=5.0, read=10.0, whole=15.0, size=1_000_000, redirects=1, tries=1)
"""Somebody waits for the answer."""


ONE_CLIENT = (
    "[serve] base begins with https://, so a proxy stands in front, and `proxies` is 0: all readers count as one client"
    " and use up each other's share. Write proxies = 1, or how many there are."
)


def is_one_client(serve: ServeSettings) -> bool:
    """Whether all readers come from one address, as this server speaks no TLS itself and is told of no proxy."""
    return serve.base.startswith("https://") and not serve.proxies


class ReaderConfig(NamedTuple):
    """The operator's settings, their folder and file, and what is told of them on pages."""

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
        if is_one_client(self._serve):
            LOG.warning("%s", ONE_CLIENT)
        self.routes += report_forms.routes(
            self._add_router(), report_forms.ReportDependencies(open_record, terms=operator.terms)
        )
        self.routes += my_posts.routes(self._add_router(), my_posts_dependencies(open_record, operator))
        if is_open(operator.settings.mailing):
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
    """What the page for whoever posted needs. Raises SettingsError."""
    settings = operator.settings
    view = read_settings("bluesky", settings.source.get("bluesky", {}), operator.file)
    assert isinstance(view, BlueskySettings)
    return my_posts.MyPostsDependencies(
        open_record, partial(client, settings, HostPacer()), view.view,
        partial(render_changed, site_config=operator.site_config, allowed=operator.terms), my_posts.ServerTurns(),
        tuple(addresses(_asked_for(settings))), settings.bots, settings.contact,
    )  # fmt: skip


def _asked_for(settings: Settings) -> list[object]:
    """The tables of the networks on which accounts are proved."""
    return [settings.source.get(name, {}) for name in ("bluesky", "mastodon")]


def client(settings: Settings, reserve: HostPacer) -> AbstractContextManager[HttpClient]:
    """A client that asks for one profile. Inside addresses are asked only where the settings of sources name them.
    `reserve`: when all of them may ask a host next."""
    tables = _asked_for(settings)
    return PoliteHttpClient(
        user_agent(settings.contact), pace=PACE, reserve=reserve, base_addresses=tuple(addresses(tables)),
        secrets=tuple(secrets_of(tables)), limits=ASKING,
    )  # fmt: skip

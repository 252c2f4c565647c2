"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hotpapers.base.wings import SendingChannel, SettingsTable, Trial, Wing, loading

if TYPE_CHECKING:
    from hotpapers.base.model import IssueReader
    from hotpapers.base.settings import Settings
    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.publish.query import Endpoint
    from hotpapers.publish.render.html.site_context import SiteContext
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.record import Record
    from hotpapers.serve.web.backend import Backend
    from hotpapers.site.sending import OpenClient
    from hotpapers.site.site import Site
    from hotpapers.wings.mcp.record_tools import ToolDefinition
    from hotpapers.wings.personal.embeddings.filling import VectorClearing, VectorFilling
    from hotpapers.wings.personal.neighbors import Neighbors
    from hotpapers.wings.personal.site_part import PersonalPart


def _settings() -> tuple[SettingsTable, ...]:
    from hotpapers.wings.personal.embeddings.settings import TABLE as EMBEDDINGS
    from hotpapers.wings.personal.settings import TABLE

    return TABLE, EMBEDDINGS


def _publishing(site: Site, shared: IngestContext) -> VectorFilling | VectorClearing:
    from hotpapers.wings.personal.embeddings.filling import vector_filling

    return vector_filling(site, shared)


def _trials(site: Site) -> Iterator[Trial]:
    table = site.settings.table("embeddings")
    if table.url:
        try_out = loading("hotpapers.wings.personal.embeddings.embedding_server:try_server")
        yield Trial("embeddings", partial(try_out, table), "wings/own-order")


def _has_readers(settings: Settings) -> bool:
    return bool(settings.table("reader"))


def _destinations(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    if _has_readers(site.settings):
        from hotpapers.wings.personal.readers import destinations

        yield from destinations(record, site, open_client)


def _tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.personal.tools import TOOLS

    return TOOLS


def _site_tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.personal.site_tools import SITE_TOOLS

    return SITE_TOOLS


def _public_tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.personal.tools import PUBLIC_TOOLS

    return PUBLIC_TOOLS


def _site_part(pages: SiteContext) -> PersonalPart:
    from hotpapers.wings.personal.site_part import PersonalPart

    return PersonalPart(pages)


def _questions() -> tuple[Endpoint, ...]:
    from hotpapers.wings.personal.tools import QUESTIONS

    return QUESTIONS


def _prepare(backend: Backend) -> None:
    from hotpapers.wings.personal.preparing import prepare

    prepare(backend)


def _neighbors(reader: IssueReader, publication: str) -> Neighbors:
    from hotpapers.wings.personal.neighbors import Neighbors

    return Neighbors(reader, publication)


WING = Wing(
    "personal",
    "A reader's own order of papers, without an account.",
    commands={
        "for-me": (
            "hotpapers.wings.personal.commands:for_me_command",
            "Order a day's papers by their closeness to those that you starred.",
        ),
    },
    settings=_settings,
    publishing=_publishing,
    trials=_trials,
    channels={"reader": SendingChannel(_destinations, _has_readers, page="wings/own-order")},
    tools=_tools,
    site_tools=_site_tools,
    public_tools=_public_tools,
    site_part=_site_part,
    questions=_questions,
    neighbors=_neighbors,
    prepare=_prepare,
    scripts=tuple(Path(__file__).with_name(f"{name}.js") for name in ("vectors", "library", "for_me")),
)

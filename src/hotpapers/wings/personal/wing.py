"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hotpapers.base.wings import SendingChannel, Trial, Wing, load, loading

if TYPE_CHECKING:
    from hotpapers.base.settings import Settings
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.record import Record
    from hotpapers.site.sending import OpenClient
    from hotpapers.site.site import Site

PERSONAL = "hotpapers.wings.personal"


def _trials(site: Site) -> Iterator[Trial]:
    table = site.settings.table("embeddings")
    if table.url:
        try_out = loading(f"{PERSONAL}.embeddings.embedding_server:try_server")
        yield Trial("embeddings", partial(try_out, table), "wings/own-order")


def _has_readers(settings: Settings) -> bool:
    return bool(settings.table("reader"))


def _destinations(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    if _has_readers(site.settings):
        from hotpapers.wings.personal.readers import destinations

        yield from destinations(record, site, open_client)


WING = Wing(
    "personal",
    "A reader's own order of papers, without an account.",
    commands={
        "for-me": (
            f"{PERSONAL}.commands:for_me_command",
            "Order a day's papers by their closeness to those that you starred.",
        ),
    },
    settings=lambda: (load(f"{PERSONAL}.settings:TABLE"), load(f"{PERSONAL}.embeddings.settings:TABLE")),
    publishing=loading(f"{PERSONAL}.embeddings.filling:vector_filling"),
    trials=_trials,
    channels={"reader": SendingChannel(_destinations, _has_readers, page="wings/own-order")},
    tools=lambda: load(f"{PERSONAL}.tools:TOOLS"),
    site_tools=lambda: load(f"{PERSONAL}.site_tools:SITE_TOOLS"),
    public_tools=lambda: load(f"{PERSONAL}.tools:PUBLIC_TOOLS"),
    site_part=loading(f"{PERSONAL}.site_part:PersonalPart"),
    questions=lambda: load(f"{PERSONAL}.tools:QUESTIONS"),
    neighbors=loading(f"{PERSONAL}.neighbors:Neighbors"),
    prepare=loading(f"{PERSONAL}.preparing:prepare"),
    scripts=tuple(Path(__file__).with_name(f"{name}.js") for name in ("vectors", "library", "for_me")),
)

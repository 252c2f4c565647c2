"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hotpapers.base.wings import SendingChannel, Wing, loading

if TYPE_CHECKING:
    from hotpapers.base.model import Publication
    from hotpapers.base.settings import Settings
    from hotpapers.serve.web.backend import Backend
    from hotpapers.serve.web.page_cache import CurrentPages
    from hotpapers.site.site import Site


def _posts_on_bluesky(settings: Settings) -> bool:
    return any(item.thread or item.makes_documents(settings.base_of(item.publication)) for item in settings.bluesky)


def _routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Sequence[Any]:
    from hotpapers.wings.announce.feed_generator import routes

    return routes(pages, site.settings.bluesky)


DESTINATIONS = "hotpapers.wings.announce.destinations"
WING = Wing(
    "announce",
    "Announce issues in chat rooms, to webhooks and on Bluesky.",
    commands={
        "feed-generator": (
            "hotpapers.wings.announce.commands:feed_generator",
            "Register a publication's custom feed on Bluesky.",
        )
    },
    channels={
        "chat": SendingChannel(loading(f"{DESTINATIONS}:chat_rooms"), lambda settings: bool(settings.chat)),
        "webhook": SendingChannel(loading(f"{DESTINATIONS}:webhooks"), lambda settings: bool(settings.webhook)),
        "bluesky": SendingChannel(loading(f"{DESTINATIONS}:bluesky_accounts"), _posts_on_bluesky),
    },
    routes=_routes,
)

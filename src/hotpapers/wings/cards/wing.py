"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import Wing

if TYPE_CHECKING:
    from hotpapers.publish.render.html.site_context import CardMeta, EntryAppearance, SiteContext
    from hotpapers.wings.cards.card_pages import CardPages


def _site_part(pages: SiteContext) -> CardPages:
    from hotpapers.wings.cards.card_pages import CardPages

    return CardPages(pages)


def _card(pages: SiteContext, path: str, appearances: Sequence[EntryAppearance]) -> CardMeta | None:
    from hotpapers.wings.cards import card_pages

    return card_pages.card_of(pages, path, appearances)


def _draws_cards() -> bool:
    from hotpapers.wings.cards import drawing

    return drawing.is_available()


WING = Wing(
    "cards",
    "Pictures of issues and papers, for links to them.",
    site_part=_site_part,
    card=_card,
    draws_cards=_draws_cards,
)

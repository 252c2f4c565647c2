"""Hooks of wings that add files and pictures to a publication's site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hotpapers.base.model import SitePart
    from hotpapers.publish.render.html.site_context import CardMeta, EntryAppearance, SiteContext


class SiteFiles(NamedTuple):
    """`make(site)`: further pages and files of a publication's site, as a `PublicationPart`."""

    make: Callable[[SiteContext], SitePart]


class Cards(NamedTuple):
    """Pictures of pages, for links to them. `card(pages, path, appearances)`: that of a page, if it has one;
    `are_drawn()`: whether the machine can draw them."""

    card: Callable[[SiteContext, str, Sequence[EntryAppearance]], CardMeta | None]
    are_drawn: Callable[[], bool]

"""Files that wings add to a publication's site, and pictures of pages."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.base.installed import hooks_of
from hotpapers.base.model import SitePart
from hotpapers.publish.page_hooks import Cards, SiteFiles
from hotpapers.publish.render.html.site_context import CardMeta, EntryAppearance, SiteContext


def parts_of(site: SiteContext) -> tuple[SitePart, ...]:
    """The site's further files: proofs, and those of wings."""
    of_wings = (hook.make(site) for hook in hooks_of(SiteFiles))
    return (*([site.proofs.pages(site)] if site.proofs else ()), *of_wings)


def card_of(site: SiteContext, path: str, appearances: Sequence[EntryAppearance] = ()) -> CardMeta | None:
    """The picture of a page, for links to it. `appearances`: of a paper, if the page is about one."""
    return next(filter(None, (cards.card(site, path, appearances) for cards in hooks_of(Cards))), None)

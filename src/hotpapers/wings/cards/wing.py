"""Registers the wing's pictures of issues: their files, their addresses for pages, and those of the demo."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.publish.page_hooks import Cards, SiteFiles
from hotpapers.site.hooks import DemoPart

CARDS = "hotpapers.wings.cards"
WING = Wing(
    "cards",
    "Pictures of issues and papers, for links to them.",
    hooks=(
        SiteFiles(load_lazily(f"{CARDS}.card_contents:CardPages")),
        Cards(load_lazily(f"{CARDS}.card_contents:card_of"), load_lazily(f"{CARDS}.drawing:is_available")),
        DemoPart(load_lazily(f"{CARDS}.demo_card:draw_card")),
    ),
)

"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

CARDS = "hotpapers.wings.cards"
WING = Wing(
    "cards",
    "Pictures of issues and papers, for links to them.",
    site_part=loading(f"{CARDS}.card_contents:CardPages"),
    card=loading(f"{CARDS}.card_contents:card_of"),
    demo=loading(f"{CARDS}.demo_card:draw_card"),
    draws_cards=loading(f"{CARDS}.drawing:is_available"),
)

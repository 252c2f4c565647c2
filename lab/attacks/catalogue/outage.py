"""A network fails on the day, and likes are bought on the others."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign
from lab.attacks.catalogue import likes_spread


def run(campaign: Campaign, accounts: int) -> None:
    """The busiest network cannot be read; likes are bought on the others."""
    campaign.cut_off(campaign.networks[-1].name)
    likes_spread.run(campaign, accounts)


ATTACK = Attack(
    "outage",
    "bought likes, spread, while the busiest network cannot be read",
    run,
    knobs={"networks": (1, 2, 4, 9)},
)

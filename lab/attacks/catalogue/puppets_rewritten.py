"""Sock puppets that post in their own words."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign
from lab.worlds import made_up_text


def run(campaign: Campaign, accounts: int) -> None:
    """Each account posts different words, some hours apart."""
    for network, count in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(count)):
            hours = 1 + campaign.knobs["hours"] * (n % 8) / 8
            campaign.post(account, network.name, hours=hours, text=made_up_text(account))


ATTACK = Attack(
    "puppets, rewritten",
    "accounts that post, each in different words, over some hours",
    run,
    knobs={"networks": (1, 4, 9), "hours": (5,)},
    many_posts=True,
)

"""Sock puppets that post the same words within an hour."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Each account posts the same words."""
    for network, count in campaign.shares(accounts):
        for account in campaign.accounts(count):
            campaign.post(account, network.name, text="The one paper of the week that nobody should miss, read it now")


ATTACK = Attack(
    "puppets, same words",
    "accounts that post the same words within an hour",
    run,
    knobs={"networks": (1, 4, 9)},
    many_posts=True,
)

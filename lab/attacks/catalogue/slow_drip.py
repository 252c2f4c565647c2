"""Likes that come slowly, and are complete just before the age at which papers are compared."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Likes come evenly, in portions, until shortly before an age."""
    for network, count in campaign.shares(accounts):
        if count:
            poster, *others = campaign.accounts(count)
            post = campaign.post(poster, network.name, hours=0.1)
            for n in range(PORTIONS):
                hours = 0.1 + (campaign.knobs["age"] - 0.2) * (n + 1) / PORTIONS
                campaign.react_all(others[n::PORTIONS], post, hours=hours)


PORTIONS = 24
"""The number of moments at which likes come."""

ATTACK = Attack(
    "slow drip",
    "likes that come evenly until shortly before 6, 24 or 72 hours",
    run,
    knobs={"networks": (1, 2, 4, 9), "age": (6, 24, 72)},
    days_old=(0, 1, 3),
)

"""Posts that claim to be older than they are, or come from the future."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign
from lab.worlds import made_up_text


def run(campaign: Campaign, accounts: int) -> None:
    """Posts dated before the paper was announced, or a day ahead."""
    for network, count in campaign.shares(accounts):
        for account in campaign.accounts(count):
            campaign.post(account, network.name, hours=campaign.knobs["hours"], text=made_up_text(account))


ATTACK = Attack(
    "clock lies",
    "posts dated before the announcement, or a day ahead",
    run,
    knobs={"networks": (1, 9), "hours": (-24, 48)},
    many_posts=True,
)

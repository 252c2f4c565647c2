"""Accounts that post and like until the issue is frozen, and then take it all back."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign
from lab.worlds import made_up_text


def run(campaign: Campaign, accounts: int) -> None:
    """Accounts post and like; deletions after the issue closed do not affect it. One account in ten is found out
    earlier, and its post removed."""
    for network, count in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(count)):
            post = campaign.post(account, network.name, text=made_up_text(account))
            if n % 10 == 9:
                campaign.delete(post)


ATTACK = Attack(
    "deleted afterwards",
    "accounts that post until the issue is frozen, and delete it all afterwards",
    run,
    knobs={"networks": (1, 4, 9)},
    many_posts=True,
)

"""A ring: every account posts, and likes and reposts all the others' posts."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """On each network, all post, and all like and repost the others' posts."""
    for network, count in campaign.shares(min(accounts, MOST)):
        members = campaign.accounts(count)
        posts = {member: campaign.post(member, network.name) for member in members}
        for member, post in posts.items():
            others = [other for other in members if other != member]
            campaign.react_all(others, post)
            campaign.react_all(others, post, type="repost")


MOST = 160
"""The most members of a ring, as each of them likes all the others."""

ATTACK = Attack(
    "ring",
    "every account posts, and likes and reposts all the others' posts",
    run,
    knobs={"networks": (1, 2, 4, 9)},
    many_posts=True,
)

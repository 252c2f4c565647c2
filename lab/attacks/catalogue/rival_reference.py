"""A rival pushed down: many papers of the previous 90 days are liked, so the rival's own likes look usual."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """The accounts like as many earlier papers as the knob says, on the network where the rival is strongest."""
    network = max(campaign.rival.posts, key=lambda post: post.likes).network
    liking = campaign.accounts(accounts)
    for paper in campaign.earlier_papers[: campaign.knobs["papers"]]:
        post = campaign.post(liking[0], network, paper=paper)
        campaign.react_all(liking[1:], post, paper=paper)


ATTACK = Attack(
    "rival, by the reference",
    "papers of the previous 90 days liked, to make a rival's likes look usual",
    run,
    knobs={"papers": (40,)},
    goals=("rival out",),
    many_posts=True,
)

"""The attacks. How to write one of your own is told in `campaign`."""

from hotpapers.evaluation.attacks.campaign import SPREAD, Attack, AttackedNetwork, Campaign
from hotpapers.evaluation.worlds import made_up_text
from hotpapers.model import HOUR

LARGEST_RING = 160
"""Members beyond which a ring gets no larger: each of them likes all the others."""
PORTIONS = 24
"""Moments at which likes come."""
LARGEST_CHORUS = 20
"""Accounts beyond which a chorus on a network gets no larger: of a paper's posts the latest thousand are looked at."""


def likes_one_network(campaign: Campaign, accounts: int) -> None:
    """One account posts, the others like that post."""
    network = campaign.networks[campaign.knobs["network"] % len(campaign.networks)].name
    campaign.post_and_react(campaign.accounts(accounts), network)


def likes_spread(campaign: Campaign, accounts: int) -> None:
    """On each network one account posts, and the others like that post."""
    for network, many in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(many), network.name)


def likes_and_reposts(campaign: Campaign, accounts: int) -> None:
    """Each account likes and reposts the one post on its network."""
    for network, many in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(many), network.name, ("like", "repost"))


def likes_under_honest(campaign: Campaign, accounts: int) -> None:
    """An honest account has posted about the target; the accounts like that, and posts of their own elsewhere."""
    honest = {post.network: post.id for post in campaign.target.posts}
    for network, many in campaign.shares(accounts):
        if many:
            liking = campaign.accounts(many)
            post = honest.get(network.name) or campaign.post(liking.pop(), network.name)
            campaign.react_all(liking, post, hours=20)


def puppets_same_words(campaign: Campaign, accounts: int) -> None:
    """Each account posts the same words."""
    for network, many in campaign.shares(accounts):
        for account in campaign.accounts(many):
            campaign.post(account, network.name, text="The one paper of the week that nobody should miss, read it now")


def puppets_rewritten(campaign: Campaign, accounts: int) -> None:
    """Each account posts other words, some hours apart."""
    for network, many in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(many)):
            hours = 1 + campaign.knobs["hours"] * (n % 8) / 8
            campaign.post(account, network.name, hours=hours, text=made_up_text(account))


def ring(campaign: Campaign, accounts: int) -> None:
    """On each network all post, and all like and repost what the others posted."""
    for network, many in campaign.shares(min(accounts, LARGEST_RING)):
        members = campaign.accounts(many)
        posts = {member: campaign.post(member, network.name) for member in members}
        for member, post in posts.items():
            others = [other for other in members if other != member]
            campaign.react_all(others, post)
            campaign.react_all(others, post, type="repost")


def author_and_friends(campaign: Campaign, accounts: int) -> None:
    """On each network the author posts and friends react."""
    for network, many in campaign.shares(accounts):
        if many:
            author, friends = campaign.account(author=True), campaign.accounts(many - 1)
            campaign.post_and_react([author, *friends], network.name, ("like", "repost"))


def known_posters_bought_likes(campaign: Campaign, accounts: int) -> None:
    """On each network a share of the accounts is aged and posts; all others like the first post, most of them fresh.

    Networks that name who likes are left out where there are others: new accounts count little there."""
    counting = [network for network in campaign.networks if not network.names_accounts]
    networks = (counting or list(campaign.networks))[: campaign.knobs["networks"]]
    for network, many in zip(networks, split(accounts, networks, campaign.knobs["power"]), strict=True):
        posting = max(round(many * campaign.knobs["aged_share"]), min(many, 1))
        aged, fresh = campaign.accounts(posting, aged=True), campaign.accounts(many - posting, aged=False)
        posts = [campaign.post(account, network.name) for account in aged]
        if posts:
            campaign.react_all([*aged[1:], *fresh], posts[0])


def split(accounts: int, networks: list[AttackedNetwork], power: float) -> list[int]:
    """So many accounts by a power of what is usual on each network."""
    weights = [network.usual**power for network in networks]
    upto = [int(accounts * sum(weights[:n]) / sum(weights)) for n in range(len(networks) + 1)]
    return [end - start for start, end in zip(upto, [*upto[1:-1], accounts], strict=False)]


def bots_boost(campaign: Campaign, accounts: int) -> None:
    """Bots post; bots like what they posted."""
    for network, many in campaign.shares(accounts):
        bots = campaign.accounts(many, bot=True)
        posts = [campaign.post(bot, network.name) for bot in bots[:3]]
        if posts:
            campaign.react_all(bots[3:], posts[0])


def slow_drip(campaign: Campaign, accounts: int) -> None:
    """Likes come evenly, in so many portions, until shortly before a mark."""
    for network, many in campaign.shares(accounts):
        if many:
            poster, *others = campaign.accounts(many)
            post = campaign.post(poster, network.name, hours=0.1)
            for n in range(PORTIONS):
                hours = 0.1 + (campaign.knobs["mark"] - 0.2) * (n + 1) / PORTIONS
                campaign.react_all(others[n::PORTIONS], post, hours=hours)


def deleted_afterwards(campaign: Campaign, accounts: int) -> None:
    """As others that post and like; what was taken back after the issue closed is no news to it. One in ten is found
    out before, and its post removed."""
    for network, many in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(many)):
            post = campaign.post(account, network.name, text=made_up_text(account))
            if n % 10 == 9:
                campaign.delete(post)


def clock_lies(campaign: Campaign, accounts: int) -> None:
    """Posts dated before the paper was announced, or a day ahead."""
    for network, many in campaign.shares(accounts):
        for account in campaign.accounts(many):
            campaign.post(account, network.name, hours=campaign.knobs["hours"], text=made_up_text(account))


def popular_post(campaign: Campaign, accounts: int) -> None:
    """The most liked posts about the rival link the target too: each takes a popular account that joins in."""
    popular = sorted(campaign.rival.posts, key=lambda post: -post.likes)
    for post in popular[:accounts]:
        campaign.share(post)
    for account in campaign.accounts(max(accounts - len(popular), 0)):
        campaign.post(account, campaign.networks[0].name)


def outage(campaign: Campaign, accounts: int) -> None:
    """The network on which most is told cannot be read; likes are bought on the others."""
    campaign.cut_off(campaign.networks[-1].name)
    likes_spread(campaign, accounts)


def rival_chorus(campaign: Campaign, accounts: int) -> None:
    """Each account repeats all that the rival's supporters said on a network, minutes later, or dated before them; as
    many accounts on each network."""
    for network, many in campaign.shares(accounts):
        there = [post for post in campaign.rival.posts if post.network == network.name]
        for account in campaign.accounts(min(many, LARGEST_CHORUS)):
            for post in there:
                hours = (post.at - campaign.rival.announced_at) / HOUR + campaign.knobs["later"]
                campaign.post(account, network.name, hours=hours, text=post.text, paper=campaign.rival)


def rival_reference(campaign: Campaign, accounts: int) -> None:
    """The accounts like as many papers of the weeks before as the knob says, where the rival is strongest."""
    network = max(campaign.rival.posts, key=lambda post: post.likes).network
    liking = campaign.accounts(accounts)
    for paper in campaign.others[: campaign.knobs["papers"]]:
        post = campaign.post(liking[0], network, paper=paper)
        campaign.react_all(liking[1:], post, paper=paper)


OUTAGE = Attack(
    "outage", "bought likes, spread, while the network that tells most cannot be read", outage,
    knobs={"networks": (1, 2, 4, 9)},
)  # fmt: skip
RIVAL_CHORUS = Attack(
    "rival, as a chorus", "the words of a rival's supporters repeated, to make them look like a chorus", rival_chorus,
    knobs={"networks": (1, 4, 9), "later": (0.2, -0.2)}, goals=("rival out",), aged=(False,),
)  # fmt: skip
RIVAL_REFERENCE = Attack(
    "rival, by the reference", "papers of the 90 days before liked, so that a rival's likes look usual",
    rival_reference, knobs={"papers": (40,)}, goals=("rival out",), many_posts=True,
)  # fmt: skip

ATTACKS: tuple[Attack, ...] = (
    Attack(
        "likes, one network", "bought likes on one network, under a post of one's own", likes_one_network,
        knobs={"network": range(9)},
    ),
    Attack("likes, spread", "bought likes, spread over the sparsest networks", likes_spread, knobs=SPREAD),
    Attack(
        "likes and reposts", "accounts that like and repost, spread over the sparsest networks", likes_and_reposts,
        knobs=SPREAD,
    ),
    Attack(
        "likes, honest post", "bought likes under a known account's honest post, and elsewhere under own ones",
        likes_under_honest, knobs=SPREAD, spoken_of=True,
    ),
    Attack(
        "lifted from place 20", "bought likes, spread, for the paper that stands at place 20 by itself", likes_spread,
        knobs=SPREAD, at_place=20,
    ),
    Attack(
        "puppets, same words", "accounts that post the same words within an hour", puppets_same_words,
        knobs={"networks": (1, 4, 9)}, many_posts=True,
    ),
    Attack(
        "puppets, rewritten", "accounts that post, each in other words, at once or over some hours", puppets_rewritten,
        knobs={"networks": (1, 4, 9), "hours": (5,)}, many_posts=True,
    ),
    Attack(
        "ring", "every account posts, and likes and reposts all the others' posts", ring,
        knobs={"networks": (1, 2, 4, 9)}, many_posts=True,
    ),
    Attack(
        "author and friends", "the author's own account posts, friends like and repost it", author_and_friends,
        knobs=SPREAD,
    ),
    Attack(
        "aged posters, fresh likes", "a few accounts with standing post, and fresh ones like their posts",
        known_posters_bought_likes, aged=(False,), many_posts=True,
        knobs={"networks": (1, 2, 3, 5, 8), "power": (0, 0.5, 1, 1.5), "aged_share": (0.02, 0.04, 0.06, 0.1, 0.3)},
    ),
    Attack(
        "bots", "accounts that the rules judge to be bots post and like", bots_boost,
        knobs={"networks": (1, 4, 9)}, aged=(False,),
    ),
    Attack(
        "slow drip", "likes that come evenly until shortly before 6, 24 or 72 hours", slow_drip,
        knobs={"networks": (1, 2, 4, 9), "mark": (6, 24, 72)}, days_old=(0, 1, 3),
    ),
    Attack(
        "deleted afterwards", "accounts that post until the issue is frozen, and delete it all afterwards",
        deleted_afterwards, knobs={"networks": (1, 4, 9)}, many_posts=True,
    ),
    Attack(
        "clock lies", "posts dated before the announcement, or a day ahead", clock_lies,
        knobs={"networks": (1, 9), "hours": (-24, 48)}, many_posts=True,
    ),
    Attack(
        "small field", "bought likes, spread, for a paper of an archive with few others", likes_spread,
        knobs=SPREAD, small_field=True,
    ),
    Attack(
        "old paper", "bought likes, spread, for a paper that is five days old", likes_spread,
        knobs=SPREAD, days_old=(5,),
    ),
    Attack(
        "popular posts", "popular posts about the paper at place 1 that link the target too", popular_post,
        aged=(True,),
    ),
    OUTAGE,
    RIVAL_CHORUS,
    RIVAL_REFERENCE,
)  # fmt: skip

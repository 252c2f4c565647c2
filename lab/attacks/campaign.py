"""What an attacker does on a day of a world, and the contract of an attack.

An attack is a file with a constant `ATTACK`. Its `run` receives a campaign and a number of accounts, and acts with that
many: it opens accounts, posts, likes, reposts. It is called repeatedly with different numbers; more accounts must never
achieve less. Anything impossible, such as a missing network or post, raises AttackFailed: otherwise an attack that
fails by mistake would look like one that a ranking withstands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR
from lab.attacks.attack_figures import ACCOUNT, KNOWN_ACCOUNT, LIKE, POST, Goal
from lab.worlds import PaperPost, ReactionGroup

SPREAD: Mapping[str, Sequence[Any]] = {"networks": (1, 2, 4, 9), "by": ("even", "usual")}
"""The usual knobs of `Campaign.shares`."""
TYPES = ("like", "repost")
MOST_OPENED = 100_000
"""The most accounts that a campaign may open."""
MOST_POSTS = 100_000
MOST_REACTIONS = 1_000_000
"""The most posts, and likes and reposts, of a campaign: more would take memory and time without limit."""
ATTACKERS = 2**40
"""The numbers of attackers' accounts and posts start here."""


class AttackFailed(InputError):
    """The code of a given attack fails: which attack, and how."""


class AttackedNetwork(NamedTuple):
    """A network as an attacker sees it. `usual`: the voices that one in ten papers talked about there reaches;
    `names_accounts`: whether it names who liked."""

    name: str
    usual: int
    names_accounts: bool


class AttackedPaper(Protocol):
    """A paper and the posts about it, from a world or a record."""

    @property
    def paper(self) -> str:
        """Its key."""

    @property
    def title(self) -> str:
        """Its title; empty if unknown."""

    @property
    def announced_at(self) -> int:
        """When it was announced, µs UTC."""

    @property
    def posts(self) -> tuple[PaperPost, ...]:
        """The honest posts about it."""


class Expenses(NamedTuple):
    """What a campaign used: accounts with and without standing, posts, likes and reposts. `posters`: accounts without
    standing that post; a bought like brings its account."""

    fresh: int
    aged: int
    posts: int
    reactions: int
    posters: int

    @property
    def accounts(self) -> int:
        return self.fresh + self.aged

    @property
    def dollars(self) -> float:
        """Their cost in US dollars."""
        return self._dollars(KNOWN_ACCOUNT.dollars)

    @property
    def patient_dollars(self) -> float:
        """Their cost if accounts with standing are opened a month ahead and like posts about three papers."""
        return self._dollars(ACCOUNT.dollars)

    def _dollars(self, aged: float) -> float:
        new = self.reactions * LIKE.dollars + self.posts * POST.dollars + self.posters * ACCOUNT.dollars
        return new + self.aged * aged


class Campaign:
    """One attempt. `target`: the paper to promote; `rival`: the paper at place 1; `knows_rival`: whether the attack has
    looked at the rival; `earlier_papers`: papers of the previous 90 days. `networks`: sparsest first. `aged`: whether
    its accounts have standing (30 days, three earlier papers each) or are new."""

    def __init__(
        self,
        target: AttackedPaper,
        rival: AttackedPaper,
        earlier_papers: Sequence[AttackedPaper],
        networks: Sequence[AttackedNetwork],
        *,
        aged: bool,
        knobs: Mapping[str, Any],
    ) -> None:
        self.target, self._rival, self.earlier_papers = target, rival, earlier_papers
        self.knows_rival = False
        self.networks = tuple(networks)
        self.knobs = knobs
        self.aged_accounts: set[int] = set()
        self.author_accounts: set[int] = set()
        self.bots: set[int] = set()
        self.unread_networks: set[str] = set()
        self.posts: dict[str, list[PaperPost]] = {}
        self.deleted: set[int] = set()
        self._aged = aged
        self._reactions: dict[int, dict[tuple[str, int], list[int]]] = {}
        self._reactors: dict[tuple[int, str], set[int]] = {}
        self._own_accounts: set[int] = set()
        self._posted: set[int] = set()
        self._reactions_made = 0
        self._next = ATTACKERS
        self._subjects = {post.id: paper for paper in (target, rival) for post in paper.posts}

    @property
    def rival(self) -> AttackedPaper:
        """The paper at place 1."""
        self.knows_rival = True
        return self._rival

    # ---- what an attack calls ------------------------------------------------------------------------------

    def account(self, *, aged: bool | None = None, author: bool = False, bot: bool = False) -> int:
        """Open an account. `aged`: whether it has standing, by default as for the campaign; `author`: it belongs to the
        paper's author; `bot`: the rules on bots have judged it to be one."""
        return self.accounts(1, aged=aged, author=author, bot=bot)[0]

    def accounts(self, many: int, *, aged: bool | None = None, author: bool = False, bot: bool = False) -> list[int]:
        """Open several accounts."""
        if not 0 <= many <= MOST_OPENED - len(self._own_accounts):
            raise AttackFailed(f"{many} accounts: a campaign may open 0 to {MOST_OPENED}")
        opened = range(self._next + 1, self._next + 1 + many)
        self._own_accounts.update(opened)
        self._next += many
        if self._aged if aged is None else aged:
            self.aged_accounts.update(opened)
        if author:
            self.author_accounts.update(opened)
        if bot:
            self.bots.update(opened)
        return list(opened)

    def post(
        self, account: int, network: str, *, hours: float = 1, text: str = "", paper: AttackedPaper | None = None
    ) -> int:
        """Post about the target, or another paper, a number of hours after its announcement; return the post's
        number."""
        about = paper or self.target
        self._check_accounts((account,))
        self._check_network(network)
        self._check_post(about, text)
        if len(self._posted) >= MOST_POSTS:
            raise AttackFailed(f"a campaign may make up to {MOST_POSTS} posts")
        self._next += 1
        at = about.announced_at + round(hours * HOUR)
        self.posts.setdefault(about.paper, []).append(PaperPost(self._next, network, account, at, text))
        self._subjects[self._next] = about
        self._posted.add(self._next)
        return self._next

    def react(
        self, account: int, post: int, *, hours: float = 2, type: str = "like", paper: AttackedPaper | None = None
    ) -> None:
        """Like or repost a post, the attack's own or an honest one, a number of hours after the announcement of
        `paper`, by default the one that the post is about. Each account counts once."""
        self.react_all((account,), post, hours=hours, type=type, paper=paper)

    def react_all(
        self,
        accounts: Iterable[int],
        post: int,
        *,
        hours: float = 2,
        type: str = "like",
        paper: AttackedPaper | None = None,
    ) -> None:
        """The same for several accounts at once."""
        if post not in self._subjects:
            raise AttackFailed(f"post {post!r:.80}: not the number of an existing post")
        if type not in TYPES:
            raise AttackFailed(f"{type!r} of a post: must be {' or '.join(TYPES)}")
        distinct_accounts = dict.fromkeys(accounts)
        self._check_accounts(distinct_accounts)
        self._reactions_made += len(distinct_accounts)
        if self._reactions_made > MOST_REACTIONS:
            raise AttackFailed(f"a campaign may make up to {MOST_REACTIONS} likes and reposts")
        earlier_accounts = self._reactors.setdefault((post, type), set())
        paper_of_post = self._subjects[post]
        self.posts.setdefault(paper_of_post.paper, [])
        moment = (type, (paper or paper_of_post).announced_at + round(hours * HOUR))
        self._reactions.setdefault(post, {}).setdefault(moment, []).extend(
            new for new in distinct_accounts if new not in earlier_accounts
        )
        earlier_accounts.update(distinct_accounts)

    def post_and_react(self, accounts: Sequence[int], network: str, types: Sequence[str] = ("like",)) -> None:
        """The first account posts about the target, and the others react to that post in each of these ways."""
        if accounts:
            post = self.post(accounts[0], network)
            for type in types:
                self.react_all(accounts[1:], post, type=type)

    def share(self, post: PaperPost) -> None:
        """Make one of `rival.posts` link the target too. It has the standing of its honest account, which is counted as
        one with standing."""
        if post not in self._rival.posts:
            raise AttackFailed("share needs one of campaign.rival.posts")
        posts_about_target = self.posts.setdefault(self.target.paper, [])
        if all(post.id != other.id for other in posts_about_target):
            posts_about_target.append(post._replace(shared=True))

    def delete(self, post: int) -> None:
        """Delete one of the attack's own posts before the issue is frozen."""
        if post not in self._posted:
            raise AttackFailed(f"post {post!r} is not one of the attack's own")
        self.deleted.add(post)

    def cut_off(self, network: str) -> None:
        """Make a network unreadable for the last 24 hours before the issue. What was read before still counts."""
        self._check_network(network)
        self.unread_networks.add(network)

    def shares(self, many: int) -> list[tuple[AttackedNetwork, int]]:
        """Accounts split among networks: among the `networks` sparsest (a knob; all by default), evenly, or in
        proportion to what is usual there if the knob `by` is `usual`."""
        networks = self.networks[: self.knobs.get("networks", len(self.networks))]
        weights = [network.usual if self.knobs.get("by") == "usual" else 1 for network in networks]
        distributed, result = 0, []
        for n, network in enumerate(networks, 1):
            total = many * sum(weights[:n]) // sum(weights)
            result.append((network, total - distributed))
            distributed = total
        return result

    # ---- checks --------------------------------------------------------------------------------------------

    def _check_accounts(self, accounts: Iterable[int]) -> None:
        if not self._own_accounts.issuperset(accounts):
            stranger = next(account for account in accounts if account not in self._own_accounts)
            raise AttackFailed(f"account {stranger!r} was not opened by the attack")

    def _check_network(self, network: str) -> None:
        names = {network.name for network in self.networks}
        networks_of_posts = (post.network for paper in (self.target, self._rival) for post in paper.posts)
        if network not in names and network not in networks_of_posts:
            raise AttackFailed(f"no network {network!r}; choose from {', '.join(sorted(names))}")

    def _check_post(self, about: AttackedPaper, text: str) -> None:
        if not (about is self.target or about is self._rival or about in self.earlier_papers):
            raise AttackFailed(f"paper {about!r:.80}: not the target, the rival or one of `earlier_papers`")
        if not isinstance(text, str):
            raise AttackFailed(f"the text of a post must be a str, not {text!r:.80}")

    # ---- results -------------------------------------------------------------------------------------------

    def posts_about(self, paper: AttackedPaper) -> list[PaperPost]:
        """All posts about a paper after the campaign, honest ones and its own, also on networks that were cut off."""
        posts = [*paper.posts, *self.posts.get(paper.paper, ())]
        return [self._with_reactions(post) for post in posts if post.id not in self.deleted]

    def _with_reactions(self, post: PaperPost) -> PaperPost:
        if post.id not in self._reactions:
            return post
        added_reactions = (ReactionGroup(*moment, accounts) for moment, accounts in self._reactions[post.id].items())
        return post._replace(reactions=(*post.reactions, *added_reactions))

    def expenses(self) -> Expenses:
        """What the campaign used. An account that acts on several networks counts once on each; an honest account that
        shares the target counts as one with standing."""
        own_posts = [post for posts in self.posts.values() for post in posts]
        accounts_used: dict[str, set[int]] = {}
        for post in own_posts:
            accounts_used.setdefault(post.network, set()).add(post.account)
        network_of = {post.id: post.network for post in (*self.target.posts, *self._rival.posts, *own_posts)}
        for post_id, reactors in self._reactions.items():
            accounts_used.setdefault(network_of.get(post_id, ""), set()).update(*reactors.values())
        with_standing = self.aged_accounts | {post.account for post in own_posts if post.shared}
        aged = sum(len(accounts & with_standing) for accounts in accounts_used.values())
        reactions = sum(len(accounts) for reactors in self._reactions.values() for accounts in reactors.values())
        posters = {(post.network, post.account) for post in own_posts if post.account not in with_standing}
        fresh = sum(map(len, accounts_used.values())) - aged
        return Expenses(fresh, aged, len(own_posts), reactions, len(posters))


class Attack(NamedTuple):
    """An attack. `run(campaign, accounts)` carries it out. `knobs`: the values to try for each knob; the cheapest
    combination counts. `goals`: what it is for. `aged`: whether to try accounts without standing (False), and with
    standing (True). For the target, `days_old`: its age in days, each of which is tried; `known_post`: a known account
    has posted about it, otherwise nobody has; `small_field`: it is in an archive with few papers; `at_place`: it is the
    paper at this place without the attack, whatever its age. `many_posts`: it is slow, and is tried on every fifth day
    only."""

    name: str
    about: str
    run: Callable[[Campaign, int], None]
    knobs: Mapping[str, Sequence[Any]] = {}
    goals: tuple[Goal, ...] = ("first", "top ten")
    aged: tuple[bool, ...] = (False, True)
    days_old: tuple[int, ...] = (0, 1)
    known_post: bool = False
    small_field: bool = False
    at_place: int = 0
    many_posts: bool = False

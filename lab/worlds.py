"""Made-up worlds of talk, generated from a seed: papers with a heat, people who post about them, and people who like
the posts.

A few papers are hot, most are not (a Pareto law); the hotter a paper, the more people post about it and the more a post
is liked. Posts come in the days after the announcement; half of a post's missing likes come in each half-life. Some
people post often, most rarely (Zipf's law), some only once. On networks that name accounts it is known who liked.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, product
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from hotpapers.base.errors import InputError, UsageError
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.untrusted_json import decode_json
from hotpapers.discussion.engagement.standing.queries import (
    KNOWN_FOR,
    SETTLED_FOR,
    AccountHistory,
    PaperActivity,
    add_activity,
)

BEGINS = 20_454 * DAY
"""Midnight of the first day of every world, 2026-01-01, µs UTC."""
POSTING_SPAN = 6 * DAY
FIELD, SMALL_FIELD = "cs", "hep-th"
"""The archives of a world's papers: nearly all are in the first."""
NETWORK_NUMBERS = 10_000_000
"""Account numbers on the n-th network start at n times this."""
_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za")
_WORDS = tuple(map("".join, product(_SYLLABLES, repeat=3)))


def made_up_text(number: int) -> str:
    """Five made-up words, 30 letters in all, unique to each number below 2**60."""
    return " ".join(_WORDS[number >> shift & 0xFFF] for shift in (0, 12, 24, 36, 48))


class NetworkLaw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people talk on a network. `posts`: the mean number about a paper of heat 1; `likes`: of a post about it.
    `posters`, `likers`: accounts that post, and that like; `names_accounts`: whether it names who liked."""

    name: str
    posts: float
    likes: float
    posters: int
    likers: int
    names_accounts: bool = False


NETWORKS = (
    NetworkLaw(name="bluesky", posts=0.225, likes=1.1, posters=400, likers=3000, names_accounts=True),
    NetworkLaw(name="mastodon", posts=0.135, likes=1.1, posters=200, likers=1500),
    NetworkLaw(name="hackernews", posts=0.03, likes=1.1, posters=120, likers=3000),
    NetworkLaw(name="reddit", posts=0.0225, likes=1.1, posters=80, likers=2000),
    NetworkLaw(name="x", posts=0.12, likes=1.1, posters=200, likers=3000),
    NetworkLaw(name="huggingface", posts=0.06, likes=2.2, posters=60, likers=1500),
    NetworkLaw(name="lobsters", posts=0.009, likes=1.1, posters=40, likers=300),
    NetworkLaw(name="feeds", posts=0.012, likes=0.0, posters=30, likers=1),
    NetworkLaw(name="forum", posts=0.03, likes=1.1, posters=100, likers=500),
)
"""Networks with the names of real ones. All figures were chosen, close to the laws in the loopback's script; none is
fitted to a network. lab/docs/attacks.md compares them with recorded days."""


class WorldLaw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A world. `papers`: announced each day; `history`: days before the first one evaluated; `days`: days evaluated.
    `heat_tail`, `like_tail`: exponents of the Pareto laws of heat and of likes; `hottest`: the greatest heat.
    `newcomers`: the share of posts and likes by accounts that never appear again. `small_field`: the share of papers
    in a small field."""

    seed: int = 1
    networks: tuple[NetworkLaw, ...] = NETWORKS
    papers: int = 180
    history: int = 98
    days: int = 20
    heat_tail: float = 2.2
    like_tail: float = 2.2
    hottest: float = 60.0
    newcomers: float = 0.35
    small_field: float = 0.04


def read_laws(text: bytes) -> tuple[WorldLaw, ...]:
    """Worlds from JSON: a single one, or a list. Raises UsageError."""
    one_or_more: Any = WorldLaw | list[WorldLaw]
    try:
        decoded = decode_json(text, one_or_more)
    except InputError as problem:
        raise UsageError(f"invalid worlds: {problem.reason}") from problem
    laws = tuple(decoded) if isinstance(decoded, list) else (decoded,)
    if not laws:
        raise UsageError("invalid worlds: the list is empty")
    for law in laws:
        _check(law)
    return laws


STEEPEST, MOST_OFTEN, HOTTEST, MOST_PAPERS = 0.1, 1000.0, 10_000.0, 1_000_000
"""Laws beyond these make more talk than fits in memory."""
MOST_PEOPLE = NETWORK_NUMBERS // 2
"""The most accounts of a network, besides newcomers: their numbers follow."""


def _check(law: WorldLaw) -> None:
    people = [size for network in law.networks for size in (network.posters, network.likers)]
    if (
        not law.networks
        or min(law.papers, law.history, law.days, *people) < 1
        or not (0 <= law.newcomers <= 1 and 0 <= law.small_field <= 1)
    ):
        raise UsageError(
            "invalid world: networks, papers, history, days and people must be 1 or more, and shares 0 to 1"
        )
    if law.papers * (law.history + law.days) > MOST_PAPERS or max(people) > MOST_PEOPLE:
        raise UsageError(
            f"invalid world: at most {MOST_PAPERS:,} papers in all, and {MOST_PEOPLE:,} people on a network"
        )
    if min(law.heat_tail, law.like_tail) < STEEPEST or not 0 < law.hottest <= HOTTEST:
        raise UsageError(f"invalid world: tails must be {STEEPEST} or more, and hottest above 0 and up to {HOTTEST:g}")
    if not all(0 <= rate <= MOST_OFTEN for network in law.networks for rate in (network.posts, network.likes)):
        raise UsageError(f"invalid world: posts and likes must be 0 to {MOST_OFTEN:g}")
    if len({network.name for network in law.networks}) < len(law.networks):
        raise UsageError("invalid world: two networks have the same name")


class ReactionGroup(NamedTuple):
    """Accounts that liked or reposted a post at a moment, in addition to the world's law."""

    type: str
    at: int
    accounts: Sequence[int]


class PaperPost(NamedTuple):
    """A post about a paper. `likes`: its final number by the law; half of the missing ones come in each `half` µs;
    `likers`: who they are from, in order, if the network names them; `reactions`: additional ones; `shared`: it is
    about other papers too; `read_until`: when its network could last be read, None if always."""

    id: int
    network: str
    account: int
    at: int
    text: str
    likes: int = 0
    half: int = HOUR
    likers: tuple[int, ...] = ()
    reactions: tuple[ReactionGroup, ...] = ()
    shared: bool = False
    read_until: int | None = None


class WorldPaper(NamedTuple):
    """A paper and the posts about it. `day`: days since the world began."""

    paper: str
    archive: str
    day: int
    heat: float
    posts: tuple[PaperPost, ...]

    @property
    def announced_at(self) -> int:
        return BEGINS + self.day * DAY

    @property
    def title(self) -> str:
        return made_up_text(crc32(self.paper.encode()))


def likes_by(post: PaperPost, moment: int) -> int:
    """How many likes a post has by the law at a moment, as far as they were read."""
    moment = moment if post.read_until is None else min(moment, post.read_until)
    if moment <= post.at or not post.likes:
        return 0
    return min(post.likes, int((post.likes + 1) * (1 - 2.0 ** (-(moment - post.at) / post.half))))


def liked_at(post: PaperPost, n: int) -> int:
    """When its n-th like came."""
    return post.at + math.ceil(post.half * math.log2((post.likes + 1) / (post.likes + 1 - n)))


class World:
    """A world: all its papers, and which accounts its record would know."""

    def __init__(self, law: WorldLaw) -> None:
        self.law = law
        self._rng = Random(law.seed)
        self._newcomers = 0
        self._posters = {network.name: _zipf(network.posters, 5) for network in law.networks}
        self._likers = {network.name: _zipf(network.likers, 50) for network in law.networks}
        self.papers = [self._paper(day, n) for day in range(law.history + law.days) for n in range(law.papers)]

    def _paper(self, day: int, n: int) -> WorldPaper:
        heat = min(self._rng.paretovariate(self.law.heat_tail), self.law.hottest)
        posts = tuple(
            self._post(law, number, day, heat)
            for number, law in enumerate(self.law.networks)
            for _ in range(self._whole(heat * law.posts))
        )
        archive = SMALL_FIELD if n < self.law.papers * self.law.small_field else FIELD
        return WorldPaper(f"arxiv:{26_01 + day // 30:04d}.{day % 30:02d}{n:03d}", archive, day, heat, posts)

    def _whole(self, number: float) -> int:
        return int(number) + (self._rng.random() < number % 1)

    def _post(self, law: NetworkLaw, number: int, day: int, heat: float) -> PaperPost:
        rng = self._rng
        at = BEGINS + day * DAY + min(round(rng.expovariate(1 / 14) * HOUR) + HOUR // 12, POSTING_SPAN)
        likes = min(int(law.likes * heat * (rng.paretovariate(self.law.like_tail) - 1)), law.likers // 2)
        account = self._account(number, self._posters[law.name])
        likers = self._crowd(number, law, likes) if law.names_accounts else ()
        post = rng.getrandbits(60)
        half = rng.randrange(3, 24) * HOUR
        return PaperPost(post, law.name, account, at, made_up_text(post), likes, half, likers)

    def _account(self, number: int, weights: list[float]) -> int:
        if self._rng.random() < self.law.newcomers:
            self._newcomers += 1
            return number * NETWORK_NUMBERS + NETWORK_NUMBERS // 2 + self._newcomers
        return number * NETWORK_NUMBERS + 1 + bisect(weights, self._rng.random() * weights[-1])

    def _crowd(self, number: int, law: NetworkLaw, count: int) -> tuple[int, ...]:
        crowd: dict[int, None] = {}
        while len(crowd) < count:
            crowd[self._account(number, self._likers[law.name])] = None
        return tuple(crowd)

    @cached_property
    def _histories(self) -> list[AccountHistory]:
        histories: dict[int, AccountHistory] = {}
        for activity in sorted(self._activities(), key=lambda activity: activity.observed_at):
            histories[activity.account] = add_activity(histories.get(activity.account), activity)
        return [history for history in histories.values() if history.position]

    def _activities(self) -> Iterator[PaperActivity]:
        for number, paper in enumerate(self.papers, 1):
            for post in paper.posts:
                yield PaperActivity(post.account, number, post.at, 1)
                for n, account in enumerate(post.likers, 1):
                    yield PaperActivity(account, number, liked_at(post, n), 1)

    def seen_until(self, moment: int) -> frozenset[int]:
        """The accounts that posted or liked anything until a moment, µs UTC, as far as networks name them."""
        return frozenset(activity.account for activity in self._activities() if activity.observed_at <= moment)

    def known(self, as_of: int) -> frozenset[int]:
        """The accounts that have standing at a moment, µs UTC."""
        return frozenset(history.account for history in self._histories if has_standing(history, as_of))


def has_standing(known: AccountHistory, as_of: int) -> bool:
    """Whether an account has standing at a moment, µs UTC: what `known_accounts` asks the store."""
    since, settled = known.first_at <= as_of - KNOWN_FOR, known.settled_at <= as_of - SETTLED_FOR
    return bool(known.position) and since and settled


def _zipf(count: int, flat: int) -> list[float]:
    """Cumulative weights of accounts: the n-th has 1 / (n + flat)."""
    return list(accumulate(1 / (n + flat) for n in range(count)))

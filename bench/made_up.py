"""A made-up record of three years, in the order in which it would have been observed.

At scale 1: a million papers announced on the weekdays of three years; one in ten is discussed, in a million posts by
200,000 accounts, most papers in a few posts and some in hundreds (a Pareto tail); each post's counts are read ten times
in two weeks, ten million snapshots in all. Names and sentences are made up; ids and addresses have realistic lengths.
Everything comes from a seed: the same scale gives the same items.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR, Announcement, Item, Mention, Paper, Post, Snapshot

PAPERS = 1_000_000
YEARS = 3
FIRST = datetime(2023, 1, 2, tzinfo=UTC)
DAYS = 365 * YEARS
ONE_IN = 10
ACCOUNTS = 200_000
BATCH = 10_000
SNAPSHOTS_AT = (1, 3, 6, 12, 24, 48, 72, 120, 168, 336)
"""Hours after a post at which its counts are read."""

ARCHIVES = ("cs.LG", "cs.CL", "cs.CV", "math.PR", "astro-ph.GA", "cond-mat.str-el", "hep-th", "quant-ph", "stat.ML")
NETWORKS = ("bluesky",) * 11 + ("mastodon",) * 4 + ("x",) * 3 + ("reddit",) + ("hackernews",)
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_SENTENCES = (
    "teapot umbrella lantern meadow gradient kettle sparse whisker orbit lattice pebble thimble marble entropy "
    "quiver saddle ribbon tensor cinder walrus bramble vortex pollen siphon kernel acorn tundra spindle mosaic "
    "grows bends folds measures bounds learns sorts drifts weighs joins splits cools warms hums of under over "
    "beside with without a the one many no every small large round quick slow quiet"
)
_WORDS = _SENTENCES.split()


class Goal(NamedTuple):
    """A post's counts on the way to their final values."""

    post: str
    created_at: int
    reposts: int
    likes: int


def moment(day: int) -> int:
    """Midnight UTC of the n-th day, in µs."""
    return int((FIRST + timedelta(days=day)).timestamp()) * 1_000_000


def day_name(day: int) -> str:
    """The n-th day's date."""
    return (FIRST + timedelta(days=day)).date().isoformat()


def last_day() -> int:
    """The last day on which papers were announced."""
    return max(day for day in range(DAYS) if _is_weekday(day))


def _is_weekday(day: int) -> bool:
    return (FIRST + timedelta(days=day)).weekday() < 5


class MadeUp:
    """The items for a scale, from a seed."""

    def __init__(self, scale: float) -> None:
        self._chance = random.Random(f"hot papers {scale}")
        self._weekdays = sum(map(_is_weekday, range(DAYS)))
        self._papers = max(int(PAPERS * scale), self._weekdays)
        self._sentences = [self._sentence() for _ in range(3000)]
        self._accounts = [self._account(n) for n in range(max(int(ACCOUNTS * scale), 500))]
        self._posts: dict[int, list[Item]] = defaultdict(list)
        self._snapshots: dict[int, list[Item]] = defaultdict(list)
        self._numbers: dict[str, int] = defaultdict(int)

    def batches(self, size: int = BATCH) -> Iterator[list[Item]]:
        """All items, by day, in batches."""
        days = itertools.chain.from_iterable(self._days())
        return iter(lambda: list(itertools.islice(days, size)), [])

    def later(self, size: int, seed: str) -> list[Item]:
        """This many more items, observed on the day after all others: posts about papers of the last month by the same
        accounts, and their mentions. Call it on an instance that has given no batches yet."""
        self._chance = random.Random(f"later {seed}")
        month = day_name(last_day())[2:7].replace("-", "")
        for _ in range(size // 2):
            at = moment(DAYS) + self._chance.randrange(HOUR)
            self._post(f"arxiv:{month}.{self._chance.randrange(1, 1000):05}", at)
        return [item for items in self._posts.values() for item in items]

    def _days(self) -> Iterator[list[Item]]:
        due = 0.0
        for day in range(DAYS):
            items: list[Item] = []
            if _is_weekday(day):
                due += self._papers / self._weekdays
                for _ in range(int(due)):
                    items += self._announced(day)
                due -= int(due)
            yield items + self._posts.pop(day, []) + self._snapshots.pop(day, [])

    def _announced(self, day: int) -> list[Item]:
        chance, date = self._chance, day_name(day)
        month = date[2:4] + date[5:7]
        self._numbers[month] += 1
        key = f"arxiv:{month}.{self._numbers[month]:05}"
        category = chance.choice(ARCHIVES)
        at = moment(day)
        paper = Paper(
            paper=key, title=self._sentences[chance.randrange(3000)][:90].title(),
            authors=tuple(f"Ada{chance.randrange(900)} Kettle{chance.randrange(900)}" for _ in range(4)),
            abstract=" ".join(chance.choices(self._sentences, k=10)), categories=(category, "cs.AI"), version=1,
            published_at=at - DAY, updated_at=at - DAY, observed_at=at + HOUR,
        )  # fmt: skip
        announcement = Announcement(
            paper=key, day=date, category=category, type="new", announced_at=at, version=1, observed_at=at + HOUR
        )
        if chance.randrange(ONE_IN) == 0:
            self._post_about(key, at)
        return [paper, announcement]

    def _post_about(self, paper: str, announced_at: int) -> None:
        """Posts about a paper: ten on average, heavy-tailed, most of them in its first days."""
        for _ in range(min(int(4.2 * self._chance.paretovariate(1.45)) - 2, 3000)):
            created_at = announced_at + int(self._chance.expovariate(1 / 30) * HOUR) - HOUR
            self._post(paper, created_at)

    def _post(self, paper: str, created_at: int) -> None:
        chance = self._chance
        network = chance.choice(NETWORKS)
        account = self._accounts[int(len(self._accounts) * chance.random() ** 3)]
        post = f"{network}:at://{account}/app.bsky.feed.post/{_word(chance, 13)}"
        text = f"{_word(chance, 24)} {self._sentences[chance.randrange(3000)]} https://arxiv.org/abs/{paper[6:]}"
        item = Post(
            post=post, network=network, account=f"{network}:{account}", created_at=created_at, text=text, lang="en",
            handle=f"{account[-12:]}.example.org", name=f"Ada {account[-6:]}", observed_at=created_at + 2_000_000,
        )  # fmt: skip
        mention = Mention(post=post, paper=paper, form="abs", found_in="text", observed_at=created_at + 2_000_000)
        self._posts[_day_of(item.observed_at)] += [item, mention]
        goal = Goal(post, created_at, int(chance.paretovariate(1.2)) - 1, int(2 * chance.paretovariate(1.1)) - 2)
        for hours in SNAPSHOTS_AT:
            snapshot = self._snapshot(goal, hours)
            self._snapshots[_day_of(snapshot.observed_at)].append(snapshot)

    def _snapshot(self, goal: Goal, hours: int) -> Snapshot:
        share = hours / (hours + 9)
        return Snapshot(
            post=goal.post, reposts=int(min(goal.reposts, 50_000) * share), likes=int(min(goal.likes, 90_000) * share),
            replies=int(goal.likes * share) // 9, quotes=0,
            observed_at=goal.created_at + hours * HOUR + self._chance.randrange(HOUR // 2),
        )  # fmt: skip

    def _sentence(self) -> str:
        return " ".join(self._chance.choices(_WORDS, k=18)).capitalize() + "."

    def _account(self, n: int) -> str:
        return f"did:plc:{_word(self._chance, 19)}{n:05x}"


def _day_of(at: int) -> int:
    return (at - moment(0)) // DAY


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(_LETTERS, k=length))

"""A made-up archive of a year, in the order in which it would have been observed.

At scale 1: 50,000 papers announced on the weekdays of a year; 100,000 posts about them by 60,000 accounts of Bluesky,
most papers in one or two and some in dozens, with five million reposts and likes by these accounts, most posts with a
few and some with thousands (Pareto tails), one in a hundred withdrawn; and 20,000 posts on Hacker News whose points are
read five times. Everything comes from a seed: the same scale gives the same items.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from bench.made_up import ARCHIVES, day_name, moment
from hotpapers.base.model import HOUR, Announcement, Item, Mention, Paper, Post, Reaction, Snapshot

PAPERS = 50_000
REACTIONS = 5_000_000
ACCOUNTS = 60_000
DAYS = 365
ON_HACKERNEWS = 0.2
COUNTED_AT = (2, 8, 26, 80, 170)
"""Hours after a Hacker News post at which its points are read."""
TAKEN_BACK = 0.01
_WORDS = (
    "a", "kettle", "of", "tensors", "that", "folds", "over", "slow", "lattices", "beside", "many", "quiet", "marbles",
    "without", "any", "lantern",
)  # fmt: skip


class MadeUpArchive:
    """The items for a scale, day by day."""

    def __init__(self, scale: float) -> None:
        self._chance = random.Random(f"archive {scale}")
        self._weekdays = [day for day in range(DAYS) if _date(day).weekday() < 5]
        self._papers = max(int(PAPERS * scale), len(self._weekdays))
        self._reactions_left = 0.0
        self._each = REACTIONS * scale / (self._papers * 2)
        self._accounts = max(int(ACCOUNTS * scale), 500)
        self._later: dict[int, list[Item]] = defaultdict(list)
        self._numbers: dict[str, int] = defaultdict(int)

    def days(self) -> Iterator[list[Item]]:
        """The items observed on each day, ascending."""
        count, weekdays = 0, 0
        for day in range(DAYS):
            if day in self._weekdays:
                weekdays += 1
                upto = self._papers * weekdays // len(self._weekdays)
                for _ in range(upto - count):
                    self._announced(day)
                count = upto
            yield sorted(self._later.pop(day, []), key=lambda item: item.observed_at)

    def _add(self, item: Item) -> None:
        self._later[(item.observed_at - moment(0)) // (24 * HOUR)].append(item)

    def _announced(self, day: int) -> None:
        name, at = day_name(day), moment(day)
        month = name[2:4] + name[5:7]
        self._numbers[month] += 1
        key, category = f"arxiv:{month}.{self._numbers[month]:05}", self._chance.choice(ARCHIVES)
        self._add(Paper(paper=key, title=self._words(7).title(), abstract=self._words(60), categories=(category,),
                        authors=("Ada Kettle",), version=1, published_at=at - 20 * HOUR, observed_at=at))  # fmt: skip
        self._add(Announcement(paper=key, day=name, category=category, type="new", announced_at=at, observed_at=at))
        popular = self._chance.paretovariate(1.2)
        for _ in range(min(int(0.4 * popular + 1.35 * self._chance.random() + 0.5), 60)):
            self._post(key, at + int(self._chance.expovariate(1 / 20) * HOUR), popular)
        if self._chance.random() < ON_HACKERNEWS * 2:
            self._story(key, at + int(self._chance.expovariate(1 / 20) * HOUR), popular)

    def _post(self, paper: str, at: int, popular: float) -> None:
        account = self._account()
        post = f"bluesky:at://{account}/app.bsky.feed.post/{self._chance.getrandbits(50):013x}"
        self._speak(post, "bluesky", f"bluesky:{account}", paper, at)
        # a Pareto tail of 1.15 has a mean of 7.7, and popular papers have more: 22 gives the intended sum
        reactions = min(self._each * self._chance.paretovariate(1.15) * popular**0.5 / 22, self._accounts / 10)
        for _ in range(int(reactions + self._chance.random())):
            self._react(post, at + 60_000_000 + int(self._chance.expovariate(1 / 15) * HOUR))

    def _react(self, post: str, at: int) -> None:
        type = "like" if self._chance.random() < 0.8 else "repost"
        account = f"bluesky:{self._account()}"
        self._add(Reaction(post=post, account=account, type=type, observed_at=at))  # type: ignore[arg-type]
        if self._chance.random() < TAKEN_BACK:
            back = at + int(self._chance.expovariate(1) * HOUR)
            self._add(Reaction(post=post, account=account, type=type, withdrawn=True, observed_at=back))  # type: ignore[arg-type]

    def _story(self, paper: str, at: int, popular: float) -> None:
        account = f"hackernews:user{self._chance.randrange(self._accounts)}"
        post = f"hackernews:{self._chance.getrandbits(40)}"
        self._speak(post, "hackernews", account, paper, at)
        points = min(int(popular * 3 * self._chance.random()), 3000)
        for hours in COUNTED_AT:
            self._add(Snapshot(post=post, likes=int(points * hours / (hours + 9)), observed_at=at + hours * HOUR))

    def _speak(self, post: str, network: str, account: str, paper: str, at: int) -> None:
        text = f"{self._words(12)} {self._chance.getrandbits(40):x} https://arxiv.org/abs/{paper[6:]}"
        self._add(Post(post=post, network=network, account=account, created_at=at, text=text, observed_at=at))
        self._add(Mention(post=post, paper=paper, form="abs", found_in="text", observed_at=at))

    def _account(self) -> str:
        return f"did:plc:{int(self._accounts * self._chance.random() ** 2):024}"

    def _words(self, count: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=count))


def _date(day: int) -> date:
    return date(2023, 1, 2) + timedelta(days=day)

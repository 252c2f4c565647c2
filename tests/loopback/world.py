"""A script generated from a seed, day by day and, if wanted, without end. A pure function of its settings.

Each paper has a popularity: 1 for most, much more for a few. The more popular a paper, the more people post about it
and the more likes they get. They post within a week of its announcement. In addition, bots post every paper in computer
science, a few people post about other things, from time to time a dozen accounts praise the same paper in the same
words, some posts are edited or deleted, and some accounts are suspended.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from random import Random
from typing import NamedTuple, TypeVar

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from tests.loopback import ids, words
from tests.loopback.papers import ALL_SUBJECTS, CACHED_DAYS, PaperGenerator, Subjects
from tests.loopback.script import MINUTE, NEVER, SECOND, Account, Message, Paper, PaperReference

K = TypeVar("K")
T = TypeVar("T")

RATES = {
    "bluesky": 0.15, "mastodon": 0.09, "x": 0.08, "hackernews": 0.02, "reddit": 0.015, "lobsters": 0.006,
    "feeds": 0.008,
}  # fmt: skip
"""Messages about a paper of popularity 1, on average; others have in proportion more, at most MAX_MESSAGES."""
MAX_MESSAGES = 12
ACCOUNT_COUNTS = {
    "bluesky": 400, "mastodon": 200, "x": 200, "hackernews": 120, "reddit": 80, "lobsters": 40, "huggingface": 60,
    "feeds": 3,
}  # fmt: skip
BOT_NETWORKS = ("bluesky", "mastodon", "x")
"""Networks with a bot that posts every paper in computer science; it is the first account there."""
CAMPAIGN_SIZE = 12
"""This many accounts, the last ones on Bluesky, praise one paper in the same words every CAMPAIGN_EVERY days."""
CAMPAIGN_EVERY = 15
TALK_DAYS = 7
"""Days for which people post about a paper."""
FORMS = ("abs", "abs", "abs", "pdf", "html", "doi", "alphaxiv", "huggingface", "prose")
SLOT = 16
"""Each announcement day owns one second in every period of this many seconds, so that no two messages coincide."""


class DayMessages(NamedTuple):
    """The messages about the papers of one announcement, by network and day."""

    messages: dict[tuple[str, int], list[Message]]


class World:
    """The script. `start`: the first day, YYYY-MM-DD; `days`: how many, None for no end. `papers`: per day, on average.

    `post_rate`: how much people post, 1 for the rates above. `chatter`: seconds between two irrelevant messages.
    `subjects`: what the papers are about.
    """

    def __init__(
        self, seed: int = 1, start: str = "2026-03-02", days: int | None = None, papers: int = 40,
        *, post_rate: float = 1.0, chatter: int = 20, subjects: Subjects = ALL_SUBJECTS,
    ) -> None:  # fmt: skip
        self.seed, self.start, self.post_rate, self.chatter = seed, start, post_rate, chatter
        first = datetime.date.fromisoformat(start)
        self.first_day = first.toordinal() - datetime.date(1970, 1, 1).toordinal()
        end = "9999" if days is None else (first + datetime.timedelta(days=days)).isoformat()
        self._paper_generator = PaperGenerator(seed, start, end, papers, subjects)
        self._last_day = NEVER if days is None else self.first_day + days - 1
        self._messages_by_day: OrderedDict[str, DayMessages] = OrderedDict()
        self._messages: OrderedDict[tuple[str, int], Sequence[Message]] = OrderedDict()

    # ---- the methods of a script -------------------------------------------------------------------------

    def papers(self, label: str) -> Sequence[Paper]:
        """What arXiv announces as new on a day."""
        return self._paper_generator.papers(label)

    def replacements(self, label: str) -> Sequence[tuple[Paper, int]]:
        """New versions announced on a day."""
        return self._paper_generator.replacements(label)

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""
        return self._paper_generator.paper(id)

    def messages(self, network: str, day: int) -> Sequence[Message]:
        """The messages on a network on a day, by moment."""
        return _cached(self._messages, (network, day), lambda: self._messages_on(network, day), 600)

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts on a network."""
        return self._accounts_by_network[network]

    # ---- people --------------------------------------------------------------------------------------------

    @cached_property
    def _accounts_by_network(self) -> dict[str, tuple[Account, ...]]:
        return {
            network: tuple(self._account(network, n) for n in range(count)) for network, count in ACCOUNT_COUNTS.items()
        }

    def _account(self, network: str, n: int) -> Account:
        """The n-th account. It has the same name on every network, so some accounts are the same person. One in 40 is
        suspended at some time, perhaps for good."""
        rng = Random(f"{self.seed} account {network} {n}")
        name = words.handle(n)
        is_bot = n == 0 and network in BOT_NETWORKS
        gone_from = NEVER
        if rng.random() < 0.025 and not is_bot:
            gone_from = (self.first_day + rng.randrange(2, 700)) * DAY + rng.randrange(86_400) * SECOND
        labels_by_network = {"bluesky": ("!no-unauthenticated",), "mastodon": (("noindex", "nobot")[n % 2],)}
        labels = labels_by_network.get(network, ()) if rng.random() < 0.05 else ()
        return Account(
            network, account_id(network, name, n), f"{name}bot" if is_bot else name, words.author(rng),
            home=("one", "two")[n // 2 % 2], bot=is_bot, labels=("bot",) if is_bot else labels,
            gone_from=gone_from, gone_until=NEVER if rng.random() < 0.5 else gone_from + rng.randrange(1, 20) * DAY,
            status=rng.choice(("deactivated", "suspended", "takendown")),
        )  # fmt: skip

    # ---- talk ----------------------------------------------------------------------------------------------

    def _messages_on(self, network: str, day: int) -> list[Message]:
        if not self.first_day <= day <= self._last_day:
            return []
        messages = list(self._small_talk(network, day))
        for days_back in range(TALK_DAYS + 2):
            label = datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + day + 1 - days_back)
            if label.weekday() < 5:
                messages += self._talk_of(label.isoformat()).messages.get((network, day), ())
        return sorted(messages, key=lambda message: message.at)

    def _talk_of(self, label: str) -> DayMessages:
        return _cached(self._messages_by_day, label, lambda: MessageGenerator(self, label).day(), CACHED_DAYS)

    def _small_talk(self, network: str, day: int) -> list[Message]:
        """A few messages about other things, in seconds that no announcement day owns."""
        if network in ("feeds", "huggingface", "lobsters"):
            return []
        rng = Random(f"{self.seed} small talk {network} {day}")
        messages = []
        for n in range(rng.randrange(2, 6)):
            at = (day * 86_400 + (n * 17_000 + rng.randrange(16_000)) // SLOT * SLOT + SLOT - 1) * SECOND
            author, text = rng.choice(self._accounts_by_network[network][:-CAMPAIGN_SIZE]), rng.choice(words.SMALL_TALK)
            title = text if network in ("hackernews", "reddit") else ""
            messages.append(
                Message(network, ids.message_id(network, at), at, author, text, title=title, lang=words.language(text))
            )
        return messages


class MessageGenerator:
    """Makes up the messages about one day's papers."""

    def __init__(self, world: World, label: str) -> None:
        self._world, self._label = world, label
        self._rng = Random(f"{world.seed} talk {label}")
        self._slot = datetime.date.fromisoformat(label).toordinal() % (SLOT - 1)
        self._announced_at = days.announced_at(label)
        self._taken_seconds: set[tuple[str, int]] = set()
        self._day = DayMessages({})

    def day(self) -> DayMessages:
        """All messages."""
        papers = self._world.papers(self._label)
        for paper in papers:
            for network, rate in RATES.items():
                expected_count = min(paper.popularity, 60) * rate * self._world.post_rate
                for _ in range(min(MAX_MESSAGES, int(expected_count) + (self._rng.random() < expected_count % 1))):
                    self._discuss(network, paper)
            if "cs" in paper.archives and paper.popularity > 2:
                self._list_on_hugging_face(paper)
        self._announce_by_bot([paper for paper in papers if paper.archives[0] == "cs"])
        if papers and datetime.date.fromisoformat(self._label).toordinal() % CAMPAIGN_EVERY == 0:
            self._run_campaign(self._rng.choice(papers))
        return self._day

    def _add(self, message: Message) -> Message:
        self._day.messages.setdefault((message.network, message.at // DAY), []).append(message)
        return message

    def _free_time(self, network: str, at: int) -> int:
        """The first free second of this day's own after a moment, µs."""
        second = at // SECOND // SLOT * SLOT + self._slot
        while (network, second) in self._taken_seconds or second * SECOND < self._announced_at:
            second += SLOT
        self._taken_seconds.add((network, second))
        return second * SECOND

    def _discuss(self, network: str, paper: Paper) -> None:
        """Somebody posts about a paper; perhaps somebody replies or quotes, or posts it on another network too."""
        rng = self._rng
        delay = min(5 * MINUTE + round(rng.expovariate(1 / 14) * HOUR), (TALK_DAYS - 1) * DAY)
        original = self._add(self._message(network, paper, self._announced_at + delay))
        if network == "bluesky" and rng.random() < 0.3:
            reply_at = original.at + rng.randrange(1, 600) * MINUTE
            response = self._message(network, paper, min(reply_at, self._announced_at + TALK_DAYS * DAY))
            is_reply = rng.random() < 0.5
            self._add(response._replace(
                reply_to=_uri(original) if is_reply else "", quotes="" if is_reply else _uri(original),
                final_likes=response.final_likes // 4,
            ))  # fmt: skip
        if network == "bluesky" and rng.random() < 0.15:
            self._crosspost("mastodon", original)
            self._crosspost("x", original)

    def _crosspost(self, network: str, message: Message) -> None:
        """The same person posts the same on another network."""
        accounts = self._world.accounts(network)
        author = next((account for account in accounts if account.name == message.author.name), accounts[-1])
        at = self._free_time(network, message.at + MINUTE)
        id = ids.message_id(network, at)
        references = (
            message.references
            if network == "mastodon"
            else tuple(account._replace(place="link") for account in message.references)
        )
        self._add(
            message._replace(
                network=network, id=id, at=at, author=author, references=references, gone_at=NEVER, limits=()
            )
        )

    def _message(self, network: str, paper: Paper, desired_time: int) -> Message:
        rng = self._rng
        at = self._free_time(network, desired_time)
        text = rng.choice(words.PRAISE)
        final_likes = min(400, int(0.8 * min(paper.popularity, 60) * rng.paretovariate(1.0)))
        draft = Message(
            network, ids.message_id(network, at), at, self._random_author(network), text,
            (self._reference(network, paper),), final_likes, half_life=rng.randrange(3, 24) * HOUR,
            lang=words.language(text), title=self._title(network, paper),
        )  # fmt: skip
        return self._with_fate(self._as_comment(draft))

    def _title(self, network: str, paper: Paper) -> str:
        return paper.title if network in ("hackernews", "lobsters", "reddit", "feeds") else ""

    def _random_author(self, network: str) -> Account:
        accounts = self._world.accounts(network)
        return self._rng.choice(accounts if network == "feeds" else accounts[1:-CAMPAIGN_SIZE])

    def _reference(self, network: str, paper: Paper) -> PaperReference:
        """How the paper is named: in stories by its address, elsewhere in any form."""
        rng = self._rng
        if network == "lobsters":
            return PaperReference(paper.id, rng.choice(("abs", "pdf")))
        form = rng.choice(FORMS)
        if form == "prose":
            return PaperReference(paper.id, form, "text")
        place = "card" if network in ("bluesky", "mastodon") and rng.random() < 0.25 else "link"
        return PaperReference(paper.id, form, place, version=1 if form == "pdf" and rng.random() < 0.5 else 0)

    def _as_comment(self, message: Message) -> Message:
        """Some messages on Hacker News are comments on a story about something else."""
        if message.network == "hackernews" and self._rng.random() < 0.4:
            return message._replace(title="", story=ids.message_id("hackernews", message.at - HOUR), final_likes=0)
        return message

    def _with_fate(self, message: Message) -> Message:
        """One message in 25 is deleted, one in 20 edited where that is possible, and one in 30 may not be quoted."""
        rng = self._rng
        if rng.random() < 0.04:
            gone_at = message.at + rng.randrange(60, 10 * 24 * 60) * MINUTE
            message = message._replace(gone_at=gone_at, gone_reason=rng.choice(("deleted", "deleted", "removed")))
        if rng.random() < 0.05 and message.network in ("mastodon", "reddit", "x", "feeds"):
            edited_at = message.at + rng.randrange(5, 600) * MINUTE
            message = message._replace(edited_at=edited_at, edit=f"{message.words} (Edit: a typo.)")
        limits = {
            "bluesky": ("spam", "graphic-media"),
            "mastodon": ("sensitive", "content warning"),
            "x": ("sensitive",),
        }
        if rng.random() < 0.03 and message.network in limits:
            message = message._replace(limits=(rng.choice(limits[message.network]),))
        return message

    def _list_on_hugging_face(self, paper: Paper) -> None:
        """A paper's page on Hugging Face, created in the hours after its announcement."""
        rng = self._rng
        at = self._free_time("huggingface", self._announced_at + rng.randrange(2, 30) * HOUR)
        final_likes = min(500, int(paper.popularity * rng.randrange(2, 8)))
        self._add(Message(
            "huggingface", paper.id, at, self._random_author("huggingface"), "",
            (PaperReference(paper.id, "huggingface"),), final_likes, half_life=18 * HOUR, title=paper.title,
        ))  # fmt: skip

    def _announce_by_bot(self, papers: Sequence[Paper]) -> None:
        """A bot posts each paper, always in the same form."""
        for n, paper in enumerate(papers):
            for network in BOT_NETWORKS:
                at = self._free_time(network, self._announced_at + 10 * MINUTE + n * 30 * SECOND)
                author = self._world.accounts(network)[0]
                self._add(Message(
                    network, ids.message_id(network, at), at, author, f"New on arXiv: {paper.title}.",
                    (PaperReference(paper.id),),
                ))  # fmt: skip

    def _run_campaign(self, paper: Paper) -> None:
        """A dozen accounts praise one paper in the same words within an hour or two."""
        for author in self._world.accounts("bluesky")[-CAMPAIGN_SIZE:]:
            at = self._free_time("bluesky", self._announced_at + 9 * HOUR + self._rng.randrange(90) * MINUTE)
            text = "The most important result of the year, everybody must read it!"
            self._add(
                Message(
                    "bluesky",
                    ids.message_id("bluesky", at),
                    at,
                    author,
                    text,
                    (PaperReference(paper.id),),
                    final_likes=3,
                )
            )


def _uri(message: Message) -> str:
    return f"at://{message.author.id}/app.bsky.feed.post/{message.id}"


def account_id(network: str, name: str, n: int) -> str:
    """The identifier of a network's n-th account: a number or a name, as usual there."""
    if network == "bluesky":
        return ids.did(name)
    ids_by_network = {
        "x": str(70_000 + n),
        "reddit": f"t2_{ids.base36(50_000 + n)}",
        "huggingface": f"{n:024x}",
        "feeds": str(n),
    }
    return ids_by_network.get(network, name)


def _cached(cache: OrderedDict[K, T], key: K, make: Callable[[], T], maximum: int) -> T:
    """The cached value for a key, created if needed; the oldest value is dropped if there are too many."""
    value = cache.get(key)
    if value is None:
        value = cache[key] = make()
        if len(cache) > maximum:
            cache.popitem(last=False)
    return value

"""A script generated from a seed, day by day, without end if wanted. A pure function of its settings.

Papers have a heat: 1 for most, much more for a few. The hotter a paper, the more people post about it and the more they
are liked. They post within a week of its announcement. In addition, bots post every paper in computer science, a few
people post about other things, from time to time a dozen accounts praise the same paper in the same words, some posts
are edited or deleted, and some accounts are suspended.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from random import Random
from typing import NamedTuple, TypeVar

from hotpapers import announcement_days as days
from hotpapers.model import DAY, HOUR
from tests.loopback import ids, words
from tests.loopback.papers import PAPERS_KEPT, Press
from tests.loopback.script import MINUTE, NEVER, SECOND, Account, Naming, Paper, Said

K = TypeVar("K")
T = TypeVar("T")

RATES = {
    "bluesky": 0.15, "mastodon": 0.09, "x": 0.08, "hackernews": 0.02, "reddit": 0.015, "lobsters": 0.006,
    "feeds": 0.008,
}  # fmt: skip
"""Messages about a paper of heat 1, on average; a paper of heat h has h times as many, at most MOST."""
MOST = 12
PEOPLE = {
    "bluesky": 400, "mastodon": 200, "x": 200, "hackernews": 120, "reddit": 80, "lobsters": 40, "huggingface": 60,
    "feeds": 3,
}  # fmt: skip
PROGRAMS = ("bluesky", "mastodon", "x")
"""Networks with a bot that posts every paper in computer science; it is the first account there."""
CHOIR = 12
"""This many accounts, the last ones on Bluesky, praise one paper in the same words every CHOIR_EVERY days."""
CHOIR_EVERY = 15
SPEAKS_FOR = 7
"""Days for which people post about a paper."""
FORMS = ("abs", "abs", "abs", "pdf", "html", "doi", "alphaxiv", "huggingface", "prose")
SLOT = 16
"""In each period of this many seconds, every day's talk has one of its own: no two messages of a network coincide."""


class Day(NamedTuple):
    """The messages about the papers of one announcement, by network and day."""

    said: dict[tuple[str, int], list[Said]]


class World:
    """The script. `start`: the first day, YYYY-MM-DD; `days`: how many, None for no end. `papers`: per day, on average.

    `talk`: how much people post, 1 for the rates above. `chatter`: seconds between two messages about nothing.
    """

    def __init__(
        self, seed: int = 1, start: str = "2026-03-02", days: int | None = None, papers: int = 40,
        *, talk: float = 1.0, chatter: int = 20,
    ) -> None:  # fmt: skip
        self.seed, self.start, self.talk, self.chatter = seed, start, talk, chatter
        first = datetime.date.fromisoformat(start)
        self.first_day = first.toordinal() - datetime.date(1970, 1, 1).toordinal()
        end = "9999" if days is None else (first + datetime.timedelta(days=days)).isoformat()
        self._press = Press(seed, start, end, papers)
        self._last_day = NEVER if days is None else self.first_day + days - 1
        self._talk: OrderedDict[str, Day] = OrderedDict()
        self._said: OrderedDict[tuple[str, int], Sequence[Said]] = OrderedDict()

    # ---- the methods of a script -------------------------------------------------------------------------

    def papers(self, label: str) -> Sequence[Paper]:
        """What arXiv announces as new on a day."""
        return self._press.papers(label)

    def replaced(self, label: str) -> Sequence[tuple[Paper, int]]:
        """New versions announced on a day."""
        return self._press.replaced(label)

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""
        return self._press.paper(id)

    def said(self, network: str, day: int) -> Sequence[Said]:
        """The messages on a network on a day, by moment."""
        return _kept(self._said, (network, day), lambda: self._said_on(network, day), 600)

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts on a network."""
        return self._people[network]

    # ---- people --------------------------------------------------------------------------------------------

    @cached_property
    def _people(self) -> dict[str, tuple[Account, ...]]:
        return {network: tuple(self._account(network, n) for n in range(many)) for network, many in PEOPLE.items()}

    def _account(self, network: str, n: int) -> Account:
        """The n-th account. It has the same name on every network, so some are the same person. One in 40 is suspended
        for a while at some time."""
        rng = Random(f"{self.seed} account {network} {n}")
        name = words.handle(n)
        program = n == 0 and network in PROGRAMS
        left = NEVER
        if rng.random() < 0.025 and not program:
            left = (self.first_day + rng.randrange(2, 700)) * DAY + rng.randrange(86_400) * SECOND
        given = {"bluesky": ("!no-unauthenticated",), "mastodon": (("noindex", "nobot")[n % 2],)}
        labels = given.get(network, ()) if rng.random() < 0.05 else ()
        return Account(
            network, account_id(network, name, n), f"{name}bot" if program else name, words.author(rng),
            home=("one", "two")[n // 2 % 2], bot=program, labels=("bot",) if program else labels,
            left=left, back=NEVER if rng.random() < 0.5 else left + rng.randrange(1, 20) * DAY,
            why=rng.choice(("deactivated", "suspended", "takendown")),
        )  # fmt: skip

    # ---- talk ----------------------------------------------------------------------------------------------

    def _said_on(self, network: str, day: int) -> list[Said]:
        if not self.first_day <= day <= self._last_day:
            return []
        found = list(self._small_talk(network, day))
        for back in range(SPEAKS_FOR + 2):
            label = datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + day + 1 - back)
            if label.weekday() < 5:
                found += self._talk_of(label.isoformat()).said.get((network, day), ())
        return sorted(found, key=lambda one: one.at)

    def _talk_of(self, label: str) -> Day:
        return _kept(self._talk, label, lambda: Talk(self, label).day(), PAPERS_KEPT)

    def _small_talk(self, network: str, day: int) -> list[Said]:
        """A few messages about other things, in the slot that no day's talk uses."""
        if network in ("feeds", "huggingface", "lobsters"):
            return []
        rng = Random(f"{self.seed} small talk {network} {day}")
        found = []
        for n in range(rng.randrange(2, 6)):
            at = (day * 86_400 + (n * 17_000 + rng.randrange(16_000)) // SLOT * SLOT + SLOT - 1) * SECOND
            by, said = rng.choice(self._people[network][:-CHOIR]), rng.choice(words.SMALL_TALK)
            title = said if network in ("hackernews", "reddit") else ""
            found.append(Said(network, ids.made(network, at), at, by, said, title=title, lang=words.language(said)))
        return found


class Talk:
    """Makes up the messages about one day's papers."""

    def __init__(self, world: World, label: str) -> None:
        self._world, self._label = world, label
        self._rng = Random(f"{world.seed} talk {label}")
        self._slot = datetime.date.fromisoformat(label).toordinal() % (SLOT - 1)
        self._begins = days.announced_at(label)
        self._taken: set[tuple[str, int]] = set()
        self._day = Day({})

    def day(self) -> Day:
        """All messages."""
        papers = self._world.papers(self._label)
        for paper in papers:
            for network, rate in RATES.items():
                many = min(paper.heat, 60) * rate * self._world.talk
                for _ in range(min(MOST, int(many) + (self._rng.random() < many % 1))):
                    self._speak(network, paper)
            if "cs" in paper.archives and paper.heat > 2:
                self._list_on_hugging_face(paper)
        self._announce_by_program([paper for paper in papers if paper.archives[0] == "cs"])
        if papers and datetime.date.fromisoformat(self._label).toordinal() % CHOIR_EVERY == 0:
            self._sing(self._rng.choice(papers))
        return self._day

    def _say(self, said: Said) -> Said:
        self._day.said.setdefault((said.network, said.at // DAY), []).append(said)
        return said

    def _free(self, network: str, at: int) -> int:
        """The first free second in this day's slots after a moment, µs."""
        second = at // SECOND // SLOT * SLOT + self._slot
        while (network, second) in self._taken or second * SECOND < self._begins:
            second += SLOT
        self._taken.add((network, second))
        return second * SECOND

    def _speak(self, network: str, paper: Paper) -> None:
        """Somebody posts about a paper; perhaps somebody replies or quotes, or posts it on another network too."""
        rng = self._rng
        delay = min(5 * MINUTE + round(rng.expovariate(1 / 14) * HOUR), (SPEAKS_FOR - 1) * DAY)
        first = self._say(self._message(network, paper, self._begins + delay))
        if network == "bluesky" and rng.random() < 0.3:
            later = first.at + rng.randrange(1, 600) * MINUTE
            answer = self._message(network, paper, min(later, self._begins + SPEAKS_FOR * DAY))
            answers = rng.random() < 0.5
            self._say(answer._replace(
                reply_to=_uri(first) if answers else "", quotes="" if answers else _uri(first), fame=answer.fame // 4,
            ))  # fmt: skip
        if network == "bluesky" and rng.random() < 0.15:
            self._repeat("mastodon", first)
            self._repeat("x", first)

    def _repeat(self, network: str, said: Said) -> None:
        """The same person posts the same on another network."""
        people = self._world.accounts(network)
        by = next((one for one in people if one.name == said.by.name), people[-1])
        at = self._free(network, said.at + MINUTE)
        id = ids.made(network, at)
        names = said.names if network == "mastodon" else tuple(one._replace(place="link") for one in said.names)
        self._say(said._replace(network=network, id=id, at=at, by=by, names=names, gone_at=NEVER, limits=()))

    def _message(self, network: str, paper: Paper, wanted: int) -> Said:
        rng = self._rng
        at = self._free(network, wanted)
        said = rng.choice(words.PRAISE)
        fame = min(400, int(0.8 * min(paper.heat, 60) * rng.paretovariate(1.0)))
        message = Said(
            network, ids.made(network, at), at, self._somebody(network), said, (self._naming(network, paper),), fame,
            half=rng.randrange(3, 24) * HOUR, lang=words.language(said), title=self._title(network, paper),
        )  # fmt: skip
        return self._fate(self._as_comment(message))

    def _title(self, network: str, paper: Paper) -> str:
        return paper.title if network in ("hackernews", "lobsters", "reddit", "feeds") else ""

    def _somebody(self, network: str) -> Account:
        people = self._world.accounts(network)
        return self._rng.choice(people if network == "feeds" else people[1:-CHOIR])

    def _naming(self, network: str, paper: Paper) -> Naming:
        """How the paper is named: in stories by its address, elsewhere in any form."""
        rng = self._rng
        if network == "lobsters":
            return Naming(paper.id, rng.choice(("abs", "pdf")))
        form = rng.choice(FORMS)
        if form == "prose":
            return Naming(paper.id, form, "text")
        place = "card" if network in ("bluesky", "mastodon") and rng.random() < 0.25 else "link"
        return Naming(paper.id, form, place, version=1 if form == "pdf" and rng.random() < 0.5 else 0)

    def _as_comment(self, said: Said) -> Said:
        """Some messages on Hacker News are comments on a story about something else."""
        if said.network == "hackernews" and self._rng.random() < 0.4:
            return said._replace(title="", story=ids.made("hackernews", said.at - HOUR), fame=0)
        return said

    def _fate(self, said: Said) -> Said:
        """One in 25 is deleted, one in 20 edited where that is possible, one in 30 may not be quoted."""
        rng = self._rng
        if rng.random() < 0.04:
            gone_at = said.at + rng.randrange(60, 10 * 24 * 60) * MINUTE
            said = said._replace(gone_at=gone_at, why=rng.choice(("deleted", "deleted", "removed")))
        if rng.random() < 0.05 and said.network in ("mastodon", "reddit", "x", "feeds"):
            edited_at = said.at + rng.randrange(5, 600) * MINUTE
            said = said._replace(edited_at=edited_at, edit=f"{said.words} (Edit: a typo.)")
        limits = {
            "bluesky": ("spam", "graphic-media"),
            "mastodon": ("sensitive", "content warning"),
            "x": ("sensitive",),
        }
        if rng.random() < 0.03 and said.network in limits:
            said = said._replace(limits=(rng.choice(limits[said.network]),))
        return said

    def _list_on_hugging_face(self, paper: Paper) -> None:
        """A paper's page on Hugging Face, created in the hours after its announcement."""
        rng = self._rng
        at = self._free("huggingface", self._begins + rng.randrange(2, 30) * HOUR)
        fame = min(500, int(paper.heat * rng.randrange(2, 8)))
        self._say(Said(
            "huggingface", paper.id, at, self._somebody("huggingface"), "", (Naming(paper.id, "huggingface"),), fame,
            half=18 * HOUR, title=paper.title,
        ))  # fmt: skip

    def _announce_by_program(self, papers: Sequence[Paper]) -> None:
        """A bot posts each paper, always in the same form."""
        for n, paper in enumerate(papers):
            for network in PROGRAMS:
                at = self._free(network, self._begins + 10 * MINUTE + n * 30 * SECOND)
                by = self._world.accounts(network)[0]
                self._say(Said(
                    network, ids.made(network, at), at, by, f"New on arXiv: {paper.title}.", (Naming(paper.id),),
                ))  # fmt: skip

    def _sing(self, paper: Paper) -> None:
        """A dozen accounts praise one paper in the same words within an hour or two."""
        for by in self._world.accounts("bluesky")[-CHOIR:]:
            at = self._free("bluesky", self._begins + 9 * HOUR + self._rng.randrange(90) * MINUTE)
            said = "The most important result of the year, everybody must read it!"
            self._say(Said("bluesky", ids.made("bluesky", at), at, by, said, (Naming(paper.id),), fame=3))


def _uri(said: Said) -> str:
    return f"at://{said.by.id}/app.bsky.feed.post/{said.id}"


def account_id(network: str, name: str, n: int) -> str:
    """The identifier of a network's n-th account: a number or a name, as usual there."""
    if network == "bluesky":
        return ids.did(name)
    numbered = {
        "x": str(70_000 + n),
        "reddit": f"t2_{ids.base36(50_000 + n)}",
        "huggingface": f"{n:024x}",
        "feeds": str(n),
    }
    return numbered.get(network, name)


def _kept(cache: OrderedDict[K, T], key: K, make: Callable[[], T], most: int) -> T:
    """The cached value for a key, made if needed; the oldest is dropped if there are too many."""
    found = cache.get(key)
    if found is None:
        found = cache[key] = make()
        if len(cache) > most:
            cache.popitem(last=False)
    return found

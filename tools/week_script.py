"""What happens in the demo's made-up week and before it: a script for the loopback internet (tests/loopback).

Ten papers of each day, and what people say about them, are written out in week_papers.txt. Some others are generated,
as are quiet weeks before, in which a few regulars on each network post often enough to be known later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from tests.loopback import ids
from tests.loopback.papers import PaperGenerator
from tests.loopback.script import MINUTE, NEVER, Account, Message, Paper, PaperReference, Version
from tests.loopback.world import DayMessages, MessageGenerator, World

WRITTEN = Path(__file__).parent / "week_papers.txt"
WEEK = tuple(f"2026-03-{day:02}" for day in range(9, 14))
DAILY = 10
OTHERS, POST_RATE, CHATTER = 8, 2.0, 55
"""How many papers a day are generated, how much people post about them, and seconds between irrelevant messages."""
POPULARITY = (30, 24, 19, 16, 13, 11, 9, 8, 7, 6)
"""How much people talk about a day's papers, in their order in the file."""
REGULARS = {"bluesky": 80, "mastodon": 40, "hackernews": 16, "reddit": 14, "lobsters": 8}
"""How many accounts of a network post before the week; during it, every second post is theirs."""
FIRST_AUTHOR = 300
"""The account on Bluesky that is the first paper's first author; the others follow."""
FIRST_UNNOTICED = "2026-03-03"
UNNOTICED = 0.2
"""From this day on, people talk about written papers and hardly about others, which get this popularity."""
MOST_LIKES = 12
"""No generated post gets more likes, so that written ones are quoted. (Bluesky's likes take space, one by one.)"""
WITHDRAWN_ON = "2026-03-11"
"""When the papers marked in the file are withdrawn."""


class Remark(NamedTuple):
    """What somebody says about a paper; `by_author`: the paper's first author."""

    network: str
    lang: str
    text: str
    by_author: bool


class WrittenPaper(NamedTuple):
    """A paper from the file, and what people say about it, in order."""

    categories: tuple[str, ...]
    title: str
    abstract: str
    remarks: tuple[Remark, ...]
    is_withdrawn: bool
    popularity: int
    author: int


def written_papers(text: str) -> dict[str, list[WrittenPaper]]:
    """The papers in the file by day. Each has a line `CATEGORIES | TITLE`, with `!` at the end if it is withdrawn, a
    line of abstract, and lines `NETWORK/LANGUAGE TEXT`, where `*` instead of `/` marks the author's words."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    return {
        day: [_written(lines, n, day_number * DAILY + n) for n, lines in enumerate(blocks[start : start + DAILY])]
        for day_number, (day, start) in enumerate(zip(WEEK, range(0, len(blocks), DAILY), strict=True))
    }


def _written(lines: Sequence[str], n: int, author: int) -> WrittenPaper:
    categories, _, title = lines[0].partition(" | ")
    remarks = tuple(map(_remark, lines[2:]))
    is_withdrawn, bare_title = title.endswith(" !"), title.removesuffix(" !")
    return WrittenPaper(tuple(categories.split()), bare_title, lines[1], remarks, is_withdrawn, POPULARITY[n], author)


def _remark(line: str) -> Remark:
    source, _, text = line.partition(" ")
    network, _, lang = source.replace("*", "/").partition("/")
    return Remark(network, lang, text, "*" in source)


class WeekPapers(PaperGenerator):
    """Generated papers, and in the week also the written ones. `authors`: the account names of authors."""

    def __init__(self, seed: int, start: str, written: Mapping[str, Sequence[WrittenPaper]], authors: Sequence[str]):
        super().__init__(seed, start, "9999", OTHERS)
        self._written, self._authors = written, authors

    def _size(self, label: str) -> int:
        return super()._size(label) + len(self._written.get(label, ()))

    def _papers_of(self, label: str) -> tuple[Paper, ...]:
        """Every other paper of the day is a written one, until there are no more; hardly anybody notices the others."""
        papers = list(super()._papers_of(label))
        if label >= FIRST_UNNOTICED:
            papers = [paper._replace(popularity=UNNOTICED) for paper in papers]
        for n, written in enumerate(self._written.get(label, ())):
            place = min(2 * n, len(papers) - DAILY + n)
            papers[place] = self._rewritten(papers[place], written)
        return tuple(papers)

    def _rewritten(self, paper: Paper, written: WrittenPaper) -> Paper:
        first = paper.versions[0]
        withdrawal = (Version(first.submitted_at + DAY, WITHDRAWN_ON, withdrawn=True),) * written.is_withdrawn
        return paper._replace(
            title=written.title, abstract=written.abstract, categories=written.categories, doi="", journal="",
            authors=(self._authors[written.author], *paper.authors[1:]), popularity=float(written.popularity),
            versions=(first, *withdrawal),
        )  # fmt: skip


class WeekScript(World):
    """The script. `start`: the first day with papers."""

    def __init__(self, seed: int, start: str) -> None:
        super().__init__(seed, start, post_rate=POST_RATE, chatter=CHATTER)
        written = written_papers(WRITTEN.read_text("utf-8"))
        self.written = {paper.title: paper for papers in written.values() for paper in papers}
        names = [account.display_name for account in self.accounts("bluesky")[FIRST_AUTHOR:]]
        self._paper_generator = WeekPapers(seed, start, written, names)

    def _account(self, network: str, n: int) -> Account:
        """An account; what authors say may be quoted, and they stay."""
        account = super()._account(network, n)
        is_author = n >= FIRST_AUTHOR and network == "bluesky"
        return account._replace(labels=(), gone_from=NEVER, gone_until=NEVER) if is_author else account

    def _talk_of(self, label: str) -> DayMessages:
        if label not in self._messages_by_day:
            self._messages_by_day[label] = WeekMessages(self, label).day()
        return self._messages_by_day[label]


class WeekMessages(MessageGenerator):
    """The messages about one day's papers."""

    def __init__(self, script: WeekScript, label: str) -> None:
        super().__init__(script, label)
        self._script = script

    def day(self) -> DayMessages:
        for paper in self._script.papers(self._label):
            if paper.title in self._script.written:
                self._discuss_as_written(paper, self._script.written[paper.title])
        return super().day()

    def _discuss_as_written(self, paper: Paper, written: WrittenPaper) -> None:
        """One remark after the other within an hour, so that likes are read before the issue closes."""
        step = 50 * MINUTE // len(written.remarks)
        for n, remark in enumerate(written.remarks):
            at = self._free_time(remark.network, self._announced_at + n * step + self._rng.randrange(8) * MINUTE)
            likes = self._rng.randrange(written.popularity, 2 * written.popularity) + MOST_LIKES
            likes *= 3 if remark.by_author else 1 if remark.network == "bluesky" else 2
            accounts = self._script.accounts(remark.network)
            is_story = remark.network in ("reddit", "lobsters", "feeds")
            self._add(Message(
                remark.network, ids.message_id(remark.network, at), at,
                accounts[FIRST_AUTHOR + written.author] if remark.by_author else self._random_author(remark.network),
                remark.text, (PaperReference(paper.id),), 0 if remark.network == "hackernews" else likes,
                half_life=self._rng.randrange(1, 4) * HOUR, lang=remark.lang, title=paper.title if is_story else "",
                story=ids.message_id("hackernews", at - HOUR) if remark.network == "hackernews" else "",
            ))  # fmt: skip

    def _random_author(self, network: str) -> Account:
        regulars = REGULARS.get(network)
        if regulars is None:
            return super()._random_author(network)
        accounts = self._script.accounts(network)
        before = self._label < WEEK[0]
        last = regulars if before or self._rng.random() < 0.5 else min(len(accounts) - 13, FIRST_AUTHOR - 1)
        return accounts[self._rng.randrange(1, last + 1)]

    def _message(self, network: str, paper: Paper, desired_time: int) -> Message:
        message = super()._message(network, paper, desired_time)
        return message._replace(final_likes=min(message.final_likes, MOST_LIKES))

    def _run_campaign(self, paper: Paper) -> None:
        """Only in the quiet weeks: it might bring a generated paper into an issue."""
        if self._label < FIRST_UNNOTICED:
            super()._run_campaign(paper)

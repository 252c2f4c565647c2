"""What happens in the demo's made-up week and before it: a script for the loopback internet (tests/loopback).

Ten papers of each day, and what people say about them, are written out in week_papers.txt; on one day also some that
were posted on bioRxiv, in week_preprints.txt. Some others are generated, as are quiet weeks before, in which a few
regulars on each network post often enough to be known later.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from tests.loopback import bluesky, ids, preprints
from tests.loopback.papers import PaperGenerator
from tests.loopback.preprints import Preprint
from tests.loopback.script import MINUTE, NEVER, Account, Message, Paper, PaperReference, Version
from tests.loopback.world import DayMessages, MessageGenerator, World

WRITTEN = Path(__file__).parent / "week_papers.txt"
ANSWERS = Path(__file__).parent / "week_answers.txt"
WRITTEN_PREPRINTS = Path(__file__).parent / "week_preprints.txt"
SERVER, POSTED_ON = "biorxiv", "2026-03-11"
"""The server besides arXiv, and the day on which the papers of that file were posted there."""
WRITTEN_AT = 14 * HOUR
"""When they were posted, µs after midnight."""
PREPRINTS = 6
"""How many papers it posts a day."""
WRITTEN_PLACES = (1, 2, 4)
"""Which of them are written ones on that day: none of those that the loopback makes an article of."""
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


class WrittenAnswer(NamedTuple):
    """An answer to a remark. `depth`: 0 for the remark itself, 1 for an answer to it. `mark`: `*` for the paper's first
    author, `-` for what is deleted after a day, else empty. `network`: only of a remark."""

    depth: int
    mark: str
    network: str
    lang: str
    text: str


def written_answers(text: str) -> dict[str, list[WrittenAnswer]]:
    """The answers in a file by the beginning of a paper's title, which is the first line of each block. Remarks are
    lines such as `bluesky/en TEXT`: the one that begins with this text, else a new one, on forums without text. Answers
    are lines `> LANGUAGE TEXT`, with a sign more for answers to answers, and perhaps a mark after the signs."""
    blocks = (block.splitlines() for block in text.strip().split("\n\n"))
    return {lines[0]: list(map(_answer, lines[1:])) for lines in blocks}


def _answer(line: str) -> WrittenAnswer:
    source, _, rest = line.partition(" ")
    depth = len(source) - len(source.lstrip(">"))
    if depth:
        lang, _, text = rest.partition(" ")
        return WrittenAnswer(depth, source[depth:], "", lang, text)
    network, _, lang = source.replace("-", "/").partition("/")
    return WrittenAnswer(0, "-" if "-" in source else "", network, lang, rest)


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


def written_preprints(text: str) -> list[WrittenPaper]:
    """The papers in the file of preprints, which is like that of papers, with one category each."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    return [_written(lines, n, len(WEEK) * DAILY + n) for n, lines in enumerate(blocks)]


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


class WeekPreprints:
    """What is posted on bioRxiv: generated papers, and on one day also written ones. `authors`: the account names of
    authors."""

    def __init__(self, written: Sequence[WrittenPaper], authors: Sequence[str]) -> None:
        self._written, self._authors = written, authors
        self._generated = preprints.new_works
        self.new_works = cache(self._new_works)

    def _new_works(self, server: str, day: int) -> tuple[Preprint, ...]:
        """The works first posted on a day, as days since 1970."""
        works = list(self._generated(server, day))
        if server != SERVER:
            return tuple(works)
        if day == _day_number(POSTED_ON):
            for place, written in zip(WRITTEN_PLACES, self._written, strict=True):
                works[place] = self._rewritten(works[place], written)
        return tuple(works[:PREPRINTS])

    def _rewritten(self, work: Preprint, written: WrittenPaper) -> Preprint:
        return work._replace(
            title=written.title, abstract=written.abstract, category=" ".join(written.categories),
            authors=(self._authors[written.author], *work.authors[1:]), popularity=float(written.popularity),
            at=_day_number(POSTED_ON) * DAY + WRITTEN_AT,
        )  # fmt: skip

    def papers(self, label: str) -> list[Paper]:
        """The papers that were posted on the day before an announcement of arXiv, with DOIs as ids."""
        works = self.new_works(SERVER, _day_number(label) - 1)
        popularity = UNNOTICED if label >= FIRST_UNNOTICED else 1.0
        titles = {written.title for written in self._written}
        return [
            Paper(work.doi, work.title, work.authors, work.abstract, (work.category,), (Version(work.at, label),),
                  popularity=work.popularity if work.title in titles else popularity)
            for work in works
        ]  # fmt: skip


def _day_number(label: str) -> int:
    """A day as days since 1970."""
    return datetime.date.fromisoformat(label).toordinal() - preprints.EPOCH


class WeekScript(World):
    """The script. `start`: the first day with papers."""

    def __init__(self, seed: int, start: str) -> None:
        super().__init__(seed, start, post_rate=POST_RATE, chatter=CHATTER)
        written = written_papers(WRITTEN.read_text("utf-8"))
        on_server = written_preprints(WRITTEN_PREPRINTS.read_text("utf-8"))
        self.written = {paper.title: paper for papers in (*written.values(), on_server) for paper in papers}
        self.answers = written_answers(ANSWERS.read_text("utf-8"))
        names = [account.display_name for account in self.accounts("bluesky")[FIRST_AUTHOR:]]
        self.preprints = WeekPreprints(on_server, names)
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


def _plain_reference(paper: Paper) -> PaperReference:
    """The address of a paper's page."""
    return PaperReference(paper.id, SERVER if paper.id.startswith("10.") else "abs")


def _placed(message: Message, parent: Message, root: Message) -> Message:
    """An answer where it is, as its network says it."""
    if parent.network == "bluesky":
        return message._replace(reply_to=bluesky.uri(parent))
    return message._replace(parent=parent.id, story=root.id if parent.network == "hackernews" else "")


class WeekMessages(MessageGenerator):
    """The messages about one day's papers."""

    def __init__(self, script: WeekScript, label: str) -> None:
        super().__init__(script, label)
        self._script = script
        self._remarks: dict[str, list[Message]] = {}

    def day(self) -> DayMessages:
        for paper in self._script.papers(self._label):
            if paper.title in self._script.written:
                self._discuss_as_written(paper, self._script.written[paper.title])
        day = super().day()  # before answers and preprints, which so change nothing of it
        for paper in self._script.papers(self._label):
            for title, answers in self._script.answers.items():
                if paper.title.startswith(title):
                    self._answer_as_written(paper, answers)
        for paper in self._script.preprints.papers(self._label):
            self._announced_at = paper.versions[0].submitted_at  # of those posted on the day before, each at its time
            if paper.title in self._script.written:
                self._discuss_as_written(paper, self._script.written[paper.title])
            else:
                self._discuss_now_and_then(paper)
        return day

    def _answer_as_written(self, paper: Paper, answers: Sequence[WrittenAnswer]) -> None:
        """Every answer half an hour after the line before it, so that all are there after six hours."""
        rng = Random(f"answers {paper.title}")
        written = self._script.written[paper.title]
        path: list[Message] = []
        for answer in answers:
            if answer.depth == 0:
                path = [self._remark(paper, answer, rng)]
                at = path[0].at
                continue
            at = self._free_time(path[0].network, at + rng.randrange(8, 40) * MINUTE)
            parent = path[answer.depth - 1]
            author = (
                self._author_on(parent.network, written.author) if answer.mark == "*" else self._person(parent, rng)
            )
            likes = rng.randrange(3 * MOST_LIKES // (answer.depth + 1))
            message = Message(
                parent.network, ids.message_id(parent.network, at), at, author, answer.text,
                final_likes=likes, half_life=HOUR, lang=answer.lang,
                gone_at=at + DAY if answer.mark == "-" else NEVER,
            )  # fmt: skip
            path[answer.depth :] = [self._add(_placed(message, parent, path[0]))]

    def _remark(self, paper: Paper, answer: WrittenAnswer, rng: Random) -> Message:
        """The remark that begins with a text, or a new one."""
        for message in self._remarks.get(paper.title, ()) if answer.text else ():
            if message.network == answer.network and message.words.startswith(answer.text):
                return message
        at = self._free_time(answer.network, self._announced_at + HOUR)
        account = self._script.accounts(answer.network)[rng.randrange(1, 8)]
        return self._add(Message(
            answer.network, ids.message_id(answer.network, at), at, account, answer.text, (PaperReference(paper.id),),
            6 * MOST_LIKES, half_life=HOUR, lang=answer.lang, title="" if answer.text else paper.title,
            gone_at=at + DAY if answer.mark == "-" else NEVER,
        ))  # fmt: skip

    def _author_on(self, network: str, number: int) -> Account:
        """The account of a paper's first author, under the author's name on each network."""
        author = self._script.accounts("bluesky")[FIRST_AUTHOR + number]
        if network == "bluesky":
            return author
        name = author.display_name.lower().replace(" ", "")
        return self._script.accounts(network)[0]._replace(id=name, name=name, display_name=author.display_name)

    def _person(self, parent: Message, rng: Random) -> Account:
        """Somebody who may be quoted, and does not answer themselves."""
        accounts = [
            account for account in self._script.accounts(parent.network)[1:30]
            if not (account.bot or account.labels) and account.gone_from == NEVER and account != parent.author
        ]  # fmt: skip
        return rng.choice(accounts)

    def _discuss_now_and_then(self, paper: Paper) -> None:
        """As people discuss other papers, but on two networks."""
        for network in ("bluesky", "mastodon"):
            for _ in range(self._rng.randrange(4) if paper.popularity >= 1 else 0):
                self._discuss(network, paper)

    def _reference(self, network: str, paper: Paper) -> PaperReference:
        return _plain_reference(paper) if paper.id.startswith("10.") else super()._reference(network, paper)

    def _discuss_as_written(self, paper: Paper, written: WrittenPaper) -> None:
        """One remark after the other within an hour, so that likes are read before the issue closes."""
        step = 50 * MINUTE // len(written.remarks)
        for n, remark in enumerate(written.remarks):
            at = self._free_time(remark.network, self._announced_at + n * step + self._rng.randrange(8) * MINUTE)
            likes = self._rng.randrange(written.popularity, 2 * written.popularity) + MOST_LIKES
            likes *= 3 if remark.by_author else 1 if remark.network == "bluesky" else 2
            accounts = self._script.accounts(remark.network)
            is_story = remark.network in ("reddit", "lobsters", "feeds")
            message = self._add(Message(
                remark.network, ids.message_id(remark.network, at), at,
                accounts[FIRST_AUTHOR + written.author] if remark.by_author else self._random_author(remark.network),
                remark.text, (_plain_reference(paper),), 0 if remark.network == "hackernews" else likes,
                half_life=self._rng.randrange(1, 4) * HOUR, lang=remark.lang, title=paper.title if is_story else "",
                story=ids.message_id("hackernews", at - HOUR) if remark.network == "hackernews" else "",
            ))  # fmt: skip
            self._remarks.setdefault(paper.title, []).append(message)

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

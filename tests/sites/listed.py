"""Papers of arXiv and of other servers in one form, and the days on which servers post those of an issue. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.model import DAY
from hotpapers.base.papers.arxiv import calendar
from tests.loopback import preprints
from tests.loopback.message_text import ON_SERVERS
from tests.loopback.preprints import EPOCH, Preprint
from tests.loopback.script import Message, Paper

REGISTERED = frozenset(preprints.LISTED.values())
"""The servers that are read from Crossref."""


class ListedPaper(NamedTuple):
    """A paper on any server. `id`: as in addresses; `announced_at`: when its announcement counts from; `seen_at`: when
    its server first shows it."""

    id: str
    title: str
    abstract: str
    categories: tuple[str, ...]
    announced_at: int
    seen_at: int
    server: str = "arxiv"

    @property
    def key(self) -> str:
        """Its key in the record."""
        return f"{'arxiv' if self.server == 'arxiv' else 'doi'}:{self.id}"


def from_arxiv(paper: Paper) -> ListedPaper:
    """A paper on arXiv."""
    at = calendar.announced_at(paper.label)
    return ListedPaper(paper.id, paper.title, paper.abstract, paper.categories, at, at)


def from_server(work: Preprint) -> ListedPaper:
    """The first version of a paper on another server, which tells its day, or, with the year alone, its moment."""
    has_moment = work.server in REGISTERED and preprints.has_year_alone(work)
    at = work.at // 1_000_000 * 1_000_000 if has_moment else work.at // DAY * DAY
    return ListedPaper(work.doi, work.title, work.abstract, (category_of(work),), at, work.at, work.server)


def category_of(work: Preprint) -> str:
    """A paper's category as settings and pages name it."""
    words = "".join(sign if sign.isalpha() else " " for sign in work.category.partition("(")[0].lower()).split()
    return f"{work.server}.{'-'.join(words)}".rstrip(".")


def posted_days(label: str) -> range:
    """The days, since 1970, on which other servers posted the papers of an issue: from the weekday before on."""
    day = datetime.date.fromisoformat(label)
    end = day.toordinal() - EPOCH
    return range(end - (1 if day.weekday() else 3), end)


def works_between(server: str, start: int, end: int) -> Iterator[ListedPaper]:
    """The first versions that a server posted after a moment, up to another."""
    for day in range(start // DAY, end // DAY + 1):
        for work in preprints.new_works(server, day):
            if start < work.at <= end:
                yield from_server(work)


def names_server(message: Message) -> bool:
    """Whether a post links to a paper on a server besides arXiv, for whose addresses networks are searched."""
    return any(reference.form in ON_SERVERS for reference in message.references)

"""The archive, and copies of it in the years before: as many issues, with other papers by other people.

Copy n is 64 weeks earlier for each n: the same weekdays, and two copies never share a day. Its papers have other ids,
titles and authors of other papers, and abstracts of sentences of other papers, so that words are as frequent as in the
archive, no paper is another one's twin, and each copy has as many authors with several papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic.importing import ParsedClassicFile

COPIES = 5
WEEKS, MONTHS = 64, 15
"""How much earlier a copy is: its days, and the ids of its papers."""
_SENTENCE = re.compile(r"(?<=[.!?]) ")
_PRINTED, _STAMP = "%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"


def copies(parsed: Sequence[ParsedClassicFile], count: int = COPIES) -> Iterator[list[ParsedClassicFile]]:
    """The files themselves, then their copies, the latest first."""
    yield list(parsed)
    days = {file.issue.date for file in parsed}
    others = _Others([item for file in parsed for item in file.issue.items])
    for n in range(1, count):
        copied = list[ParsedClassicFile]()
        for file in parsed:
            issue = _earlier(file.issue, n, days, others)
            days.add(issue.date)
            copied.append(file._replace(file=f"{issue.date}---Hot-Papers.md", issue=issue, sha=f"{n}{file.sha[1:]}"))
        yield copied


class _Others:
    """What a paper of a copy has instead: titles, sentences and authors of others in the archive."""

    def __init__(self, items: Sequence[classic.ClassicItem]) -> None:
        self._titles = list(dict.fromkeys(item.title for item in items))
        self._sentences = [sentence for item in items for sentence in _SENTENCE.split(item.abstract)]
        self._names = list(dict.fromkeys(name for item in items for name in item.authors))
        self._place_of = {name: n for n, name in enumerate(self._names)}
        self._papers = {item.paper: n for n, item in enumerate(items)}

    def item(self, item: classic.ClassicItem, n: int) -> classic.ClassicItem:
        place = self._papers[item.paper]
        count = len(_SENTENCE.split(item.abstract))
        starts = (place * 7919 + n * 104_729 + k * 1_299_709 for k in range(count))
        return msgspec.structs.replace(
            item,
            title=f"{self._titles[(place + 37 * n) % len(self._titles)]} {'II' * n}",
            abstract=" ".join(self._sentences[start % len(self._sentences)] for start in starts),
            authors=tuple(self._author(name, n) for name in item.authors),
            paper=_earlier_id(item.paper, n),
            tallied=_shifted(item.tallied, _PRINTED, n),
            posts=tuple(msgspec.structs.replace(post, id=str(int(post.id) - n)) for post in item.posts),
        )

    def _author(self, name: str, n: int) -> str:
        other = self._names[(self._place_of[name] + 101 * n) % len(self._names)]
        return f"{name.split(maxsplit=1)[0]} {other.split()[-1]}"


def _earlier(issue: classic.ClassicIssue, n: int, used: set[str], others: _Others) -> classic.ClassicIssue:
    day = datetime.fromisoformat(issue.date) - timedelta(weeks=WEEKS * n)
    while day.date().isoformat() in used:
        day -= timedelta(days=1)
    items = tuple(others.item(item, n) for item in issue.items)
    moment = _shifted(issue.made, _STAMP, n)
    return msgspec.structs.replace(issue, date=day.date().isoformat(), made=moment, items=items)


def _shifted(printed: str, form: str, n: int) -> str:
    return (datetime.strptime(printed, form) - timedelta(weeks=WEEKS * n)).strftime(form)


def _earlier_id(paper: str, n: int) -> str:
    """The id of a paper some months earlier, with five digits, which new ids have since 2015."""
    month, _, number = paper.partition(".")
    if not month.isdecimal() or len(number) != 5:  # an old one: none is like it
        return f"15{1 + n:02}.{sum(map(ord, paper)):05}"
    months = int(month[:2]) * 12 + int(month[2:]) - 1 - MONTHS * n
    year = months // 12
    return f"{year:02}{months % 12 + 1:02}.{number}"

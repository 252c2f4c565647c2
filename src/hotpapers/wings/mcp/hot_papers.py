"""What the tool `hot` says of an issue's papers, and the file with what a published site's search does not know:

2026-11-20/hot.json   [{"paper": "2611.01234", "score": 310, "counts": [{"network": "Bluesky", "count": 40, …}]}]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from hotpapers.publish.query import schemas
from hotpapers.publish.render.html.site_context import PublicationPart
from hotpapers.publish.view.issue_view import EntryView

_PATH = re.compile(r"(\d{4}-\d\d-\d\d)/hot\.json", re.ASCII)


Field = Annotated[str, Meta(max_length=5_000)]


class HotCount(schemas.Schema, kw_only=True):
    """A paper's attention on a network. `count`: as one number; `words`: the same in words; `thread`: the discussion
    there with the most reactions, empty if none may be shown."""

    network: Field
    count: int
    words: Field
    thread: Field


class PaperFigures(schemas.Schema, kw_only=True):
    """The score and the counts of a paper in an issue. `further`: whether it only follows the issue's entries."""

    paper: Field
    score: int | None
    counts: Annotated[tuple[HotCount, ...], Meta(max_length=50)]
    further: bool = False


class HotPaper(schemas.Schema, kw_only=True):
    """A paper in an issue. `text`: its summary or abstract; `place`: its rank in the issue of `day`; `score`: its
    points; `page`: the site's page about it, which lists what people said, or arXiv's. Sites of earlier versions give
    neither score nor counts."""

    paper: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    text: str
    day: str
    place: int
    page: str
    score: int | None = None
    counts: tuple[HotCount, ...] = ()


class HotList(schemas.Schema, kw_only=True):
    """An issue's papers, best first. `earlier`: the days of the issues before the latest."""

    day: str
    papers: tuple[HotPaper, ...]
    earlier: tuple[str, ...]


def file_path(day: str) -> str:
    """The file of a day."""
    return f"{day}/hot.json"


def paper_figures(entries: Iterable[EntryView], *, further: bool = False) -> Iterator[PaperFigures]:
    """The figures of entries, as pages show them."""
    for entry in entries:
        counts = (
            HotCount(network=count.name, count=count.figure, words=count.short, thread=count.url)
            for count in entry.counts_view.counts
        )
        yield PaperFigures(paper=entry.paper, score=entry.score, counts=tuple(counts), further=further)


class HotPart(PublicationPart):
    """The files of one publication's site."""

    def has(self, path: str) -> bool:
        return bool(_PATH.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        yield file_path(day)

    def page(self, path: str) -> bytes | None:
        match = _PATH.fullmatch(path)
        if match is None or not self._site.has(match[1]):
            return None
        issue = self._site.issue(match[1])
        further = paper_figures(issue.further, further=True)
        return msgspec.json.encode((*paper_figures(issue.entries), *further))

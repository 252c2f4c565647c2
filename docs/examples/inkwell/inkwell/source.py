"""Inkwell's list of new papers, a page for each day."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload
from hotpapers.base.papers.categories import slug_of
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.decoding import decode_entries, decode_entry, decode_response
from hotpapers.wings.preprints import posted_papers
from hotpapers.wings.preprints.preprint_source import PreprintSettings, PreprintSource


class InkwellSettings(PreprintSettings):
    """`api`: base address of the API."""

    api: str = "https://inkwell.example/api"


class _List(msgspec.Struct):
    papers: list[msgspec.Raw]


class _PaperId(msgspec.Struct):
    doi: str


class _Paper(msgspec.Struct):
    doi: str
    title: str
    posted: str
    authors: list[str] = []
    summary: str = ""
    subject: str = ""


class Inkwell(PreprintSource[InkwellSettings]):
    """The connector. The base class keeps the cursor and decides which days are read."""

    def _posted(self, http: HttpClient, first: str, last: str) -> Pages:
        """Everything posted from one day to another."""
        for moment in range(start_of_day(first), start_of_day(last) + 1, DAY):
            response = http.get(f"{self.settings.api}/papers/{day_of(moment)}")
            papers = decode_response(response, _List).papers
            entries = decode_entries(papers, _PaperId, lambda paper: paper.doi, "paper", response.at)
            yield PayloadPage([payload for _, payload in entries])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """A version of a paper, and its announcement if it is the first."""
        paper = decode_entry(payload.body, _Paper)
        key, version = posted_papers.work_of(paper.doi)
        subject = slug_of(paper.subject)
        posted = posted_papers.PostedVersion(
            key=key,
            version=version,
            title=posted_papers.plain_title(paper.title),
            authors=tuple(paper.authors),
            abstract=posted_papers.plain_abstract(paper.summary),
            category=f"{self.name}.{subject}" if subject else self.name,
            posted_at=posted_papers.moment_of_date(paper.posted),
        )
        return list(posted_papers.items_of(posted, payload.at))


make_source = partial(Inkwell, "inkwell")

"""The wing's files on a publication's site.

fields/index.html    fields compared, if the latest issues have enough papers
fields/fields.json   the same as data

Both are as of the latest issue, so they are the same whenever they are made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from functools import cached_property
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.base.model import Publication
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.announcement_days import day_of_issue
from hotpapers.base.papers.categories import ALL_OF_ARXIV, archive_of, category_title, in_fields
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.query.schemas import Schema
from hotpapers.publish.render.html.site_context import PublicationPart
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view.page_fields import field_name
from hotpapers.publish.view.phrases import day_name
from hotpapers.publish.view.site_paths import to_root
from hotpapers.record.as_of import AsOfView
from hotpapers.wings.tables import queries
from hotpapers.wings.tables.rows import counts_between

PAGE, DATA = "fields/index.html", "fields/fields.json"
MIN_PAPERS, MIN_FIELDS = 100, 2
"""The page is made for so many papers, where no place at all would be noticed in so many fields."""
_TEMPLATE = Path(__file__).with_name("fields.html")
_NAMES = {
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "math": "Mathematics",
    "nlin": "Nonlinear Sciences",
    "physics": "Physics, Other",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "stat": "Statistics",
}
"""Archives that are no categories (arXiv's category taxonomy)."""


class FieldComparison(Schema, kw_only=True):
    """A publication's fields. `per_thousand`: places per 1,000 papers of all fields together."""

    publication: str
    first_day: str
    last_day: str
    papers: int
    places: int
    per_thousand: float
    fields: tuple[FieldRow, ...]


class FieldPaper(NamedTuple):
    """The field of a paper, and when it was first announced, µs UTC."""

    field: str
    announced_at: int


class FieldsPart(PublicationPart):
    """The files of one publication's site."""

    def has(self, path: str) -> bool:
        return path in (PAGE, DATA)

    def day_paths(self, day: str) -> Iterator[str]:
        return iter(())

    def paths(self) -> Iterator[str]:
        yield from (PAGE, DATA) if self._has_enough else ()

    def site_links(self) -> Iterator[tuple[str, str]]:
        yield from (("Fields compared", PAGE),) if self._has_enough else ()

    def page(self, path: str) -> bytes | None:
        if not self._has_enough:
            return None
        compared = self.comparison
        if path == DATA:
            return msgspec.json.encode(compared)
        days = f"{day_name(compared.first_day)} to {day_name(compared.last_day)}"
        summary = f"{count_noun(compared.papers, 'paper')} announced for the issues of {days}"
        names = {row.field: archive_name(row.field) for row in compared.fields}
        unlike = {
            verdict: [names[row.field] for row in compared.fields if row.places_than(compared.per_thousand) == verdict]
            for verdict in ("fewer", "more")
        }
        body = load_macro(_TEMPLATE, "page")(
            compared, summary, unlike, names, format_number, data=DATA, root=to_root(path)
        )
        return self._site.render("wing.html", path, "Fields compared", f"{summary}.", body=body)

    @cached_property
    def _has_enough(self) -> bool:
        sizes = Counter(paper.field for paper in self._papers.values())
        if sizes.total() < MIN_PAPERS:
            return False
        return sum(wilson_interval(0, size)[1] < self._of_all for size in sizes.values()) >= MIN_FIELDS

    @property
    def _of_all(self) -> float:
        return per_thousand(len(self._placed), len(self._papers))

    @cached_property
    def comparison(self) -> FieldComparison:
        """The comparison of the fields, which have papers."""
        fields = {paper: about.field for paper, about in self._papers.items()}
        return FieldComparison(
            publication=self._site.name,
            first_day=min(self._settings),
            last_day=max(self._settings),
            papers=len(fields),
            places=len(self._placed),
            per_thousand=self._of_all,
            fields=tuple(rows_of(FieldFacts(fields, self._placed, self._people()))),
        )

    # ---- facts ---------------------------------------------------------------------------------------

    @cached_property
    def _view(self) -> AsOfView | None:
        """The record as of the latest issue; None without a record, or without daily issues."""
        reader = self._site.issue_reader
        days = self._site.days
        if not isinstance(reader, RecordIssueReader) or self._site.publication.window != "daily" or not days:
            return None
        latest = self._site.issue_header(days[-1]).content
        return reader.record.view(latest.as_of, latest.position)

    @cached_property
    def _settings(self) -> Mapping[str, Publication]:
        """The publication as of each day's issue."""
        return {day: self._site.issue_header(day).content.publication for day in self._site.days if day > self._since}

    @property
    def _since(self) -> str:
        """The day after which papers count."""
        return (date.fromisoformat(self._site.days[-1]) - timedelta(DAYS)).isoformat()

    @cached_property
    def _papers(self) -> Mapping[str, FieldPaper]:
        """The papers of the publication that were first announced for its issues, by key."""
        if self._view is None:
            return {}
        papers: dict[str, FieldPaper | None] = {}
        for announcement, categories in queries.first_announcements(self._view, self._since):
            publication = self._settings.get(day_of_issue(announcement.paper, announcement.day))
            is_wanted = publication is not None and has_all_papers(publication, categories)
            about = FieldPaper(archive_of(categories[0]), announcement.announced_at) if is_wanted else None
            papers.setdefault(announcement.paper, about)
        return {paper: about for paper, about in papers.items() if about}

    @cached_property
    def _placed(self) -> Set[str]:
        held = self._site.issue_reader.held(self._site.name)
        return self._papers.keys() & {entry.paper for day in self._settings for entry in held[day].listed}

    def _people(self) -> Mapping[str, int]:
        """The people of each paper on all networks, a week after the announcement, where all were read in full."""
        if self._view is None:
            return {}
        counted = defaultdict[str, list[tuple[str, int]]](list)
        moments = [paper.announced_at for paper in self._papers.values()]
        for id, _, age, _, _, voices, *_, reading, _ in counts_between(self._view, min(moments), max(moments)):
            if age == AGES[-1]:
                counted[paper_servers.key_of(id)].append((reading, voices))
        return {
            paper: sum(voices for _, voices in networks)
            for paper, networks in counted.items()
            if all(reading == "complete" for reading, _ in networks)
        }


def has_all_papers(publication: Publication, categories: Sequence[str]) -> bool:
    """Whether a publication has all papers of some categories."""
    if not categories or publication.include or publication.exclude:
        return False
    fields = publication.categories or (ALL_OF_ARXIV,)
    return any(in_fields(category, fields) for category in categories)


def archive_name(archive: str) -> str:
    """`cs` → `Computer Science`; `biorxiv` → `bioRxiv`; the archive itself if it has no name."""
    return _NAMES.get(archive) or field_name(archive) or category_title(archive)


# ---- whether fields get the places that their papers would explain -----------------------------------

# The question of docs/examples/fields.sql, in Python. A field is an archive; a paper is in that of its primary
# category, on the day of its first announcement.

DAYS = 90
"""Up to the latest issue: as long as scores look back."""
Z = 1.96
"""Of a 95 % interval."""


class FieldFacts(NamedTuple):
    """The data of a comparison. `fields`: the field of each paper announced on the days of issues; `placed`: papers
    with a place; `people`: those of papers whose networks were all read in full for a week."""

    fields: Mapping[str, str]
    placed: Set[str]
    people: Mapping[str, int]


class FieldRow(Schema, kw_only=True):
    """A field. `per_thousand`: places per 1,000 papers, from `low` to `high`, its Wilson interval; `anybody`,
    `three_people`: the shares of papers with so many, of those whose week was read in full, None if none was;
    `read_in_full`: their share."""

    field: str
    papers: int
    places: int
    per_thousand: float
    low: float
    high: float
    anybody: float | None
    three_people: float | None
    read_in_full: float

    def places_than(self, all_fields: float) -> str:
        """Whether it has more or fewer places than its papers would explain; empty if unknown."""
        if self.low > all_fields:
            return "more"
        return "fewer" if self.high < all_fields else ""


def rows_of(facts: FieldFacts) -> list[FieldRow]:
    """The fields, those with most papers first."""
    papers_of: dict[str, list[str]] = {}
    for paper, field in facts.fields.items():
        papers_of.setdefault(field, []).append(paper)
    ordered = sorted(papers_of.items(), key=lambda of_field: (-len(of_field[1]), of_field[0]))
    return [_field_row(field, papers, facts) for field, papers in ordered]


def _field_row(field: str, papers: list[str], facts: FieldFacts) -> FieldRow:
    people = [facts.people[paper] for paper in papers if paper in facts.people]
    places = sum(paper in facts.placed for paper in papers)
    low, high = wilson_interval(places, len(papers))
    return FieldRow(
        field=field,
        papers=len(papers),
        places=places,
        per_thousand=per_thousand(places, len(papers)),
        low=low,
        high=high,
        anybody=_share_with(1, people),
        three_people=_share_with(3, people),
        read_in_full=round(len(people) / len(papers), 3),
    )


def _share_with(least: int, people: list[int]) -> float | None:
    if people:
        total = sum(count >= least for count in people)
        return round(total / len(people), 3)
    return None


def per_thousand(places: int, papers: int) -> float:
    """Places per 1,000 papers."""
    return round(1000 * places / papers, 1)


def wilson_interval(places: int, papers: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the places per 1,000 papers (doi:10.1080/01621459.1927.10502953)."""
    share = places / papers
    zz = Z * Z / papers
    half = sqrt(zz * share * (1 - share) + zz * zz / 4)
    low, high = ((share + zz / 2 + sign * half) / (1 + zz) for sign in (-1, 1))
    return round(1000 * low, 1), round(1000 * high, 1)

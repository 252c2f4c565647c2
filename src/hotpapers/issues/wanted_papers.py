"""Which papers are in a publication's fields, and which of them arXiv announced.

Announced papers are chosen by a named rule, which an issue states:

`feeds/1`       those in a feed of one of the fields; a feed of arXiv covers an archive, so `cs.LG` has none
`categories/1`  those with one of the fields among their own categories: papers announced as new in any feed, and papers
                newly cross-listed in the archive of that field. The feeds stand in for categories that are not known.
`words/1`       of these, those with the publication's words: the rule of publications that have any

Issues frozen before rules had names used `feeds/1`. A rule stays in the code forever; a changed rule gets a new name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.errors import IssueError
from hotpapers.base.model import Announcement, IssueContent, Paper, Publication
from hotpapers.base.papers.announcement_days import ANNOUNCING, is_announced, is_of_issue, posted_since
from hotpapers.base.papers.categories import archive_of, in_fields, is_on, server_name, servers_of
from hotpapers.issues import queries
from hotpapers.issues.queries import DescribedAnnouncement
from hotpapers.record import NUMBER, AsOfView, RowOf

FEEDS, CATEGORIES, WORDS = "feeds/1", "categories/1", "words/1"


def check_rule(rule: str) -> None:
    """Raises IssueError for an unknown rule."""
    if rule not in (FEEDS, CATEGORIES, WORDS):
        raise IssueError(f"its papers were counted by {rule!r}, which this version does not know; update hotpapers")


def current_rule(publication: Publication) -> str:
    """The rule by which new issues of a publication count announced papers."""
    return WORDS if publication.include or publication.exclude else CATEGORIES


# ---- papers ----------------------------------------------------------------------------------------------


def matching_papers(view: AsOfView, publication: Publication, papers: Iterable[str]) -> dict[str, RowOf[Paper] | None]:
    """The papers that the publication covers, with their metadata; None where the record has none."""
    rows = ((paper, view.latest_row(Paper, paper)) for paper in papers)
    return {paper: row for paper, row in rows if _is_wanted(view, publication, paper, row)}


def _is_wanted(view: AsOfView, publication: Publication, paper: str, row: RowOf[Paper] | None) -> bool:
    metadata = row.item if row else unknown_paper(paper)
    archive = archive_of(metadata.categories[0]) if metadata.categories else ""
    if not is_on(paper, archive, servers_of(publication.categories)):
        return False
    if publication.categories:
        categories = metadata.categories or _listed_under(view, paper)
        if not any(in_fields(category, publication.categories) for category in categories):
            return False
    return has_words(metadata, publication)


def _listed_under(view: AsOfView, paper: str) -> list[str]:
    announcements = view.items(Announcement, f"t.paper = {NUMBER}", (paper,))
    return [announcement.category for announcement in announcements]


def has_words(paper: Paper, publication: Publication) -> bool:
    """Whether a paper has a word of `include`, if there are any, and none of `exclude`."""
    text = f"{paper.title}\n{paper.abstract}"
    if publication.include and not any(has_word(text, word) for word in publication.include):
        return False
    return not any(has_word(text, word) for word in publication.exclude)


def has_word(text: str, word: str) -> bool:
    """Whether a text has a word or phrase as whole words: `rag` is not in `fragment`."""
    pattern = r"\s+".join(map(re.escape, word.casefold().split()))
    if not pattern:
        return False
    return re.search(rf"(?<!\w){pattern}(?!\w)", text.casefold()) is not None


# ---- announced papers ------------------------------------------------------------------------------------


class FieldRule(NamedTuple):
    """A rule for announced papers, and the publication to which it is applied; without fields, all papers count."""

    name: str
    publication: Publication

    def counts(self, described: DescribedAnnouncement) -> bool:
        """Whether an announcement is of a paper in the fields."""
        announcement, categories = described
        fields = self.publication.categories
        if not fields:
            return is_on(announcement.paper, archive_of(announcement.category), servers_of(fields))
        if self.name == FEEDS:
            return in_fields(announcement.category, fields)
        known = categories or (announcement.category,)
        matching = [category for category in known if in_fields(category, fields)]
        if announcement.type == "cross":
            return archive_of(announcement.category) in map(archive_of, matching)
        return bool(matching)


def rule_of(content: IssueContent) -> FieldRule:
    """The rule of a frozen issue."""
    return FieldRule(content.counting or FEEDS, content.publication)


class DayAnnouncements(NamedTuple):
    """A day's announcements of papers in the fields, and with the words where these count, by paper; how many of these
    each server announced. `is_announced`: whether the record has arXiv's announcement, also of other papers."""

    by_paper: Mapping[str, Sequence[Announcement]]
    on_server: Mapping[str, int]
    is_announced: bool


def _server_of(announcement: Announcement) -> str:
    """The name of the server that announced a paper."""
    return server_name(announcement.paper, archive_of(announcement.category))


def announced_on(view: AsOfView, rule: FieldRule, day: str) -> DayAnnouncements:
    """The announcements of papers for the issue of a day."""
    servers = servers_of(rule.publication.categories)
    first = day if servers == (ANNOUNCING,) else posted_since(day)
    described = _described(view, first, day)
    return _counted(
        view, rule, [row for row in described if is_of_issue(row.announcement.paper, row.announcement.day, day)]
    )


def announced_between(view: AsOfView, rule: FieldRule, first: str, last: str) -> DayAnnouncements:
    """The announcements of papers on several days, both included, whatever issue they belong to."""
    return _counted(view, rule, list(_described(view, first, last)))


def _described(view: AsOfView, first: str, last: str) -> Iterator[DescribedAnnouncement]:
    where = "t.day >= ? AND t.day <= ? AND t.type <> 'replacement'"
    return queries.described_announcements(view, where, (first, last))


def _counted(view: AsOfView, rule: FieldRule, rows: Sequence[DescribedAnnouncement]) -> DayAnnouncements:
    counted = [row.announcement for row in rows if rule.counts(row)]
    papers = dict.fromkeys(announcement.paper for announcement in counted)
    by_paper: dict[str, list[Announcement]] = {paper: [] for paper in _with_words(view, rule, papers)}
    for announcement, _ in rows:
        if announcement.paper in by_paper:
            by_paper[announcement.paper].append(announcement)
    announced = {(item.paper, _server_of(item)) for item in counted if item.paper in by_paper}
    on_server = Counter(server for _, server in announced)
    return DayAnnouncements(by_paper, on_server, any(is_announced(row.announcement.paper) for row in rows))


def _with_words(view: AsOfView, rule: FieldRule, papers: Iterable[str]) -> Iterable[str]:
    """Those of the papers whose words are wanted, by a rule that asks for words."""
    if rule.name != WORDS:
        return papers
    known = view.by_key(Paper, papers)
    return (paper for paper in papers if has_words(known.get(paper) or unknown_paper(paper), rule.publication))


def unknown_paper(paper: str) -> Paper:
    """A paper about which nothing is known."""
    return Paper(paper=paper, title="", observed_at=0)

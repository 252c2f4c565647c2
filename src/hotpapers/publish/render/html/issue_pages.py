"""Issue pages: the latest edition, earlier editions, all papers of the day, and citation files."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import groupby
from operator import attrgetter
from string import digits

import msgspec

from hotpapers.base.model import Attention
from hotpapers.base.papers import citations
from hotpapers.base.text.clean_text import one_line
from hotpapers.issues import announcement_counts
from hotpapers.issues.repository import MAX_LISTED
from hotpapers.issues.windows import LONG
from hotpapers.publish.render.html.list_pages import PaperLine, announcement_line
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.html.wing_parts import card_of
from hotpapers.publish.view import citation_formats, phrases, shares, site_paths
from hotpapers.publish.view.issue_view import IssueView
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, anchor_of, field_name
from hotpapers.publish.view.publication_state import next_issue_after
from hotpapers.publish.view.site_paths import abstracts_path, citation_path, document_uri, issue_path, listing_path
from hotpapers.publish.view.text_for_scripts import script_text
from hotpapers.publish.view.tops import period_of

FORMS: dict[str, Callable[[citations.PaperCitation], str]] = {
    "bib": citations.format_bibtex,
    "ris": citation_formats.format_ris,
}
"""Citation formats of an issue's entries, by file extension."""
BETWEEN = {"bib": "\n", "ris": "\r\n"}
"""The separator of two entries: the end of a line in that format."""


class IssuePages:
    """The pages of issues."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
        self._announced = lru_cache(1)(
            partial(site.issue_reader.announced, site.name)
        )  # several files of a day need it

    def paths(self, day: str) -> Iterator[str]:
        yield issue_path(day)
        yield from (issue_path(day, edition) for edition in self._site.earlier_editions(day))
        yield from _beside(self._site.issue(day))
        yield from map(issue_path, self._site.issue_header(day).days_without_issue)

    def ended(self, day: str) -> Iterator[str]:
        """Paths of files that a correction of this day has removed, and that may still exist."""
        editions = self._site.editions(day)
        latest, *earlier = map(set, map(_beside, editions))
        yield from set[str]().union(*earlier) - latest

    def page(self, path: str, choice: PageChoice = EVERYTHING) -> bytes | None:
        """The page at a path, with the papers that a reader asked for."""
        site = self._site
        if (row := site_paths.issue_of(path)) is not None:
            if site.has(*row):
                return self.issue(path, *row, choice)
            return self._without_issue(path, *row)
        if (script := site_paths.abstracts_of(path)) is not None:
            return self._abstracts(*script)
        day, form = site_paths.citation_of(path) or (site_paths.listing_of(path), "")
        if not site.has(day):
            return None
        if form:
            issue = site.issue(day)
            entries = (citations.paper_citation(entry.metadata, entry.withdrawn) for entry in issue.listed)
            texts = (FORMS[form](citation) for citation in entries if citation)
            return BETWEEN[form].join(texts).encode("utf-8", "replace") or None
        return self._all(path, day, choice) if site.issue(day).all_papers else None

    def issue(self, path: str, day: str, edition: int, choice: PageChoice = EVERYTHING) -> bytes | None:
        """An issue's page, at its own path or as the index. Edition 0: the day's latest. None if the choice is a
        category that does not exist."""
        site = self._site
        issue = site.issue(day, edition)
        by_field = site.fields((entry.field for entry in issue.entries), choice)
        if by_field is None:
            return None
        lanes = (issue.entries, issue.further, issue.ongoing)
        entries, more, ongoing = ([entry for entry in lane if choice.has(entry.field)] for lane in lanes)
        n = site.index_of_day[day]
        own_path = issue_path(day)
        earlier = site.earlier_editions(day)
        # groups of entries on the same topic, each with the words that they have in common
        if site.neighbors and entries and not choice.category:
            groups = site.neighbors.alike([entry.metadata for entry in entries])
        else:
            groups = ()
        return site.render(
            "issue.html",
            path,
            issue.name + (f", edition {edition}" if edition else ""),
            issue.introduction,
            issue=issue,
            entries=entries,
            more=more,
            ongoing=ongoing,
            unnamed=shares.unnamed_sentence(site.frozen(day, edition).content),
            fields=by_field,
            alike=[([entries[place] for place in group.places], ", ".join(group.words)) for group in groups],
            earlier=bool(edition),
            previous=site.neighbor(n - 1),
            next=site.neighbor(n + 1),
            corrections=[(site.issue(day, number), issue_path(day, number)) for number in (*earlier, 0) if earlier],
            linked=site.paths_of((*entries, *more, *ongoing) if edition else ongoing),
            coins=[
                citation_formats.coins_title(cited) if (cited := citations.paper_citation(entry.metadata)) else ""
                for entry in entries
            ],
            due=next_issue_after(site.publication, day) if path == "index.html" else None,
            document=document_uri(site.account, site.name, day) if site.account and not edition else "",
            canonical=site_paths.public_url(site.site_config.base, own_path),
            card=card_of(site, own_path),
            proof=site.proofs.proved(site.frozen(day, edition)) if site.proofs else None,
            folder=issue_path(day, edition).removesuffix("index.html"),
            further=site.about_week(period_of("week", "weekly", day)) if site.publication.window == "weekly" else (),
        )

    def _without_issue(self, path: str, day: str, edition: int) -> bytes | None:
        """The page of a day that has no issue because nothing was read; None if there is another reason."""
        site = self._site
        n = bisect(self._site.days, day)
        if edition or n == len(site.days) or day not in site.issue_header(site.days[n]).days_without_issue:
            return None
        window = site.publication.window
        return site.render(
            "without_issue.html",
            path,
            phrases.issue_name(window, day),
            phrases.NO_ISSUE,
            previous=site.neighbor(n - 1),
            next=site.neighbor(n),
            is_long=window in LONG,
        )

    # ---- all papers of a day ---------------------------------------------------------------------------

    def _all(self, path: str, day: str, choice: PageChoice) -> bytes | None:
        """The page of all papers of an issue's time. None if the choice is a category that does not exist."""
        site = self._site
        issue = site.issue(day)
        lines = self._lines(issue)
        by_field = site.fields((line.field for line in lines), choice)
        if by_field is None:
            return None
        chosen = [line for line in lines if choice.has(line.field)]
        count = announcement_counts.count_listed(site.issue_header(day).content, len(lines))
        counted = count[:1].upper() + count[1:]
        return site.render(
            "all.html",
            path,
            f"All papers of {issue.name}",
            f"{counted}, by category.",
            issue=issue,
            counted=counted,
            most=MAX_LISTED,
            groups=[("", "", "", sorted(chosen, key=lambda line: -line.voices))]
            if choice.order
            else [
                (category, field_name(category), anchor_of(category), list(of_category))
                for category, of_category in groupby(chosen, key=attrgetter("field"))
            ],
            fields=by_field,
        )

    def _abstracts(self, day: str, digit: str) -> bytes | None:
        """A script with abstracts of a day, for lines that are unfolded; empty where pages of papers are folded."""
        site = self._site
        if not site.has(day) or not site.issue(day).all_papers:
            return None
        is_folded = site_paths.is_folded(day, site.site_config.whole_since)
        papers = () if is_folded else self._announced(day)
        texts = {
            paper_id: script_text(one_line(announced.paper.abstract or announced.paper.summary))
            for announced in papers
            if (paper_id := site_paths.paper_id(announced.paper.paper))
            and site_paths.abstracts_digit(paper_id) == digit
        }
        return b"dayAbstracts(%s);\n" % msgspec.json.encode({key: text for key, text in texts.items() if text})

    def _lines(self, issue: IssueView) -> list[PaperLine]:
        """The papers of an issue's time by category, new ones first."""
        site = self._site
        papers = self._announced(issue.day)
        history = site.issue_reader.history(site.name, issue.day, [paper.paper.paper for paper in papers])
        voices = {paper: voices_of(attention) for paper, attention in history.items()}
        voices |= {entry.key: sum(count.figure for count in entry.counts_view.counts) for entry in issue.listed}
        places = {entry.key: entry.place for entry in issue.listed}
        lines = []
        for _, group in groupby(papers, key=attrgetter("category")):
            for paper in sorted(group, key=lambda paper: paper.type != "new"):
                key = paper.paper.paper
                path = site_paths.paper_path(key) if site.has_paper(key) else ""
                place = places.get(key, 0)
                lines.append(announcement_line(paper, path, place, voices.get(key, 0)))
        return lines


def _beside(issue: IssueView) -> Iterator[str]:
    """The paths of an issue's files beside its page."""
    if issue.listed:
        yield from (citation_path(issue.day, form) for form in FORMS)
    if issue.all_papers:
        yield listing_path(issue.day)
        yield from (abstracts_path(issue.day, digit) for digit in digits)


def voices_of(history: Sequence[Attention]) -> int:
    """A paper's voices on all networks at the last hour of its history."""
    last_age = max((attention.age for attention in history), default=0)
    return sum(attention.voices for attention in history if attention.age == last_age)

"""Issue pages: the latest edition, earlier editions, all papers of the day, and citation files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

from hotpapers.model import AnnouncedPaper, Paper
from hotpapers.ranking import words
from hotpapers.render.cards import card_pages
from hotpapers.render.html.list_pages import PaperLine, announcement_line
from hotpapers.render.html.site_context import SiteContext
from hotpapers.view import citations, phrases, site_paths
from hotpapers.view.category_names import field_name
from hotpapers.view.issue_proof import issue_proof_view
from hotpapers.view.publication_state import next_issue_after
from hotpapers.view.site_paths import document_uri

FORMS: dict[str, Callable[[citations.PaperCitation], str]] = {"bib": citations.bibtex, "ris": citations.ris}
"""Citation formats of an issue's entries, by file extension."""


class IssuePages:
    """The pages of issues."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    def paths(self, day: str) -> Iterator[str]:
        yield site_paths.issue_path(day)
        yield from (site_paths.issue_path(day, edition) for edition in self._site.earlier_editions(day))
        issue = self._site.issue(day)
        if issue.entries:
            yield from (site_paths.citation_path(day, form) for form in FORMS)
        if issue.announced:
            yield site_paths.listing_path(day)

    def ended(self, day: str) -> Iterator[str]:
        """Paths of files that a correction of this day has removed, and that may still exist."""
        latest, *earlier = self._site.editions(day)
        if not latest.entries and any(issue.entries for issue in earlier):
            yield from (site_paths.citation_path(day, form) for form in FORMS)
        if not latest.announced and any(issue.announced for issue in earlier):
            yield site_paths.listing_path(day)

    def page(self, path: str) -> bytes | None:
        if (row := site_paths.issue_of(path)) is not None:
            return self.issue(path, *row) if self._site.has(*row) else None
        if (cited := site_paths.citation_of(path)) is not None:
            return self._citation(*cited) if self._site.has(cited[0]) else None
        day = site_paths.listing_of(path)
        return self._all(path, day) if self._site.has(day) and self._site.issue(day).announced else None

    def issue(self, path: str, day: str, edition: int) -> bytes:
        """An issue's page, at its own path or as the index. Edition 0: the day's latest."""
        site = self._site
        issue = site.issue(day, edition)
        n = site.index_of_day[day]
        return site.render(
            "issue.html",
            path,
            phrases.day_name(day) + (f", edition {edition}" if edition else ""),
            issue.facts,
            issue=issue,
            earlier=bool(edition),
            previous=site.neighbor(n - 1),
            next=site.neighbor(n + 1),
            corrections=self._corrections(day) if issue.editions > 1 else (),
            linked=site.paths_of((*issue.entries, *issue.ongoing) if edition else issue.ongoing),
            coins=[
                citations.coins(cited) if (cited := citations.citation(entry.metadata)) else ""
                for entry in issue.entries
            ],
            due=next_issue_after(site.publication, day) if path == "index.html" else None,
            document=document_uri(site.account, site.name, day) if site.account and not edition else "",
            canonical=site_paths.public_url(site.site_config.base, site_paths.issue_path(day)),
            card=card_pages.of_issue(site.site_config, site.issue(day)),
            proof=issue_proof_view(site.frozen(day, edition), site.logs) if site.logs else None,
            folder=site_paths.issue_path(day, edition).removesuffix("index.html"),
        )

    def _corrections(self, day: str) -> list[tuple[int, str, str, str]]:
        """(edition, path, when frozen, reason) of every edition, oldest first."""
        site = self._site
        earlier = [(site.issue(day, n), site_paths.issue_path(day, n)) for n in site.earlier_editions(day)]
        editions = [*earlier, (site.issue(day), site_paths.issue_path(day))]
        return [(issue.edition, path, issue.frozen, issue.reason) for issue, path in editions]

    def _citation(self, day: str, form: str) -> bytes | None:
        entries = (citations.citation(entry.metadata) for entry in self._site.issue(day).entries)
        return "\n".join(FORMS[form](citation) for citation in entries if citation).encode("utf-8", "replace") or None

    # ---- all papers of a day ---------------------------------------------------------------------------

    def _all(self, path: str, day: str) -> bytes:
        site = self._site
        issue = site.issue(day)
        places = {entry.key: entry.place for entry in issue.entries}
        papers = site.issue_reader.announced(site.name, day)
        return site.render(
            "all.html", path, f"All papers of {phrases.day_name(day)}",
            f"{words.count_noun(len(papers), 'paper')} announced, by category.", issue=issue,
            groups=[
                self._group(n, category, list(papers_of_category), places)
                for n, (category, papers_of_category) in enumerate(groupby(papers, key=attrgetter("category")))
            ],
            announced=len(papers),
        )  # fmt: skip

    def _group(
        self, n: int, category: str, papers: list[AnnouncedPaper], places: dict[str, int]
    ) -> tuple[str, str, str, list[PaperLine]]:
        """A category, its name, its anchor and its papers, new ones first. `n`: how many groups precede it."""
        ordered = sorted(papers, key=lambda paper: paper.type != "new")
        anchor = f"in-{category}" if site_paths.category_url(category) else f"group-{n}"
        return (
            phrases.one_line(category),
            field_name(category),
            anchor,
            [self._line(paper, places) for paper in ordered],
        )

    def _line(self, paper: AnnouncedPaper, places: dict[str, int]) -> PaperLine:
        path = site_paths.paper_path(paper.paper.paper) if self._site.has_paper(paper.paper.paper) else ""
        return announcement_line(paper, path, places.get(paper.paper.paper, 0))


def entries_of(paper: Paper) -> tuple[citations.PaperCitation, dict[str, str]] | None:
    """A paper's citation, and the entry in each format. None for a paper from another server."""
    citation = citations.citation(paper)
    return (citation, {form: write(citation) for form, write in FORMS.items()}) if citation else None

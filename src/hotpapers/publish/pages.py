"""The site's pages: the app serves exactly these bytes, the static site is exactly these bytes on disk.

    Pages(shelf, publication).paths()     every path, or only those that some days touch
    Pages(shelf, publication).page(path)  the bytes of one, None for a path that is none

Pure: what a page shows comes from the shelf alone. An issue is read and prepared once while it is at hand; pages are
asked for in an order that keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from hotpapers.errors import NoSuch
from hotpapers.model import Shelf
from hotpapers.publish import addresses, wording
from hotpapers.publish.archive import calendar
from hotpapers.publish.templating import asset, render
from hotpapers.publish.views import EntryView, IssueView, issue_view
from hotpapers.ranking import words

AT_HAND = 64
"""So many prepared issues are kept: some 2 MB."""
ASSETS = ("style.css", "icon.svg")
LONGEST_PATH = 200


class Appearance(NamedTuple):
    """A paper in an issue. `lane`: the issue holds it only as still talked about."""

    issue: IssueView
    path: str
    entry: EntryView
    lane: bool


class Pages:
    """The pages of one publication's site.

    `contact`: the operator's public contact, shown on About. Raises NoSuch for a publication that the shelf lacks.
    """

    def __init__(self, shelf: Shelf, publication: str, contact: str = "") -> None:
        self._shelf, self._name, self._contact = shelf, publication, wording.one_line(contact)
        found = [one for one in shelf.publications() if one.publication == publication]
        if not found:
            raise NoSuch(f"{publication}: no such publication")
        self._publication = found[0]
        self._title = wording.one_line(self._publication.title)
        self._days: Sequence[str] = shelf.days(publication)
        self._place_of_day = {day: n for n, day in enumerate(self._days)}
        self._kept = lru_cache(AT_HAND)(self._read_issue)
        self._single: dict[str, Callable[[], bytes]] = {
            "index.html": self._index,
            "archive/index.html": self._archive,
            "about/index.html": self._about,
            "404.html": self.missing,
            **{name: partial(asset, name) for name in ASSETS},
        }

    # ---- which pages there are -----------------------------------------------------------------------

    def paths(self, days: Sequence[str] | None = None) -> Iterator[str]:
        """Every path of the site, each once; or of the pages that change when these days' issues do.

        Those are their issues with earlier editions, the issues before and after, their papers, and the pages that
        there are once. Days without an issue are passed over.
        """
        chosen = set(self._days if days is None else days)
        papers: set[str] = set()
        for n, day in enumerate(self._days):
            if day in chosen:
                yield addresses.issue_path(day)
                yield from (addresses.issue_path(day, edition) for edition in self._earlier(day))
                new = dict.fromkeys(path for path in self._papers_of(day) if path not in papers)
                papers.update(new)
                yield from new
            elif chosen.intersection(self._days[max(n - 1, 0) : n + 2]):
                yield addresses.issue_path(day)
        yield from self._single

    def _earlier(self, day: str) -> range:
        return range(1, self._issue(day).editions)

    def _papers_of(self, day: str) -> Iterator[str]:
        issue = self._issue(day)
        yield from (entry.path for entry in issue.entries if entry.path)
        yield from self._linked(issue.still)

    def ended(self, path: str) -> frozenset[str]:
        """For the path of an earlier edition: where pages may stand that are no more, of papers that a correction took
        out of their only issue. None for all other paths."""
        day, edition = addresses.issue_of(path) or ("", 0)
        if not edition:
            return frozenset()
        issue = self._issue(day, edition)
        entries = (*issue.entries, *issue.still)
        return frozenset(entry.path for entry in entries if entry.path).difference(self._linked(entries))

    # ---- pages ---------------------------------------------------------------------------------------

    def page(self, path: str) -> bytes | None:
        """The bytes of the page at a path; None when there is none."""
        if path in self._single:
            return self._single[path]()
        if len(path) > LONGEST_PATH:
            return None
        if (found := addresses.issue_of(path)) is not None:
            return self._issue_page(path, *found) if self._has(*found) else None
        paper = addresses.paper_of(path)
        return self._paper_page(path, paper) if paper else None

    def missing(self, path: str = "404.html") -> bytes:
        """The page that says that there is none, with links that lead home from the path that was asked for."""
        return self._render("404.html", path, "Not found", "There is no such page.")

    def _has(self, day: str, edition: int) -> bool:
        return day in self._place_of_day and (edition == 0 or edition in self._earlier(day))

    def _index(self) -> bytes:
        if self._days:
            return self._issue_page("index.html", self._days[-1], 0)
        return self._render("empty.html", "index.html", "No issue yet", "No issue has appeared yet.")

    def _issue_page(self, path: str, day: str, edition: int) -> bytes:
        issue = self._issue(day, edition)
        n = self._place_of_day[day]
        return self._render(
            "issue.html",
            path,
            wording.day_name(day) + (f", edition {edition}" if edition else ""),
            issue.facts,
            issue=issue,
            earlier=bool(edition),
            previous=self._neighbour(n - 1),
            next=self._neighbour(n + 1),
            corrections=self._corrections(day) if issue.editions > 1 else (),
            linked=self._linked((*issue.entries, *issue.still) if edition else issue.still),
        )

    def _neighbour(self, n: int) -> tuple[str, str] | None:
        """Path and name of the n-th day's issue."""
        if not 0 <= n < len(self._days):
            return None
        return addresses.issue_path(self._days[n]), wording.day_name(self._days[n])

    def _corrections(self, day: str) -> list[tuple[int, str, str, str]]:
        """(edition, path, when frozen, reason) of every edition, the first first."""
        latest = self._issue(day)
        earlier = [(self._issue(day, n), addresses.issue_path(day, n)) for n in self._earlier(day)]
        both = [*earlier, (latest, addresses.issue_path(day))]
        return [(issue.edition, path, issue.frozen, issue.reason) for issue, path in both]

    def _linked(self, entries: Iterable[EntryView]) -> list[str]:
        """Those of some entries' papers that have a page: a correction may have taken one out of its only issue."""
        return [entry.path for entry in entries if entry.path and self._appearances(entry.paper)]

    def _paper_page(self, path: str, paper: str) -> bytes | None:
        found = self._appearances(addresses.bare(paper))
        if not found:
            return None
        latest = found[-1].entry
        description = latest.lead or latest.first_authors or latest.title
        return self._render("paper.html", path, latest.title, description, paper=latest, appearances=found[::-1])

    def _appearances(self, bare: str) -> list[Appearance]:
        """The issues of this publication that hold a paper, the first first."""
        days = [day for name, day in self._shelf.appearances(f"arxiv:{bare}") if name == self._name]
        made = []
        for day in (day for day in days if day in self._place_of_day):
            issue = self._issue(day)
            where = [(entry, False) for entry in issue.entries] + [(entry, True) for entry in issue.still]
            path = addresses.issue_path(day)
            made += [Appearance(issue, path, entry, lane) for entry, lane in where if entry.paper == bare]
        return made

    def _archive(self) -> bytes:
        volumes = dict(self._shelf.volumes(self._name))
        description = f"All issues by day: {words.number(len(volumes))}."
        return self._render(
            "archive.html", "archive/index.html", "Archive", description,
            years=calendar(volumes), issues=len(volumes), papers=sum(volumes.values()),
        )  # fmt: skip

    def _about(self) -> bytes:
        issue = self._issue(self._days[-1]) if self._days else None
        counted = [entry for entry in issue.entries if entry.score] if issue else []
        return self._render(
            "about.html", "about/index.html", "About", f"What {self._title} is and how it counts.",
            publication=self._publication, contact=self._contact, issue=issue, example=counted[0] if counted else None,
        )  # fmt: skip

    # ---- issues at hand ------------------------------------------------------------------------------

    def _issue(self, day: str, edition: int = 0) -> IssueView:
        """A day's latest edition, or another by its number."""
        return self._kept(day, edition)

    def _read_issue(self, day: str, edition: int) -> IssueView:
        return issue_view(self._shelf.issue(self._name, day, edition or None))

    def _render(self, template: str, path: str, title: str, description: str, **values: object) -> bytes:
        return render(
            template, root=addresses.up(path), path=path, site=self._title, title=title,
            description=description, **values,
        )  # fmt: skip

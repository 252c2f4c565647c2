"""Top pages: numbers against the frozen issues, what a new issue changes, and addresses that lead on."""

from __future__ import annotations

import pytest

from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.page_fields import PageChoice
from tests.publish.render.build import PlainIssueReader
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER

READERS = [(FULL_READER, "daily"), (LISTED_READER, "hot-papers")]


def first_days(issue_reader: PlainIssueReader, publication: str, n: int) -> PlainIssueReader:
    """The same issue reader as it was after the first days."""
    days = issue_reader.days(publication)[:n]
    issues = [
        issue_reader.issue(publication, day, edition)
        for day in days
        for edition in range(1, len(issue_reader.issue(publication, day).editions) + 1)
    ]
    return PlainIssueReader(issue_reader.publications(), issues)


def top_pages(issue_reader: PlainIssueReader, publication: str) -> dict[str, bytes]:
    """All top pages, by path."""
    pages = SitePages(issue_reader, publication)
    return {path: pages.page(path) or b"" for path in pages.paths() if path.startswith("top/")}


@pytest.mark.parametrize(("issue_reader", "publication"), READERS)
def test_numbers_are_those_of_the_frozen_issues(issue_reader: PlainIssueReader, publication: str) -> None:
    for path, page in top_pages(issue_reader, publication).items():
        period = path.split("/")[1]
        if "W" in period or not page or period == "index.html":
            continue
        best: dict[str, int] = {}
        for day in issue_reader.days(publication):
            if period == "all" or day.startswith(period):
                content = issue_reader.issue(publication, day).content
                for entry in (*content.entries, *content.ongoing):
                    best[entry.paper] = max(entry.voices, best.get(entry.paper, 0))
        lines = [part.attributes for part in Page(page).elements if "data-voices" in part.attributes]
        assert [int(line["data-voices"]) for line in lines] == sorted(best.values(), reverse=True) != []
        assert [int(line["value"]) for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize(("issue_reader", "publication"), READERS)
def test_a_new_issue_renders_only_the_tops_that_it_changes(issue_reader: PlainIssueReader, publication: str) -> None:
    days = issue_reader.days(publication)
    for n in range(2, len(days) + 1):
        before = top_pages(first_days(issue_reader, publication, n - 1), publication)
        now = first_days(issue_reader, publication, n)
        after = top_pages(now, publication)
        changed = {path for path, page in after.items() if before.get(path) != page}
        rendered = {path for path in SitePages(now, publication).paths([days[n - 1]]) if path.startswith("top/")}
        assert changed <= rendered and before.keys() <= after.keys()


def test_every_top_is_reached_from_the_first_page_of_tops() -> None:
    pages = top_pages(LISTED_READER, "hot-papers")
    links = {link.attributes["href"] for link in Page(pages["top/index.html"]).all("a")}
    assert all(f"../{path}" in links for path in pages)
    assert "The 50" not in Page(pages["top/index.html"]).text


def test_a_top_has_the_papers_of_a_category() -> None:
    pages = SitePages(FULL_READER, "daily")
    whole = pages.page("top/2021/index.html")
    assert whole and pages.has_choice("top/2021/index.html") and not pages.has_choice("top/1999/index.html")
    chosen = pages.page_of("top/2021/index.html", PageChoice("cs.CL"))
    assert chosen
    fields = [part.attributes["data-in"] for part in Page(chosen).elements if "data-in" in part.attributes]
    assert fields and set(fields) == {"cs.CL"} and ": cs.CL, Computation and Language" in Page(chosen).text
    assert pages.page("top/1999/index.html") is None and pages.page_of("top/2021/index.html", PageChoice("x.y")) is None

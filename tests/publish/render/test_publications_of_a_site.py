"""The daily and the weekly publication of one site: each page of one leads to the other."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.site_config import SiteConfig
from tests.publish.render.build import OWN, PlainIssueReader, issue
from tests.publish.render.html import Page

WEEKLY = msgspec.structs.replace(OWN, publication="weekly", title="The <Weekly> Dozen", window="weekly")
MONTHLY = msgspec.structs.replace(OWN, publication="monthly", title="The Monthly Dozen", window="monthly")
BASE = "https://papers.example/"
SITE = SiteConfig(base=BASE, bases=(("daily", BASE), ("weekly", f"{BASE}weekly/"), ("monthly", f"{BASE}monthly/")))
READER = PlainIssueReader([OWN, WEEKLY, MONTHLY], [issue(OWN, "2026-11-20", []), issue(WEEKLY, "2026-11-23", [])])


def others(publication: str, site_config: SiteConfig) -> list[str]:
    """Addresses of other publications in the masthead of the first page, which are the same on all pages."""
    pages = SitePages(READER, publication, site_config.of(publication))
    links_of_pages = {
        tuple(
            link.attributes["href"]
            for link in Page(pages.page(path) or b"").all("a")
            if link.attributes.get("class") == "other"
        )
        for path in pages.paths()
        if path.endswith("index.html")
    }
    [addresses] = links_of_pages
    return list(addresses)


def test_publications_with_issues_link_each_other() -> None:
    assert others("daily", SITE) == [f"{BASE}weekly/"]
    assert others("weekly", SITE) == [BASE]
    assert "The <Weekly> Dozen" in Page(SitePages(READER, "daily", SITE).page("index.html") or b"").text


def test_without_public_addresses_there_are_no_links() -> None:
    nowhere = SITE._replace(base="", bases=(("daily", ""), ("weekly", "")))
    assert others("daily", nowhere) == others("weekly", nowhere) == []


def test_a_weekly_issue_is_named_by_its_week() -> None:
    pages = SitePages(READER, "weekly", SITE.of("weekly"))
    for path in ("index.html", "2026-11-23/index.html"):
        assert "16\u201322 November 2026" in Page(pages.page(path) or b"").text
    assert "Top of November 2026" in Page(pages.page("top/index.html") or b"").text


def test_the_address_of_an_unnamed_publication_follows_from_its_folder(tmp_path: Path) -> None:
    output = tmp_path / "gone" / "public"
    config = SITE._replace(folder=output)
    below = output / "gone" / "site"
    assert config.of("gone", below).base == config.of("gone").of("gone", below).base == f"{BASE}gone/"
    assert config.of("gone", output / "site").base == config.of("gone", output).base == config.of("gone").base == BASE
    assert config.of("gone", tmp_path / "gone" / "elsewhere").base == "", "nobody knows where that folder is"
    assert config.of("weekly", below).base == f"{BASE}weekly/"
    assert SITE.of("gone", below).base == BASE, "of the only publication, which no setting names"


@pytest.mark.parametrize(("last_day", "has_ended"), [("2021-01-15", True), ("2021-01-18", False), (UNSET, False)])
def test_a_publication_that_ended_says_so_and_takes_no_readers(last_day: str | UnsetType, has_ended: bool) -> None:
    """Once its last issue is there."""
    own = msgspec.structs.replace(OWN, last_day=last_day)
    reader = PlainIssueReader([own], [issue(own, day, [], announced=0) for day in ("2021-01-14", "2021-01-15")])
    config = SiteConfig(app="https://app.example/", join_path="mail/join", note="Not run now.")
    pages = SitePages(reader, "daily", config)
    paths = ("index.html", "about/index.html", "status/index.html")
    index, about, status = ((pages.page(path) or b"").decode() for path in paths)
    assert ("it will have no more issues" in index, "Not run now." in index) == (has_ended, not has_ended)
    assert ("mail/join" in index + about) is not has_ended
    assert ("This publication has ended." in status, "no more issues" in status) == (has_ended, False)

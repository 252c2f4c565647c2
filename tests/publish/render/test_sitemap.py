"""The sitemap for search engines: every page that exists, and nothing else."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from hotpapers.publish.render.html import single_pages
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view.site_config import SiteConfig
from tests.publish.render.build import PlainIssueReader
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.sample import LISTED_READER
from tests.publish.render.sites import site

NAME = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
PUBLIC = SiteConfig(base="https://papers.example/a&b/")
READERS = [(FULL_READER, "daily"), (LISTED_READER, "hot-papers")]


def addresses(data: bytes) -> list[str]:
    """The addresses of a sitemap."""
    root = ElementTree.fromstring(data)
    assert root.tag == f"{NAME}urlset" and all([child.tag for child in url] == [f"{NAME}loc"] for url in root)
    return [element.text or "" for element in root.iter(f"{NAME}loc")]


def test_language_models_are_told_where_the_data_is() -> None:
    text = single_pages.llms_txt("Two\nlines", PUBLIC).decode()
    assert text.startswith("# Two lines\n") and f"({PUBLIC.base}search/index.json)" in text
    live_text = single_pages.llms_txt("Papers", PUBLIC._replace(is_live=True)).decode()
    assert "search/" not in live_text and f"({PUBLIC.base}api/v1/openapi.json)" in live_text
    app = "https://app.example/"
    elsewhere = single_pages.llms_txt("Papers", PUBLIC._replace(is_live=True, app=app)).decode()
    assert f"({app}api/v1/openapi.json)" in elsewhere and PUBLIC.base not in elsewhere
    assert app not in single_pages.llms_txt("Papers", PUBLIC._replace(app=app)).decode()


@pytest.mark.parametrize(("issue_reader", "name"), READERS, ids=["daily", "hot-papers"])
def test_it_names_every_page_but_parts_of_issues(issue_reader: PlainIssueReader, name: str) -> None:
    files = site(issue_reader, name, site_config=PUBLIC)
    locations = addresses(files["sitemap.xml"])
    pages = {path for path in files if path.endswith("index.html")}
    pages = {path for path in pages if "/edition-" not in path and not path.endswith("/all/index.html")}
    pages = {"top/all/index.html", *pages} - {"my-papers/index.html"}
    assert len(locations) == len(set(locations))
    assert set(locations) == {PUBLIC.base + path.removesuffix("index.html") for path in pages}
    days = [address for address in locations if address.startswith(f"{PUBLIC.base}20")]
    assert days == sorted(days, reverse=True)


def test_it_ends_where_a_sitemap_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_pages, "MAX_SITEMAP_ADDRESSES", 3)
    context = SiteContext(LISTED_READER, "hot-papers", PUBLIC)
    data = single_pages.build_sitemap(context, ["index.html", "404.html", "robots.txt"])
    assert addresses(data) == [PUBLIC.base, f"{PUBLIC.base}2021-01-18/", f"{PUBLIC.base}2021-01-14/"]


def test_an_empty_site_has_one_too() -> None:
    issue_reader = PlainIssueReader(FULL_READER.publications(), [])
    assert addresses(SitePages(issue_reader, "daily", PUBLIC).page("sitemap.xml") or b"")[0] == PUBLIC.base


def test_robots_may_read_all_and_are_told_where_it_is() -> None:
    assert single_pages.robots_txt("") == b"User-agent: *\nAllow: /\n"
    assert single_pages.robots_txt("https://papers.example/") == (
        b"User-agent: *\nAllow: /\n\nSitemap: https://papers.example/sitemap.xml\n"
    )
    assert "sitemap.xml" not in site(LISTED_READER, "hot-papers", site_config=SiteConfig())

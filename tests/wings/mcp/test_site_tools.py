"""The tools `hot` and `search` about a published site: what its pages show, papers as its own search finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import InputError, NotFound
from hotpapers.base.model import Window
from hotpapers.base.papers.paper_servers import is_paper_key
from hotpapers.base.untrusted_json import PaperId
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.phrases import no_issue
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.site import demo as week
from hotpapers.site.site import Site
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import all_tools
from hotpapers.wings.mcp.site_files import folder_files
from hotpapers.wings.mcp.site_tools import all_site_tools
from tests.publish.render.build import OWN, PlainIssueReader, issue, own_entry
from tests.publish.render.covered_days import LONG_ISSUES, searches_by_day
from tests.publish.render.sample import TEA

DAY = "2026-03-12"


@pytest.fixture
def folder(demo_folder: Path) -> Path:
    """The site of the demo's made-up week."""
    return demo_folder / week.FOLDER / "site"


@pytest.fixture
def site(folder: Path) -> PublishedSite:
    return PublishedSite(folder_files(folder))


def test_hot_gives_what_the_page_shows(site: PublishedSite, folder: Path, demo_folder: Path) -> None:
    answer = all_site_tools()["hot"].call(site, {"day": DAY, "limit": 3})
    page = (folder / DAY / "index.html").read_text("utf-8")
    assert len(answer["papers"]) == 3
    for paper in answer["papers"]:
        assert f'<td class="sum">{paper["score"]:,}</td></tr></tfoot>' in page and paper["counts"]
        for count in paper["counts"]:
            is_small = count["count"] < 3
            assert is_small or f"{count['network']}: {count['words']}" in page
            assert f"{count['count']:,}" in count["words"]
        assert any(count["thread"] in page for count in paper["counts"] if count["thread"])


def test_hot_of_a_site_gives_what_that_of_its_store_gives(site: PublishedSite, demo_folder: Path) -> None:
    """On each day of the week, also those without entries or with papers beyond them."""
    days = [*site.days()]
    with Site(demo_folder / week.FOLDER / "hotpapers.db") as store:
        for day in (*days[:5], *days[-2:], "latest"):
            answers = [
                tool.call(questioned, {"day": day, "limit": 50})
                for tool, questioned in ((all_site_tools()["hot"], site), (all_tools()["hot"], store.session))
            ]
            facts = [
                (answer["day"], [(paper["paper"], paper["score"], paper["counts"]) for paper in answer["papers"]])
                for answer in answers
            ]
            assert facts[0] == facts[1], day


def test_a_site_of_an_earlier_version_has_no_figures(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "search", tmp_path / "search")
    [paper] = all_site_tools()["hot"].call(PublishedSite(folder_files(tmp_path)), {"limit": 1})["papers"]
    assert paper["title"] and paper["score"] is None and paper["counts"] == []


def test_a_day_without_an_issue_names_the_latest(site: PublishedSite) -> None:
    for tool in ("hot", "for_me"):
        day, name = ("2026-03-14", "14 March") if tool == "hot" else ("2026-01-02", "2 January")
        expected = f"no issue on {name}; the latest is 13 March"
        with pytest.raises(NotFound, match=expected):
            all_site_tools()[tool].call(site, {"day": day})
    assert no_issue("2025-12-31", "2026-01-02") == "no issue on 31 December 2025; the latest is 2 January 2026"
    assert no_issue("2026-02-30", "2026-01-02") == "no issue on 2026-02-30: not a day; the latest is 2 January 2026"


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("cat:cs.CL", lambda paper: "cs.CL" in paper.categories),
        ("category:cs", lambda paper: any(name.startswith("cs.") for name in paper.categories)),
        ("cat:cs -cat:cs.CL", lambda paper: "cs.CL" not in paper.categories),
        ("date:2026-03-12", lambda paper: paper.day == DAY),
        ("title:models", lambda paper: "model" in paper.title.lower()),
        ("author:amberfield", lambda paper: any("Amberfield" in name for name in paper.authors)),
        ("cat:cs.CL OR cat:math.CO", lambda paper: {"cs.CL", "math.CO"} & set(paper.categories)),
        ("muffi*", lambda paper: "muffin" in f"{paper.title} {paper.text}".lower()),
    ],
)
def test_queries_mean_what_they_mean_on_the_site(site: PublishedSite, query: str, holds) -> None:  # type: ignore[no-untyped-def]
    papers = site.search(query, 20)
    assert papers and all(holds(paper) for paper in papers)
    shown = {paper.paper for day in site.days() for paper in site.issue(day) if holds(paper)}
    assert {paper.paper for paper in papers} == shown or len(papers) == 20 or query.startswith(("title", "date"))


@pytest.mark.parametrize("query", ["muffin date:2026-13", "date:2026-02-30", "muffin from:yesterday"])
def test_wrong_dates_are_refused(site: PublishedSite, query: str) -> None:
    with pytest.raises(InputError, match="not a date: "):
        site.search(query, 5)


@pytest.mark.parametrize(("window", "day", "name"), LONG_ISSUES)
def test_long_issues_are_searched_by_the_days_they_cover(window: Window, day: str, name: str) -> None:
    publication = msgspec.structs.replace(OWN, window=window)
    reader = PlainIssueReader([publication], [issue(publication, day, [own_entry(1, TEA, [], [])])])
    files = {file.path: file.data for file in SiteChannel(NOBODY).render(reader, "daily", [day])}
    site = PublishedSite(files.__getitem__)
    for query, is_listed in searches_by_day(window, day).items():
        assert len(site.search(query, 5)) == is_listed, query


def test_a_query_of_signs_alone_is_refused(site: PublishedSite) -> None:
    with pytest.raises(InputError, match="no word"):
        site.search("…", 5)


@pytest.mark.parametrize("length", [24, 41, 160])
def test_a_paper_has_an_id_as_long_as_its_doi(length: int) -> None:
    id = f"10.123456789/{'q' * length}"
    assert is_paper_key(f"doi:{id}") and msgspec.convert(id, PaperId) == id


def test_a_paper_on_another_server_has_its_plain_doi(folder: Path, tmp_path: Path) -> None:
    """Files of a site name it as addresses do, with escapes."""
    shutil.copytree(folder, tmp_path / "site")
    [old] = [paper.paper for paper in PublishedSite(folder_files(folder)).issue(DAY)][:1]
    doi, name = "10.31234/osf.io/ab9c9", "10.31234/osf.io~2fab9c9"
    for path in (*(tmp_path / "site").rglob("*.json"), *(tmp_path / "site").rglob("*s.js")):
        path.write_text(path.read_text("utf-8").replace(old, name), "utf-8")
    words = sorted((tmp_path / "site" / "search").rglob("*.txt"))
    lines = [line for path in words for line in path.read_text("utf-8").splitlines() if line.startswith(f"#{old} ")]
    words[0].write_text(words[0].read_text("utf-8") + f"{lines[0].replace(old, doi)}\n", "utf-8")  # in its place
    site = PublishedSite(folder_files(tmp_path / "site"), "https://kettles.example/")
    tools = all_site_tools()
    [hit] = tools["search"].call(site, {"q": f"https://doi.org/{doi}_v1", "limit": 5})["papers"]
    [shown] = tools["paper"].call(site, {"paper": f"{doi}_v2"})["papers"]
    first = tools["hot"].call(site, {"day": DAY, "limit": 1})["papers"][0]
    assert hit["paper"] == shown["paper"] == first["paper"] == doi and first["counts"]
    assert hit["page"] == f"https://kettles.example/paper/{name}/"
    assert tools["related"].call(site, {"paper": doi})["papers"]
    words[0].write_text(words[0].read_text("utf-8") + f"{lines[0].replace(old, '10.5555/tea.1')}\n", "utf-8")
    site = PublishedSite(folder_files(tmp_path / "site"), "https://kettles.example/")
    [by_article] = tools["paper"].call(site, {"paper": "https://doi.org/10.5555/tea.1"})["papers"]
    assert by_article["paper"] == doi, "as the article's DOI leads to its preprint in searches"
    assert not tools["for_me"].call(site, {"stars": [doi], "day": DAY})["unknown"]

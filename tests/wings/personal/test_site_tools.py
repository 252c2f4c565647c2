"""The tools for language models about a published site: the same papers in the same order as from its store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotpapers.base.errors import HotPapersError, InputError, NotFound, UsageError
from hotpapers.site import demo as week
from hotpapers.site.site import Site
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import all_tools
from hotpapers.wings.mcp.site_files import folder_files
from hotpapers.wings.mcp.site_tools import all_site_tools
from hotpapers.wings.personal.site_tools import MAX_STAR_DAYS
from hotpapers.wings.personal.tools import MAX_DAYS

LATEST = "2026-03-13"


@pytest.fixture
def site(demo_folder: Path) -> PublishedSite:
    """The demo's made-up week."""
    return PublishedSite(folder_files(demo_folder / week.FOLDER / "site"))


def test_a_readers_order_is_that_of_the_store(site: PublishedSite, demo_folder: Path) -> None:
    liked = site.issue(LATEST)[3]
    choices = {"stars": [liked.paper], "words": ["lunches"], "day": LATEST}
    from_site = all_site_tools()["for_me"].call(site, choices)
    with Site(demo_folder / week.FOLDER / "hotpapers.db") as store:
        from_store = all_tools()["for_me"].call(store.session, choices)
    titles = [(paper["paper"], paper["title"]) for paper in from_site["papers"]]
    assert titles == [(paper["id"], paper["title"]) for paper in from_store["papers"]] and len(titles) > 5
    assert [paper["closeness"] for paper in from_site["papers"]] == [p["closeness"] for p in from_store["papers"]]
    assert all(paper["reason"] for paper in from_site["papers"][:3]) and from_site["unknown"] == []


def test_equally_near_papers_stay_in_public_order_the_latest_first(site: PublishedSite, demo_folder: Path) -> None:
    choices = {"authors": ["Nobody Atall"], "day": LATEST, "limit": 100}
    from_site = all_site_tools()["for_me"].call(site, choices | {"days": 5})["papers"]
    assert [paper["day"] for paper in from_site] == sorted((paper["day"] for paper in from_site), reverse=True)
    with Site(demo_folder / week.FOLDER / "hotpapers.db") as store:
        from_store = all_tools()["for_me"].call(store.session, choices | {"days": 7})["papers"]
    assert [paper["paper"] for paper in from_site] == [paper["id"] for paper in from_store]


def test_a_papers_page_on_the_site_names_it(site: PublishedSite) -> None:
    paper = site.issue(LATEST)[0].paper
    own = all_site_tools()["related"].call(site, {"paper": paper})
    for address in ("https://papers.example/d/paper/{}/", "http://[::1]:8000/paper/{}/index.html?by=x#discussed"):
        assert all_site_tools()["related"].call(site, {"paper": address.format(paper)}) == own


def test_a_title_stands_for_itself_and_unknown_papers_are_named(site: PublishedSite) -> None:
    liked = site.issue(LATEST)[0]
    answer = all_site_tools()["for_me"].call(site, {"stars": [liked.title, "0704.0001"], "days": MAX_DAYS, "limit": 1})
    assert answer["papers"][0]["paper"] == liked.paper and answer["unknown"] == ["0704.0001"]
    with pytest.raises(NotFound):
        all_site_tools()["for_me"].call(site, {"day": "1999-12-31"})
    with pytest.raises(UsageError, match="not a date"):
        all_site_tools()["for_me"].call(site, {"day": "2026-02-30"})


def test_related_papers_are_near(site: PublishedSite) -> None:
    paper_id = site.issue(LATEST)[0].paper
    papers = all_site_tools()["related"].call(site, {"paper": paper_id})["papers"]
    values = [paper["closeness"] for paper in papers]
    assert values == sorted(values, reverse=True) and 0 < len(values) <= 10
    assert paper_id not in {paper["paper"] for paper in papers}
    assert all(paper["title"] and paper["reason"] and paper["page"] for paper in papers)
    with pytest.raises(NotFound, match="no vector"):
        all_site_tools()["related"].call(site, {"paper": "0704.0001"})


def test_work_is_bounded_and_strange_files_are_refused(demo_folder: Path) -> None:
    """A site with issues on hundreds of days: a call reads at most so many of them."""
    days = {year: [f"20{year}-0{month}-{day}" for month in range(1, 4) for day in range(10, 29)]
            for year in range(20, 26)}  # fmt: skip
    files = {"search/index.json": json.dumps({"parts": [f"20{year}-q1" for year in days]}).encode()}
    for year, own in days.items():
        index = {
            "issues": [[day, 1] for day in own],
            "ids": [f"{year}01.{n:05}" for n in range(len(own))],
            "from": [""],
        }
        files[f"search/20{year}-q1/index.json"] = json.dumps(index).encode()
    script, read = {"": b'paperVectorsOf({"words":"kettle spoon","papers":{"2001.00001":"_B"}});\n'}, []

    def fetch(path: str) -> bytes:
        read.append(path)
        if path.endswith("vectors.js"):
            return script[""]
        if path.endswith("papers.js"):
            return b'dayPapers({"papers":{}});\n'
        return files[path] if path in files else b"[]" if path.startswith("search/papers/") else b""

    tools, stars = all_site_tools(), [f"{year}01.{number:05}" for year in days for number in range(16)]
    tools["for_me"].call(PublishedSite(fetch), {"stars": stars, "days": MAX_DAYS})
    assert len(read) <= 1 + len(days) + 4 * (MAX_STAR_DAYS + MAX_DAYS)
    assert tools["related"].call(PublishedSite(fetch), {"paper": "2001.00001"})["papers"] == []
    for script[""] in (b"", b"[]", b'{"words":1,"papers":{}}', b'{"words":"a","papers":{"2001.00001":"_ggggggggg"}}'):
        with pytest.raises(InputError):
            tools["related"].call(PublishedSite(fetch), {"paper": "2001.00001"})
    script[""] = b'{"words":"kettle spoon","papers":{"2001.00001":"_B","nonsense":"_B"}}'
    with pytest.raises(HotPapersError):
        tools["related"].call(PublishedSite(fetch), {"paper": "2001.00001"})

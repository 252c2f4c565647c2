"""The wing's files on a site."""

from __future__ import annotations

import json

from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.personal import packing, site_part, vectors
from hotpapers.wings.personal.for_me import first_sentence, papers_of_day
from tests.publish.render.full_sample import FULL_READER

DAY = "2021-01-14"


def part(whole_since: str = "") -> site_part.PersonalPart:
    return site_part.PersonalPart(SiteContext(FULL_READER, "daily", SiteConfig(whole_since=whole_since)))


def test_a_day_has_the_vectors_of_all_its_papers() -> None:
    page = SitePages(FULL_READER, "daily").page(f"{DAY}/vectors.js")
    assert page is not None
    held = [entry.paper for entry in FULL_READER.issue("daily", DAY).content.entries]
    announced = [paper.paper for paper in FULL_READER.announced("daily", DAY)]
    expected = {site_paths.paper_id(key) for key in (*held, *(paper.paper for paper in announced))} - {""}
    papers = packing.vectors_in(page)
    assert papers.keys() == expected and len(expected) > len(held)
    assert all(dict(vectors.vector_of(paper.title, paper.abstract or paper.summary)) == papers[paper.paper[6:]]
               for paper in announced if "$" not in paper.title and paper.paper not in held)  # fmt: skip


def test_a_second_script_says_what_its_papers_are_called_and_who_wrote_them() -> None:
    pages = SitePages(FULL_READER, "daily")
    script = (pages.page(f"{DAY}/papers.js") or b"").decode()
    file = json.loads(script.removeprefix("dayPapers(").removesuffix(");\n"))
    assert file["day"] == DAY
    assert file["papers"].keys() == packing.vectors_in(pages.page(f"{DAY}/vectors.js") or b"").keys()
    content = FULL_READER.issue("daily", DAY).content
    places = {site_paths.paper_id(entry.paper): entry.place for entry in content.entries}
    assert {paper: row[3] for paper, row in file["papers"].items() if len(row) == 4 and row[3]} == places
    held = {site_paths.paper_id(entry.paper) for entry in (*content.entries, *content.ongoing)}
    assert {paper for paper, row in file["papers"].items() if len(row) == 4} == held - {""}
    for paper in FULL_READER.announced("daily", DAY):
        row = file["papers"][site_paths.paper_id(paper.paper.paper)]
        assert row[1] == ", ".join(paper.paper.authors) and row[2] == (*paper.paper.categories, "")[0]


def test_only_days_with_an_issue_have_vectors() -> None:
    for path in ("2020-02-01/vectors.js", "x/vectors.js", f"{DAY}/vectors.js/index.html"):
        assert part().page(path) is None
    assert part().has("2021-01-15/vectors.js") and not part().has("vectors.js")


def test_folded_days_have_none() -> None:
    assert list(part().day_paths(DAY)) == [f"{DAY}/vectors.js", f"{DAY}/papers.js", f"{DAY}/sentences.js"]
    assert list(part("2021-01-15").day_paths(DAY)) == []


def test_the_table_is_a_script() -> None:
    assert list(part().paths()) == [site_part.TERMS, site_part.LIBRARY, site_part.MY_PAPERS]
    page = part().page(site_part.TERMS)
    assert page is not None and page.startswith(b'paperTerms("version 1: ') and b"\\n" in page


def test_first_sentences_are_a_script() -> None:
    page = (part().page(f"{DAY}/sentences.js") or b"").decode()
    sentences = json.loads(page.removeprefix("daySentences(").removesuffix(");\n"))["papers"]
    papers = {paper.paper.removeprefix("arxiv:"): paper for paper in papers_of_day(FULL_READER, "daily", DAY)}
    assert sentences and all(papers[name].abstract for name in sentences)
    assert first_sentence("We boil $a. B$ slowly, e.g. tea.  It sings. So do we.") == "We boil a.B slowly, e.g. tea."
    assert first_sentence("") == ""


def test_pages_run_only_the_scripts_that_they_need() -> None:
    pages = SitePages(FULL_READER, "daily")
    names = {
        "reader.js": b"const myPapersLink",
        "paper_actions.js": b"const paperVectors",
        "library.js": b"const paperLibrary",
    }
    for path, name in names.items():
        script = pages.page(path) or b""
        assert [other for other in names.values() if other in script] == [name]

"""The bookmark that leads from a paper's page elsewhere to what is said about it here."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote

import pytest

from hotpapers.publish.view.site_paths import paper_path
from tests.browser.chromium import Tab
from tests.browser.conftest import KINDS

BRIDGES = "2101.99901"


def choose(tab: Tab, app: str, address: str) -> str:
    """What the bookmark opens, or says, on a page whose address contains `address`."""
    tab.open(app + KINDS["bookmarklet"])
    code = unquote(tab.run("document.querySelector('#bookmark a').href").removeprefix("javascript:"))
    tab.open(f"{app}elsewhere/{address}")
    tab.run("open = (address) => { window.result = address; }; alert = (text) => { window.result = text; }")
    tab.run(code)
    result: str = tab.run("window.result")
    return result


@pytest.mark.parametrize(
    ("address", "paper"),
    [
        ("arxiv.org/abs/2101.99901v2", BRIDGES), ("arxiv.org/pdf/2101.99901v1.pdf", BRIDGES),
        ("doi.org/10.48550/arXiv.2101.99901", BRIDGES), ("?doi=10.48550%2FarXiv.2101.99901", BRIDGES),
        ("www.alphaxiv.org/abs/2101.99901", BRIDGES), ("huggingface.co/papers/2101.99901", BRIDGES),
        ("arxiv.org/abs/hep-th/9901999", "hep-th/9901999"), ("arxiv.org/abs/math.GT/0309136", "math.GT/0309136"),
        ("www.biorxiv.org/content/10.64898/2026.03.01.999901v2.full", "10.64898/2026.03.01.999901v2.full"),
        ("doi.org/10.9999%2Fa.(b)c", "10.9999/a.(b)c"),
        ("arxiv.org/list/cs.LG/recent", ""), ("example.org/2101.99901", ""), ("arxiv.org/abs/2101.999012", ""),
    ],
)  # fmt: skip
def test_it_knows_papers_by_their_addresses(tab: Tab, app: str, address: str, paper: str) -> None:
    result = choose(tab, app, address)
    assert result == (f"{app}bookmarklet/index.html#{paper}" if paper else "This page names no paper.")


def test_a_page_may_declare_its_doi(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["bookmarklet"])
    code = unquote(tab.run("document.querySelector('#bookmark a').href").removeprefix("javascript:"))
    page = "<meta name='citation_doi' content='10.48550/arXiv.2101.99901'>"
    tab.run(f"document.head.insertAdjacentHTML('beforeend', {json.dumps(page)})")
    tab.run("open = (address) => { window.result = address; }")
    tab.run(code)
    assert tab.run("window.result").endswith(f"#{BRIDGES}")


WORKS = {
    "10.64898/2026.03.01.999901": ("", "v2", "v1.full", "v3.full.pdf+html", "v1.supplementary-material"),
    "10.26434/chemrxiv-2026-ab9c9": ("", "-v2", "/v2", ".v1"),
    "10.31234/osf.io/ab9c9": ("", "_v1", "/"),
    "10.21203/rs.3.rs-999901": ("", "/v1", "/v1.pdf"),
    "10.1371/journal.pone.0999901": ("", ".g001", ".pdf"),
    "10.9999/a(05)6:b": ("", "/full", "/pdf/", "."), "10.9999/a(05)": ("", ";"),
    "10.9999/.hidden": ("",), "10.9999/con.1": ("",), "10.9999/a/b_c": ("", "/abstract"),
    "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2": ("",),
}  # fmt: skip


@pytest.mark.parametrize(("doi", "end"), [(doi, end) for doi, ends in WORKS.items() for end in ends])
def test_a_version_or_page_of_a_work_leads_to_the_work(tab: Tab, disk: str, doi: str, end: str) -> None:
    tab.open("about:blank")
    tab.open(f"{disk}{KINDS['bookmarklet']}#{quote(doi + end)}")
    tab.wait("document.getElementById('said').textContent.endsWith('at its server')")
    assert tab.run("document.querySelector('#said a').href") == disk + paper_path(f"doi:{doi}")


def test_it_leads_to_the_papers_page_or_says_that_there_is_none(tab: Tab, app: str, disk: str) -> None:
    for paper, page in ((BRIDGES, KINDS["paper"]), ("hep-th.xx/9901999", "paper/hep-th/9901999/index.html")):
        tab.open("about:blank")
        tab.open(f"{app}{KINDS['bookmarklet']}#{quote(paper)}")
        tab.wait(f"location.href === {json.dumps(app + page)} && document.readyState === 'complete'")
    tab.open("about:blank")
    tab.open(f"{app}{KINDS['bookmarklet']}#2101.88888")
    tab.wait("document.getElementById('said').textContent.endsWith('at arXiv')")
    assert tab.run("document.getElementById('said').textContent").startswith("2101.88888 has been in no issue.")
    tab.open(f"{disk}{KINDS['bookmarklet']}#{BRIDGES}")
    tab.wait("document.getElementById('said').textContent.endsWith('at arXiv')")
    assert tab.run("document.querySelector('#said a').href") == disk + KINDS["paper"]

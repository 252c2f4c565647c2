"""The bookmark that leads from a paper's page elsewhere to what is said about it here."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote

import pytest

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
        ("arxiv.org/list/cs.LG/recent", ""), ("example.org/2101.99901", ""), ("arxiv.org/abs/2101.999012", ""),
    ],
)  # fmt: skip
def test_it_knows_papers_by_their_addresses(tab: Tab, app: str, address: str, paper: str) -> None:
    result = choose(tab, app, address)
    assert result == (f"{app}bookmarklet/index.html#{paper}" if paper else "This page’s address names no arXiv paper.")


def test_a_page_may_declare_its_doi(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["bookmarklet"])
    code = unquote(tab.run("document.querySelector('#bookmark a').href").removeprefix("javascript:"))
    page = "<meta name='citation_doi' content='10.48550/arXiv.2101.99901'>"
    tab.run(f"document.head.insertAdjacentHTML('beforeend', {json.dumps(page)})")
    tab.run("open = (address) => { window.result = address; }")
    tab.run(code)
    assert tab.run("window.result").endswith(f"#{BRIDGES}")


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

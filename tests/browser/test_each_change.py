"""What must work after each change: an issue, all papers of a day, a paper and the search, on a phone and a laptop."""

from __future__ import annotations

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS, open_page

pytestmark = pytest.mark.xdist_group("browser")
STAR = "[...document.querySelectorAll('.own button')].find((button) => button.textContent === '★ star')"
"""A paper's first button."""


@pytest.fixture(params=[390, 1280], ids=["phone", "laptop"])
def page(request: pytest.FixtureRequest) -> Tab:
    """The browser's page, in each width. Not named by the tests, which would make them long."""
    tab: Tab = request.getfixturevalue("tab")
    tab.set_view(View(request.param, 800))
    return tab


@pytest.fixture(params=["app", "disk"])
def base(request: pytest.FixtureRequest) -> str:
    """The address of the site."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.mark.parametrize("kind", ["issue", "all of a day", "paper"])
def test_a_paper_can_be_starred(page: Tab, base: str, kind: str) -> None:
    open_page(page, base + KINDS[kind])
    page.run(f"{STAR}.click()")
    page.wait(f"{STAR}.ariaPressed === 'true'")
    page.wait("document.querySelector('.masthead .my-papers') !== null")
    assert page.console_messages() == []
    page.open(base + KINDS["my papers"])
    page.wait("document.querySelectorAll('#my-papers .lines > li').length === 1")
    page.run("document.querySelector('#my-papers .lines button').click()")
    page.wait("document.querySelectorAll('#my-papers .lines > li').length === 0")
    assert page.console_messages() == []
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_search_finds(page: Tab, request: pytest.FixtureRequest) -> None:
    disk = request.getfixturevalue("disk")
    page.open(f"{disk}{KINDS['search']}?q=bridges")
    page.wait("document.querySelectorAll('.hits li').length > 0")
    assert page.run("document.querySelector('.hits mark').textContent") == "Bridges"
    assert page.console_messages() == []
    page.open(page.run("document.querySelector('.hits a').href"))
    assert "Bridges" in page.run("document.title")

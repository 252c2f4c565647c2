"""What scripts do, in Firefox: from a disk and from the app."""

from __future__ import annotations

import pytest

from tests.browser.conftest import KINDS
from tests.browser.firefox import FirefoxTab

PLACES = pytest.mark.parametrize("place", ["disk", "app"])


def address(place: str, request: pytest.FixtureRequest, kind: str) -> str:
    return str(request.getfixturevalue(place)) + KINDS[kind]


def test_search_works_from_a_disk(fox: FirefoxTab, disk: str) -> None:
    fox.open(f"{disk}{KINDS['search']}?q=bridges")
    fox.wait("document.querySelectorAll('.hits li').length > 0")
    assert fox.run("document.querySelector('.hits mark').textContent") == "Bridges"
    target = fox.run("document.querySelector('.hits a').href")
    fox.open(target)
    assert "Bridges" in fox.run("document.title")
    fox.open(f"{disk}{KINDS['search']}?q=brigdes")
    fox.wait("document.getElementById('status').textContent.endsWith('Did you mean bridge?')")
    fox.open(f"{disk}{KINDS['search']}?q=date:13")
    fox.wait("document.getElementById('status').textContent.startsWith('Not a date: 13.')")


@PLACES
def test_keys(fox: FirefoxTab, place: str, request: pytest.FixtureRequest) -> None:
    fox.open(address(place, request, "issue"))
    fox.press("j", "j")
    before = "[document.activeElement.href, scrollY, location.href]"
    focused = fox.run(before)
    fox.press("?")
    assert fox.run("document.querySelector('dialog:modal').contains(document.activeElement)")
    fox.press("Escape")
    fox.wait("!document.querySelector('dialog')")
    assert fox.run(before) == focused and focused[0].endswith("index.html")
    fox.open(address(place, request, "about"))
    fox.press("/")
    fox.wait("location.pathname.endsWith('search/index.html') && document.activeElement?.name === 'q'")


@PLACES
def test_abstracts_unfold(fox: FirefoxTab, place: str, request: pytest.FixtureRequest) -> None:
    fox.open(address(place, request, "all of a day"))
    fox.wait("document.querySelectorAll('.unfold').length === document.querySelectorAll('.lines > li').length")
    fox.run("document.querySelector('.unfold').focus()")
    fox.press("Enter")
    fox.wait("document.querySelector('.told') !== null")
    assert len(fox.run("document.querySelector('.told').textContent")) > 10

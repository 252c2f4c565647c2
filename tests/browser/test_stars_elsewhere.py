"""A reader's own order without a mouse, without scripts, and in another browser to which the stars were moved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.browser.chromium import Tab, View, chromium, find_browser
from tests.browser.conftest import KINDS, open_page
from tests.browser.test_own_order import ADD, LINES, TITLES, base, star_first

__all__ = ["base"]

TOPS = ["top/2021-W02/index.html", "top/2021-01/index.html"]
FOCUSED = "document.activeElement.textContent"
ENTRIES = "[...document.querySelectorAll('.entry h2')].map((title) => title.textContent)"
EXPORT = """new Promise((done) => {
  URL.createObjectURL = (blob) => (blob.text().then(done), "#");
  [...document.querySelectorAll("#my-papers button")].find((button) => button.textContent === "JSON").click();
})"""


def tab_to(tab: Tab, text: str) -> None:
    """Moves the focus forward to the next button with a text."""
    for _ in range(300):
        tab.press("Tab")
        if tab.run(FOCUSED) == text:
            return
    raise AssertionError(f"the keyboard does not reach {text!r}")


@pytest.mark.parametrize("path", TOPS)
def test_a_week_and_a_month_are_ordered_by_keyboard(tab: Tab, base: str, path: str) -> None:
    open_page(tab, base + path)
    public = tab.run(LINES)
    tab_to(tab, "★ star")
    tab.press("Enter")
    tab.wait("document.activeElement.getAttribute('aria-pressed') === 'true'")
    open_page(tab, base + path)
    tab_to(tab, "My order")
    tab.press("Enter")
    tab.wait("document.querySelector('.mine .reason') !== null")
    assert tab.run(FOCUSED) == "My order" and tab.run(LINES) != public
    tab.press("Tab")
    assert tab.run("document.activeElement.id") == "hide-seen"
    tab_to(tab, "★ star")
    assert tab.run("document.activeElement.closest('.mine') !== null")
    open_page(tab, base + path)
    tab_to(tab, "My order")
    tab.press("Enter")
    tab.wait("document.querySelector('.mine .reason') !== null")
    tab.press("Enter")
    tab.wait("document.querySelector('.mine') === null")
    assert tab.run(LINES) == public


@pytest.mark.parametrize("path", TOPS)
def test_without_scripts_there_is_the_public_order(tab: Tab, base: str, path: str) -> None:
    open_page(tab, base + path)
    star_first(tab)
    public = tab.run(LINES)
    tab.set_view(View(scripts=False))
    tab.open(base + path)
    assert tab.run(LINES) == public and len(public) > 1
    assert tab.run("document.querySelectorAll('.own button, .mine').length") == 0
    tab.set_view(View())


def exported(tab: Tab, address: str) -> Any:
    open_page(tab, address + KINDS["my papers"])
    return json.loads(tab.run(EXPORT))


def ordered(tab: Tab, address: str) -> tuple[Any, Any]:
    """The issue in the reader's order, with reasons."""
    open_page(tab, address + KINDS["issue"])
    tab.run("document.querySelector('.head > .own button').click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    reasons = tab.run("[...document.querySelectorAll('.mine .reason')].map((reason) => reason.textContent)")
    return tab.run(ENTRIES), reasons


def test_stars_move_to_another_browser(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["issue"])
    star_first(tab)
    tab.run("reader.saveFollowed({ authors: ['Ada Brewster'], words: ['kettle'] })")
    stars, order = exported(tab, base), ordered(tab, base)
    assert stars["papers"][0]["words"] and stars["authors"] == ["Ada Brewster"]
    with chromium(find_browser()) as other:
        open_page(other, base + KINDS["my papers"])
        assert other.run(TITLES) == []
        other.run(ADD.format(text=json.dumps(json.dumps(stars))))
        assert exported(other, base) == stars and ordered(other, base) == order
        open_page(other, base + KINDS["my papers"])
        odd = {"papers": [{"id": "2101.00001", "title": "Kettles", "words": [["tea", 99], 7, ["cup", 3]]}]}
        assert other.run(f"paperLibrary.read({json.dumps(json.dumps(odd))}).papers[0].words") == [["cup", 3]]

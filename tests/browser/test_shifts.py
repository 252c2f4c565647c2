"""Nothing on a page moves when its scripts come late: what they add has its place from the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS, forget

LATE = """
window.shifts = [];
window.waiting = 0;
const nameOf = ({ node }) => (node?.outerHTML ?? node?.textContent ?? "gone").slice(0, 100);
new PerformanceObserver((list) => shifts.push(
  ...list.getEntries().map(({ value, sources }) => [value, sources.map(nameOf)]),
)).observe({ type: "layout-shift" });
const addListener = document.addEventListener;
document.addEventListener = function (name, act, options) {
  if (name !== "DOMContentLoaded") return addListener.call(this, name, act, options);
  waiting += 1;
  addListener.call(this, name, (event) => setTimeout(async () => {
    await act.call(this, event);
    waiting -= 1;
  }, 200), options);
};
"""
"""Keeps scripts from changing a page until some time after it has been drawn, and takes down what then moves."""
SHIFTS = """new Promise((done) => {
  const look = () => waiting ? setTimeout(look, 20)
    : requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(shifts), 50)));
  look();
})"""
MAX_SHIFT = 0.002
"""Of cumulative layout shift; 0.1 still counts as good (web.dev/articles/cls)."""
WIDTHS = (320, 412, 1280)
WEEK = (
    "index.html", "2026-03-12/index.html", "2026-03-11/edition-1/index.html", "2026-03-12/all/index.html",
    "paper/2603.00116/index.html", "category/cs.CL/index.html", "author/chiara-amberfield/index.html",
    "top/2026-W11/index.html", "top/2026-03/index.html", "top/all/index.html", "archive/index.html",
    "status/index.html", "search/index.html", "reading/index.html",
)  # fmt: skip


def shifts_of(tab: Tab, url: str, width: int) -> list[Any]:
    tab.set_view(View(width, 820))
    tab.open_with(LATE, url)
    assert tab.run("performance.getEntriesByType('paint').length") or tab.run(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => 1)"
    )
    moved: list[Any] = tab.run(SHIFTS)
    return moved


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_moves_when_scripts_come_late(tab: Tab, app: str, kind: str, width: int) -> None:
    moved = shifts_of(tab, app + KINDS[kind], width)
    assert sum(value for value, _ in moved) <= MAX_SHIFT, moved


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", WEEK)
def test_nothing_moves_on_the_pages_of_the_week(tab: Tab, demos: Path, page: str, width: int) -> None:
    moved = shifts_of(tab, (demos / "made-up-week" / "site" / page).as_uri(), width)
    assert sum(value for value, _ in moved) <= MAX_SHIFT, moved


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", ["2026-03-12/index.html", "2026-03-12/all/index.html", "category/cs.CL/index.html"])
def test_nothing_moves_where_followed_words_and_authors_are_marked(
    tab: Tab, demos: Path, page: str, width: int
) -> None:
    url = (demos / "made-up-week" / "site" / page).as_uri()
    tab.open(url)
    tab.run("reader.saveFollowed({ authors: ['Chiara Amberfield', 'Oskar Dornacker'], words: ['of', 'for'] })")
    moved = shifts_of(tab, url, width)
    assert tab.run("document.querySelectorAll('.marked').length && CSS.highlights.get('followed').size")
    assert sum(value for value, _ in moved) <= MAX_SHIFT, moved
    forget(tab)

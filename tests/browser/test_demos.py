"""The demo's two sites, whole: what a validator and axe-core say of each kind of page, and whether it fits a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import FilesCheck, PageCheck

SITES = ("site", "made-up-week/site")
NAMES = re.compile(r"\d{4}(?:-\d\d-\d\d|-W\d\d|-\d\d)?(?=/)|(?<=paper/)[^/]+|(?<=author/)[^/]+|(?<=category/)[^/]+")
"""What differs in the paths of pages of one kind."""


def pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def kinds(folder: Path) -> dict[str, Path]:
    """A page of each kind by its path without names: the one with the most bytes."""
    ordered = sorted(pages(folder), key=lambda page: page.stat().st_size)
    return {NAMES.sub("…", page.relative_to(folder).as_posix()): page for page in ordered}


@pytest.mark.parametrize("site", SITES)
def test_every_page_is_valid(demos: Path, check_html: FilesCheck, site: str) -> None:
    files = pages(demos / site)
    assert len(files) > 100 and check_html(files) == []


@pytest.mark.parametrize("has_scripts", [True, False])
def test_scripts_hide_nothing_that_is_there_without_them(tab: Tab, demos: Path, *, has_scripts: bool) -> None:
    tab.set_view(View(scripts=has_scripts))
    tab.open((demos / "made-up-week/site/2026-03-13/index.html").as_uri())
    hidden = "[...document.querySelectorAll('main h2')].filter((part) => !part.checkVisibility()).length"
    assert tab.run("document.querySelectorAll('main section.still h2').length") >= 2 and tab.run(hidden) == 0
    tab.run("document.querySelector('.still > details > summary').click()")
    assert tab.run("document.querySelector('.still > details > ul > li').checkVisibility()")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
@pytest.mark.parametrize("site", SITES)
def test_axe_finds_nothing_on_any_kind_of_page(
    tab: Tab, demos: Path, check_axe: PageCheck, site: str, scheme: str, width: int
) -> None:
    problems_of = {}
    for kind, page in kinds(demos / site).items():
        tab.set_view(View(width, 900, {"prefers-color-scheme": scheme}))
        tab.open(page.as_uri())
        is_too_wide = tab.run("document.documentElement.scrollWidth > innerWidth")
        problems_of[kind] = [*check_axe(tab), *([("too wide", page.name)] if is_too_wide else [])]
    assert len(problems_of) >= 18 and {kind: problems for kind, problems in problems_of.items() if problems} == {}

"""The demo's made-up week in a browser: narrow, dark, without scripts, printed; posts that unfold."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.site import demo as week
from tests.browser.chromium import Tab, View
from tests.browser.test_looks import DARK, TARGETS

DAY = week.DAYS[3]
PAGES = (
    "index.html", f"{DAY}/index.html", f"{week.CORRECTED}/index.html", f"{week.CORRECTED}/edition-1/index.html",
    f"{DAY}/all/index.html", "archive/index.html", "about/index.html", "method/index.html", "status/index.html",
    "attacks/index.html", "search/index.html", "reading/index.html", "bookmarklet/index.html",
    "accessibility/index.html", "404.html",
)  # fmt: skip
FOLDED_POSTS = "[...document.querySelectorAll('.entry .rest')].find((part) => part.querySelector('.post'))"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("week")
    week.make_week(folder, tell=lambda label, place: None)
    return folder / "site"


@pytest.fixture(params=[*PAGES, "paper"])
def page(request: pytest.FixtureRequest, site: Path) -> str:
    """The address of a page of each kind."""
    kind: str = request.param
    return (sorted((site / "paper").rglob("index.html"))[0] if kind == "paper" else site / kind).as_uri()


@pytest.mark.parametrize("width", [320, 390, 1000])
def test_nothing_scrolls_sideways_and_all_says_that_it_is_made_up(tab: Tab, page: str, width: int) -> None:
    tab.set_view(View(width, 800, DARK))
    tab.open(page)
    tab.run("document.querySelectorAll('details').forEach((element) => (element.open = true))")
    widths = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
    assert tab.run("document.querySelector('.notice').checkVisibility()")
    assert tab.run("document.querySelector('.notice').textContent") == week.NOTE
    assert tab.run(TARGETS) == []
    assert tab.console_messages() == []


def test_axe_finds_nothing(tab: Tab, axe: str, page: str) -> None:
    tab.set_view(View(390, 900, DARK))
    tab.open(page)
    tab.run("document.querySelectorAll('details').forEach((element) => (element.open = true))")
    tab.run(axe + "; 0")
    violations = tab.run("axe.run(document, { resultTypes: ['violations'] }).then((report) => report.violations)")
    assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations] == []


def test_posts_unfold_by_keyboard(tab: Tab, site: Path) -> None:
    tab.open((site / DAY / "index.html").as_uri())
    is_visible = f"{FOLDED_POSTS}.querySelector('.post').checkVisibility()"
    assert not tab.run(is_visible)
    tab.run(f"{FOLDED_POSTS}.querySelector('summary').focus()")
    tab.press("Enter")
    assert tab.run(f"{FOLDED_POSTS}.open") and tab.run(is_visible)


def test_posts_unfold_without_a_script_and_are_printed(tab: Tab, site: Path) -> None:
    page = (site / DAY / "index.html").as_uri()
    tab.set_view(View(390, 800, scripts=False))
    tab.open(page)
    assert tab.run(f"{FOLDED_POSTS}.querySelector('summary').innerText").split() == ["More", "about", "this", "paper"]
    tab.set_view(View(kind="print"))
    tab.open(page)
    assert tab.run(f"{FOLDED_POSTS}.querySelector('.post').checkVisibility()")
    assert not tab.run(f"{FOLDED_POSTS}.querySelector('summary').checkVisibility()")
    assert tab.run("document.querySelector('.notice').checkVisibility()")

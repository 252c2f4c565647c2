"""An issue of ten papers is read in five minutes: its words and screens, as a browser shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import Tab, View

LAPTOP = View(1280, 800)
MOST_WORDS, MOST_SCREENS = 1_200, 6
WORDS = "document.body.innerText.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length"
SCREENS = "document.documentElement.scrollHeight / innerHeight"
OPEN = "document.querySelectorAll('.entry details[open]').length"


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("page", [*(f"2026-03-{day:02}/index.html" for day in range(9, 14)), "index.html"])
def test_the_made_up_week_is_read_in_five_minutes(tab: Tab, demos: Path, page: str, scripts: bool) -> None:
    tab.set_view(LAPTOP._replace(scripts=scripts))
    tab.open((demos / "made-up-week/site" / page).as_uri())
    assert tab.run(WORDS) <= MOST_WORDS
    assert tab.run(SCREENS) <= MOST_SCREENS
    assert tab.run(OPEN) == 0


def test_everything_unfolds_in_place(tab: Tab, demos: Path) -> None:
    tab.set_view(LAPTOP)
    tab.open((demos / "made-up-week/site/index.html").as_uri())
    short = tab.run(WORDS)
    tab.run("document.querySelector('input[value=everything]').click()")
    assert tab.run("[...document.querySelectorAll('.entry .rest')].every((rest) => rest.open)")
    assert tab.run(WORDS) > 1.5 * short
    tab.run("document.querySelector('input[name=show][value=\"\"]').click()")
    assert tab.run(WORDS) == short

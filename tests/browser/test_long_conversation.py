"""The page of a paper with 2,000 posts in a browser: axe, narrow screens, answers that unfold without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import NOBODY
from tests.browser.chromium import Tab, View
from tests.browser.conftest import FilesCheck, PageCheck
from tests.browser.test_looks import DARK, TARGETS
from tests.publish.render.full_sample import TALKED_ABOUT_READER

SHOWN = "[...document.querySelectorAll('.talk .post')].filter((post) => post.checkVisibility()).length"
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => (element.open = true))"

MORE_ELSEWHERE = """[...document.querySelectorAll('.talk .unfold')].filter((line) => {
    const [box, list] = [line, line.parentElement].map((element) => element.getBoundingClientRect());
    return box.bottom > list.bottom + 1 || box.right > list.right + 1 || box.top < list.top;
}).length"""
"""The number of lines *12 more* that are not in their lists."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_files(
        folder, SiteChannel(site_config=NOBODY).render(TALKED_ABOUT_READER, "daily", TALKED_ABOUT_READER.days("daily"))
    )
    return folder / "paper" / "2101.99901" / "index.html"


def test_the_validator_finds_nothing(page: Path, check_html: FilesCheck) -> None:
    assert check_html([page]) == []


@pytest.mark.parametrize(("width", "scheme"), [(320, DARK), (390, {}), (1280, DARK)])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    tab: Tab, page: Path, check_axe: PageCheck, width: int, scheme: Mapping[str, str]
) -> None:
    tab.set_view(View(width, 800, scheme))
    tab.open(page.as_uri())
    tab.run(OPEN_ALL)
    assert tab.run(TARGETS) == [] and tab.console_messages() == []
    assert check_axe(tab) == []
    widths = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


def test_most_answers_are_folded_and_unfold_without_scripts(tab: Tab, page: Path) -> None:
    tab.set_view(View(390, 800, scripts=False))
    tab.open(page.as_uri())
    first = tab.run(SHOWN)
    tab.run(OPEN_ALL)
    more = tab.run(SHOWN)
    assert tab.run(MORE_ELSEWHERE) == 0
    tab.run("document.querySelectorAll('.talk .unfold input').forEach((box) => box.click())")
    assert 0 < first < more < tab.run(SHOWN) <= 170
    tab.run("document.querySelector('.talk input[value=newest]').click()")
    assert tab.run(SHOWN) <= 170

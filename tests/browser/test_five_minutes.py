"""An issue of ten papers is read in five minutes: its words and screens, as a browser shows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers.base.model import DAY
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.wings.mail.issue_text import as_text, message_view
from tests.browser.chromium import Tab, View
from tests.loopback.clock import moment
from tests.years.newcomer import Start, run_site
from tests.years.places import NAME

LAPTOP = View(1280, 800)
MOST_WORDS, MOST_SCREENS, MOST_WORDS_OF_MAIL = 1_200, 6, 900
WORDS = """(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement, closed = parent.closest("details:not([open])");
    if (parent.closest(".unseen, script, style") || !parent.checkVisibility()) continue;
    if (closed && !parent.closest("summary")) continue;
    words += node.data.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length;
  }
  return words;
})()"""
"""The words that a reader sees, without those for screen readers alone and those that unfold."""
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


@pytest.mark.long
@pytest.mark.parametrize("papers", [40, 250, 1000])
def test_an_issue_of_a_simulated_site_is_read_in_five_minutes(tab: Tab, tmp_path: Path, papers: int) -> None:
    """However many papers are announced; also in plain mail."""
    start = moment("2026-03-17T09:00")
    store = run_site(tmp_path, Start(5, start).script(papers), start, start + DAY)
    tab.set_view(LAPTOP)
    for page in (tmp_path / "public/site").glob("2026-*/index.html"):
        tab.open(page.as_uri())
        assert tab.run("document.querySelectorAll('.entry').length") == 10
        assert tab.run(WORDS) <= MOST_WORDS
        assert tab.run(SCREENS) <= MOST_SCREENS
    with Record(str(store), create=False) as record:
        reader = RecordIssueReader(record)
        for day in reader.days(NAME):
            message = as_text(message_view(reader.issue(NAME, day), NOBODY, 1000))
            assert len(re.findall(r"\S*\w\S*", message)) <= MOST_WORDS_OF_MAIL


def test_everything_unfolds_in_place(tab: Tab, demos: Path) -> None:
    tab.set_view(LAPTOP)
    tab.open((demos / "made-up-week/site/index.html").as_uri())
    short = tab.run(WORDS)
    tab.run("document.querySelector('input[value=everything]').click()")
    assert tab.run("[...document.querySelectorAll('.entry .rest')].every((rest) => rest.open)")
    assert tab.run(WORDS) > 1.5 * short
    tab.run("document.querySelector('input[name=show][value=\"\"]').click()")
    assert tab.run(WORDS) == short

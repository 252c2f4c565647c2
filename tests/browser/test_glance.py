"""The day at a glance in a browser: how many titles are seen at once, where one is, how much is shown."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS

LAPTOP, PHONE, NARROW = View(1280, 720), View(390, 844), View(320, 640)
WEEK = "made-up-week/site"
PAGES = (
    *(f"{WEEK}/2026-03-{day:02}/index.html" for day in range(9, 14)), f"{WEEK}/index.html",
    f"{WEEK}/2026-03-11/edition-1/index.html", "site/2021-05-11/index.html",
)  # fmt: skip
CLASSIC = "site/2021-05-11/index.html"
TITLES = "document.querySelectorAll('.glance [href^=\"#\"]')"
VISIBLE_TITLES = (
    f"[...{TITLES}]"
    + """.filter((link) => {
  const box = link.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}).length"""
)
CURRENT = "[...document.querySelectorAll('.glance [aria-current]')].map((link) => link.textContent)"
THREADS = """((list, each) => [...document.querySelectorAll(list)].map(
  (paper) => [...paper.querySelectorAll(each)].map((count) => count.href)))"""
SHOWN = """['h2', '.counts', '.lead', '.links'].filter(
  (part) => document.querySelector('.entry ' + part).checkVisibility())"""


def path_of(folder: Path, page: str) -> str:
    return (folder / page).as_uri()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("view", "titles"), [(LAPTOP, 10), (PHONE, 5)])
@pytest.mark.parametrize("page", PAGES)
def test_the_first_screen_has_the_titles(
    tab: Tab, demos: Path, page: str, view: View, titles: int, scripts: bool
) -> None:
    tab.set_view(view._replace(scripts=scripts))
    tab.open(path_of(demos, page))
    assert tab.run(VISIBLE_TITLES) >= min(titles, tab.run(f"{TITLES}.length"))


@pytest.mark.parametrize("page", PAGES)
def test_each_count_leads_to_the_same_discussion_as_in_its_entry(tab: Tab, demos: Path, page: str) -> None:
    tab.open(path_of(demos, page))
    listed = tab.run(f"{THREADS}('.glance li', 'a.figure')")
    assert sum(map(bool, listed)) > 0.9 * len(listed) and listed == tab.run(f"{THREADS}('.entry', '.counts a')")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_scrolls_sideways_on_the_narrowest_phone(tab: Tab, demos: Path, page: str) -> None:
    for show in ("titles", "", "everything"):
        tab.set_view(NARROW)
        tab.open(path_of(demos, page))
        tab.run(f"document.querySelector(\"[name=show][value='{show}']\").click()")
        assert tab.run("document.documentElement.scrollWidth") <= NARROW.width


def test_the_list_stays_beside_the_entries_and_marks_where_one_is(tab: Tab, demos: Path) -> None:
    tab.set_view(LAPTOP)
    tab.open(path_of(demos, CLASSIC))
    for n in (0, 7, 26):
        tab.run(f"document.querySelectorAll('.entry')[{n}].scrollIntoView()")
        title = tab.run(f"{TITLES}[{n}].textContent")
        tab.wait(f"JSON.stringify({CURRENT}) === {json.dumps(json.dumps([title], ensure_ascii=False))}")
        box = tab.run("(({ top, bottom }) => [top, bottom])("
                      "document.querySelector('.glance [aria-current]').getBoundingClientRect())")  # fmt: skip
        assert 0 <= box[0] < box[1] <= LAPTOP.height
    tab.run("scrollTo(0, document.body.scrollHeight)")
    assert tab.run("document.querySelector('.glance').getBoundingClientRect().right") <= tab.run(
        "document.querySelector('.entry').getBoundingClientRect().left"
    )


def test_links_of_papers_on_one_subject_take_no_titles_place(tab: Tab, demos: Path) -> None:
    """The list may end with lines such as *On lattices: 1 and 8*, with links to the same entries."""
    original = demos / CLASSIC
    text = original.read_text("utf-8")
    anchors = re.findall(r'<article class="entry" id="([^"]+)"', text)
    links = " and ".join(f'<a href="#{anchors[n]}">{n + 1}</a>' for n in (0, 7))
    page = original.with_name("group.html")
    page.write_text(text.replace("</ol>\n</nav>", f'</ol>\n<p class="facts alike">On lattices: {links}</p></nav>', 1))
    tab.set_view(LAPTOP)
    tab.open(page.as_uri())
    assert tab.run("document.querySelectorAll('.alike a').length") == 2
    for n in (0, 7, 8):
        tab.run(f"document.querySelectorAll('.entry')[{n}].scrollIntoView()")
        title = tab.run(f"document.querySelectorAll('.glance li > a:not(.figure)')[{n}].textContent")
        tab.wait(f"JSON.stringify({CURRENT}) === {json.dumps(json.dumps([title], ensure_ascii=False))}")
    page.unlink()


def test_a_title_leads_to_its_entry_without_a_script(tab: Tab, demos: Path) -> None:
    tab.set_view(PHONE._replace(scripts=False))
    tab.open(path_of(demos, CLASSIC))
    tab.run(f"{TITLES}[26].click()")
    tab.wait("document.querySelectorAll('.entry')[26].getBoundingClientRect().top < innerHeight")
    assert tab.run("document.querySelector('.entry:target h2').textContent") == tab.run(f"{TITLES}[26].textContent")


SUMMARY = ["h2", ".counts", ".lead"]


def test_keys_choose_how_much_is_shown_and_the_device_remembers(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["issue"])
    assert tab.run(SHOWN) == SUMMARY
    for key, shown in (("1", ["h2"]), ("3", [*SUMMARY, ".links"])):
        tab.press(key)
        assert tab.run(SHOWN) == shown
        tab.open(app + KINDS["issue"])
        assert tab.run(SHOWN) == shown
    assert tab.run("document.querySelector('[name=show]:checked').value") == "everything"
    tab.press("2")
    assert tab.run(SHOWN) == SUMMARY
    assert json.loads(tab.run("localStorage.getItem('hotpapers')")) == {"show": ""}


def test_what_an_earlier_version_kept_still_holds(tab: Tab, app: str) -> None:
    tab.run("localStorage.setItem('hotpapers', JSON.stringify({ show: 'summaries' }))")
    tab.open(app + KINDS["issue"])
    assert tab.run(SHOWN) == SUMMARY
    assert tab.run("document.querySelector('[name=show]:checked').value") == ""


def test_how_much_is_shown_is_chosen_without_a_script(tab: Tab, app: str) -> None:
    tab.set_view(PHONE._replace(scripts=False))
    tab.open(app + KINDS["issue"])
    for show, shown in (("titles", ["h2"]), ("", SUMMARY)):
        tab.run(f"document.querySelector('[name=show][value=\"{show}\"]').click()")
        assert tab.run(SHOWN) == shown
    tab.run("document.querySelector('.entry .rest summary').click()")
    assert tab.run(SHOWN) == [*SUMMARY, ".links"]


@pytest.mark.parametrize("page", [*PAGES, "site/top/2021/index.html", f"{WEEK}/top/index.html"])
def test_a_page_with_all_it_loads_is_small(tab: Tab, demos: Path, page: str) -> None:
    tab.open(path_of(demos, page))
    files = [Path(url.removeprefix("file://")) for url in tab.requests()]
    assert len(files) >= 3
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in files) <= 60_000

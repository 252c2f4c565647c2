"""A reader's own order in the browser: stars, reasons, hiding, files, and what is kept; over HTTP and from a disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hotpapers.publish.render.html.pages import SitePages
from hotpapers.wings.personal.own_order import RankedText, ReaderProfile, order_for, vector_of_text
from hotpapers.wings.personal.packing import END, HEAD, vector_script
from hotpapers.wings.personal.vectors import weigh_vector
from tests.browser.chromium import Tab, chromium, find_browser
from tests.browser.conftest import IDLE, KINDS, forget, forgetting, open_page
from tests.browser.test_looks import STORAGE
from tests.publish.render.build import OWN
from tests.publish.render.full_sample import FULL_READER
from tests.wings.personal.test_neighbors import ABSTRACT, about, day, reader_of
from tests.wings.personal.test_vectors import made_up

ON = ".entry .own [aria-pressed=true], li .own [aria-pressed=true]"
PRESSED = f"[...document.querySelectorAll('{ON}')].map((button) => button.textContent)"
GLANCE = "[...document.querySelectorAll('.glance a[href^=\"#\"]')].map(({ hash }) => hash.slice(1))"
ORDER = "document.querySelector('.head > .own button')"
LIBRARY = "@misc{a, title = {Kettles and steam}, eprint = {2101.00001}}\n@misc{b, title = {Ovens}}\n"
ADD = """new Promise((done) => {{
  const files = new DataTransfer();
  files.items.add(new File([{text}], "library.bib"));
  const picker = document.getElementById("library");
  picker.files = files.files;
  picker.dispatchEvent(new Event("change"));
  const wait = () => (document.querySelector("#my-papers [role=status]").textContent ? done() : setTimeout(wait, 20));
  wait();
}})"""
REASON = re.compile(r"closeness \d\.\d\d · near “.+”: \w+.*|not near to what you starred|by .+, whom you follow")
LINES = """[...document.querySelectorAll('.lines > li')].filter((line) => line.checkVisibility())
  .map((line) => [line.querySelector('a').textContent, line.getAttribute('value')])"""
TITLES = "[...document.querySelectorAll('#my-papers li > a')].map((title) => title.textContent)"


@pytest.fixture(params=["app", "disk"])
def base(request: pytest.FixtureRequest, tab: Tab) -> Iterator[str]:
    """The address of a site, for a reader who has starred nothing."""
    address: str = request.getfixturevalue(request.param)
    for _ in forgetting(tab, address):
        yield address


def star_first(tab: Tab) -> None:
    tab.run("document.querySelector('.entry .own button, li .own button').click()")
    tab.wait(f"{PRESSED}.length === 1")


def test_a_star_is_kept_and_orders_a_day_with_reasons(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["issue"])
    star_first(tab)
    open_page(tab, base + KINDS["issue"])
    assert tab.run(PRESSED) == ["★ star"]
    titles = "[...document.querySelectorAll('.entry h2')].map((title) => title.textContent)"
    public, glance = tab.run(titles), tab.run(GLANCE)
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    assert sorted(tab.run(titles)) == sorted(public)
    reasons = tab.run("[...document.querySelectorAll('.mine .reason')].map((reason) => reason.textContent)")
    assert len(reasons) == len(public) - 1 + tab.run("document.querySelectorAll('.still li').length")
    assert all(map(REASON.fullmatch, reasons))
    assert tab.run("document.querySelectorAll('.mine .place').length") == len(public) - 1
    assert tab.run(GLANCE) == [
        *tab.run("[...document.querySelectorAll('.mine .entry')].map(({ id }) => id)"),
        glance[0],
    ]
    tab.run(f"{ORDER}.click()")
    assert tab.run(titles) == public and tab.run("document.querySelector('.mine')") is None
    assert tab.run(GLANCE) == glance


def test_choices_that_are_made_at_once_are_all_kept(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["issue"])
    rows = tab.run("document.querySelectorAll('.entry .own').length")
    tab.run("""for (const row of document.querySelectorAll('.entry .own')) {
      const [star, , seen] = row.querySelectorAll('button');
      star.click();
      seen.click();
    }""")
    tab.wait(f"{PRESSED}.length === {2 * rows}")
    open_page(tab, base + KINDS["issue"])
    assert tab.run(PRESSED) == ["★ star", "seen"] * rows and rows > 1


def test_a_star_for_which_there_is_no_room_is_not_shown(tab: Tab, app: str) -> None:
    open_page(tab, app + KINDS["issue"])
    forget(tab)
    star_first(tab)
    tab.run("IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    tab.run("document.querySelectorAll('.entry .own')[1].querySelector('button').click()")
    tab.wait("paperChoices.problem().includes('full')")
    tab.run("readerStorage.inTurn(() => {})")
    assert tab.run(PRESSED) == ["★ star"]


def test_papers_still_talked_about_are_lists_among_the_entries(tab: Tab, demos: Path) -> None:
    open_page(tab, (demos / "made-up-week" / "site" / "2026-03-12" / "index.html").as_uri())
    forget(tab)
    public = tab.run("document.querySelectorAll(':is(.still, .still > details) > ul > li').length")
    star_first(tab)
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    assert tab.run("document.querySelectorAll('.mine > ul > li').length") == public > 0
    assert tab.run("document.querySelector('.mine > li')") is None
    tab.run(f"{ORDER}.click()")
    assert tab.run("document.querySelectorAll(':is(.still, .still > details) > ul > li').length") == public
    forget(tab)


def test_no_category_stands_above_papers_of_other_categories(tab: Tab, base: str) -> None:
    headings = "[...document.querySelectorAll('main h2')].filter((heading) => heading.checkVisibility()).length"
    open_page(tab, base + KINDS["all of a day"])
    public = tab.run(headings)
    star_first(tab)
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    assert tab.run("document.querySelector('.mine').closest('.group')") is None
    assert tab.run(headings) == 1 < public, "that of the starred paper, which stays where it is"
    tab.run(f"{ORDER}.click()")
    assert tab.run(headings) == public


def test_only_the_files_of_the_day_are_asked_for(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["all of a day"])
    star_first(tab)
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    paths = {url.removeprefix(base) for url in tab.requests()}
    files = {"2021-01-14/vectors.js", "2021-01-14/sentences.js"}
    assert paths - {"icon.svg", *STORAGE} == {
        KINDS["all of a day"],
        "style.css",
        "reader.js",
        "paper_actions.js",
        "unfold.js",
        *files,
    }
    assert tab.console_messages() == []


@pytest.mark.parametrize("path", ["top/2021-W02/index.html", "top/2021-01/index.html"])
def test_a_week_and_a_month_are_ordered_with_all_papers_of_their_days(tab: Tab, base: str, path: str) -> None:
    open_page(tab, base + path)
    star_first(tab)
    public = tab.run(LINES)
    days = tab.run("document.querySelector('.head').dataset.days").split()
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    ordered = tab.run(LINES)
    announced = {paper.paper for day in days for paper in FULL_READER.announced("daily", day)}
    expected = {" ".join(paper.title.split()) or paper.paper.removeprefix("arxiv:") for paper in announced}
    assert {title for title, _ in ordered} > expected - {public[0][0]}
    places = dict(public[1:])
    assert {title: place for title, place in ordered if place} == places
    assert all(map(REASON.fullmatch, tab.run("[...document.querySelectorAll('.reason')].map((p) => p.textContent)")))
    files = {f"{day}/{name}.js" for day in days for name in ("vectors", "papers")}
    requests = {url.removeprefix(base) for url in tab.requests()} - {"icon.svg", *STORAGE}
    sentences = {request for request in requests if request.endswith("/sentences.js")}
    assert requests == {path, "style.css", "reader.js", "paper_actions.js", *sentences} | files and len(sentences) == 1
    assert tab.console_messages() == []
    unlisted = "[...document.querySelectorAll('.mine > li:not([value])')]"
    tab.run(f"{unlisted}[0].querySelector('.own button').click()")
    tab.wait(f"{unlisted}[0].querySelector('[aria-pressed=true]') !== null")
    tab.run(f"{ORDER}.click()")
    assert tab.run(LINES) == public
    tab.run(f"{ORDER}.click()")
    tab.wait("document.querySelector('.mine .reason') !== null")
    assert len(tab.run(LINES)) == len(ordered) - 1, "starred papers are left out"


def test_seen_papers_can_be_hidden(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["issue"])
    tab.run("document.querySelector('.entry .own').lastElementChild.click()")
    tab.wait(f"{PRESSED}.length === 1")
    tab.run("document.getElementById('hide-seen').click()")
    tab.wait("!document.querySelector('.entry').checkVisibility()")
    open_page(tab, base + KINDS["issue"])
    assert tab.run("[...document.querySelectorAll('.entry')].filter((entry) => !entry.checkVisibility()).length") == 1


def test_a_library_is_added_exported_and_forgotten(tab: Tab, base: str) -> None:
    tab.open(base + KINDS["my papers"])
    tab.wait(IDLE)
    tab.run(ADD.format(text=json.dumps(LIBRARY)))
    assert tab.run(TITLES) == ["Kettles and steam", "Ovens"]
    forms = tab.run("Object.keys(libraryExports.FORMS)")
    papers = [{"id": "2101.00001", "title": "Kettles {and} steam", "authors": ["Ada Brewster"], "at": "2026-11-20T0"}]
    for form in forms:
        text = tab.run(f"libraryExports.FORMS[{form!r}]({json.dumps(papers)}, {{authors: ['B. Baker'], words: []}})")
        again = tab.run(f"paperLibrary.read({json.dumps(text)})")
        assert [paper["id"] for paper in again["papers"]] == ["2101.00001"]
        assert again["papers"][0]["title"].startswith("Kettles")
    tab.run("localStorage.setItem('hotpapers', JSON.stringify({ size: 'l', follow: 'Ada', include: 'tea' }))")
    tab.run("[...document.querySelectorAll('#my-papers button')].find((b) => b.textContent === 'Forget all').click()")
    tab.wait(f"{TITLES}.length === 0")
    assert tab.run("readerStorage.getValue('followed')") == {"authors": [], "words": []}
    assert tab.run("localStorage.getItem('hotpapers')") == '{"size":"l"}'
    tab.open(base + KINDS["my papers"])
    tab.wait(IDLE)
    assert tab.run(TITLES) == []


def test_followed_authors_and_words_come_with_a_file_of_stars(tab: Tab, base: str) -> None:
    tab.open(base + KINDS["my papers"])
    tab.wait(IDLE)
    tab.run("reader.saveFollowed({ authors: ['Ada Brewster'], words: [] })")
    tab.run(ADD.format(text=json.dumps('{"papers": ["2101.00001"], "authors": ["B. Baker", 7], "words": ["tea"]}')))
    kept = {"authors": ["Ada Brewster", "B. Baker"], "words": ["tea"]}
    assert tab.run("readerStorage.getValue('followed')") == kept
    tab.open(base + KINDS["reading"])
    tab.wait("document.getElementById('follow').value === 'Ada Brewster\\nB. Baker'")
    open_page(tab, base + KINDS["my papers"])
    written = json.loads(tab.run("libraryExports.FORMS.json([], reader.followed())"))
    assert written == {"papers": [], **kept}


def test_damaged_choices_are_kept_aside_and_the_rest_is_read(tab: Tab, base: str) -> None:
    open_page(tab, base + KINDS["my papers"])
    whole = {"id": "2101.00001", "title": "Kettles", "words": [["kettle", 63]], "authors": 3}
    damaged = {"stars": [whole, {"id": 7}, None, {**whole, "words": [["x"]]}], "seen": "all"}
    tab.run(f"readerStorage.setValue('choices', {json.dumps(damaged)})")
    open_page(tab, base + KINDS["my papers"])
    status = tab.run("document.querySelector('#my-papers [role=status]').textContent")
    assert "cannot be read" in status and tab.run(TITLES) == ["Kettles"]
    tab.run("[...document.querySelectorAll('#my-papers button')].find((b) => b.textContent === 'remove').click()")
    tab.wait(f"{TITLES}.length === 0")
    assert tab.run("readerStorage.getValue('damaged choices')") == damaged
    tab.open(base + KINDS["my papers"])
    tab.wait(IDLE)
    tab.run("[...document.querySelectorAll('#my-papers button')].find((b) => b.textContent === 'Forget all').click()")
    tab.wait("document.body.textContent.includes('Everything is forgotten.')")
    assert tab.run("readerStorage.getValue('damaged choices')") is None


def test_a_file_without_papers_changes_nothing(tab: Tab, base: str) -> None:
    tab.open(base + KINDS["my papers"])
    tab.wait(IDLE)
    tab.run(ADD.format(text=json.dumps("\0 nothing")))
    assert "names no paper" in tab.run("document.querySelector('#my-papers [role=status]').textContent")
    assert tab.run(TITLES) == []


def test_the_browser_orders_as_the_program_does(tab: Tab, app: str) -> None:
    open_page(tab, app + KINDS["issue"])
    texts = [
        RankedText(
            f"26.{n}", title, ("A. Author",) if n % 9 == 4 else (), text, ("cs.LG", "hep-th", "math.AG")[: n % 4]
        )
        for n, (title, text) in enumerate(made_up(60))
    ]
    stars, unwanted, papers = texts[:12], texts[12:14], texts[14:]
    vectors = {text.paper: vector_of_text(text) for text in texts}
    profile = ReaderProfile(
        tuple((star, weigh_vector(vectors[star.paper])) for star in stars), ("a. author",), ("model",),
        tuple(weigh_vector(vectors[text.paper]) for text in unwanted),
    )  # fmt: skip
    expected = [[place.paper.paper, place.value, place.reason] for place in order_for(papers, profile)]

    def kept(rows: list[RankedText]) -> list[dict[str, Any]]:
        return [{"id": row.paper, "title": row.title, "words": list(vectors[row.paper].items())} for row in rows]

    here = [
        {"id": text.paper, "authors": ", ".join(text.authors), "place": n, "text": f"{text.title} {text.abstract}"}
        for n, text in enumerate(papers)
    ]
    choices = {"stars": kept(stars), "unwanted": kept(unwanted)}
    ids = [text.paper for text in (*stars, *papers)]
    files = [
        json.loads(vector_script("", {paper: vectors[paper] for paper in part})[len(HEAD) : -len(END)])
        for part in (ids[:40], ids[40:])
    ]
    calculated = tab.run(f"""paperOrder.ordered({json.dumps(here)}, {json.dumps(files)}.map(paperVectors.dayFile),
        {json.dumps(choices)}, {{authors: ["a. author"], words: ["model"]}})
        .map(({{ paper, value, reason }}) => [paper.id, value, reason()])""")
    assert calculated == expected


def test_a_reader_is_told_when_nothing_can_be_kept(tab: Tab, app: str) -> None:
    open_page(tab, app + KINDS["issue"])
    tab.run(
        "indexedDB.open = () => { throw new DOMException('blocked', 'SecurityError'); }; "
        "document.querySelector('.entry .own button, li .own button').click()"
    )
    tab.wait("document.querySelector('.head > .own [role=status]').textContent !== ''")
    assert "does not let this page keep anything" in tab.run("document.querySelector('.head > .own').textContent")


def test_a_browser_that_blocks_storage_stars_until_the_page_is_left(app: str) -> None:
    """It refuses locks, too."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    with chromium(find_browser(), settings=settings) as tab:
        open_page(tab, app + KINDS["issue"])
        assert tab.run("navigator.locks.request('x', () => 1).catch(({ name }) => name)") == "SecurityError"
        star_first(tab)
        assert "does not let this page keep anything" in tab.run("document.querySelector('.head > .own').textContent")
        assert tab.run(PRESSED) == ["★ star"]
        tab.open(app + KINDS["author"])
        tab.run("document.querySelector('main button').click()")
        tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
        tab.run("pagePapers.all().length && document.querySelector('.own button').click()")
        tab.run("readerStorage.inTurn(() => {})")
        assert tab.run("reader.followed().authors") == ["Tansy Overquill"]
        tab.open(app + KINDS["reading"])
        tab.run("""for (const [name, value] of [['size', 'l'], ['scheme', 'dark']]) {
            const field = document.querySelector(`#reading [name=${name}]`);
            field.value = value;
            field.dispatchEvent(new Event('input', { bubbles: true }));
        }""")
        looks = tab.run("[document.documentElement.dataset.size, document.documentElement.dataset.scheme]")
        assert looks == ["l", "dark"]
        tab.run("""const words = document.getElementById('include');
            words.value = 'tea';
            words.dispatchEvent(new Event('input', { bubbles: true }));""")
        tab.wait("document.getElementById('saved').textContent.includes('does not let')")


def test_a_page_that_never_ends_its_change_stops_no_other_one(tab: Tab, app: str) -> None:
    open_page(tab, app + KINDS["issue"])
    forget(tab)
    tab.run("void navigator.locks.request('hotpapers', () => new Promise(() => {}))")
    star_first(tab)
    assert tab.run(PRESSED) == ["★ star"]


def test_a_paper_whose_files_do_not_come_stops_no_other_choice(tab: Tab, app: str) -> None:
    open_page(tab, app + KINDS["issue"])
    forget(tab)
    tab.run("dayFiles.vectors = () => new Promise(() => {})")
    tab.run("document.querySelectorAll('.entry .own button').forEach((button) => button.click())")
    tab.wait(f"{PRESSED}.includes('seen')")
    assert "★ star" not in tab.run(PRESSED)


def open_from(tab: Tab, folder: Path, pages: SitePages, address: str) -> None:
    for path in (address, "reader.js", "paper_actions.js", "style.css"):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pages.page(path) or b"")
    open_page(tab, (folder / address).as_uri())


@pytest.mark.parametrize(
    ("days", "offers"), [(31, ["BUTTON", "INPUT", "LABEL", "SPAN"]), (32, ["INPUT", "LABEL", "SPAN"])]
)
def test_papers_of_more_days_than_are_ordered_can_still_be_hidden(
    tab: Tab, tmp_path: Path, days: int, offers: list[str]
) -> None:
    pages = SitePages(reader_of({day(n): [about(n)] for n in range(days)}, {}), OWN.publication)
    open_from(tab, tmp_path, pages, "category/cs.LG/index.html")
    assert tab.run("[...document.querySelector('.head > .own').children].map(({ tagName }) => tagName)") == offers
    tab.run("document.querySelector('li .own').lastElementChild.click()")
    tab.wait(f"{PRESSED}.length === 1")
    tab.run("document.getElementById('hide-seen').click()")
    tab.wait("!document.querySelector('.lines > li').checkVisibility()")
    forget(tab)


def test_related_papers_are_sorted_as_one_likes(tab: Tab, tmp_path: Path) -> None:
    words = ABSTRACT.rstrip(".").split()
    texts = [about(n, " ".join(words[: 9 - n % 5])) for n in range(12)]
    pages = SitePages(reader_of({day(n): texts[3 * n : 3 * n + 3] for n in range(4)}, {}), OWN.publication)
    open_from(tab, tmp_path, pages, "paper/2611.00001/index.html")
    facts = "[...document.querySelectorAll('.near > li > p:not(.own)')].map((line) => line.textContent.split(' · '))"
    nearest = tab.run(facts)
    assert len(nearest) > 3 and nearest == sorted(nearest, key=lambda line: -float(line[0].removeprefix("closeness ")))
    press = "[...document.querySelectorAll('#related + .own button')].find((b) => b.textContent === '{}').click()"
    tab.run(press.format("day"))
    days = [datetime.strptime(line[1], "%d %B %Y") for line in tab.run(facts)]
    assert days == sorted(days, reverse=True) and len(set(days)) == 4
    tab.run(press.format("voices"))
    voices = [line[2] for line in tab.run(facts)]
    assert voices == sorted(voices, reverse=True) and len(set(voices)) == 3
    tab.run(press.format("closeness"))
    assert tab.run(facts) == nearest

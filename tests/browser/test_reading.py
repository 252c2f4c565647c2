"""What scripts add for readers: keys once enabled, highlighted words and authors, filters, times, copying."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS, write_site
from tests.publish.render.build import LISTED, OWN, PlainIssueReader, issue, listing_entry, own_entry, paper, post
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.sample import BRIDGES, OLD, TEA

FOCUSED_PAPER = "document.activeElement.closest('article, li')?.querySelector('a[href*=paper]')?.textContent ?? ''"


def set_choices(tab: Tab, **choices: str) -> None:
    """Set the reader's choices before the next page opens."""
    tab.run(f"localStorage.setItem('hotpapers', {json.dumps(json.dumps(choices))})")


@pytest.fixture
def issue_page(tab: Tab, app: str) -> Tab:
    tab.open(app + KINDS["issue"])
    return tab


# ---- keys --------------------------------------------------------------------------------------------


def test_single_keys_do_nothing_once_they_are_switched_off(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["reading"])
    tab.run("document.getElementById('shortcuts').click()")
    assert tab.run("document.getElementById('saved').textContent") == "Saved."
    tab.open(app + KINDS["issue"])
    address = tab.run("location.href")
    for key in "jko123[]/?":
        tab.press(key)
    assert tab.run("document.activeElement === document.body && scrollY === 0")
    assert tab.run("location.href") == address


def test_keys_go_from_paper_to_paper(issue_page: Tab) -> None:
    titles = []
    for key in "jjjjkk":
        issue_page.press(key)
        titles.append(issue_page.run(FOCUSED_PAPER))
    bridges, tea, strings = (item.title for item in (BRIDGES, TEA, OLD))
    assert titles == [bridges, tea, strings, strings, tea, bridges]


@pytest.mark.parametrize("close", ["Escape", "?", "button", "beside"])
def test_the_list_of_keys_loses_no_place(issue_page: Tab, app: str, close: str) -> None:
    for key in "jj":
        issue_page.press(key)
    before = "[document.activeElement.href, scrollY, location.href]"
    place = issue_page.run(before)
    issue_page.press("?")
    dialog = "document.querySelector('dialog:modal')"
    assert issue_page.run(f"{dialog}.contains(document.activeElement)")
    issue_page.press("j")
    shown = issue_page.run(f"{dialog}.querySelector('dl').innerText")
    if close in ("Escape", "?"):
        issue_page.press(close)
    else:
        issue_page.run(f"{dialog}{'.querySelector(`button`)' if close == 'button' else ''}.click()")
    issue_page.wait("!document.querySelector('dialog')")
    assert issue_page.run(before) == place
    issue_page.open(app + KINDS["reading"])
    assert issue_page.run("document.querySelector('#keys dl').innerText") == shown


@pytest.mark.parametrize("where", ["app", "disk"])
def test_a_key_leads_to_the_search_box(tab: Tab, app: str, disk: str, where: str) -> None:
    tab.open((app if where == "app" else disk) + KINDS["about"])
    tab.press("/")
    tab.wait("location.pathname.endsWith('search/index.html') && document.activeElement?.name === 'q'")


def test_keys_open_a_paper_and_go_from_day_to_day(issue_page: Tab) -> None:
    day = issue_page.run("location.href")
    issue_page.press("j")
    issue_page.press("o")
    issue_page.wait("location.pathname.startsWith('/paper/') && document.readyState === 'complete'")
    issue_page.open(day)
    issue_page.press("[")
    issue_page.wait("location.pathname.startsWith('/2021-01-13/') && document.readyState === 'complete'")
    issue_page.press("]")
    issue_page.wait(f"location.href === {json.dumps(day)} && document.readyState === 'complete'")


def test_the_slash_goes_to_where_one_finds_and_letters_are_letters_there(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["all of a day"])
    tab.press("/")
    tab.wait("location.pathname.startsWith('/search/') && document.activeElement.id === 'find'")
    tab.write("j")
    tab.press("j")
    assert tab.run("document.activeElement.value") == "jj"


# ---- words and authors -------------------------------------------------------------------------------


MARKED = """[...CSS.highlights.get("followed")].map(({ startContainer, startOffset, endOffset }) =>
  startContainer.data ? startContainer.data.slice(startOffset, endOffset) : startContainer.textContent)"""


def folded_titles(tab: Tab) -> list[str]:
    titles: list[str] = tab.run("[...document.querySelectorAll('.folded h2')].map((element) => element.textContent)")
    return titles


def test_words_fold_papers_away_and_a_button_shows_them(tab: Tab, app: str) -> None:
    set_choices(tab, exclude="robots\nfar  side\nnothing of the kind", include="WATER")
    tab.open(app + KINDS["issue"])
    tab.wait("document.querySelectorAll('.yours').length === 3")
    assert folded_titles(tab) == [BRIDGES.title, OLD.title]
    assert not tab.run("document.querySelector('.folded .lead').checkVisibility()")
    notes = tab.run("[...document.querySelectorAll('.yours')].map((element) => element.textContent)")
    assert notes == ["hidden: “robots” show it", "has “WATER”", "hidden: “far  side” show it"]
    assert tab.run(MARKED) == ["WATER", "water"] and not tab.run(
        "document.querySelector('.marked .yours').matches(':not(.unseen)')"
    )
    tab.run("document.querySelector('.folded .yours button').click()")
    assert folded_titles(tab) == [OLD.title] and tab.run(FOCUSED_PAPER) == BRIDGES.title


def test_a_word_is_no_part_of_another(tab: Tab, app: str) -> None:
    set_choices(tab, exclude="robot\nea\n.*\n(\n[")
    tab.open(app + KINDS["issue"])
    assert folded_titles(tab) == [BRIDGES.title], "a robot, but neither t-ea nor patterns"
    assert tab.console_messages() == []


def test_only_a_papers_own_words_fold_it_away(tab: Tab, app: str) -> None:
    """Not the words around it: counts, quotations, links, the arithmetic."""
    page_words = "place\nscore\nbluesky\npdf\nreport\nabstract\nvoices\nWhy here\nJanuary"
    for page in ("issue", "category", "all of a day"):
        set_choices(tab, exclude=page_words, include=page_words)
        tab.open(app + KINDS[page])
        assert tab.run("[...document.querySelectorAll('.yours')].map((element) => element.textContent)") == [], page
    set_choices(tab, exclude="hep-th")
    tab.open(app + KINDS["issue"])
    assert folded_titles(tab) == [OLD.title], "but its categories"


def test_authors_are_followed_from_their_page(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["author"])
    label = "document.querySelector('main button').textContent"
    assert tab.run(label) == "Follow"
    tab.run("document.querySelector('main button').click()")
    tab.wait(f"{label} === 'Unfollow'")
    tab.open(app + KINDS["issue"])
    tab.wait("document.querySelectorAll('.marked .yours').length === 2")
    marks = "[...document.querySelectorAll('.marked .yours')].map((element) => element.textContent)"
    assert tab.run(marks) == ["by Tansy Overquill", "by Tansy Overquill"]
    assert tab.run(MARKED) == ["Tansy Overquill", "Tansy Overquill"]
    tab.open(app + KINDS["reading"])
    tab.wait("document.getElementById('follow').value === 'Tansy Overquill'")
    tab.open(app + KINDS["author"])
    tab.wait(f"{label} === 'Unfollow'")
    tab.run("document.querySelector('main button').click()")
    tab.wait(f"{label} === 'Follow'")
    assert tab.run("readerStorage.getValue('followed')") == {"authors": [], "words": []}
    assert tab.run("localStorage.getItem('hotpapers')") is None


def test_what_is_chosen_on_another_page_meanwhile_stays(tab: Tab, app: str) -> None:
    saved = "localStorage.getItem('hotpapers')"
    tab.open(app + KINDS["author"])
    set_choices(tab, follow="Ines Tamarisk", size="l")
    tab.run("document.querySelector('main button').click()")
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    assert json.loads(tab.run(saved)) == {"size": "l"}
    both = {"authors": ["Ines Tamarisk", "Tansy Overquill"], "words": []}
    assert tab.run("readerStorage.getValue('followed')") == both
    tab.open(app + KINDS["reading"])
    set_choices(tab, size="xl")
    tab.run("document.getElementById('shortcuts').click()")
    tab.run("document.querySelector('#reading button').click()")
    tab.wait("document.getElementById('saved').textContent === 'Saved.'")
    assert json.loads(tab.run(saved)) == {"size": "xl", "shortcuts": ""}
    assert tab.run("readerStorage.getValue('followed')") == both


def test_what_was_followed_before_moves_into_indexeddb(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["about"])
    tab.run("reader.saveFollowed({ authors: ['Bram Oakhollow'], words: [] })")
    set_choices(tab, follow="Ines Tamarisk\n\nBram Oakhollow", include="water", exclude="tea")
    tab.open(app + KINDS["reading"])
    tab.wait("document.getElementById('include').value === 'water'")
    kept = {"authors": ["Bram Oakhollow", "Ines Tamarisk"], "words": ["water"]}
    assert tab.run("readerStorage.getValue('followed')") == kept
    assert json.loads(tab.run("localStorage.getItem('hotpapers')")) == {"exclude": "tea"}
    tab.run("const field = document.getElementById('include'); field.focus(); field.value = 'ice\\n'")
    tab.run("field.dispatchEvent(new Event('input', { bubbles: true }))")
    tab.wait("document.getElementById('saved').textContent === 'Saved.'")
    assert tab.run("readerStorage.getValue('followed')") == {**kept, "words": ["ice"]}
    assert tab.run("field.value") == "ice\n", "what is being written stays as it is"


def test_what_is_written_quickly_is_kept_as_it_was_written_last(tab: Tab, app: str) -> None:
    set_choices(tab, include="water")
    tab.open(app + KINDS["reading"])
    tab.wait("document.getElementById('include').value === 'water'")
    tab.run("""const words = document.getElementById('include');
        for (const text of ['', 't', 'tea']) {
          words.value = text;
          words.dispatchEvent(new Event('input', { bubbles: true }));
        }""")
    tab.wait("document.getElementById('saved').textContent === 'Saved.'")
    tab.run("readerStorage.inTurn(() => {})")
    assert tab.run("readerStorage.getValue('followed')") == {"authors": [], "words": ["tea"]}


BROKEN = {
    "blocked": "indexedDB.open = () => { throw new DOMException('blocked', 'SecurityError'); }",
    "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }",
}


@pytest.mark.parametrize("failure", BROKEN)
def test_followed_names_stay_in_the_preferences_where_indexeddb_keeps_nothing(tab: Tab, app: str, failure: str) -> None:
    set_choices(tab, follow="Ines Tamarisk")
    tab.open_with(BROKEN[failure], app + KINDS["author"])
    tab.run("document.querySelector('main button').click()")
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    kept = json.loads(tab.run("localStorage.getItem('hotpapers')"))
    lists = "all" if failure == "full" else ""  # what could not be read is not replaced
    assert kept == {"follow": "Ines Tamarisk\nTansy Overquill", "include": "", "lists": lists}
    tab.run("Storage.prototype.setItem = () => { throw new Error('full'); }")
    assert not tab.run("reader.saveFollowed({ authors: ['Bram Oakhollow'], words: [] })")
    tab.open(app + KINDS["author"])  # as it is again
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    assert tab.run("reader.followed().authors") == ["Ines Tamarisk", "Tansy Overquill"]


def test_a_name_no_longer_followed_where_there_is_no_room_does_not_come_back(tab: Tab, app: str) -> None:
    for name in ("Ines Tamarisk", "Tansy Overquill"):
        tab.open(app + KINDS["about"])
        tab.run("readerStorage.setValue('followed', { authors: ['Ines Tamarisk', 'Tansy Overquill'], words: [] })")
        tab.open_with(BROKEN["full"], app + KINDS["reading"])
        tab.wait("document.getElementById('follow').value !== ''")
        tab.run(f"""const field = document.getElementById('follow');
            field.value = '{name}';
            field.dispatchEvent(new Event('input', {{ bubbles: true }}));""")
        tab.wait("document.getElementById('saved').textContent === 'Saved.'")
        tab.open(app + KINDS["reading"])
        tab.wait(f"document.getElementById('follow').value === '{name}'")
        tab.run("readerStorage.inTurn(() => {})")
        assert tab.run("readerStorage.getValue('followed')") == {"authors": [name], "words": []}
        assert "follow" not in json.loads(tab.run("localStorage.getItem('hotpapers')"))


def test_following_where_the_earlier_names_cannot_be_read_for_once_adds_to_them(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["about"])
    tab.run("readerStorage.setValue('followed', { authors: ['Ines Tamarisk'], words: ['tea'] })")
    tab.open_with(BROKEN["blocked"], app + KINDS["author"])
    tab.run("document.querySelector('main button').click()")
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    tab.open(app + KINDS["author"])
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    tab.run("readerStorage.inTurn(() => {})")
    both = {"authors": ["Ines Tamarisk", "Tansy Overquill"], "words": ["tea"]}
    assert tab.run("readerStorage.getValue('followed')") == both


def test_a_browser_without_a_clipboard_says_so(tab: Tab, app: str) -> None:
    tab.open_with("Object.defineProperty(navigator, 'clipboard', { value: undefined })", app + KINDS["paper"])
    tab.run("document.querySelector('.acts button').click()")
    tab.wait("document.querySelector('.acts [role=status]').textContent.includes('select the text')")


def test_a_damaged_list_of_followed_names_is_read_as_far_as_possible(tab: Tab, app: str) -> None:
    tab.open(app + KINDS["about"])
    tab.run("readerStorage.setValue('followed', { authors: ['Tansy Overquill', 7, null, '  '], words: 'x' })")
    tab.open(app + KINDS["author"])
    tab.wait("document.querySelector('main button').textContent === 'Unfollow'")
    assert tab.run("reader.followed()") == {"authors": ["Tansy Overquill"], "words": []}


def test_what_is_kept_and_is_none_is_forgotten(tab: Tab, app: str) -> None:
    for nonsense in ("{", "null", "[]", '"x"', '{"exclude": 7, "size": {}}'):
        tab.run(f"localStorage.setItem('hotpapers', {json.dumps(nonsense)})")
        tab.open(app + KINDS["issue"])
        assert tab.console_messages() == [], nonsense


# ---- finding, times, copying -------------------------------------------------------------------------


NAMES = ("Ants", "Bees", "Cats", "Dogs", "Elks", "Foxes")


def write_twelve_papers(tmp_path: Path) -> str:
    """A site with twelve papers in one category."""
    names = [f"{name} {size}" for name in NAMES for size in ("and tea", "in the rain")]
    entries = [own_entry(n, paper(f"2101.999{n}", f"{name}", "Hot."), [], []) for n, name in enumerate(names, 10)]
    return write_site(PlainIssueReader([OWN], [issue(OWN, "2021-01-14", entries)]), tmp_path)


def test_papers_are_found_on_a_page(tab: Tab, tmp_path: Path) -> None:
    base = write_twelve_papers(tmp_path)
    tab.open(base + "index.html")
    assert not tab.run("document.getElementById('find')"), "an issue is read, not searched"
    tab.open(base + "category/cs.LG/index.html")
    tab.run("document.getElementById('find').focus()")
    tab.write("bee TEA")
    papers = "[...document.querySelectorAll('.lines li')].filter((element) => element.checkVisibility())"
    titles = f"{papers}.map((element) => element.querySelector('a').textContent)"
    assert tab.run(titles) == ["Bees and tea"]
    assert tab.run("document.querySelector('.find [role=status]').textContent") == "1 of 12 papers"
    tab.run("((box) => { box.value = ''; box.dispatchEvent(new Event('input')); })(document.getElementById('find'))")
    assert len(tab.run(titles)) == 12


def test_times_are_told_in_the_readers_zone(tab: Tab, app: str) -> None:
    time = "document.querySelector('.seal time').textContent"
    tab.open(app + KINDS["issue"])
    assert tab.run(time) == "14 January 2021 at 13:01 CET"
    assert tab.run("document.querySelector('figcaption time').title") == "14 January 2021 at 13:00 CET"
    set_choices(tab, zone="utc")
    tab.open(app + KINDS["issue"])
    assert tab.run(time) == "14 January 2021 at 12:01 UTC"


def test_an_issue_that_is_late_is_seen(tab: Tab, app: str) -> None:
    for kind in ("latest", "status"):
        tab.open(app + KINDS[kind])
        assert tab.run("document.querySelector('.late').checkVisibility()")
        tab.run("document.querySelector('.late').dataset.due = '2999-01-01T00:00:00Z'")
        tab.run("document.dispatchEvent(new Event('DOMContentLoaded'))")
        assert not tab.run("document.querySelector('.late').checkVisibility()")
    tab.open(app + KINDS["issue"])
    assert not tab.run("document.querySelector('.late')"), "an old issue is not late"


def test_entries_for_reference_managers_are_copied(tab: Tab, app: str) -> None:
    tab.grant("clipboardReadWrite", "clipboardSanitizedWrite")
    tab.open(app + KINDS["paper"])
    tab.run("document.querySelector('.cite').open = true")
    assert tab.run("[...document.querySelectorAll('.acts button')].map((element) => element.textContent)") == [
        "Copy", "Download", "Copy", "Download",
    ]  # fmt: skip
    tab.run("document.querySelector('.acts button').click()")
    tab.wait("document.querySelector('.acts [role=status]').textContent !== ''")
    assert tab.run("document.querySelector('.acts [role=status]').textContent") == "copied"
    assert tab.run("navigator.clipboard.readText()").startswith("@misc{overquill-2101.99901,")


# ---- texts that try to become active -----------------------------------------------------------------

ACTIVE_CONTENT = """[
  document.querySelectorAll("script").length,
  [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((a) =>
    /^on|^style$|^srcdoc$/.test(a.name) || /^\\s*(javascript|data|vbscript):/i.test(a.value))).length,
  document.querySelectorAll(
    "iframe:not([src$='/storage.html']), object, embed, img, video, audio, form, base, style, link[href*=evil]",
  ).length,
  document.title.length > 0 && !window.harmed,
]"""


def test_no_text_comes_alive_in_a_browser(tab: Tab, tmp_path: Path) -> None:
    entries = []
    for number, text in enumerate(HOSTILE, 1):
        links = ({"start": 0, "end": len(text), "target": text},)
        hostile_paper = paper(
            f"2101.{number:05}", text, f"{text} {text}", authors=(text,), categories=("cs.LG",), comment=text
        )
        quotation = post(str(number), text, "bluesky", name=text, handle=text, links=links)
        entries.append(listing_entry(number, hostile_paper, 1, 2, 3, 400, quotation))
    base = write_site(PlainIssueReader([LISTED, OWN], [issue(OWN, "2021-01-14", entries)]), tmp_path)
    tab.set_view(View(320, 640))
    for path in ("index.html", "category/cs.LG/index.html", "archive/index.html", "2021-01-14/index.html"):
        tab.open(base + path)
        tab.run("document.querySelectorAll('details').forEach((element) => (element.open = true))")
        scripts = 1 if path.startswith("archive/") else 2
        assert tab.run(ACTIVE_CONTENT) == [scripts, 0, 0, True]
        assert tab.console_messages() == []
        assert all(url.startswith(base) for url in tab.requests())
        assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

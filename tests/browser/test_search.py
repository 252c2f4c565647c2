"""The search page in a browser: of a static site on a web server, of one on disk, and of the app."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from hotpapers.base.model import Window
from hotpapers.keep.search import query_parser
from hotpapers.keep.search.tokenizer import stem_word, text_words
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view import phrases
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.serve.search_pages import NOTHING
from tests.browser.chromium import Tab, View
from tests.browser.test_reading import ACTIVE_CONTENT
from tests.publish.render.build import (
    LISTED,
    OWN,
    FullEntry,
    PlainIssueReader,
    issue,
    listing_entry,
    own_entry,
    paper,
    post,
)
from tests.publish.render.covered_days import LONG_ISSUES, searches_by_day
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.sample import TEA


def placed_paper(day: int, number: int, title: str, text: str = "", **fields: object) -> FullEntry:
    return listing_entry(number, paper(f"2101.{day:02}{number:03}", title, text, **fields), 1, 2, 3, 400)


KETTLES = [placed_paper(4, n, f"Kettle number {n}", "It whistles. " * 30 + f"Spout {n}.") for n in range(1, 26)]
OTHERS = [
    placed_paper(
        5, 1, "Steam from Kettles, and a Kettle", "On steam.", authors=("Ada Brewster", "Bo Li", "Cy Ng", "Zoë Ødegård")
    ),
    placed_paper(
        5, 2, "Learning to brew 机器学习入门", "关于茶的机器学习研究。", authors=("王小明",), categories=("cs.CL",)
    ),
    placed_paper(
        5, 3, "عن القَهوة والشاي", "قرأنا عن القهوة كثيرا.", authors=("محمد",), categories=("cs.CL", "math.IT")
    ),
    placed_paper(
        5, 4, "A Study of Studies: Schrödinger's teapot", "Physics of $\\beta$-rays, and of buses.", authors=()
    ),
]
SPACELESS_ENTRY = placed_paper(
    7, 1, "No space near it", "Long words. " + "泡" * 200 + "壶" + "水" * 400 + " and an end."
)
WHISK = paper("2012.07001", "A whisk, twice", categories=("cs.RO",))
WHISK_ENTRIES = [listing_entry(n, WHISK, 1, 2, 3, 400) for n in (1, 2)]
HOSTILE_ENTRIES = [
    placed_paper(6, n, f"hostile {text}", f"{text} hostile", authors=(text,)) for n, text in enumerate(HOSTILE, 1)
]
ISSUE_READER = PlainIssueReader([LISTED], [
    issue(LISTED, "2020-12-07", WHISK_ENTRIES[:1]), issue(LISTED, "2020-12-31", KETTLES),
    issue(LISTED, "2021-01-05", OTHERS), issue(LISTED, "2021-01-06", HOSTILE_ENTRIES),
    issue(LISTED, "2021-01-07", [SPACELESS_ENTRY]), issue(LISTED, "2021-01-08", WHISK_ENTRIES[1:]),
])  # fmt: skip


class FileServer(ThreadingHTTPServer):
    """A plain web server for files."""

    request_queue_size = 128
    daemon_threads = True


class FileHandler(SimpleHTTPRequestHandler):
    """Serves a folder without logging."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A folder on disk that contains the static site."""
    root = tmp_path_factory.mktemp("web")
    write_files(
        root / "deep" / "site", SiteChannel(NOBODY).render(ISSUE_READER, "hot-papers", ISSUE_READER.days("hot-papers"))
    )
    yield str(root)


@pytest.fixture(scope="module")
def site(folder: str) -> Iterator[str]:
    """The site's address on the web server, below other folders."""
    server = FileServer(("127.0.0.1", 0), partial(FileHandler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/deep/site/"
    server.shutdown()
    thread.join()
    server.server_close()


STATUS = "document.getElementById('status').textContent"


def search(tab: Tab, site: str, query: str) -> list[str]:
    """Search, and return the titles of the results."""
    tab.open(f"{site}search/index.html?q={quote(query, safe='', errors='replace')}")
    tab.wait(f"!['', 'Searching …'].includes({STATUS})")
    assert tab.console_messages() == []
    titles: list[str] = tab.run("[...document.querySelectorAll('.hits bdi')].map((element) => element.textContent)")
    return titles


def number(title: str) -> int:
    return next(n for n, entry in enumerate(OTHERS, 1) if entry.paper.title == title)


@pytest.mark.parametrize(("window", "day", "name"), LONG_ISSUES)
def test_issues_are_called_by_what_they_cover(
    tab: Tab, site: str, folder: str, window: Window, day: str, name: str
) -> None:
    publication = msgspec.structs.replace(OWN, window=window)
    reader = PlainIssueReader([publication], [issue(publication, day, [own_entry(1, TEA, [], [])])])
    write_files(Path(folder) / window / day, SiteChannel(NOBODY).render(reader, "daily", [day]))
    address = f"{site.removesuffix('deep/site/')}{window}/{day}/"
    assert search(tab, address, TEA.title) and tab.run("document.querySelector('.hits time').textContent") == name
    assert phrases.issue_name(window, day) == name
    for query, is_listed in searches_by_day(window, day).items():
        assert search(tab, address, query) == [TEA.title] * is_listed, query


# ---- results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("steam", [1]),
        ("STEAM kettles", [1]),
        ("schrodinger", [4]),
        ("Schrödinger's teapots", [4]),
        ("beta", [4]),
        ("study buses", [4]),
        ("stud*", [4]),
        ("title:research", []),
        ("title:study", [4]),
        ("title:steam author:brewster", [1]),
        ('author:"Zoe Odegard"', [1]),
        ("author:kettle", []),
        ("机器学习", [2]),
        ("学习", [2]),
        ("茶", [2]),
        ("器茶", []),
        ("王小明", [2]),
        ("القهوة", [3]),
        ("الْقَهْوة", [3]),
        ("author:محمد", [3]),
        ("category:cs.CL", [2, 3]),
        ("cat:math -author:brewster", [3]),
        ("category:cs.CL -القهوة", [2]),
        ("teapot OR 茶", [2, 4]),
        ("teapot | 茶", [2, 4]),
        ("steam AND kettles", [1]),
        ("-2101.05002 date:2021-01-05", [1, 3, 4]),
        ("2101.05002", [2]),
        ("https://arxiv.org/abs/2101.05003v2", [3]),
        ("date:2021-01-05 -category:cs.CL", [1, 4]),
        ("from:2021 to:2021-01-05", [1, 2, 3, 4]),
        ("from:2021..2021-01-05", [1, 2, 3, 4]),
        ("to:2021..2021-01-05", [1, 2, 3, 4]),
        ("date:2020-12..2021-01-04 steam", []),
        ("date:2021-01-05..2021-01-05 -kettle -teapot", [2, 3]),
        ("quokka", []),
        ('"', []),
        ("* - OR", []),
    ],
)
def test_what_is_found(tab: Tab, site: str, query: str, expected: list[int]) -> None:
    assert sorted(number(title) for title in search(tab, site, query)) == expected
    description = query_parser.describe_query(query_parser.parse_query(query))
    papers = f"{len(expected) or 'No'} paper{'s' if len(expected) > 1 else ''}"
    order = r"(, the (best|newest) first)?" if len(expected) > 1 else ""
    assert re.fullmatch(
        re.escape(f"{papers} {description}") + order + r"\." if description else NOTHING, tab.run(STATUS)
    )


@pytest.mark.parametrize(
    "query",
    [
        "kettle steam", '"on  steam" -tea -author:brewster', "kettle OR teapot title:cup author:\"Ada Brewster\"",
        "-date:2021", "category:12 cat:cs.LG OR math 2101.04869v2", "from:2020 until:2021",
        "to:2020-12-05 id:x", "kettl*", "“curly”", "date:2020..2021-03",
        "title:kettle OR title:cup steam", "kettle AND steam | cup",
    ],
)  # fmt: skip
def test_it_tells_what_it_understood_as_the_program_does(tab: Tab, site: str, query: str) -> None:
    search(tab, site, query)
    description = query_parser.describe_query(query_parser.parse_query(query))
    assert re.fullmatch(
        rf"(No paper|\d+ papers?) {re.escape(description)}(, the (best|newest) first)?\.", tab.run(STATUS)
    ), description


def test_where_nothing_is_found_the_page_leads_on(tab: Tab, site: str) -> None:
    for query in ("quokka", '"'):
        search(tab, site, query)
        tab.wait("document.getElementById('else').checkVisibility()")
        targets = tab.run("[...document.querySelectorAll('#else a')].map((element) => element.href)")
        assert targets == [f"{site}search/index.html#help", f"{site}archive/index.html"]
    tab.open(targets[0])
    assert tab.run("document.querySelector('.help').checkVisibility()")
    assert not tab.run("document.getElementById('else').checkVisibility()")


def test_a_paper_of_several_issues_is_found_once(tab: Tab, site: str) -> None:
    assert search(tab, site, "whisk") == ["A whisk, twice"]
    assert tab.run(STATUS) == "1 paper with “whisk”."
    links = tab.run("[...document.querySelectorAll('.hits p a')].map((element) => [element.textContent, element.href])")
    assert links == [
        ["place 2, 8 January 2021", f"{site}2021-01-08/index.html#2012.07001"],
        ["place 1, 7 December 2020", f"{site}2020-12-07/index.html#2012.07001"],
    ]
    assert search(tab, site, "whisk from:2021") == ["A whisk, twice"]
    assert len(tab.run("[...document.querySelectorAll('.hits p a')]")) == 1


def test_the_best_comes_first_and_the_rest_when_it_is_asked_for(tab: Tab, site: str) -> None:
    titles = search(tab, site, "kettle")
    assert titles[0] == OTHERS[0].paper.title and len(titles) == 20
    assert tab.run(STATUS) == "26 papers with “kettle”, the best first."
    tab.run("document.getElementById('more').focus()")
    tab.press("Enter")
    tab.wait("document.querySelectorAll('.hits li').length === 26")
    assert (
        tab.run("[...document.querySelectorAll('.hits li')].findIndex((item) => item.contains(document.activeElement))")
        == 20
    )
    assert not tab.run("document.getElementById('more').checkVisibility()")
    assert search(tab, site, "category:cs.LG date:2020")[:2] == ["Kettle number 1", "Kettle number 2"]
    assert tab.run(STATUS) == "25 papers in cs.LG, of 2020, the newest first."


def test_what_was_asked_for_is_marked(tab: Tab, site: str) -> None:
    marks = "[...document.querySelectorAll('.hits li:first-child mark')].map((element) => element.textContent)"
    search(tab, site, "kettle steam odegard")
    assert tab.run(marks) == ["Steam", "Kettles", "Kettle", "Ødegård", "steam"]
    search(tab, site, "学习 brew")
    assert tab.run(marks) == ["brew", "学习", "学习"]
    search(tab, site, "قهوة OR القهوة")
    assert tab.run(marks) == ["القَهوة", "القهوة"]
    search(tab, site, "title:kettle spout date:2020")
    assert tab.run(marks) == ["Kettle", "Spout"]
    text = tab.run("document.querySelector('.snippet').textContent")
    assert text.startswith("… ") and text.endswith("Spout 1.") and len(text) < 320


def test_a_match_without_spaces_near_it_is_in_its_snippet(tab: Tab, site: str) -> None:
    for query, match in (("泡壶水", "泡壶水"), ("end", "end")):
        search(tab, site, query)
        assert tab.run("document.querySelector('.snippet mark').textContent") == match
        assert len(tab.run("document.querySelector('.snippet').textContent")) < 330


def test_a_result_leads_to_the_paper_and_to_its_place(tab: Tab, site: str) -> None:
    search(tab, site, "steam")
    targets = tab.run("[...document.querySelectorAll('.hits li a')].map((element) => element.href)")
    assert targets == [f"{site}paper/2101.05001/index.html", f"{site}2021-01-05/index.html#2101.05001"]
    assert tab.run("document.querySelector('.hits p').textContent") == (
        "Ada Brewster, Bo Li, Cy Ng and 1 more · 2101.05001, cs.LG · place 1, 5 January 2021"
    )
    for target in targets:
        tab.open(target)
        assert "Steam from Kettles" in tab.run("document.querySelector('main').textContent")


def test_little_is_loaded(tab: Tab, site: str) -> None:
    search(tab, site, "steam")
    paths = [url.removeprefix(f"{site}search/") for url in tab.requests() if url.startswith(f"{site}search/")]
    kinds = [re.sub(r"/\d\d\.js", "/NN.js", path) for path in paths if not path.startswith("posts/")]
    assert sorted(kinds) == [
        "2020-q4/NN.js", "2020-q4/index.js", "2021-q1/NN.js", "2021-q1/index.js",
        "index.html?q=steam", "index.js", "papers/2021-01-05.js",
    ]  # fmt: skip
    search(tab, site, "steam from:2021")
    assert not [url for url in tab.requests() if "2020-q4" in url]


# ---- texts that try to become active -------------------------------------------------------------------


def test_no_result_comes_alive(tab: Tab, site: str) -> None:
    tab.set_view(View(320, 640))
    assert len(search(tab, site, "hostile")) == 20
    while tab.run("document.getElementById('more').checkVisibility()"):
        count = tab.run("document.querySelectorAll('.hits li').length")
        tab.run("document.getElementById('more').click()")
        tab.wait(f"document.querySelectorAll('.hits li').length > {count}")
    assert tab.run("document.querySelectorAll('.hits li').length") == len(HOSTILE)
    assert tab.run(ACTIVE_CONTENT)[1:] == [0, 1, True], "the page's own form alone"
    assert tab.run("document.querySelectorAll('script').length") == 6
    assert all(url.startswith(site) for url in tab.requests())
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(
    "query", ['"><script>alert(1)</script>', "kettle</title><img src=x onerror=alert(1)>", *HOSTILE[::9]]
)
def test_no_query_comes_alive(tab: Tab, site: str, query: str) -> None:
    search(tab, site, query)
    if query.isprintable():
        assert tab.run("document.getElementById('find').value") == query
    assert tab.run(ACTIVE_CONTENT)[1:] == [0, 1, True] and tab.run("document.querySelectorAll('script').length") == 6


# ---- usage ---------------------------------------------------------------------------------------------


def test_one_asks_with_the_keyboard_and_hears_what_was_found(tab: Tab, site: str) -> None:
    tab.open(f"{site}index.html")
    tab.follow("document.querySelector('nav a[href*=search]').click()")
    assert tab.run("document.title").startswith("Search")
    assert tab.run("document.querySelector('.help').checkVisibility()")
    tab.run("document.getElementById('find').focus()")
    tab.write("steam")
    tab.press("Enter")
    tab.wait("location.search === '?q=steam' && document.querySelectorAll('.hits li').length === 1")
    tree = tab.accessibility_tree()
    assert ("status", "") in tree and ("StaticText", "1 paper with “steam”.") in tree and ("search", "") in tree
    assert ("searchbox", "Words, authors, categories, days") in tree
    assert not tab.run("document.querySelector('.help').checkVisibility()")


def test_nothing_moves_while_results_come_in(tab: Tab, site: str) -> None:
    search(tab, site, "kettle")
    shift = tab.run("""new Promise((done) => {
      let sum = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((shift) => (sum += shift.value)))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => done(sum), 100);
    })""")
    assert shift < 0.01


@pytest.mark.parametrize(("scheme", "width"), [("light", 1000), ("dark", 320)])
def test_axe_finds_nothing_in_results(tab: Tab, site: str, axe: str, scheme: str, width: int) -> None:
    tab.set_view(View(width, 900, {"prefers-color-scheme": scheme}))
    search(tab, site, "kettle OR القهوة OR 茶")
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(tab, axe) == []


def violations(tab: Tab, axe: str) -> list[tuple[str, list[str]]]:
    """What axe finds on the page."""
    run = "axe.run(document, { resultTypes: ['violations'] }).then((report) => report.violations)"
    return [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in tab.run(f"{axe}; {run}")]


def test_it_works_from_a_disk(tab: Tab, folder: str) -> None:
    assert search(tab, f"file://{folder}/deep/site/", "steam") == [OTHERS[0].paper.title]
    assert tab.run(STATUS) == "1 paper with “steam”."
    target = tab.run("document.querySelector('.hits a').href")
    assert target == f"file://{folder}/deep/site/paper/2101.05001/index.html"
    tab.open(f"file://{folder}/deep/site/search/index.html")
    assert tab.console_messages() == [] and tab.run(STATUS) == ""


def test_a_page_alone_says_what_searches_without_its_index(tab: Tab, folder: str, tmp_path: Path) -> None:
    site = tmp_path / "alone"
    shutil.copytree(
        f"{folder}/deep/site", site, ignore=lambda path, names: ["2021-q1"] if path.endswith("/search") else []
    )
    tab.open(f"{site.as_uri()}/search/index.html?q=steam")
    tab.wait(f"{STATUS}.includes('hotpapers serve')")


@pytest.mark.parametrize("start", ["", "file"])
def test_formulas_are_rendered_in_results(tab: Tab, site: str, folder: str, start: str) -> None:
    search(tab, f"file://{folder}/deep/site/" if start else site, "beta study")
    mark = "document.querySelector('.snippet mark math')"
    assert tab.run(f"[{mark}.namespaceURI, {mark}.textContent]") == ["http://www.w3.org/1998/Math/MathML", "β"]
    assert "$" not in tab.run("document.querySelector('.snippet').textContent")


def test_what_was_meant_is_offered(tab: Tab, site: str) -> None:
    for query, meant in (("ketle", "kettle"), ("Schroedinger staem -tea", ""), ("steam kettel", "steam kettle")):
        search(tab, site, query)
        assert tab.run(STATUS).startswith("No paper with")
        if not meant:
            continue
        tab.wait(f"{STATUS}.endsWith(' Did you mean {meant}?')")
        tab.follow("document.querySelector('#status a').click()")
        tab.wait("document.querySelectorAll('.hits li').length > 0")
        assert tab.run("document.getElementById('find').value") == meant


def test_what_is_no_date_is_said(tab: Tab, site: str) -> None:
    for query in ("kettle date:13", "from:2026-02-30", "date:13..2026", "date:2026..2027..13", "to:hello"):
        assert search(tab, site, query) == []
        wrong = ", ".join(query_parser.parse_query(query).not_dates)
        assert tab.run(STATUS) == f"Not a date: {wrong}. {query_parser.DATES.capitalize()}."


def test_quoted_posts_are_found(tab: Tab, tmp_path: Path) -> None:
    posts = (
        post("1349700000000000001", "A kettle!\nAnd <b>steam</b>", name="Ada", handle="ada"),
        post("1349700000000000002", "קומקום, kettle", rtl=True, lang="iw"),
    )
    reader = PlainIssueReader([OWN], [issue(OWN, "2021-01-14", [own_entry(1, TEA, [], [], *posts)])])
    write_files(tmp_path / "site", SiteChannel(NOBODY).render(reader, "daily", ["2021-01-14"]))
    address = f"{(tmp_path / 'site').as_uri()}/"
    search(tab, address, "kettle steam")
    tab.wait("document.querySelectorAll('#posts-found .post').length === 1")
    figure = "document.querySelector('#posts-found .post')"
    assert tab.run(f"{figure}.querySelector('blockquote').textContent") == "A kettle!\nAnd <b>steam</b>"
    assert tab.run(f"[...{figure}.querySelectorAll('mark')].map((mark) => mark.textContent)") == ["kettle", "steam"]
    assert tab.run(f"{figure}.querySelector('figcaption a:last-child').href") == f"{address}paper/2101.99902/index.html"
    search(tab, address, "kettle")
    tab.wait("document.querySelectorAll('#posts-found .post').length === 2")
    assert tab.run("document.querySelector('#posts-found [dir=rtl]').textContent") == "קומקום, kettle"
    search(tab, address, "kettle from:2022")
    assert not tab.run("document.querySelector('#posts-found').checkVisibility()")
    assert tab.console_messages() == []


def test_without_a_script_it_leads_to_the_archive(tab: Tab, site: str) -> None:
    tab.set_view(View(scripts=False))
    tab.open(f"{site}search/index.html?q=steam")
    assert "Searching a static site needs JavaScript" in tab.run("document.querySelector('main').innerText")
    assert tab.run("document.querySelector('noscript a').href") == f"{site}archive/index.html"


def test_an_index_that_is_not_there_is_said(tab: Tab, app: str) -> None:
    tab.open(f"{app}search/index.html?q=steam")
    tab.wait(f"{STATUS}.includes('could not be loaded')")


# ---- the script's words are the index's ----------------------------------------------------------------

WORDS = """kettles Studies buses boxes glasses news analysis status lies eyes caries Schrödinger ÅNGSTRÖM Łódź straße
    œuvre Ødegård naïve café ﬁne Ａｂｃ ＧＰＴ２ x² ½ ᵃ İstanbul ılık Þór Dvořák Nguyễn Ελλάδα λόγος ΛΌΓΟΣ Москва ёлка
    שָׁלוֹם שלום القَهْوة قهـوة مقهى 机器学习 機械学習です 한국어 ภาษาไทย ကျေးဇူး ខ្មែរ हिन्दी தமிழ் ქართული Հայերեն
    co\u00adop a\u200db o'clock well-known C++ snake_case GPT-4 2101.04869 １２３ 𝔘𝔫𝔦 𠀀𠀁𠀂𠀃"""


def test_the_script_reads_words_as_the_index_does(tab: Tab, site: str) -> None:
    tab.open(f"{site}search/index.html?q=steam")
    terms = "searchIndex.parse(word).wanted.flat(2).filter((term) => term.field !== 'label' && !term.piece)"
    results = tab.run(
        f"{json.dumps(WORDS.split())}.map((word) => {terms}.map(({{ word, begins }}) => [word, Boolean(begins)]))"
    )
    for word, matches in zip(WORDS.split(), results, strict=True):
        if word == "2101.04869":
            assert matches == []
            continue
        index_words = text_words(word)
        for text, begins in matches:
            assert any(
                index_word.startswith(text) if begins else stem_word(index_word) == stem_word(text)
                for index_word in index_words
            ), (
                word,
                index_words,
                matches,
            )
        assert matches, word

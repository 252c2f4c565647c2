"""The search page, and the index that searches the static site."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import EntrySummary
from hotpapers.keep.search.tokenizer import stem_word, text_words
from hotpapers.publish.render.html import search_index
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.search_index import index_files, part_files, part_of, paths_of, to_base36
from hotpapers.publish.render.html.search_page import (
    SCRIPTS,
    HitIssueView,
    HitView,
    PostHitView,
    SearchAnswer,
    marked_names,
)
from hotpapers.publish.render.html.single_pages import served_script
from hotpapers.publish.render.templating import POLICY, SEARCH_POLICY
from hotpapers.publish.view.highlighting import mark_spans
from hotpapers.publish.view.site_config import NOBODY
from tests.conftest import data
from tests.publish.render.build import LISTED, PlainIssueReader, issue, listing_entry, paper
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tools.script_tokens import script_tokens
from tools.token_budget import SRC

INDEX_FILE = data("search-site", "index.txt")
ANSWER_FILE = data("search-site", "answer.html")


def assert_matches_file(content: bytes, file: Path) -> None:
    """Compare with the expected file. HOTPAPERS_REWRITE=1 rewrites it: check the diff before you keep it."""
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_bytes(content)
    assert content == file.read_bytes()


def files(issue_reader: PlainIssueReader, days: Sequence[str] | None = None) -> dict[str, bytes]:
    written_files = list(
        index_files(issue_reader, "hot-papers", issue_reader.days("hot-papers") if days is None else days, is_own=bool)
    )
    assert len({file.path for file in written_files}) == len(written_files)
    return {file.path: file.data for file in written_files}


# ---- the index -----------------------------------------------------------------------------------------


def test_the_index_is_as_expected() -> None:
    index = files(LISTED_READER)
    assert_matches_file(b"".join(f"== {path}\n".encode() + text + b"\n" for path, text in index.items()), INDEX_FILE)
    assert set(index) == {
        *with_scripts("search/index.json", *paths_of("2021-q1")),
        *with_scripts(*(f"search/papers/{day}.json" for day in LISTED_READER.days("hot-papers"))),
    }


def with_scripts(*paths: str) -> list[str]:
    """Files of the index with the scripts that have the same."""
    return [path for name in paths for path in (name, f"{name.rpartition('.')[0]}.js")]


def content_of(script: bytes) -> tuple[str, Any]:
    """Name and content of a script."""
    name, content = json.loads(b"[" + script.removeprefix(b"searchFile(").removesuffix(b");\n") + b"]")
    return name, content


def test_pages_load_the_same_as_scripts() -> None:
    index = files(LISTED_READER)
    for path, script in index.items():
        if not path.endswith(".js"):
            continue
        name, content = content_of(script)
        assert path == f"search/{name}.js"
        file = index.get(f"search/{name}.json") or index[f"search/{name}.txt"]
        if name == "index":
            assert content == {**json.loads(file), "days": list(LISTED_READER.days("hot-papers"))}
        elif not name.startswith("papers/"):
            assert content == (file.decode() if f"search/{name}.txt" in index else json.loads(file))


def test_scripts_have_formulas_as_trees() -> None:
    title = r"Of $\alpha^2$ kettles & $\undefined{x}$"
    reader = PlainIssueReader(
        [LISTED], [issue(LISTED, "2021-01-04", [listing_entry(1, paper("2101.99901", title), 1, 2, 3, 400)])]
    )
    index = files(reader)
    assert json.loads(index["search/papers/2021-01-04.json"])[0][1] == title
    _, [[_, [before, formula, between, code], *_]] = content_of(index["search/papers/2021-01-04.js"])
    assert (before, between, code) == ("Of ", " kettles & ", ["code", {"class": "tex"}, r"\undefined{x}"])
    assert formula == ["math", {"alttext": r"\alpha^2"}, ["mrow", {}, ["msup", {}, ["mi", {}, "α"], ["mn", {}, "2"]]]]


def test_quoted_posts_are_searched_as_far_as_they_are_shown() -> None:
    pages = SitePages(OWN_READER, "daily")
    shown = {path: pages.page(path) for path in pages.paths() if path.startswith("search/posts/")}
    assert list(shown) == [f"search/posts/{day}.js" for day in OWN_READER.days("daily")]
    for path, script in shown.items():
        _, posts = content_of(script or b"")
        texts = {post[2] for post in posts}
        quoted = chain.from_iterable(OWN_READER.issue("daily", path[13:23]).posts.values())
        assert texts == {quotation.post.text for quotation in quoted} - {""}
    assert pages.page("search/posts/1999-01-01.js") is None


def test_a_new_issue_changes_the_files_of_its_quarter_alone() -> None:
    entries = [listing_entry(1, paper("2101.99901", "Kettles"), 1, 2, 3, 400)]
    days = ("2020-12-31", "2021-01-04", "2021-03-31", "2021-04-01")
    reader_before = PlainIssueReader([LISTED], [issue(LISTED, day, entries) for day in days[:-1]])
    reader_after = PlainIssueReader([LISTED], [issue(LISTED, day, entries) for day in days])
    all_files, changed_files = files(reader_after), files(reader_after, ["2021-04-01"])
    assert set(changed_files) == set(
        with_scripts("search/index.json", "search/papers/2021-04-01.json", *paths_of("2021-q2"))
    )
    assert {**files(reader_before), **changed_files} == all_files
    assert json.loads(changed_files["search/index.json"]) == {"parts": ["2020-q4", "2021-q1", "2021-q2"]}
    assert set(files(reader_after, ["1999-01-01"])) == set(with_scripts("search/index.json"))


def test_quarters() -> None:
    months = [part_of(f"2021-{month:02}-15") for month in range(1, 13)]
    assert months == [f"2021-q{n}" for n in (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)]


def test_numbers_are_what_scripts_read() -> None:
    assert [to_base36(n) for n in (0, 9, 10, 35, 36, 1295, 1296, 50_000)] == [
        "0",
        "9",
        "a",
        "z",
        "10",
        "zz",
        "100",
        "12kw",
    ]
    assert all(int(to_base36(n), 36) == n for n in range(5000))


def lookup(part: dict[str, bytes], word: str) -> str:
    """The index entry of a word, as the script finds it."""
    index = json.loads(part["search/2021-q1/index.json"])
    positions = [n for n, first in enumerate(index["from"]) if first.encode("utf-16-be") <= word.encode("utf-16-be")]
    text = part[f"search/2021-q1/{positions[-1]:02}.txt"].decode()
    matches = re.findall(f"(?<=\n){re.escape(word)} (.*)\n", text)
    return matches[0] if matches else ""


def part(papers: Sequence[tuple[str, Sequence[str], str]]) -> dict[str, bytes]:
    """The index files of papers, given as title, authors, text."""
    summaries = [
        EntrySummary("2021-01-14", n, f"arxiv:2101.{n:05}", title, tuple(authors), ("cs.LG",))
        for n, (title, authors, _) in enumerate(papers, 1)
    ]
    texts = {(summary.day, summary.paper): text for summary, (_, _, text) in zip(summaries, papers, strict=True)}
    return {file.path: file.data for file in part_files("2021-q1", [("2021-01-14", summaries)], texts, window="daily")}


def test_where_a_word_stands_is_told() -> None:
    index = part([
        ("Kettles and Steam", ["Ada Kettles"], "A kettle, a kettle and one more kettle. Steam."),
        ("Nothing", [], "One teapot beside a kettle"),
    ])  # fmt: skip
    assert lookup(index, "kettle") == "0A0D1C"
    assert lookup(index, "kettles") == "0B"
    assert lookup(index, "teapot") == "1C" and lookup(index, "steam") == "0A0C"
    assert lookup(index, "#cs.lg") == lookup(index, "#cs") == "0A1A"
    assert lookup(index, "#2101.00002") == "1A"
    assert lookup(index, "absent") == ""


def test_a_preprint_is_found_by_its_article() -> None:
    article = EntrySummary("2021-01-14", 1, "doi:10.1101/2020.12.01.000001", "Kettles", (), (), "10.1000/KETTLE")
    index = {file.path: file.data for file in part_files("2021-q1", [("2021-01-14", [article])], {}, window="daily")}
    assert lookup(index, "#10.1000/kettle") == lookup(index, "#10.1101/2020.12.01.000001") == "0A"


def test_a_common_word_is_not_told_paper_by_paper() -> None:
    count = search_index.SMALL + 2
    titles = {2: "The number 2"}
    texts = {7: "None"}
    index = part([(titles.get(n, f"Number {n}"), [], texts.get(n, "It has the word")) for n in range(count)])
    assert lookup(index, "the") == "*7Z2A" and lookup(index, "word") == "*7Z"
    assert lookup(index, "number") == "".join(f"{to_base36(n)}A" for n in range(count))
    small_index = part([(f"Number {n}", [], "It has the word") for n in range(count - 2)])
    assert lookup(small_index, "word").startswith("0C1C")


TEXTS = st.text(
    st.sampled_from('aábzZ09 -ßøתשלוםمقهى京都機械学習ไทย한국\U00020000\U0001d54fﬁ\\$"\n#*A\ud7ff\ufb01\uff21'),
    max_size=60,
)


@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=2), TEXTS), max_size=8))
def test_every_word_is_found_where_the_script_looks(papers: list[tuple[str, list[str], str]]) -> None:
    index = part(papers)
    for n, (title, authors, text) in enumerate(papers):
        terms = [(stem_word(word), "A") for word in text_words(title)] + [
            (word, "B") for name in authors for word in text_words(name)
        ]
        for word, letter in [
            *terms,
            *((stem_word(word), "C") for word in text_words(text) if text_words(text).count(word) < 2),
        ]:
            assert re.search(
                f"(?<![0-9a-z]){to_base36(n)}[A-D]*?{letter}|{to_base36(n)}{letter}|{to_base36(n)}D",
                lookup(index, word),
            )
    assert all(text.startswith(b"\n") and text.endswith(b"\n") for path, text in index.items() if path.endswith(".txt"))


def test_files_are_of_about_the_same_size() -> None:
    papers = [(f"Paper {n}", ["Ada Brewster"], " ".join(f"w{n * 7 % 1000}x{k}" for k in range(60))) for n in range(300)]
    sizes = [len(text) for path, text in part(papers).items() if path.endswith(".txt")]
    assert len(sizes) == search_index.FILES and max(sizes) < 2 * sum(sizes) / len(sizes)


def test_texts_from_outside_stay_texts() -> None:
    entries = [
        listing_entry(
            n, paper(f"2101.{n:05}", text, text * 9, authors=(text,), categories=(text, "cs.LG")), 1, 2, 3, 400
        )
        for n, text in enumerate(HOSTILE, 1)
    ]
    index = files(PlainIssueReader([LISTED], [issue(LISTED, "2021-01-14", entries)]))
    rows = json.loads(index["search/papers/2021-01-14.json"])
    assert [row[0] for row in rows] == [f"2101.{n:05}" for n in range(1, len(HOSTILE) + 1)]
    assert all(not re.search("[\x00-\x1f\u202a-\u202e]", str(text)) for row in rows for text in row)
    for path, text in index.items():
        if path.endswith(".txt"):
            assert re.fullmatch(
                r"\n(#?[\w.\u0300-\uffff\U00010000-\U0010ffff-]+ \*?([0-9a-z]+[A-DZ])*\n)*", text.decode()
            )


def test_what_is_shown_is_bounded() -> None:
    long_paper = paper("2101.99901", "Many", "word " * 9000, authors=tuple(f"Ada {n}" for n in range(3000)))
    index = files(
        PlainIssueReader([LISTED], [issue(LISTED, "2021-01-14", [listing_entry(1, long_paper, 1, 2, 3, 400)])])
    )
    assert len(index["search/papers/2021-01-14.json"]) < 6_000
    assert b"\n2999 0B\n" in b"".join(index.values()), "all names can still be found"


def test_a_publication_without_issues() -> None:
    assert files(PlainIssueReader([LISTED], [])) == {
        "search/index.json": b'{"parts":[]}',
        "search/index.js": b'searchFile("index",{"parts":[],"days":[]});\n',
    }


# ---- the page ------------------------------------------------------------------------------------------


def search_page(answer: SearchAnswer | None = None) -> bytes:
    return SitePages(LISTED_READER, "hot-papers", NOBODY).search(answer)


def test_the_page_of_the_site() -> None:
    page = Page(search_page())
    [form] = page.all("form")
    assert form.attributes == {"class": "ask", "role": "search", "method": "get"}
    assert page.all("input")[0].attributes["name"] == "q"
    assert [element.attributes["src"] for element in page.all("script")] == [
        "../reader.js",
        "../dois.js",
        "../search_words.js",
        "../search_index.js",
        "../search_spelling.js",
        "../search.js",
    ]
    assert [element.attributes["id"] for element in page.elements if element.attributes.get("role") == "status"] == [
        "status"
    ]
    assert "../archive/index.html" in [
        element.attributes["href"] for element in page.all("a") if "noscript" in element.ancestors
    ]
    assert 'author:"Ada Brewster"' in page.text and "words in quotation marks" in page.text
    policy = next(element.attributes["content"] for element in page.all("meta") if "http-equiv" in element.attributes)
    assert policy == SEARCH_POLICY
    assert set(SEARCH_POLICY.split("; ")) ^ set(POLICY.split("; ")) == {
        "form-action 'none'", "form-action 'self'",
    }  # fmt: skip


@pytest.mark.parametrize("file", sorted(SRC.rglob("*.js")), ids=lambda file: file.name)
def test_scripts_are_served_without_comments_and_indents_and_with_all_else(file: Path) -> None:
    script = file.read_bytes()
    served = served_script(script)
    assert list(script_tokens(served.decode())) == list(script_tokens(script.decode()))
    assert len(served) < len(script) and not re.search(rb"^ *(?://|  \S)", served, re.M)


@pytest.mark.parametrize("name", SCRIPTS)
def test_its_scripts_are_small_and_write_text_alone(name: str) -> None:
    script = SitePages(LISTED_READER, "hot-papers").page(name)
    assert script is not None and len(script) < 10_400
    assert not re.search(
        rb"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function)\b|https?://", script
    )


def test_an_answer_is_as_expected() -> None:
    bold = mark_spans("Kettles & <Steam>", [(0, 7), (11, 16)])
    hits = (
        HitView(bold, "paper/2101.99901/index.html", "https://arxiv.org/abs/2101.99901", marked_names(
            ["Ada", "Bo", "Cy", "Di", "Ed"], [(4, 0, 2)]), "2101.99901, cs.LG", "",
            (HitIssueView("place 2", "2021-01-14/index.html#2101.99901", "2021-01-14"),), mark_spans("On steam.", [(3,
            8)]), taken_back=''),
        HitView(mark_spans("שלום", []), "", "https://arxiv.org/abs/2101.99909", mark_spans("", []), "2101.99909",
                "2021-01-20", (), mark_spans("", []), taken_back=''),
        HitView(mark_spans("Elsewhere", []), "", "", mark_spans("", []), "", "2021", (), mark_spans("", []), ""),
    )  # fmt: skip
    posts = (
        PostHitView(mark_spans("قهوة وشاي", [(0, 4)]), "ar", "rtl", "Quill", "@quill", "Bluesky", "14 January 2021",
                    "2021-01-14T12:00:00Z", "https://bsky.app/profile/did:plc:q/post/3k",
                    (("2101.99901", "https://arxiv.org/abs/2101.99901"), ("other:1", ""))),
        PostHitView(mark_spans("茶", []), "zh", "auto", "A post", "", "Mastodon", "14 January 2021",
                    "2021-01-14T12:00:00Z", "", ()),
    )  # fmt: skip
    answer = SearchAnswer('"><script>', "3 papers with “kettle”.", hits, posts, "?q=a&cursor=b", "feeds/query.atom?q=a")
    assert_matches_file(search_page(answer), ANSWER_FILE)


def test_nothing_is_an_answer_too() -> None:
    page = Page(search_page(SearchAnswer("kettle", "No paper with “kettle”.")))
    assert "No paper with “kettle”." in page.text and page.all("script")[0].attributes["src"] == "../reader.js"
    assert len(page.all("script")) == 1, "the script of the static site leaves an answer alone"
    assert not [element for element in page.all("link") if element.attributes["rel"] == "alternate"]


def test_what_was_asked_for_is_marked_and_all_is_escaped() -> None:
    assert mark_spans("<b>&amp;", [(1, 2)]) == "&lt;<mark>b</mark>&gt;&amp;amp;"
    assert mark_spans("a\u202eb\x00c", [(1, 2)]) == "a<mark></mark>bc"
    assert marked_names(["Ada", "Bo", "Cy", "Di"], []) == "Ada, Bo, Cy and 1 more"
    assert marked_names(["Ada", "Bo", "Cy", "Di"], [(3, 0, 1)]) == "Ada, Bo, Cy, <mark>D</mark>i"
    assert marked_names([], []) == ""

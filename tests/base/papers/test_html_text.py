"""A network's HTML as plain text: never an error, never slow, and each link where it was shown."""

from __future__ import annotations

import sys
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.model import TextLink, storable_text
from hotpapers.base.text import html_text as room
from hotpapers.base.text.html_text import MAX_HTML_CHARS, MAX_LINKS, html_to_text

if TYPE_CHECKING:
    from _typeshed import TraceFunction

SHOWN = [
    ("", ""),
    ("just words", "just words"),
    ("a  b\n\tc", "a b c"),
    ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
    ("<p>one</p>\n <p>two</p> ", "one\n\ntwo"),
    ("<ul><li>a</li><li>b</li></ul>c", "a\nb\nc"),
    ("<pre>a\n  b</pre> c  d", "a\n  b\nc d"),
    ("1 < 2 &amp;&lt; 3 &#x1F411; &eacute;", "1 < 2 &< 3 🐑 é"),
    ("<br>a<br><br>b<br>", "a\n\nb"),
    ("a<script>alert('<b>')</script>b<style>x</style>c<title>d</title>", "abc"),
    ("<template>a<template>b</template>c</template>d", "d"),
    ("a<!-- <p>hidden</p> -->b<!doctype x>c<?php d ?>e</ >f", "abcef"),
    ('<span class="invisible">https://</span><span class="ellipsis">a.org</span>', "a.org…"),
    ('<span class="invisible">a<span>b</span>c</span>d', "d"),
    ('<p class="quote-inline">RE: x</p><p>yes</p>', "yes"),
    ('<p class="quote-inline">RE: x<p>yes', "yes"),
    ('a<br class="invisible">b<img class="invisible" alt="x">c', "a\nbc"),
    ("a <b>bold</b> <i> word</i>", "a bold word"),
    ("<A HREF=x>loud</A>", "loud"),
    ("half a <a href='x", "half a"),
    ("a<script>never ended", "a"),
    ("a<!-- never ended", "a"),
    ("<![CDATA[x]]>y<![if z]>", "y"),
    ("&#" + "9" * 5000 + ";", "\ufffd"),
    ("\0 &#0; \ud800", "\ufffd \ufffd \ufffd"),
    ("</p></pre></a></b>x", "x"),
]


@pytest.mark.parametrize(("html", "shown"), SHOWN)
def test_what_is_shown(html: str, shown: str) -> None:
    assert html_to_text(html)[0] == shown


LINKS = [
    ('see <a href="https://a.org/?x=1&amp;y=2">it</a>!', [TextLink(4, 6, "https://a.org/?x=1&y=2")]),
    ("<a href=a>one<a href='b'>two</a></a>", [TextLink(0, 3, "a"), TextLink(3, 6, "b")]),
    ("<p>a</p><p><a href=b> it </a> c</p>", [TextLink(3, 5, "b")]),
    ("x <a href=a><img></a>", [TextLink(1, 1, "a")]),
    ("x<a href=a> </a>", [TextLink(1, 1, "a")]),
    ("<a href=''>a</a><a>b</a>", []),
    ('<a href="first" href="second">a</a>', [TextLink(0, 1, "first")]),
    ("<a href=a>\U0001f411 sheep", [TextLink(0, 7, "a")]),
    ("<a/href='a'/>b</a>", [TextLink(0, 1, "a")]),
]


@pytest.mark.parametrize(("html", "links"), LINKS)
def test_where_links_stand(html: str, links: list[TextLink]) -> None:
    assert list(html_to_text(html)[1]) == links


PIECES = [
    "<a href='x'>", '<a href="y', "</a>", "<p>", "</p>", "<br>", "<pre>", "</pre>", "<script>", "</script>", "<!--",
    "-->", "<![x[", "<span class=invisible>", "</span>", "<p class=quote-inline>", "&amp;", "&#55296;", "&#9999999999",
    "<", ">",
    "'", '"', "=", "/", " ", "\n", "\0", "word", "<title>", "<template>", "</template>", "<?", "<!", "</",
]  # fmt: skip
HOSTILE = st.one_of(st.text(), st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))


@given(HOSTILE)
@example("<PRE>\n0")
def test_any_text_is_read_and_offsets_are_in_range(html: str) -> None:
    text, links = html_to_text(html)
    assert text == text.strip(" \n\t") == storable_text(text)
    assert all(0 <= link.start <= link.end <= len(text) and link.target for link in links)
    assert all(text[k.start : k.end] == text[k.start : k.end].strip() for k in links)


WORDS = st.text(st.characters(exclude_characters="<&\0", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=10))
def test_a_link_covers_the_words_that_were_shown(pairs: list[tuple[str, str]]) -> None:
    html = " ".join(f'{before} <a href="https://a.org/{n}">{shown}</a>' for n, (before, shown) in enumerate(pairs))
    text, links = html_to_text(html)
    assert [text[k.start : k.end] for k in links] == [shown for _, shown in pairs]
    assert [k.target for k in links] == [f"https://a.org/{n}" for n in range(len(pairs))]


def work_of(html: str) -> int:
    """How many lines the reader executes, counted in its own thread since this one may already be traced."""
    counts = [0]

    def local(frame: FrameType, event: str, arg: object) -> TraceFunction | None:
        counts[0] += event == "line"
        return local

    def trace(frame: FrameType, event: str, arg: object) -> TraceFunction | None:
        return local if frame.f_code.co_filename == room.__file__ else None

    def counted() -> None:
        sys.settrace(trace)
        html_to_text(html)

    thread = Thread(target=counted)
    thread.start()
    thread.join()
    return counts[0]


REPEATED = [
    "<a ", "<a", "<", "</", "<!", "<!--", "<![", "<?", "&", "&#", "&#9", "<a href='", '<a href="x', "<a b=", "<script>",
    "</script ",
    "<span class=invisible>", "<a/", "<a a a", "<p>", "<a href=x>", "<a b='c' ", "<pre>", "<title", " \n", "<a =",
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("before", ["", "<script>", "<a "])
def test_work_grows_with_the_length_and_no_faster(piece: str, before: str) -> None:
    small, large = (before + piece * (size // len(piece)) for size in (1_000, 4_000))
    assert work_of(large) <= 5 * work_of(small) + 100
    html_to_text(
        before + piece * (MAX_HTML_CHARS // len(piece))
    )  # regular expressions are not counted, but would not finish here


def test_only_so_much_is_read() -> None:
    assert len(html_to_text("x" * (MAX_HTML_CHARS + 5))[0]) == MAX_HTML_CHARS
    assert len(html_to_text("<a href=x>y</a>" * (MAX_LINKS + 5))[1]) == MAX_LINKS

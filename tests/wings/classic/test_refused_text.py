"""The classic format: invalid text is refused, with line and reason, in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NotClassic
from hotpapers.wings.classic import format as classic
from tests.conftest import data

PLAIN = data("classic", "plain.md").read_bytes().decode()
NO_ITEMS = data("classic", "no_items.md").read_bytes().decode()
SHORTEST = NO_ITEMS + PLAIN[PLAIN.index("\n# 2.") :].replace("# 2.", "# 1.")
ADAS_POST = 1366659539260149761  # the first post of plain.md


def refusal(text: str) -> NotClassic:
    with pytest.raises(NotClassic) as error:
        classic.parse_classic(text)
    return error.value


EMBED = '<p lang="en" dir="ltr">Our teapot is out! It&#39;s small'
COUNTS = "- retweets: 51, favorites: 0 "
ABSTRACT = "We count drops. Most of them miss."

# What is replaced in plain.md, with what, and the error message.
REFUSED = {
    "duplicate number": ("# 2. Umb", "# 1. Umb", "duplicate"),
    "gap in the numbers": ("# 2. Umb", "# 3. Umb", "gap"),
    "first number": ("# 1. A", "# 0. A", "duplicate"),
    "number with zeros": ("# 2. Umb", "# 02. Umb", "column 3"),
    "no number": ("# 2. Umb", "# Umb", "# N. Title"),
    "no title": ("# 2. Umbrellas Are Nearly Everywhere Dry", "# 2. ", "no title"),
    "tag in title": ("Umbrellas Are", "<script>x()</script> Are", "expected text, found HTML: '<script>"),
    "tag in authors": ("Dora Cloud", 'Dora <img src="x">', "HTML"),
    "tag in abstract": (ABSTRACT, 'See <a href="javascript:x()">here</a>.', "HTML"),
    "end tag in abstract": (ABSTRACT, "drops</p>", "HTML"),
    "comment in abstract": (ABSTRACT, "drops <!-- hidden", "HTML"),
    "bold abstract": (ABSTRACT, "<b>drops</b>", "HTML"),
    "open tag at the end": (ABSTRACT, "drops <svg", "HTML"),
    "no author": ("Dora Cloud", "", "author"),
    "nameless author": ("Dora Cloud", "Dora Cloud, ", "author"),
    "impossible moment": ("date: 2021-03-03T10:15:09", "date: 2021-03-03T24:15:09", "not a valid time"),
    "moment of another shape": ("date: 2021-03-03T10:15:09", "date: 2021-03-03 10:15:09", "not a time"),
    "moment without its end": ("10:15:09.Z", "10:15:09", "expected"),
    "another template": ('template: "post"', 'template: "page"', "expected"),
    "another tag": ('  - "Twitter"', '  - "Mastodon"', "expected"),
    "impossible tally day": (COUNTS + "(03/03/2021", COUNTS + "(02/29/2021", "not a valid time"),
    "tally in the wrong order": (COUNTS + "(03/03/2021", COUNTS + "(2021-03-03", "not a time"),
    "leap second": (COUNTS + "(03/03/2021 10:15:09", COUNTS + "(03/03/2021 10:15:60", "not a valid time"),
    "negative retweets": ("retweets: 51", "retweets: -51", "negative"),
    "negative favorites": (COUNTS, "- retweets: 51, favorites: -1 ", "negative"),
    "minus zero": (COUNTS, "- retweets: 51, favorites: -0 ", "column"),
    "too many": ("retweets: 51", f"retweets: {2**53}", "above 9,007,199,254,740,991"),
    "far too many": ("retweets: 51", "retweets: " + "9" * 5000, "20 digits"),
    "count with zeros": ("retweets: 51", "retweets: 051", "column"),
    "count with commas": ("retweets: 51", "retweets: 1,051", "expected"),
    "count in other digits": ("retweets: 51", "retweets: ٥١", "expected"),
    "no counts": (COUNTS, "", "retweets: R"),
    "two papers": ("pdf/2103.99902", "pdf/2103.99903", "two papers"),
    "another host": ("https://arxiv.org/abs/2103.99902", "https://example.org/abs/2103.99902", "expected"),
    "no category": ("- [math.PR](https://arxiv.org/list/math.PR/recent)", "- ", "categories"),
    "category and link differ": ("[math.PR]", "[math.ST]", "categories"),
    "odd category": ("[math.PR](https://arxiv.org/list/math.PR", "[a b](https://arxiv.org/list/a b", "not a category"),
    "no dash": ("- [math.PR]", "[math.PR]", "column 1"),
    "abstract of two lines": (ABSTRACT, "We count drops.\nMost of them miss.", "empty line"),
    "carriage return": (ABSTRACT, ABSTRACT + "\r", "carriage return"),
    "tab": (ABSTRACT, "We\tcount", "tab"),
    "NUL": (ABSTRACT, "We\0count", "NUL"),
    "terminal codes": (ABSTRACT, "We\x1b[2Jcount", "U\\+001B"),
    "next line": (ABSTRACT, "We\x85count", "U\\+0085"),
    "line separator": (ABSTRACT, "We\u2028count", "U\\+2028"),
    "mark inside": (ABSTRACT, "We\ufeffcount", "byte order mark"),
    "unknown tag": (EMBED, EMBED + "<b>", "tag that is not allowed in a post: '<b>'"),
    "break of another shape": (EMBED, EMBED + "<br/>", "'<br/>'"),
    "script in a post": (EMBED, EMBED + "<script>x()</script>", "'<script>'"),
    "half a tag": (EMBED, EMBED + "<", "<"),
    "attribute of the quote": ('<p lang="en"', '<p onclick="x()" lang="en"', "tags or attributes"),
    "direction": ('<p lang="en" dir="ltr"', '<p lang="en" dir="up"', "tags or attributes"),
    "language": ('<p lang="en"', '<p lang="English!"', "language"),
    "attribute of a link": ('MadeUp0001">', 'MadeUp0001"onclick="x()">', "column"),
    "attribute and blank": ('<a href="https://t.co/MadeUp0001">', '<a href="https://t.co/MadeUp0001" id="x">', "http"),
    "script address": ('<a href="https://t.co/MadeUp0001">', '<a href="javascript:x()">', "http"),
    "no address": ('<a href="https://t.co/MadeUp0001">', '<a href="">', "allowed"),
    "link in a link": ('<a href="https://t.co/MadeUp0001">', '<a href="https://t.co/1"><a href="http://x">', "allowed"),
    "end without a link": (EMBED, EMBED + "</a>", "'</a>'"),
    "link without an end": ("#tea</a>", "#tea", "not closed"),
    "empty link": ("#tea</a>", "</a>", "is empty"),
    "unknown entity": (EMBED, EMBED + "&nbsp;", "'&nbsp;"),
    "numeric entity": (EMBED, EMBED + "&#x41;", "'&#x41;"),
    "bare ampersand": (EMBED, EMBED + "R&D", "'&D"),
    "bare bracket": (EMBED, EMBED + ">", "'>"),
    "bare quotation mark": (EMBED, EMBED + '"', "column"),
    "bare apostrophe": (EMBED, EMBED + "'", "column"),
    "entity in a name": ("Ada &quot;", "Ada &eacute;", "&eacute;"),
    "tag in a name": ("Ada &quot;", "Ada <b>", "'<b>"),
    "two handles": ("(@made_up_ada)", "(@made_up_bo)", "handle"),
    "no dash before the name": ("&mdash; Ada", "- Ada", "handle"),
    "id": (f"status/{ADAS_POST}", "status/12x", "not the id of a post"),
    "id with zeros": (f"status/{ADAS_POST}", f"status/0{ADAS_POST}", "not the id of a post"),
    "id beyond 63 bits": (f"status/{ADAS_POST}", f"status/{2**63}", "not the id of a post"),
    "another day": ("March 2, 2021", "March 3, 2021", "'2, 2021.*'3, 2021"),
    "day with a zero": ("March 2, 2021", "March 02, 2021", "column"),
    "status without its tail": ("?ref_src=twsrc%5Etfw\">March 2", "\">March 2", "tags or attributes"),
    "another script": ("platform.twitter.com", "example.org", "script line"),
    "text after a post": ("March 2, 2021</a></blockquote>", "March 2, 2021</a></blockquote> hi", "tags or attributes"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_with_line_and_reason(old: str, new: str, reason: str) -> None:
    start, end = PLAIN.split(old, maxsplit=1)
    error = refusal(start + new + end)
    assert re.search(reason, error.reason)
    assert error.line == (start + new).count("\n") + 1


def test_an_impossible_date_is_refused() -> None:
    for date in ("2021-02-30", "2021-13-01", "0000-01-01", "2021-3-2", "20210302"):
        error = refusal(PLAIN.replace("2021-03-02", date))
        assert error.line == 2
        assert date in error.reason


@pytest.mark.parametrize(
    ("paper", "reason"),
    [
        ("x", "not an arXiv"),
        ("2113.99902", "not an arXiv"),
        ("2103.999", "not an arXiv"),
        ("2103.99902v1", "bare"),
        ("", "not an arXiv"),
    ],
)
def test_papers_that_are_none_are_refused(paper: str, reason: str) -> None:
    error = refusal(PLAIN.replace("2103.99902", paper))
    assert error.line == PLAIN[: PLAIN.index("2103.99902")].count("\n") + 1
    assert reason in error.reason


def test_two_dates_in_one_file_are_refused() -> None:
    assert refusal(PLAIN.replace("title: Hot Papers 2021-03-02", "title: Hot Papers 2021-03-01")).line == 6


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "empty"),
        ("\n", 1, "---"),
        ("# a file\nof\nanother kind\n", 1, "expected '---', found '# a file'"),
        ("\ufeff" + PLAIN, 1, "byte order mark"),
        (PLAIN.replace("\n", "\r\n"), 1, "carriage return"),
        ("\n" + PLAIN, 1, "---"),
        (PLAIN + "\n", 51, "too early"),
        (PLAIN + "More.\n", 51, "empty line"),
        (PLAIN + NO_ITEMS, 51, "empty line"),
        (PLAIN[:-1], 49, "too early"),
        (NO_ITEMS + "\n", 17, "no item"),
        (NO_ITEMS + "\n" * 1001 + SHORTEST.removeprefix(NO_ITEMS), 17, "blank"),
        (PLAIN.replace("---\n\n# 1.", "---\n# 1."), 17, "empty line"),
    ],
)
def test_refused_as_a_whole(text: str, line: int | None, reason: str) -> None:
    error = refusal(text)
    assert re.search(reason, error.reason)
    assert error.line == line


@pytest.mark.parametrize("text", [PLAIN, SHORTEST], ids=["plain", "short"])
def test_a_file_cut_off_anywhere_is_refused_or_a_file(text: str) -> None:
    """Only the front matter alone, and items before a cleanly missing one, make a valid file."""
    valid_ends = []
    for end in range(len(text)):
        try:
            assert classic.render_classic(classic.parse_classic(text[:end])) == text[:end]
            valid_ends.append(text[end:].lstrip("\n")[:3])
        except NotClassic as error:
            assert error.line is not None or end == 0
    assert valid_ends == ["# 1", "# 2"][: text.count("\n# ")]


DAMAGE = st.sampled_from([*"\n\t<>&\"' -#/0a.v[](|", "", "<br>"])


@given(st.integers(0, len(PLAIN) - 1), st.integers(0, 20), DAMAGE)
def test_a_damaged_file_is_refused_or_another_file(start: int, length: int, new: str) -> None:
    damaged_text = PLAIN[:start] + new + PLAIN[start + length :]
    try:
        issue = classic.parse_classic(damaged_text)
    except NotClassic as error:
        assert error.line is not None
    else:
        assert classic.render_classic(issue) == damaged_text


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    refusal(text)


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    try:
        text, repaired = classic.decode_file(raw)
    except NotClassic:
        return
    assert (text.encode().decode("mac_roman").encode() if repaired else text.encode()) == raw


def test_reasons_are_short_and_safe_to_print() -> None:
    error = refusal(PLAIN.replace("# 2. Umb", "\u202e\u2066" + "x" * 100_000))
    assert len(str(error)) < 300
    assert str(error).isprintable()


HOSTILE = {
    "open tags": "<" * 300_000,
    "open links": '<a href="' * 50_000,
    "ends": "</p>&mdash; " * 50_000,
    "handles": " (@made_up_ada) " * 50_000,
    "statuses": ' <a href="https://twitter.com/' * 20_000,
    "ampersands": "&" * 300_000,
    "entities": "&amp;" * 100_000,
    "blanks": "<a " + " " * 300_000,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("place", ["Umbrellas", "Dora Cloud", "math.PR", "We count drops", "Our teapot", "Leaf", "51"])
def test_no_line_takes_long(place: str, hostile: str) -> None:
    """Not timed: with quadratic cost, each of these lines would take minutes."""
    text = PLAIN.replace(place, hostile)
    try:
        assert classic.render_classic(classic.parse_classic(text)) == text
    except NotClassic as error:
        assert error.line is not None

"""The classic format: real files round-trip byte for byte, and values survive in both directions."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hotpapers.base.errors import NotClassic
from hotpapers.base.model import TextLink
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic.format import ClassicIssue, ClassicItem, ClassicPost
from tests.conftest import data

PLAIN = data("classic", "plain.md").read_bytes().decode()
IRREGULAR = data("classic", "irregular.md").read_bytes().decode()
NO_ITEMS = data("classic", "no_items.md").read_bytes().decode()
SHORTEST = NO_ITEMS + PLAIN[PLAIN.index("\n# 2.") :].replace("# 2.", "# 1.")

ADAS_POST = "1366659539260149761"  # the first post of plain.md


# ---- real files --------------------------------------------------------------------------------------


def test_the_archive_round_trips_byte_for_byte(shared: Path) -> None:
    files = sorted((shared / "archive" / "posts").glob("*.md"))
    assert len(files) == 229
    for file in files:
        text, repaired = classic.decode_file(file.read_bytes())
        issue = classic.parse_classic(text)
        assert classic.render_classic(issue).encode() == file.read_bytes()
        assert not repaired
        assert file.name == f"{issue.date}---Hot-Papers.md"
        assert classic.printed_made(classic.printed_moment(issue.made)) == issue.made


def test_damaged_files_are_restored(shared: Path) -> None:
    repaired_files = []
    for file in sorted((shared / "seeds" / "as-given").iterdir()):
        text, is_damaged = classic.decode_file(file.read_bytes())
        issue = classic.parse_classic(text)
        rendered_text = classic.render_classic(issue)
        assert rendered_text.encode() == (shared / "seeds" / "restored" / f"{issue.date}---Hot-Papers.md").read_bytes()
        assert (
            rendered_text.encode().decode("mac_roman") if is_damaged else rendered_text
        ).encode() == file.read_bytes()
        repaired_files += [file.name[:3]] * is_damaged
    assert repaired_files == ["001", "002", "004"]


# ---- parsed values -----------------------------------------------------------------------------------


def test_the_values_of_an_item() -> None:
    issue = classic.parse_classic(PLAIN)
    assert (issue.date, issue.made, issue.lead, len(issue.items)) == ("2021-03-02", "2021-03-03T10:15:09", 0, 2)
    first_item, second_item = issue.items
    assert first_item.title == "A Teapot That Learns: Steeping with  Gradients"
    assert first_item.authors == ("Ada Brewster", "Bo Kettle", "Čeněk Šálek")
    assert (first_item.number, first_item.reposts, first_item.likes, first_item.tallied) == (
        1,
        812,
        1204,
        "03/03/2021 10:15:09",
    )
    assert (first_item.paper, first_item.categories) == ("2103.99901", ("cs.LG", "cs.CL", "stat.ML"))
    assert second_item.abstract == "We count drops. Most of them miss."
    assert second_item.posts == ()


def test_the_values_of_a_post() -> None:
    post = classic.parse_classic(PLAIN).items[0].posts[0]
    assert (post.id, post.handle, post.name) == (ADAS_POST, "made_up_ada", 'Ada "Leaf" B.')
    assert post.text.startswith('Our teapot is out! It\'s small & warm, "x < y > z"\n\npaper: ')
    assert [(post.text[link.start : link.end], link.target) for link in post.links] == [
        ("https://t.co/MadeUp0001", "https://t.co/MadeUp0001"),
        ("@made_up_bo", "https://twitter.com/made_up_bo?ref_src=twsrc%5Etfw"),
        ("#tea", "https://twitter.com/hashtag/tea?src=hash&ref_src=twsrc%5Etfw"),
    ]


def test_irregularities_are_preserved() -> None:
    issue = classic.parse_classic(IRREGULAR)
    first_item, second_item = issue.items
    assert issue.lead == 1
    assert first_item.abstract == ""
    assert first_item.paper == "hep-th/9901001"
    assert first_item.categories[2] == "sock.SM"  # not an arXiv category: kept
    assert first_item.posts[0] == first_item.posts[1]
    assert (first_item.posts[0].name, first_item.posts[0].rtl, first_item.posts[2].name) == ("Fay (@ home)", True, " ")
    assert first_item.posts[2].text[:24] == "@made_up_emil one\xa0two \u2066t"
    assert "<b^{2}" in second_item.title and "<f<n/2" in second_item.abstract and "<mask>" in second_item.abstract
    assert classic.parse_classic(NO_ITEMS).items == ()


@pytest.mark.parametrize("text", [PLAIN, IRREGULAR, NO_ITEMS, SHORTEST], ids=["plain", "irregular", "empty", "short"])
def test_made_up_files_round_trip(text: str) -> None:
    assert classic.render_classic(classic.parse_classic(text)) == text


def test_a_changed_count_changes_the_text() -> None:
    issue = classic.parse_classic(PLAIN)
    changed_issue = replace(issue, items=(replace(issue.items[0], likes=7), issue.items[1]))
    assert classic.render_classic(changed_issue) == PLAIN.replace("favorites: 1204", "favorites: 7")


@pytest.mark.parametrize("lead", [1, 2, 7, 1000])
def test_blank_lines_before_the_first_item_are_counted(lead: int) -> None:
    text = PLAIN.replace("---\n\n# 1.", "---\n" + "\n" * lead + "\n# 1.")
    assert classic.parse_classic(text).lead == lead
    assert classic.render_classic(classic.parse_classic(text)) == text


# ---- bytes -------------------------------------------------------------------------------------------


def mojibake(text: str) -> bytes:
    return text.encode().decode("mac_roman").encode()


@pytest.mark.parametrize("text", [PLAIN, IRREGULAR, "José", "École", "“", "👩‍🔬"])
def test_mojibake_is_repaired(text: str) -> None:
    assert classic.decode_file(text.encode()) == (text, False)
    assert classic.decode_file(mojibake(text)) == (text, True)


@pytest.mark.parametrize("text", ["plain ASCII", "a map of 2 √π r", "«École»", "so–called", "über", "2 ¬Ä 3", "日本"])
def test_text_that_may_be_intended_is_left_alone(text: str) -> None:
    assert classic.decode_file(text.encode()) == (text, False)


def test_half_damaged_files_are_left_alone() -> None:
    half_damaged = "José and " + mojibake("José").decode()
    assert classic.decode_file(half_damaged.encode()) == (half_damaged, False)


def test_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(NotClassic, match="0xe9") as error:
        classic.decode_file("one\ntwo\nJosé\n".encode("latin-1"))
    assert error.value.line == 3


def test_surrogates_are_refused() -> None:
    with pytest.raises(NotClassic, match="0xed"):
        classic.decode_file(b"\xed\xa0\x80")
    with pytest.raises(NotClassic, match="D800"):
        classic.parse_classic(PLAIN.replace("Umbrellas", "\ud800"))


def test_a_line_that_never_ends_is_refused_unread() -> None:
    endless_line = b"---\ntitle: " + b"x" * (classic.MAX_LINE + 1)
    with pytest.raises(NotClassic, match="longer than") as error:
        classic.decode_file(endless_line)
    assert error.value.line == 2
    with pytest.raises(NotClassic, match="longer than"):
        classic.parse_classic(endless_line.decode())
    longest_line = b"x" * (classic.MAX_LINE - 1) + b"\n"
    assert classic.decode_file(longest_line * 3)[0] == longest_line.decode() * 3


def test_a_file_beyond_the_limit_is_refused() -> None:
    with pytest.raises(NotClassic, match="larger than") as error:
        classic.decode_file(b"\n" * (classic.MAX_FILE + 1))
    assert error.value.line is not None


# ---- values ------------------------------------------------------------------------------------------

# Any characters except those that no file in this format contains.
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff")
SPECIAL = st.sampled_from(
    ["&", "<", ">", '"', "'", "&amp;", "&lt", "<br>", "</a>", "</p>&mdash; ", " (@x)", "\n", "# 1. ", ", "]
)


def joined_text(*pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*pieces), max_size=8).map("".join)


LINES = joined_text(CHARACTERS, SPECIAL.filter(lambda text: text != "\n"))
WORDS = LINES.filter(lambda text: not re.search(r"</|<[a-z]+[\s/>]", text, re.IGNORECASE))
"""Excludes what looks like HTML, which titles and abstracts may not contain."""
TEXTS = joined_text(CHARACTERS, SPECIAL)
COUNTS = st.integers(0, classic.MAX_COUNT)
PAPERS = st.sampled_from(["2103.99901", "0704.0001", "hep-th/9901001", "math/0309136"])
CATEGORIES = st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,12}", fullmatch=True)
POST_IDS = st.integers(1, 2**63 - 1).map(str)
HANDLES = st.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True)
TARGETS = st.from_regex(r"https?://[!-~é]{1,20}", fullmatch=True)
MOMENTS = st.integers(-(10**16), 10**17)


@st.composite
def posts(draw: st.DrawFn) -> ClassicPost:
    text = draw(TEXTS)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pairs = list(pairwise(edges))[:: draw(st.sampled_from([1, 2]))]
    links = tuple(TextLink(start, end, draw(TARGETS)) for start, end in pairs)
    lang = draw(st.sampled_from(["en", "und", "in", "zh-TW"]))
    return ClassicPost(draw(POST_IDS), draw(HANDLES), draw(LINES), lang, draw(st.booleans()), text, links)


@st.composite
def items(draw: st.DrawFn, number: int) -> ClassicItem:
    return ClassicItem(
        number=number,
        title=draw(WORDS.filter(str.strip)),
        authors=tuple(draw(st.lists(WORDS.filter(lambda name: name and ", " not in name), min_size=1, max_size=4))),
        reposts=draw(COUNTS),
        likes=draw(COUNTS),
        tallied=classic.printed_tally(draw(MOMENTS)),
        paper=draw(PAPERS),
        categories=tuple(draw(st.lists(CATEGORIES, min_size=1, max_size=4))),
        abstract=draw(WORDS),
        posts=tuple(draw(st.lists(posts(), max_size=3))),
    )


@st.composite
def issues(draw: st.DrawFn) -> ClassicIssue:
    count = draw(st.integers(0, 3))
    made_at = classic.printed_made(draw(MOMENTS))
    lead = draw(st.integers(0, 5)) if count else 0
    return ClassicIssue(str(draw(st.dates())), made_at, lead, tuple(draw(items(n)) for n in range(1, count + 1)))


@pytest.mark.long
@given(issues())
def test_values_round_trip(issue: ClassicIssue) -> None:
    assert classic.parse_classic(classic.render_classic(issue)) == issue


ANY = st.text(max_size=12) | TEXTS


@pytest.mark.long
@given(items(1), ANY, ANY, ANY, ANY)
def test_escaped_words_always_make_a_file(item: ClassicItem, title: str, author: str, abstract: str, text: str) -> None:
    """No HTML in the words reaches the text, and the file can be read again."""
    link = TextLink(0, len(text), "javascript:x()")
    post = ClassicPost("20", "x", author, "en", False, text, (link,) if text else ())
    item = replace(item, title=f"T {title}", authors=(author, "Bo"), abstract=abstract, posts=(post,))
    text_written = classic.render_classic(ClassicIssue("2021-03-02", "2021-03-03T10:15:09", 0, (item,)), escape=True)
    [item_read] = classic.parse_classic(text_written).items
    assert not set("<>") & set(item_read.title + "".join(item_read.authors) + item_read.abstract)
    assert (item_read.authors[-1], item_read.posts[0].links) == ("Bo", ())
    assert len(item_read.posts[0].text) == len(text)


def test_escaped_words() -> None:
    [item] = classic.parse_classic(SHORTEST).items
    hostile_item = replace(item, title="a <b>\nR&D", authors=("Bo, Jr.", "\t"), abstract="x<y\r\n> z\ud800", posts=())
    issue = replace(classic.parse_classic(SHORTEST), items=(hostile_item,))
    [item_read] = classic.parse_classic(classic.render_classic(issue, escape=True)).items
    assert (item_read.title, item_read.authors, item_read.abstract) == (
        "a &lt;b&gt; R&amp;D",
        ("Bo Jr.",),
        "x&lt;y  &gt; z ",
    )


def test_missing_values_are_unknown() -> None:
    [item] = classic.parse_classic(SHORTEST).items
    posts = [ClassicPost("20", "x", "X", lang, False, "kettle", ()) for lang in ("", "EN", "zh-TW")]
    nameless = ClassicPost("20", "a handle with blanks", "X", "en", False, "kettle", ())
    bare_item = replace(item, title=" ", authors=(" ",), categories=("cs LG",), posts=(*posts, nameless))
    issue = replace(classic.parse_classic(SHORTEST), items=(bare_item,))
    [item_read] = classic.parse_classic(classic.render_classic(issue, escape=True)).items
    assert (item_read.title, item_read.authors, item_read.categories) == (item.paper, ("unknown",), ("unknown",))
    assert [post.lang for post in item_read.posts] == ["und", "und", "zh-TW"]


BAD_FIELDS: dict[str, tuple[dict[str, object], str]] = {
    "number": ({"number": 2}, "gap"),
    "blank title": ({"title": "  "}, "no title"),
    "title of two lines": ({"title": "a\nb"}, "U\\+000A"),
    "title with HTML": ({"title": "a<br>b"}, "HTML"),
    "no authors": ({"authors": ()}, "author"),
    "two authors in one": ({"authors": ("Bo, Jr.",)}, "separate"),
    "author of two lines": ({"authors": ("Bo\n",)}, "U\\+000A"),
    "negative count": ({"reposts": -1}, "negative"),
    "large count": ({"likes": 2**53}, "above"),
    "tally": ({"tallied": "2021-03-03T10:15:09"}, "not a time"),
    "version": ({"paper": "2103.99901v2"}, "bare"),
    "no paper": ({"paper": "x"}, "not an arXiv"),
    "no categories": ({"categories": ()}, "no category"),
    "category": ({"categories": ("cs.LG)",)}, "not a category"),
    "abstract": ({"abstract": "a\tb"}, "tab"),
    "endless abstract": ({"abstract": "x" * (classic.MAX_LINE + 1)}, "longer"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_items_that_would_not_round_trip_are_not_written(change: dict[str, object], reason: str) -> None:
    issue = classic.parse_classic(SHORTEST)
    with pytest.raises(NotClassic, match=reason):
        classic.render_classic(replace(issue, items=(replace(issue.items[0], **change),)))


BAD_POSTS: dict[str, tuple[dict[str, object], str]] = {
    "id": ({"id": "0"}, "not the id of a post"),
    "id of 64 bits": ({"id": str(2**63)}, "not the id of a post"),
    "handle": ({"handle": "a.b"}, "not a handle"),
    "language": ({"lang": '"'}, "language"),
    "name": ({"name": "a\nb"}, "U\\+000A"),
    "text": ({"text": "a\rb", "links": ()}, "carriage return"),
    "empty link": ({"links": (TextLink(1, 1, "http://x"),)}, "is empty"),
    "link beyond the text": ({"text": "ab", "links": (TextLink(1, 3, "http://x"),)}, "outside"),
    "overlap": ({"links": (TextLink(0, 3, "http://x"), TextLink(2, 4, "http://x"))}, "overlaps"),
    "script address": ({"links": (TextLink(0, 1, "javascript:x()"),)}, "http"),
    "target of two lines": ({"links": (TextLink(0, 1, "http://x\ny"),)}, "http"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), BAD_POSTS.values(), ids=BAD_POSTS)
def test_posts_that_would_not_round_trip_are_not_written(change: dict[str, object], reason: str) -> None:
    issue = classic.parse_classic(PLAIN)
    first_item = issue.items[0]
    changed_item = replace(first_item, posts=(replace(first_item.posts[0], **change),))
    with pytest.raises(NotClassic, match=reason):
        classic.render_classic(replace(issue, items=(changed_item,)))


@pytest.mark.parametrize(
    "change", [{"date": "2021-02-30"}, {"made": "03/03/2021 10:15:09"}, {"lead": -1}, {"lead": 10**9}, {"items": ()}]
)
def test_a_head_that_would_not_round_trip_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(NotClassic):
        classic.render_classic(replace(classic.parse_classic(IRREGULAR), **change))


# ---- moments -----------------------------------------------------------------------------------------


def test_moments_are_japan_time() -> None:
    assert classic.printed_moment("12/23/2020 10:50:00") == 1_608_688_200_000_000  # 01:50 UTC
    assert classic.printed_moment("2020-12-23T10:50:00") == 1_608_688_200_000_000
    assert classic.printed_moment("1970-01-01T09:00:00") == 0
    assert classic.printed_tally(1_608_688_200_999_999) == "12/23/2020 10:50:00"
    assert classic.printed_made(1_608_688_200_000_000) == "2020-12-23T10:50:00"


@given(MOMENTS)
def test_moments_round_trip_in_whole_seconds(micros: int) -> None:
    whole_seconds = micros // 1_000_000 * 1_000_000
    assert classic.printed_moment(classic.printed_tally(micros)) == whole_seconds
    assert classic.printed_moment(classic.printed_made(micros)) == whole_seconds


@pytest.mark.parametrize(
    "printed_moment", ["", "2020-12-23", "23/12/2020 10:50:00", "2020-12-23T10:50:60", "x" * 10**6]
)
def test_no_moment(printed_moment: str) -> None:
    with pytest.raises(NotClassic) as error:
        classic.printed_moment(printed_moment)
    assert len(error.value.reason) < 100


@pytest.mark.parametrize("micros", [10**18, -(10**18), 10**30])
def test_moments_outside_the_calendar_are_not_printed(micros: int) -> None:
    with pytest.raises(NotClassic):
        classic.printed_tally(micros)
    with pytest.raises(NotClassic):
        classic.printed_made(micros)


def test_the_day_of_a_post_is_the_utc_day_of_its_id() -> None:
    assert classic.post_day("1366901130650456065") == "March 2, 2021"  # its last millisecond
    assert classic.post_day("1366901130654650369") == "March 3, 2021"
    assert classic.post_day("1") == "November 4, 2010"

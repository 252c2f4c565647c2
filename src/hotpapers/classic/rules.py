"""What may stand where: one set of rules that both the parser and the renderer obey.

Each `bad_…` function says in words what is wrong, or "" if nothing is.

Titles, authors and abstracts are free text, so `<` is welcome in them: mathematics is full of `$f<n/2$`, and `<mask>`
is a token. What is refused there is HTML that no paper means: comments, and tags of the elements that format, load or
run (`<script`, `</p>`, `<a href=`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import AnyStr

from hotpapers.classic.model import ClassicIssue, ClassicItem, ClassicLink, ClassicPost
from hotpapers.classic.timestamps import CREATED, TALLY, moment
from hotpapers.errors import NotAnArxivId, NotClassic
from hotpapers.ids import arxiv

# The largest count: JSON readers everywhere still hold it exactly.
MAX_COUNT = 2**53 - 1
# The longest known line has 2,450 characters, the largest file 72 kB. A list of 3,000 authors stays below 100 kB.
MAX_LINE = 1 << 20
MAX_FILE = 1 << 24
MAX_LEAD = 1000

# Characters that are in no file of this format: controls but the newline, line separators of other kinds, the byte
# order mark, and half surrogate pairs.
STRAY = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
STRAY_OR_NEWLINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_STRAY_NAMES = {"\r": " (carriage return)", "\t": " (tab)", "\0": " (NUL)", "\ufeff": " (byte order mark)"}

_HTML = re.compile(
    r"<!--|<!doctype|</?(?:[abip](?:\s*/?>|\s+[a-z-]{2,}=)|(?:applet|audio|base|blockquote|body|br|button|center|code"
    r"|details|dialog|div|em|embed|font|form|frame|frameset|h[1-6]|hr|html|iframe|img|input|li|link|marquee|math|meta"
    r"|noscript|object|ol|pre|script|select|span|strong|style|sub|sup|svg|table|tbody|td|template|textarea|th|tr|ul"
    r"|video)(?:[\s/>]|$))",
    re.IGNORECASE | re.ASCII,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What arXiv has and might have; whether it knows the category is for others to say.
_CATEGORY = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
_POST_ID = re.compile(r"[1-9][0-9]{0,18}")
_MAX_POST_ID = 2**63 - 1
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_LANG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_TARGET = re.compile(r"https?://\S+")


def quoted(text: str) -> str:
    """A piece of hostile text for a message: short, on one line, with nothing a terminal would obey."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def check_size(whole: AnyStr, newline: AnyStr) -> None:
    """Raises NotClassic for a line or a whole beyond its limit (bytes or code points), before anything else looks."""
    if len(whole) <= MAX_LINE:
        return
    at = 0
    while len(whole) - at > MAX_LINE and at <= MAX_FILE:
        # From one line's start to the last line's end within reach: all lines between are short enough.
        end = whole.rfind(newline, at, at + MAX_LINE + 1)
        if end < 0:
            raise NotClassic(f"a line longer than {MAX_LINE:,}", line=whole.count(newline, 0, at) + 1)
        at = end + 1
    if len(whole) > MAX_FILE:
        raise NotClassic(f"larger than {MAX_FILE:,}, which no issue is", line=whole.count(newline, 0, at) + 1)


def bad_head(issue: ClassicIssue) -> str:
    """What is wrong with date, moment or lead of an issue."""
    if not 0 <= issue.lead <= MAX_LEAD:
        return f"{issue.lead} blank lines before the first item: 0 to {MAX_LEAD:,} may be"
    if issue.lead and not issue.items:
        return "blank lines after the front matter, but no item"
    return bad_date(issue.date) or bad_made(issue.made)


def bad_date(text: str) -> str:
    """A date is YYYY-MM-DD and in the calendar."""
    if _DATE.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError as error:
            return f"{text} is in no calendar: {error}"
        return ""
    return f"{quoted(text)} is no date: YYYY-MM-DD is"


def bad_made(text: str) -> str:
    """The front matter's moment is YYYY-MM-DDTHH:MM:SS and in the calendar."""
    return _bad_moment(text, CREATED, "YYYY-MM-DDTHH:MM:SS")


def bad_fields(item: ClassicItem, number: int) -> Iterator[tuple[str, str]]:
    """What is wrong with an item that should have this number, but for its posts: pairs of field and reason."""
    for field, reason in (
        ("number", _bad_number(item.number, number)),
        ("title", "" if item.title.strip() else "no title"),
        ("title", _bad_words(item.title)),
        ("authors", _bad_authors(item.authors)),
        ("counts", _bad_count(item.reposts) or _bad_count(item.likes)),
        ("tallied", _bad_moment(item.tallied, TALLY, "MM/DD/YYYY HH:MM:SS")),
        ("paper", _bad_paper(item.paper)),
        ("categories", _bad_categories(item.categories)),
        ("abstract", _bad_words(item.abstract)),
    ):
        if reason:
            yield field, reason


def bad_post(post: ClassicPost) -> str:
    """What is wrong with a post."""
    if not _POST_ID.fullmatch(post.id) or int(post.id) > _MAX_POST_ID:
        return f"{quoted(post.id)} is no post's id"
    if not _HANDLE.fullmatch(post.handle):
        return f"{quoted(post.handle)} is no handle"
    if not is_language(post.lang):
        return f"{quoted(post.lang)} is no language code"
    return _bad_links(post.links, len(post.text))


def is_language(code: str) -> bool:
    """A language code is one as networks write it: `en`, `zh-TW`, `und`."""
    return _LANG.fullmatch(code) is not None


def is_category(text: str) -> bool:
    """A category is a word with points and hyphens in it, whether arXiv has it or not."""
    return _CATEGORY.fullmatch(text) is not None


def bad_target(target: str) -> str:
    """A link leads to an http or https address without blanks."""
    return "" if _TARGET.fullmatch(target) else f"a link to {quoted(target)}: only http and https addresses may be"


def bad_item_characters(item: ClassicItem) -> str:
    """Characters that may not stand in the fields of an item; only a post's text may hold a newline."""
    names = (post.name for post in item.posts)
    targets = (link.target for post in item.posts for link in post.links)
    match = STRAY_OR_NEWLINE.search("".join((item.title, *item.authors, item.abstract, *names, *targets)))
    match = match or STRAY.search("".join(post.text for post in item.posts))
    return stray_reason(match.group()) if match else ""


def stray_reason(character: str) -> str:
    """What to say of a character that STRAY found."""
    return f"a character that this format does not have: U+{ord(character):04X}{_STRAY_NAMES.get(character, '')}"


def _bad_number(number: int, expected: int) -> str:
    if number == expected:
        return ""
    return f"item {number} where item {expected} belongs: " + ("a duplicate" if number < expected else "a gap")


def _bad_words(text: str) -> str:
    if "<" not in text or not (tag := _HTML.search(text)):
        return ""
    return f"HTML where text belongs: {quoted(text[tag.start() : tag.start() + 30])}"


def _bad_authors(authors: tuple[str, ...]) -> str:
    if not authors or not all(authors):
        return "an author without a name"
    joined = ", ".join(authors)
    if joined.count(", ") != len(authors) - 1:
        return "an author whose name holds a comma and a blank, which separate authors here"
    return _bad_words(joined)


def _bad_count(count: int) -> str:
    if 0 <= count <= MAX_COUNT:
        return ""
    return "a negative count" if count < 0 else f"a count above {MAX_COUNT:,}"


def _bad_moment(text: str, pattern: re.Pattern[str], shape: str) -> str:
    if not pattern.fullmatch(text):
        return f"{quoted(text)} is no moment: {shape} is"
    try:
        moment(text)
    except NotClassic as error:
        return error.reason
    return ""


def _bad_paper(text: str) -> str:
    try:
        known = arxiv.parse(text).id
    except NotAnArxivId:
        return f"{quoted(text)} is no arXiv identifier"
    return "" if known == text else f"{quoted(text)} is not the bare identifier {known!r}"


def _bad_categories(categories: tuple[str, ...]) -> str:
    wrong = [category for category in categories if not is_category(category)]
    if wrong:
        return f"{quoted(wrong[0])} is no category"
    return "" if categories else "no category"


def _bad_links(links: tuple[ClassicLink, ...], length: int) -> str:
    reached = 0
    for link in links:
        if not reached <= link.start < link.end <= length:
            return "a link that shows nothing, overlaps another or ends outside the text"
        if wrong := bad_target(link.target):
            return wrong
        reached = link.end
    return ""

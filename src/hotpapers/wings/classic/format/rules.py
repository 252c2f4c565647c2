"""The rules for values, shared by the parser and the renderer.

Each `bad_…` function returns a message about the error, or "" if there is none.

Titles, authors and abstracts are free text, so they may contain `<`: mathematics is full of `$f<n/2$`, and `<mask>`
is a token. They must not contain HTML that no paper means: comments, and tags of elements that format, load or run
something (`<script`, `</p>`, `<a href=`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import AnyStr

from hotpapers.base.errors import NotAnArxivId, NotClassic
from hotpapers.base.papers import arxiv
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.wings.classic.format.model import CREATED, TALLY, ClassicIssue, ClassicItem, ClassicPost, printed_moment

# The largest integer that every JSON reader represents exactly.
MAX_COUNT = 2**53 - 1
# The longest known line has 2,450 characters, the largest file 72 kB. A list of 3,000 authors is below 100 kB.
MAX_LINE = 1 << 20
MAX_FILE = 1 << 24
MAX_LEAD = 1000

# Characters that no file in this format has: control characters other than the newline, other line separators, the
# byte order mark, and lone surrogates.
STRAY = lazy_pattern(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
STRAY_OR_NEWLINE = lazy_pattern(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_STRAY_NAMES = {"\r": " (carriage return)", "\t": " (tab)", "\0": " (NUL)", "\ufeff": " (byte order mark)"}

_HTML = lazy_pattern(
    r"<!--|<!doctype|</?(?:[abip](?:\s*/?>|\s+[a-z-]{2,}=)|(?:applet|audio|base|blockquote|body|br|button|center|code"
    r"|details|dialog|div|em|embed|font|form|frame|frameset|h[1-6]|hr|html|iframe|img|input|li|link|marquee|math|meta"
    r"|noscript|object|ol|pre|script|select|span|strong|style|sub|sup|svg|table|tbody|td|template|textarea|th|tr|ul"
    r"|video)(?:[\s/>]|$))",
    re.IGNORECASE | re.ASCII,
)
_DATE = lazy_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The form of arXiv's present and possible categories. Callers check whether a category exists.
_CATEGORY = lazy_pattern(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
_POST_ID = lazy_pattern(r"[1-9][0-9]{0,18}")
_MAX_POST_ID = 2**63 - 1
_HANDLE = lazy_pattern(r"[A-Za-z0-9_]{1,20}")
_LANG = lazy_pattern(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_TARGET = lazy_pattern(r"https?://\S+")


def quote_text(text: str) -> str:
    """A piece of untrusted text for a message: short, on one line, without control characters."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def check_size(content: AnyStr, newline: AnyStr) -> None:
    """Raise NotClassic if a line or the whole is too long (in bytes or code points). Called before any parsing."""
    if len(content) <= MAX_LINE:
        return
    at = 0
    while len(content) - at > MAX_LINE and at <= MAX_FILE:
        # From the start of a line to the last line end within the limit: all lines in between are short enough.
        end = content.rfind(newline, at, at + MAX_LINE + 1)
        if end < 0:
            lines_before = content.count(newline, 0, at)
            raise NotClassic(f"a line longer than {MAX_LINE:,}", line=lines_before + 1)
        at = end + 1
    if len(content) > MAX_FILE:
        line = content.count(newline, 0, at) + 1
        raise NotClassic(f"larger than {MAX_FILE:,}, too large for an issue", line=line)


def bad_head(issue: ClassicIssue) -> str:
    """The error in an issue's date, time or lead; empty if there is none."""
    if not 0 <= issue.lead <= MAX_LEAD:
        return f"{issue.lead} extra blank lines before the first item; at most {MAX_LEAD:,} are allowed"
    if issue.lead and not issue.items:
        return "extra blank lines after the front matter, but no item"
    return bad_date(issue.date) or bad_made(issue.made)


def bad_date(text: str) -> str:
    """The error in a date; empty for a valid one, YYYY-MM-DD."""
    if _DATE.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError as error:
            return f"{text} is not a date: {error}"
        return ""
    return f"{quote_text(text)} is not a date in the form YYYY-MM-DD"


def bad_made(text: str) -> str:
    """The error in the front matter's time; empty for a valid one, YYYY-MM-DDTHH:MM:SS."""
    return _bad_moment(text, CREATED, "YYYY-MM-DDTHH:MM:SS")


def bad_fields(item: ClassicItem, number: int) -> Iterator[tuple[str, str]]:
    """Yields the errors in an item that should have this number, except those in its posts: pairs of field and
    reason."""
    which = "a duplicate" if item.number < number else "a gap"
    for field, reason in (
        ("number", item.number != number and f"expected item {number}, found item {item.number}: {which}"),
        ("title", not item.title.strip() and "no title"),
        ("title", _bad_words(item.title)),
        ("authors", _bad_authors(item.authors)),
        ("counts", min(item.reposts, item.likes) < 0 and "a negative count"),
        ("counts", max(item.reposts, item.likes) > MAX_COUNT and f"a count above {MAX_COUNT:,}"),
        ("tallied", _bad_moment(item.tallied, TALLY, "MM/DD/YYYY HH:MM:SS")),
        ("paper", _bad_paper(item.paper)),
        ("categories", _bad_categories(item.categories)),
        ("abstract", _bad_words(item.abstract)),
    ):
        if reason:
            yield field, reason


def bad_post(post: ClassicPost) -> str:
    """The error in a post; empty if there is none."""
    if not _POST_ID.fullmatch(post.id) or int(post.id) > _MAX_POST_ID:
        return f"{quote_text(post.id)} is not the id of a post"
    if not _HANDLE.fullmatch(post.handle):
        return f"{quote_text(post.handle)} is not a handle"
    if not is_language(post.lang):
        return f"{quote_text(post.lang)} is not a language code"
    length = len(post.text)
    end = 0
    for link in post.links:
        if not end <= link.start < link.end <= length:
            return "a link that is empty, overlaps another or ends outside the text"
        if reason := bad_target(link.target):
            return reason
        end = link.end
    return ""


def is_language(code: str) -> bool:
    """Whether this is a language code as networks write it: `en`, `zh-TW`, `und`."""
    return _LANG.fullmatch(code) is not None


def is_category(text: str) -> bool:
    """Whether this has the form of a category: a word that may contain dots and hyphens. arXiv need not have it."""
    return _CATEGORY.fullmatch(text) is not None


def bad_target(target: str) -> str:
    """The error in a link's target; empty for http and https URLs without spaces."""
    return "" if _TARGET.fullmatch(target) else f"a link to {quote_text(target)}: only http and https URLs are allowed"


def bad_item_characters(item: ClassicItem) -> str:
    """A character that is not allowed in an item's fields, if any; only a post's text may contain newlines."""
    names = (post.name for post in item.posts)
    targets = (link.target for post in item.posts for link in post.links)
    match = STRAY_OR_NEWLINE.search("".join((item.title, *item.authors, item.abstract, *names, *targets)))
    match = match or STRAY.search("".join(post.text for post in item.posts))
    return stray_reason(match.group()) if match else ""


def stray_reason(character: str) -> str:
    """The message for a character that STRAY found."""
    return f"a character that is not allowed in this format: U+{ord(character):04X}{_STRAY_NAMES.get(character, '')}"


def _bad_words(text: str) -> str:
    if "<" not in text or not (tag := _HTML.search(text)):
        return ""
    return f"expected text, found HTML: {quote_text(text[tag.start() : tag.start() + 30])}"


def _bad_authors(authors: tuple[str, ...]) -> str:
    if not authors or not all(authors):
        return "an author without a name"
    joined = ", ".join(authors)
    if joined.count(", ") != len(authors) - 1:
        return "an author's name contains a comma and a space, which separate authors"
    return _bad_words(joined)


def _bad_moment(text: str, pattern: re.Pattern[str], shape: str) -> str:
    if not pattern.fullmatch(text):
        return f"{quote_text(text)} is not a time in the form {shape}"
    try:
        printed_moment(text)
    except NotClassic as error:
        return error.reason
    return ""


def _bad_paper(text: str) -> str:
    try:
        id = arxiv.parse(text).id
    except NotAnArxivId:
        return f"{quote_text(text)} is not an arXiv identifier"
    return "" if id == text else f"{quote_text(text)} should be the bare identifier {id!r}"


def _bad_categories(categories: tuple[str, ...]) -> str:
    bad = [category for category in categories if not is_category(category)]
    if bad:
        return f"{quote_text(bad[0])} is not a category"
    return "" if categories else "no category"

"""Decode and parse the classic format: line by line, each line in its place, skipping nothing.

An item is 12 lines in fixed places, then its posts (three lines each), then two empty lines:

    +0 empty   +1 # N. Title   +2 empty   +3 authors   +4 empty   +5 counts   +6 empty
    +7 links   +8 categories   +9 empty   +10 abstract +11 empty

At the end the values are rendered again, which must reproduce the text. That catches every other way to write the same
values: an unescaped quotation mark, a count with leading zeros, a day that is not the post's own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

from hotpapers.base.errors import NotClassic
from hotpapers.base.model import TextLink
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.wings.classic.format.model import ClassicIssue, ClassicItem, ClassicPost
from hotpapers.wings.classic.format.renderer import EMBED, SCRIPT, front_matter, write_classic
from hotpapers.wings.classic.format.rules import (
    STRAY,
    bad_date,
    bad_fields,
    bad_head,
    bad_made,
    bad_post,
    check_size,
    quote_text,
    stray_reason,
)

_EMPTY_AFTER_TITLE = (2, 4, 6, 9, 11)
_POSTS_AT = 12
_LINE_OF = {
    "number": 1,
    "title": 1,
    "authors": 3,
    "counts": 5,
    "tallied": 5,
    "paper": 7,
    "categories": 8,
    "abstract": 10,
}

_TITLE = lazy_pattern(r"# ([0-9]{1,9})\. (.*)")
_COUNTS = lazy_pattern(r"- retweets: (-?[0-9]+), favorites: (-?[0-9]+) \(([^()]*)\)")
_LINKS = lazy_pattern(
    r"- links: \[abs\]\(https://arxiv\.org/abs/([^()]*)\) \| \[pdf\]\(https://arxiv\.org/pdf/([^()]*)\)"
)
_CATEGORY = lazy_pattern(r"\[([^][]*)\]\(https://arxiv\.org/list/\1/recent\)")
_LANG_DIR = lazy_pattern(r'<p lang="([^"<>]*)" dir="(ltr|rtl)">')
_STATUS = lazy_pattern(r'([^/"<>]*)/status/([^/"<>?]*)\?ref_src=twsrc%5Etfw">([^<>]*)</a></blockquote>')
_STATUS_START = ' <a href="https://twitter.com/'
_TEXT_END = "</p>&mdash; "
# Matches stop at the next "<": linear time even for many of them.
_TAG = lazy_pattern(r"(<[^<>]*>)")
_LINK_START, _LINK_TAG_END = '<a href="', '">'
_NO_TEXT = lazy_pattern(r"[<>]|&(?!(?:amp|quot|#39|gt|lt);)")
_MAX_COUNT_DIGITS = 20


def parse_classic(text: str) -> ClassicIssue:
    """Parse an issue in the classic format.

    Accepts exactly what `render` writes. Raises NotClassic with line and reason for anything else.
    """
    if not text:
        raise NotClassic("the file is empty")
    check_size(text, "\n")
    if match := STRAY.search(text):
        raise NotClassic(stray_reason(match.group()), line=text.count("\n", 0, match.start()) + 1)
    if not text.endswith("\n"):
        raise NotClassic("the file ends in the middle of a line", line=text.count("\n") + 1)
    lines = text[:-1].split("\n")
    date, written_at, at = _front(lines)
    # The number of empty lines before the one that starts the first item.
    indexes = range(at, len(lines))
    full_lines = (index for index in indexes if lines[index])
    first = next(full_lines, len(lines))
    if first < len(lines):
        lead = max(0, first - at - 1)
    else:
        lead = first - at
    items = list[ClassicItem]()
    start = at + lead
    while start < len(lines):
        item, start = _item(lines, start, len(items) + 1)
        items.append(item)
    issue = ClassicIssue(date, written_at, lead, tuple(items))
    if reason := bad_head(issue):
        raise NotClassic(reason, line=at + 1)
    if text != (rendered_text := write_classic(issue)):
        raise _difference(lines, rendered_text.split("\n"))
    return issue


def _difference(lines: list[str], rendered_lines: list[str]) -> NotClassic:
    number = _common(lines, rendered_lines)
    line = lines[number]
    rendered_line = rendered_lines[number]
    at = _common(line, rendered_line)
    expected = quote_text(rendered_line[at : at + 20])
    actual = quote_text(line[at : at + 20])
    problem = f"column {at + 1}: expected {expected}, found {actual}"
    return NotClassic(problem, line=number + 1)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many items both begin with."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))))


# --- front matter


def _front(lines: list[str]) -> tuple[str, str, int]:
    """Date, time, and the index of the line after the front matter."""
    if lines[0] != "---":
        raise _unexpected(quote_text("---"), lines, 0)
    date = _after("title: Hot Papers ", lines, 1)
    written_at = _after("date: ", lines, 2).removesuffix(".Z")
    expected_lines = front_matter(date, written_at)
    for at, expected_line in enumerate(expected_lines):
        if _line(lines, at) != expected_line:
            raise _unexpected(quote_text(expected_line), lines, at)
    for at, reason in ((1, bad_date(date)), (2, bad_made(written_at))):
        if reason:
            raise NotClassic(reason, line=at + 1)
    return date, written_at, len(expected_lines)


def _after(start: str, lines: list[str], at: int) -> str:
    line = _line(lines, at)
    if not line.startswith(start):
        raise _unexpected(quote_text(start + "…"), lines, at)
    return line.removeprefix(start)


# --- items


def _item(lines: list[str], at: int, number: int) -> tuple[ClassicItem, int]:
    """The item that starts at this line, and the index of the line after it."""
    _check_empty(lines, at)
    digits, title = _groups(_TITLE, lines, at + 1, "# N. Title")
    for offset in _EMPTY_AFTER_TITLE:
        _check_empty(lines, at + offset)
    reposts, likes, tallied = _groups(_COUNTS, lines, at + 5, "- retweets: R, favorites: F (MM/DD/YYYY HH:MM:SS)")
    posts, end = _posts(lines, at + _POSTS_AT)
    if max(len(reposts), len(likes)) > _MAX_COUNT_DIGITS:
        raise NotClassic("a count with more than 20 digits", line=at + 6)
    item = ClassicItem(
        number=int(digits),
        title=title,
        authors=tuple(lines[at + 3].split(", ")),
        reposts=int(reposts),
        likes=int(likes),
        tallied=tallied,
        paper=_paper(lines, at + 7),
        categories=_categories(lines, at + 8),
        abstract=lines[at + 10],
        posts=posts,
    )
    for field, reason in bad_fields(item, number):
        raise NotClassic(reason, line=at + _LINE_OF[field] + 1)
    return item, end


def _paper(lines: list[str], at: int) -> str:
    abs_, pdf = _groups(_LINKS, lines, at, "- links: [abs](…) | [pdf](…)")
    if abs_ != pdf:
        raise NotClassic(f"the links are to two papers: {quote_text(abs_)} and {quote_text(pdf)}", line=at + 1)
    return abs_


def _categories(lines: list[str], at: int) -> tuple[str, ...]:
    parts = _line(lines, at).removeprefix("- ").split(" | ")
    matches = [_CATEGORY.fullmatch(part) for part in parts]
    names = tuple(match[1] for match in matches if match)
    if len(names) < len(matches):
        raise _unexpected("categories", lines, at)
    return names


def _groups(pattern: re.Pattern[str], lines: list[str], at: int, shape: str) -> tuple[str, ...]:
    if match := pattern.fullmatch(_line(lines, at)):
        return match.groups()
    raise _unexpected(quote_text(shape), lines, at)


def _check_empty(lines: list[str], at: int) -> None:
    if _line(lines, at):
        raise _unexpected("an empty line", lines, at)


def _unexpected(expected: str, lines: list[str], at: int) -> NotClassic:
    actual = quote_text(lines[at])
    return NotClassic(f"expected {expected}, found {actual}", line=at + 1)


def _line(lines: list[str], at: int) -> str:
    if at < len(lines):
        return lines[at]
    raise NotClassic("the file ends too early", line=len(lines))


# --- posts


def _posts(lines: list[str], at: int) -> tuple[tuple[ClassicPost, ...], int]:
    """The posts from this line on, and the index of the line after the two empty lines that end the item."""
    posts = []
    while line := _line(lines, at):
        try:
            post = _embed(line)
        except NotClassic as error:
            raise NotClassic(error.reason, line=at + 1) from None
        if reason := bad_post(post):
            raise NotClassic(reason, line=at + 1)
        posts.append(post)
        if _line(lines, at + 1) != SCRIPT:
            raise _unexpected("a post's script line", lines, at + 1)
        _check_empty(lines, at + 2)
        at += 3
    _check_empty(lines, at + 1)
    return tuple(posts), at + 2


def _embed(line: str) -> ClassicPost:
    """One post. Its fixed parts are removed from both ends first, so the text and name cannot be mistaken for them."""
    head, _, status = line.rpartition(_STATUS_START)
    start = _LANG_DIR.match(head, len(EMBED)) if head.startswith(EMBED) else None
    end = _STATUS.fullmatch(status)
    if not start or not end:
        raise NotClassic(f"expected a post, found {quote_text(line)}, or it has other tags or attributes")
    handle, id_, _ = end.groups()
    without_handle = head.removesuffix(f" (@{handle})")
    body, dash, name = without_handle[start.end() :].partition(_TEXT_END)
    if not dash or not head.endswith(f" (@{handle})"):
        raise NotClassic(f"a post's text must end with {_TEXT_END!r}, name and (@handle), with the handle in its link")
    text, links = _text(body)
    rtl = start[2] == "rtl"
    return ClassicPost(id_, handle, _plain(name), start[1], rtl, text, links)


def _text(body: str) -> tuple[str, tuple[TextLink, ...]]:
    """The plain text and links of an embed's paragraph."""
    parts = []
    links = []
    length = 0
    opened = 0
    target = ""
    for piece in _TAG.split(body):
        if piece == "</a>" and target:
            links.append(TextLink(opened, length, target))
            target = ""
        elif piece.startswith(_LINK_START) and piece.endswith(_LINK_TAG_END) and not target:
            opened = length
            target = _plain(piece[len(_LINK_START) : -len(_LINK_TAG_END)])
        elif piece.startswith("<") and piece != "<br>":
            raise NotClassic(f"a tag that is not allowed in a post: {quote_text(piece)}")
        else:
            parts.append("\n" if piece == "<br>" else _plain(piece))
            length += len(parts[-1])
    if target:
        raise NotClassic("a link in a post is not closed")
    return "".join(parts), tuple(links)


def _plain(text: str) -> str:
    """Text with its entities resolved."""
    if match := _NO_TEXT.search(text):
        raise NotClassic(f"expected text, found HTML: {quote_text(text[match.start() : match.start() + 12])}")
    return html.unescape(text) if "&" in text else text


# Three Mac Roman characters that happen to be valid UTF-8 ("‚Äú") never occur in prose by chance. Two may ("√π"), but
# not within or next to a word ("Jos√©"). So the restored text must contain one of these.
_SURE = lazy_pattern(r"[\u0800-\U0010ffff]|[A-Za-z][\x80-\u07ff]|[\x80-\u07ff][A-Za-z]")


def decode_file(data: bytes) -> tuple[str, bool]:
    """The text of a file, and whether mojibake was repaired in it.

    Some files were UTF-8 that was read as Mac Roman and written as UTF-8 again. They are restored only if this is
    certain: the whole text can be converted back, the result is UTF-8, and the text as it was makes no sense.
    Raises NotClassic for a file that is not UTF-8 or too large (rules.MAX_FILE, rules.MAX_LINE).
    """
    check_size(data, b"\n")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotClassic(f"not UTF-8: byte 0x{data[error.start]:02x}", line=line) from None
    with suppress(UnicodeError):
        restored = text.encode("mac_roman").decode("utf-8")
        if not text.isascii() and _SURE.search(restored) and not STRAY.search(restored):
            return restored, True
    return text, False

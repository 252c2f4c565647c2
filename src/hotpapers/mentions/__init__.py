"""The papers named in any text, in every form that people and programs use.

    find(text)          a post, a page, a line: what it mentions, and where
    mentions.scan       the same for buffers and files of any size, line by line

Both give the same: a mention never crosses a line break, so the mentions of a text are those of its lines. The forms
are drawn in `hotpapers.arxiv_id.address`. One place is one mention; the same paper at two places is two. Time grows
with the length of the text and no faster, whatever the text: every needle is looked at once, with at most WINDOW
characters around it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from hotpapers.arxiv_id import address
from hotpapers.arxiv_id.plain import decoded, lowered, without_invisible

__all__ = ["Found", "find", "spans"]

WINDOW = (address.REACH, 192)
"""Characters before and after a needle that are freed of escapes: enough for the longest address, escaped twice."""


class Found(NamedTuple):
    """A mention: the paper's bare id, the version if one was named, and its place in code points of the text.

    `text[start:end]` goes from the beginning of the address, scheme included, through identifier and version; query,
    fragment and file ending stay outside. `form` is one of the words in `hotpapers.arxiv_id.address`.
    """

    id: str
    version: int | None
    start: int
    end: int
    form: str


def find(text: str) -> list[Found]:
    """Every mention of a paper in a text, by place. Takes any text and raises nothing."""
    return [Found(id, version, start, end, form) for start, end, id, version, form in spans(text)]


def spans(text: str) -> list[address.Mention]:
    """What `find` gives, in the order of `address.Mention`."""
    kept, dropped = without_invisible(text)
    plain = lowered(kept)
    escapes = not plain.isascii() or "%" in plain or "&" in plain or "\\" in plain or "<wbr" in plain
    mentions: list[address.Mention] = []
    for needle in address.NEEDLES:
        place = plain.find(needle)
        while place >= 0:
            mention = _match(plain, needle, place) if escapes else address.match(plain, needle, place)
            if mention:
                mentions.append(mention)
                place = mention.end - 1
            place = plain.find(needle, place + 1)
    mentions.sort()
    _set_apart(mentions)
    return [_moved(mention, dropped) for mention in mentions] if dropped else mentions


def _set_apart(mentions: list[address.Mention]) -> None:
    """No two share a character: an address that seems to begin inside the mention before it begins after it."""
    for n in range(1, len(mentions)):
        if mentions[n].start < mentions[n - 1].end:
            mentions[n] = mentions[n]._replace(start=mentions[n - 1].end)


def _moved(mention: address.Mention, dropped: list[int]) -> address.Mention:
    """To where it stands in the text with its invisible characters."""
    start, last = mention.start, mention.end - 1
    return mention._replace(start=start + bisect_right(dropped, start), end=last + bisect_right(dropped, last) + 1)


def _match(plain: str, needle: str, place: int) -> address.Mention | None:
    """The mention around a needle in a text that has escapes somewhere."""
    low, high = max(0, place - WINDOW[0]), place + WINDOW[1]
    around = plain[low:high]
    if around.isascii() and not ("%" in around or "&" in around or "\\" in around or "<wbr" in around):
        return address.match(plain, needle, place)
    return _match_decoded(plain, needle, place, low, high)


def _match_decoded(plain: str, needle: str, place: int, low: int, high: int) -> address.Mention | None:
    line_end = plain.find("\n", place, high + 1)
    window = decoded(plain, max(low, plain.rfind("\n", low, place) + 1), high if line_end < 0 else line_end)
    here = window.place(place)
    if not window.text.startswith(needle, here):
        return None  # the needle's first sign was the end of an escape
    mention = address.match(window.text, needle, here)
    if mention is None or (line_end < 0 and high < len(plain) and mention.end > len(window.text) - 8):
        return None  # the window ends too early to tell
    return mention._replace(start=window.origin(mention.start), end=window.origin(mention.end - 1) + 1)

"""Finds the papers named in any text, in every form that people and programs use.

    find(text)                a post, a page, a line: which papers on arXiv it mentions, and where
    mentions.server_mentions  the same for papers on any server: `find_papers(text)`
    mentions.paper_index      known papers by title, DOI and pages of their own: docs/explanation/matching.md
    mentions.title_mismatch   posts whose link and words refer to two papers
    mentions.own_words        which words of a post are its author's own

For these: `paper_urls` (DOIs, and addresses that belong to one paper), `title_words` (words however they are typeset),
`stock_words` (phrases that many posts contain).

A mention never crosses a line break, so a text's mentions are those of its lines. The forms are listed in
`hotpapers.base.papers.arxiv.addresses`. The same paper at two places is two mentions. Time is linear in the length of
any text: every needle is examined a single time, with at most 300 characters around it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hotpapers.base.papers.arxiv import addresses
from hotpapers.base.text.unescaping import decode_escapes, has_escapes, lowercase_text, with_slashes, without_invisible

__all__ = ["PaperMention", "find", "is_unambiguous", "match_decoded", "shifted", "spans"]

_NO_ESCAPE_ENDS = " \t\n\"'(<["
Matcher = Callable[[str, str, int], addresses.Mention | None]
"""Reads the mention around a needle in a text, at a place."""


class PaperMention(NamedTuple):
    """A mention: the paper's bare id, the version if one was named, and its position in code points of the text.

    `text[start:end]` goes from the beginning of the address, including the scheme, through identifier and version,
    without query, fragment and file extension. `form` is one of the forms in `hotpapers.base.papers.arxiv.addresses`.
    """

    id: str
    version: int | None
    start: int
    end: int
    form: str


def find(text: str) -> list[PaperMention]:
    """Every mention of a paper in a text, in order. Accepts any text and never raises."""
    return [PaperMention(id, version, start, end, form) for start, end, id, version, form in mention_spans(text)]


def mention_spans(text: str) -> list[addresses.Mention]:
    """The mentions that `find` returns, as plain tuples (`addresses.Mention`)."""
    return spans_in(*plain_text(text))


def plain_text(text: str) -> tuple[str, list[int]]:
    """A text as it is searched, and the places of dropped characters in it (see `without_invisible`)."""
    visible, dropped = without_invisible(text)
    return with_slashes(lowercase_text(visible)), dropped


def spans_in(plain: str, dropped: list[int]) -> list[addresses.Mention]:
    """The mentions in a text made plain by `plain_text`."""
    mentions = sorted(mentions_around(plain, addresses.NEEDLES, addresses.match_address))
    # Remove overlaps: a mention that would begin inside the one before it begins after that one
    for n in range(1, len(mentions)):
        before = mentions[n - 1][1]
        start, end, id, version, form = mentions[n]
        if start < before:
            mentions[n] = (before, end, id, version, form)
    return [shift_mention(mention, dropped) for mention in mentions] if dropped else mentions


def mentions_around(plain: str, needles: Iterable[str], match: Matcher) -> Iterator[addresses.Mention]:
    """The mentions around each needle in turn, also if escapes are in them."""
    escapes = has_escapes(plain)
    for needle in needles:
        place = plain.find(needle)
        while place >= 0:
            mention = match(plain, needle, place)
            if escapes and not is_unambiguous(plain, place, mention):
                mention = match_decoded(plain, needle, place, match)
            if mention:
                yield mention
                place = mention[1] - 1
            place = plain.find(needle, place + 1)


def shift_mention(mention: addresses.Mention, dropped: list[int]) -> addresses.Mention:
    """A mention at its position in the text with invisible characters."""
    start, end, id, version, form = mention
    return start + bisect_right(dropped, start), end + bisect_right(dropped, end - 1), id, version, form


def is_unambiguous(plain: str, place: int, mention: addresses.Mention | None) -> bool:
    """Whether no escape near a needle could change its mention, or make it one."""
    if mention is None:
        low = place - addresses.BEFORE
        high = place + addresses.AFTER
    else:
        low = mention[0]
        high = mention[1] + 6
        if low and plain[low - 1] not in _NO_ESCAPE_ENDS:
            low -= 32
    return not has_escapes(plain[max(0, low) : high])


def match_decoded(
    plain: str, needle: str, place: int, match: Matcher = addresses.match_address
) -> addresses.Mention | None:
    """The mention around a needle after undoing the escapes near it. `match`: if not `addresses.match_address`."""
    low = max(0, place - addresses.BEFORE)
    high = place + addresses.AFTER
    line_end = plain.find("\n", place, high + 1)
    window = decode_escapes(plain, plain.rfind("\n", low, place) + 1 or low, high if line_end < 0 else line_end)
    needle_at = window.place(place)
    if not window.text.startswith(needle, needle_at):
        return None  # the needle's first character was the end of an escape
    mention = match(window.text, needle, needle_at)
    if mention is None:
        return None
    start, end, id, version, form = mention
    if line_end < 0 and high < len(plain) and end > len(window.text) - 8:
        return None  # the window ends too early to tell
    return window.origin(start), window.origin(end - 1) + 1, id, version, form

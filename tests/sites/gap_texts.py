"""When an issue's text says that networks were not read: `Bluesky not from 20 November 08:17 to 21 November 04:51 UTC`.

Places may give reasons, and may tell the gaps of several networks together, as far as these differ by minutes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR, IssueContent, ReadingGap
from tests.sites.listed import posted_days
from tests.sites.published import NAMES, SERVERS

TOLERANCE = 2 * HOUR
"""By how much a told moment may differ from the gap's: networks are read in turns."""
VERBS = {"not at all": "unknown", "not reachable": "refused", "only in part": "partial", "not": "unknown"}
"""What a state is called; one that another begins with comes last."""
_TITLES = NAMES | SERVERS
_NETWORK = "|".join(map(re.escape, _TITLES.values()))
_MOMENT = r"\d{1,2} [A-Z][a-z]+ \d\d:\d\d"
_NESTED = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
_CLAUSE = re.compile(
    rf"; (?P<names>(?:{_NETWORK})(?:, (?:{_NETWORK}))*) (?P<verb>{'|'.join(VERBS)})"
    rf"(?: from (?P<start>{_MOMENT}) to (?P<end>{_MOMENT}) UTC"
    rf"| before (?P<before>{_MOMENT}) UTC| since (?P<since>{_MOMENT}) UTC)?"
    rf"(?: and in \d+ shorter gaps?)?(?: \({_NESTED}\))?"
)


class GapText(NamedTuple):
    """What a text says of a network: the state of its main gap, when it began and ended, as written. Empty: before the
    time that the issue reports, or after it."""

    state: str
    start: str
    end: str


def gap_texts_in(text: str) -> dict[str, GapText]:
    """What a line of facts says about networks that were not read in full, by name."""
    return {
        name: GapText(
            VERBS[match["verb"]], match["start"] or match["since"] or "", match["end"] or match["before"] or ""
        )
        for match in _CLAUSE.finditer(text)
        for name in match["names"].split(", ")
    }


def without_gaps(text: str) -> str:
    """The rest of a line of facts, the same in all places."""
    return " ".join(_CLAUSE.sub("", text).split())


def wrong_gaps(content: IssueContent, text: str) -> Iterator[str]:
    """Networks whose gaps a line of facts does not tell, or tells wrongly, and those told without a gap."""
    texts = gap_texts_in(text)
    spans = [((content.read_from or 0, content.as_of), reading) for reading in content.readings]
    spans += [(posting_span(content), reading) for reading in content.servers or ()]
    for span, reading in spans:
        name, gaps = _TITLES[reading.network], reading.gaps or ()
        item = texts.pop(name, None)
        if not gaps and item is not None:
            yield f"{name} was read in full, but is called {item}"
        elif gaps and (item is None or not _is_right(span, max(gaps, key=_length), item)):
            yield f"{name} has the gaps {gaps}, but {item} is told"
    yield from (f"{name} is told as {item}, but not among the networks" for name, item in texts.items())


def posting_span(content: IssueContent) -> tuple[int, int]:
    """The time in which servers besides arXiv posted the papers that belong to an issue."""
    if content.publication.window != "daily":
        return content.from_at, content.until_at or content.as_of
    days = posted_days(content.day)
    return days.start * DAY, min(days.stop * DAY, content.as_of)


def _length(gap: ReadingGap) -> int:
    return gap.until_at - gap.from_at


def _is_right(span: tuple[int, int], gap: ReadingGap, text: GapText) -> bool:
    """Whether a gap is told as it is in a span."""
    first, last = span
    start = first if not text.start and first else _moment(text.start, last)
    end = _moment(text.end, last) if text.end else last
    is_there = abs(max(gap.from_at, first) - start) < TOLERANCE
    return text.state == gap.state and is_there and abs(gap.until_at - end) < TOLERANCE


def _moment(written: str, cut: int) -> int:
    """A moment of the months before a cut, µs."""
    year = datetime.datetime.fromtimestamp(cut / 1e6, datetime.UTC).year
    moments = (
        datetime.datetime.strptime(f"{written} {year - n} +0000", "%d %B %H:%M %Y %z").timestamp() for n in (0, 1)
    )
    return next(at for at in (round(moment) * 1_000_000 for moment in moments) if at <= cut + TOLERANCE)

"""When an issue's text says that networks were not read: `Bluesky not from 20 November 08:17 to 21 November 04:51 UTC`.

Places may give reasons, and may tell the gaps of several networks together, as far as these differ by minutes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.model import HOUR, IssueContent, ReadingGap
from tests.sites.published import NAMES

TOLERANCE = 2 * HOUR
"""By how much a told moment may differ from the gap's: networks are read in turns."""
VERBS = {"not at all": "unknown", "not reachable": "refused", "only in part": "partial", "not": "unknown"}
"""What a state is called; one that another begins with comes last."""
_NETWORK = "|".join(map(re.escape, NAMES.values()))
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
    for reading in content.readings:
        name, gaps = NAMES[reading.network], reading.gaps or ()
        item = texts.pop(name, None)
        if not gaps and item is not None:
            yield f"{name} was read in full, but is called {item}"
        elif gaps and (item is None or not _is_right(content, max(gaps, key=_length), item)):
            yield f"{name} has the gaps {gaps}, but {item} is told"
    yield from (f"{name} is told as {item}, but not among the networks" for name, item in texts.items())


def _length(gap: ReadingGap) -> int:
    return gap.until_at - gap.from_at


def _is_right(content: IssueContent, gap: ReadingGap, text: GapText) -> bool:
    start = content.read_from if not text.start and content.read_from else _moment(text.start, content.as_of)
    end = _moment(text.end, content.as_of) if text.end else content.as_of
    is_there = abs(max(gap.from_at, content.read_from or 0) - start) < TOLERANCE
    return text.state == gap.state and is_there and abs(gap.until_at - end) < TOLERANCE


def _moment(written: str, cut: int) -> int:
    """A moment of the months before a cut, µs."""
    year = datetime.datetime.fromtimestamp(cut / 1e6, datetime.UTC).year
    moments = (
        datetime.datetime.strptime(f"{written} {year - n} +0000", "%d %B %H:%M %Y %z").timestamp() for n in (0, 1)
    )
    return next(at for at in (round(moment) * 1_000_000 for moment in moments) if at <= cut + TOLERANCE)

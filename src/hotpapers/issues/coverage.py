"""How completely a network was read for an issue: unknown is never zero. Whether there is an issue when nothing was
read, `windows.unread_hour` says.

An issue reports the reading of a period, by a versioned rule, and is verified by that rule:

`last-day/1`        a daily issue reports the 24 hours before its cut, others their window, but nothing from before the
                    site started; only the worst state. Issues frozen before rules had names used it.
`since-previous/1`  a daily issue reports the time since the cut of the issue before; the first one, since the earliest
                    announcement among its entries; others their window. It lists every gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from hotpapers.base.errors import IssueError
from hotpapers.base.grouping import group_by, lists_by_key
from hotpapers.base.model import (
    DAY,
    HOUR,
    NOT_READ,
    READ_BACK,
    Coverage,
    IssueContent,
    NetworkReading,
    Publication,
    ReadingGap,
)
from hotpapers.base.networks import network_names
from hotpapers.base.papers.announcement_days import posted_since
from hotpapers.base.papers.categories import servers_with_lists
from hotpapers.base.spans import Span, clip_spans, merge_spans
from hotpapers.base.text.timestamps import start_of_day
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS
from hotpapers.issues.queries import first_read_at, site_started_at
from hotpapers.record import AsOfView
from hotpapers.record.readings import followed_at, networks_read

TURN = HOUR * 3 // 2
"""Networks are read in turns, so this long without a reading is not a gap, µs."""
MAX_CATCH_UP = 60 * DAY
"""The longest time without a reading that is caught up on for an issue, µs."""
SEVERITY = ("complete", "partial", "refused")
LAST_DAY, SINCE_PREVIOUS = "last-day/1", "since-previous/1"
LOST = ("what was said ", "the server no longer has ")
"""How the reasons of `partial` coverage begin if nothing of its time was read."""


def check_rule(rule: str) -> None:
    """Raises IssueError for an unknown rule."""
    if rule not in (LAST_DAY, SINCE_PREVIOUS):
        raise IssueError(f"its reading is reported by {rule!r}, which this version does not know; update hotpapers")


def readings_since_start(
    view: AsOfView, publication: Publication, start: int, networks_with_posts: Iterable[str]
) -> tuple[NetworkReading, ...]:
    """The readings by `last-day/1`: time before the site started does not count as unread."""
    start = max(start, (site_started_at(view) or 0) - TURN // 2)
    full_readings = network_readings(view, publication, start, networks_with_posts)
    return tuple(msgspec.structs.replace(reading, gaps=UNSET, began=UNSET) for reading in full_readings)


def network_readings(
    view: AsOfView, publication: Publication, start: int, networks_with_posts: Iterable[str]
) -> tuple[NetworkReading, ...]:
    """How each of the publication's networks was read from `start` to the cut; by default all that were ever read or
    are in `networks_with_posts`."""
    recorded = view.items(Coverage, "t.until_at > ? AND t.from_at < ?", (start, view.as_of))
    spans = lists_by_key((span.network, span) for span in recorded if span.from_at < span.until_at)
    known_networks = {*networks_with_posts, *networks_read(view)}
    networks = publication.networks or [network for network in network_names() if network in known_networks]
    # Where reading back ended so recently that no stretch of time has been recorded yet.
    where = "t.reason = ? AND t.until_at = t.from_at AND t.from_at > ?"
    read_back = view.items(Coverage, where, (READ_BACK, view.as_of - TURN))
    just_read_back = frozenset(span.network for span in read_back if span.network not in spans)

    def reading(network: str) -> NetworkReading:
        if network in just_read_back:
            return NetworkReading(network=network, state="complete", gaps=())
        period_reading = reading_of(network, spans.get(network, ()), start, view.as_of)
        began = first_read_at(view, network, LOST)
        return msgspec.structs.replace(period_reading, began=UNSET if began is None else began)

    return tuple(map(reading, networks))


def server_readings(view: AsOfView, publication: Publication, span: Span) -> tuple[NetworkReading, ...]:
    """How the servers besides arXiv were read over a span, whose new papers belong to an issue."""
    start, end = span
    where = "t.network = ? AND t.until_at > ? AND t.from_at < ?"
    readings = []
    for server in servers_with_lists(publication.categories):
        spans = list(view.items(Coverage, where, (server, start, end)))
        readings.append(reading_of(server, spans, start, end))
    return tuple(readings)


def posting_span(publication: Publication, day: str, start: int, cut: int) -> Span:
    """The time in which servers besides arXiv posted the papers that belong to an issue. `start`: of its window."""
    if publication.window != "daily":
        return start, cut
    return start_of_day(posted_since(day)), min(start_of_day(day), cut)


class UnreadTimes:
    """When networks were not read in full, from recorded coverage. A network counts as unread before its first span and
    after its last; short gaps between two readings do not count."""

    def __init__(self, spans: Mapping[str, Sequence[Coverage]]) -> None:
        self._read = {network: _read_ranges(network_spans) for network, network_spans in spans.items()}

    def of(self, network: str, start: int, end: int) -> int:
        """How much of the time between two moments, µs."""
        read = clip_spans(self._read.get(network, []), start, end)
        total = sum(right - left for left, right in read)
        return max(end - start, 0) - total


def unread_times(view: AsOfView, further_spans: Iterable[Coverage] = (), since: int | None = None) -> UnreadTimes:
    """When networks were not read up to a view: since a moment, by default in the 90 days before. `further_spans`:
    coverage to include."""
    start = view.as_of - REFERENCE_DAYS * DAY if since is None else since
    before = start - TURN  # one that ended so shortly before may end in a short gap
    recorded = view.items(Coverage, "t.until_at > t.from_at AND t.until_at > ?", (before,))
    return UnreadTimes(group_by((*recorded, *further_spans), lambda span: span.network))


def _read_ranges(spans: Sequence[Coverage]) -> list[Span]:
    """The (start, end) ranges in which a network was read in full, ascending."""
    start = min((span.from_at for span in spans), default=0)
    end = max((span.until_at for span in spans), default=0)
    pieces = covered_ranges(spans, start, end)
    return merge_spans(
        (piece.start, piece.end)
        for piece in pieces
        if (piece.end - piece.start <= TURN if piece.by is None else not piece.severity)
    )


class CoveredRange(NamedTuple):
    """A stretch of time; `by` is the span that says how it was read, None if there is none."""

    start: int
    end: int
    by: Coverage | None

    @property
    def severity(self) -> int:
        """0 complete, 1 partial or not read, 2 refused."""
        return SEVERITY.index(self.by.state) if self.by else 1

    @property
    def gap_state(self) -> Literal["partial", "refused", "unknown"]:
        """The name of the gap's state, for a stretch that was not read in full."""
        if self.by is None or self.by.reason.startswith(LOST):
            return "unknown"
        return "refused" if self.by.state == "refused" else "partial"


def was_read(view: AsOfView, publication: Publication, start: int, cut: int) -> bool:
    """Whether any of the publication's networks, or of the followed sites, was read by a cut, up to later than
    `start`."""
    networks = publication.networks or network_names()
    spans = _spans_between(view._replace(as_of=cut), networks, start, cut)
    return any(spans) or followed_at(view, start, cut) is not None


def caught_up_at(view: AsOfView, publication: Publication, cut: int, latest: int) -> int | None:
    """When the last of the publication's networks and servers, or else of the followed sites, had been read up to the
    moment, if that was after a cut when nothing was read, but not after `latest`; else None."""
    if was_read(view, publication, cut - TURN, cut):
        return None
    network_at = _last_caught_up(view, publication.networks or network_names(), cut, latest)
    if not network_at:
        return followed_at(view, cut, latest)
    return max(network_at, _last_caught_up(view, servers_with_lists(publication.categories), cut, latest))


def round_read_at(view: AsOfView, publication: Publication, cut: int, latest: int) -> int:
    """When the last of the publication's networks that no turn before a cut had read was read after it, but not after
    `latest`: one round reads arXiv and then others. 0 if none was."""
    networks = publication.networks or network_names()
    before = _spans_between(view._replace(as_of=cut), networks, cut - TURN, cut)
    unread = [network for network, spans in zip(networks, before, strict=True) if not spans]
    return _last_caught_up(view, unread, cut, latest)


def _last_caught_up(view: AsOfView, names: Iterable[str], cut: int, latest: int) -> int:
    """When the last of some networks or servers had been read up to the moment, after a cut; 0 if none was. Those that
    were not are ignored."""
    moments = [0]
    for spans in _spans_between(view, names, cut - TURN, latest):
        if any(span.from_at <= cut for span in spans):
            read = (span.observed_at for span in spans if span.until_at >= max(cut, span.observed_at - TURN))
            moments_read = (at for at in read if at <= latest)
            moments.append(min(moments_read, default=0))
    return max(moments)


def _spans_between(view: AsOfView, networks: Iterable[str], start: int, end: int) -> list[list[Coverage]]:
    """By network or server: the stretches read of the time between two moments."""
    where = """t.network = ? AND t.from_at > ? AND t.from_at <= ? AND t.until_at >= ? AND t.until_at > t.from_at
        AND t.state <> 'refused'"""
    return [list(view.items(Coverage, where, (network, start - MAX_CATCH_UP, end, start))) for network in networks]


def reading_of(network: str, spans: Sequence[Coverage], start: int, end: int) -> NetworkReading:
    """How a network was read between two moments: the worst state and every gap. A later reading replaces an earlier
    one, so a stretch that was missed and then read is complete. `since`: when the worst state first began."""
    pieces = covered_ranges(spans, start, end)
    ranges = [piece for piece in pieces if piece.by or piece.end - piece.start > TURN]
    gaps = tuple(_gaps(ranges))
    if not any(piece.by for piece in ranges):
        return NetworkReading(network=network, state="unknown", reason=NOT_READ, gaps=gaps)
    worst = max(ranges, key=lambda piece: piece.severity)
    if worst.by is None:
        return NetworkReading(network=network, state="partial", reason=NOT_READ, since=worst.start, gaps=gaps)
    since = worst.by.from_at if worst.severity else None
    return NetworkReading(network=network, state=worst.by.state, reason=worst.by.reason, since=since, gaps=gaps)


def reading_span(content: IssueContent) -> Span:
    """The time in which an issue reports how networks were read."""
    return content.read_from or 0, content.as_of


def servers_span(content: IssueContent) -> Span:
    """The time in which an issue reports how servers besides arXiv were read."""
    return posting_span(content.publication, content.day, content.from_at, content.until_at or content.as_of)


PARTLY = "only in part"
REFUSED = "could not be read"
FROM_ARCHIVES = "known from archives alone"
"""Ways in which a network was not read in full, in words."""


def unread_words(content: IssueContent) -> dict[str, str]:
    """How each of an issue's networks was not read in full, by network: `only in part`, `not read`, `could not be
    read`; empty for one that was. For an issue made afterwards, one that was not read is known from archives."""
    span = reading_span(content)
    words = {reading.network: words_of_reading(reading, span) for reading in content.readings}
    if not content.retrospective:
        return words
    return {network: FROM_ARCHIVES if how == NOT_READ else how for network, how in words.items()}


def words_of_reading(reading: NetworkReading, span: Span) -> str:
    """How a network or server was not read in full in a span, in the same words."""
    if reading.state == "complete":
        return ""
    state = reading.state
    if reading.gaps:  # issues frozen earlier only have the worst state
        gap = main_gap(reading.gaps, span)
        state = gap.state if lasts_throughout(gap, span) else "partial"
    if state == "partial":
        return PARTLY
    return REFUSED if state == "refused" and reading.reason != NOT_READ else "not read"


def main_gap(gaps: Sequence[ReadingGap], span: Span) -> ReadingGap:
    """The longest of some gaps; of those that together fill a span, the whole of it."""
    longest = max(gaps, key=lambda gap: gap.until_at - gap.from_at)
    unread = [gap for gap in gaps if gap.state != "partial"]
    missing = sum(gap.until_at - gap.from_at for gap in unread)
    if unread and lasts_until(unread[-1], span[1]):
        missing += max(span[1] - unread[-1].until_at, 0)
    if missing and missing >= span[1] - span[0]:
        return msgspec.structs.replace(longest, from_at=span[0], until_at=span[1])
    return longest


def lasts_throughout(gap: ReadingGap, span: Span) -> bool:
    """Whether nothing of a span was read outside a gap."""
    return gap.from_at <= span[0] and lasts_until(gap, span[1])


def lasts_until(gap: ReadingGap, end: int) -> bool:
    """Whether a gap lasts until a moment. A network that refuses is asked rarely: its gap ends with the last answer."""
    return gap.until_at > end - TURN if gap.state == "refused" else gap.until_at >= end


def _gaps(ranges: Iterable[CoveredRange]) -> Iterator[ReadingGap]:
    """The stretches that were not read in full; those of one state are joined if less than a turn lies between."""
    last = None
    for piece in ranges:
        if not piece.severity:
            continue
        if last and last.state == piece.gap_state and piece.start - last.until_at < TURN:
            last = msgspec.structs.replace(last, until_at=piece.end)
            continue
        if last:
            yield last
        last = ReadingGap(from_at=piece.start, until_at=piece.end, state=piece.gap_state)
    if last:
        yield last


def covered_ranges(spans: Sequence[Coverage], start: int, end: int) -> Iterator[CoveredRange]:
    """The time between two moments in pieces, each with the span covering it that was observed last; of several, the
    worst."""
    full_spans = (span for span in spans if span.from_at < span.until_at)
    pending = sorted(full_spans, key=lambda span: span.from_at)
    edges = sorted({start, end, *(min(max(edge, start), end) for s in pending for edge in (s.from_at, s.until_at))})
    active: list[tuple[int, int, int, Coverage]] = []
    ranges = []
    first_pending = 0
    for left, right in pairwise(edges):
        while first_pending < len(pending) and (span := pending[first_pending]).from_at <= left:
            heappush(active, (-span.observed_at, -SEVERITY.index(span.state), first_pending, span))
            first_pending += 1
        while active and active[0][3].until_at <= left:
            heappop(active)
        covered_range = CoveredRange(left, right, active[0][3] if active else None)
        ranges.append(covered_range)
    for by, group in groupby(ranges, key=lambda piece: piece.by):
        pieces = list(group)
        yield CoveredRange(pieces[0].start, pieces[-1].end, by)

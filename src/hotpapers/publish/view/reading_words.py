"""How networks were read for an issue, in words: which were read in full, and when the others were not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.model import NOT_READ, Entry, IssueContent, NetworkReading, ReadingGap
from hotpapers.base.networks import network_title
from hotpapers.base.spans import Span
from hotpapers.base.text import timestamps
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun
from hotpapers.issues.coverage import (
    FROM_ARCHIVES,
    LOST,
    TURN,
    lasts_throughout,
    lasts_until,
    main_gap,
    reading_span,
    servers_span,
)

_VERBS = {"unknown": "not", "partial": "only in part", "refused": "not reachable"}
_THROUGHOUT = {"unknown": "not at all", "partial": "only in part", "refused": "not reachable"}
_AFTERWARDS = _THROUGHOUT | {"unknown": FROM_ARCHIVES}
"""For issues that were made afterwards, of which nobody read a network in time."""


def moment_name(at: int) -> str:
    """A moment of the last weeks: `20 November 08:17`."""
    day, time, _ = timestamps.minute_of(at).split(" ")
    return f"{int(day[8:])} {timestamps.MONTHS[int(day[5:7]) - 1]} {time}"


def readings_text(content: IssueContent, *, with_reasons: bool) -> str:
    """`7 networks read; Bluesky not from 20 November 08:17 to 21 November 04:51 UTC`. `with_reasons`: say why a network
    was not read, as its server put it."""
    if content.period:
        parts = [_complete(content.readings)]
        parts += _incomplete(content.readings, reading_span(content), _words(content), with_reasons=with_reasons)
        parts += _incomplete(content.servers or (), servers_span(content), _THROUGHOUT, with_reasons=with_reasons)
        return "; ".join(parts)
    return _by_state(content, with_reasons=with_reasons)


def _complete(readings: Sequence[NetworkReading]) -> str:
    complete = sum(reading.state == "complete" for reading in readings)
    return f"{count_noun(complete, 'network')} read" if complete else "no network read in full"


class _NetworkGroup(NamedTuple):
    """The networks of which the same is said: their main gap, how many shorter ones there are, and the reason."""

    networks: tuple[str, ...]
    gap: ReadingGap
    shorter: int
    reason: str

    def is_like(self, other: _NetworkGroup) -> bool:
        """Whether both can be reported together: networks are read in turns, so their gaps differ by up to a turn."""
        return (
            (self.gap.state, self.shorter, self.reason) == (other.gap.state, other.shorter, other.reason)
            and abs(self.gap.from_at - other.gap.from_at) < TURN
            and abs(self.gap.until_at - other.gap.until_at) < TURN
        )

    def joined(self, other: _NetworkGroup) -> _NetworkGroup:
        from_at = min(self.gap.from_at, other.gap.from_at)
        until_at = max(self.gap.until_at, other.gap.until_at)
        gap = ReadingGap(
            from_at=from_at,
            until_at=until_at,
            state=self.gap.state,
        )
        return self._replace(networks=(*self.networks, *other.networks), gap=gap)


def _incomplete(
    readings: Sequence[NetworkReading], span: Span, throughout: Mapping[str, str], *, with_reasons: bool
) -> Iterator[str]:
    """Which networks or servers were not read in full in a span, and when. `throughout`: words for all of it, by
    state."""
    groups: list[_NetworkGroup] = []
    for reading in readings:
        if not reading.gaps:
            continue
        new = _group_of(reading, span, with_reasons=with_reasons)
        alike = next((n for n, other in enumerate(groups) if other.is_like(new)), None)
        if alike is None:
            groups.append(new)
        else:
            groups[alike] = groups[alike].joined(new)
    for group in groups:
        names = ", ".join(map(network_title, group.networks))
        text = _gap_text(group.gap, group.shorter, span, throughout)
        reason = f" ({group.reason})" if group.reason else ""
        yield f"{names} {text}{reason}"


def _group_of(reading: NetworkReading, span: Span, *, with_reasons: bool) -> _NetworkGroup:
    gaps = reading.gaps or ()
    longest = main_gap(gaps, span)
    shorter = 0 if lasts_throughout(longest, span) else len(gaps) - 1
    is_of_another = reading.state == "refused" != longest.state  # the reason is that of the worst state
    is_known = reading.reason != NOT_READ and not reading.reason.startswith(LOST)
    reason = one_line(reading.reason) if with_reasons and is_known and not is_of_another else ""
    return _NetworkGroup((reading.network,), longest, shorter, reason)


def _words(content: IssueContent) -> Mapping[str, str]:
    """The words for a network that was not read in full throughout, by state."""
    return _AFTERWARDS if content.retrospective else _THROUGHOUT


def _gap_text(gap: ReadingGap, shorter: int, span: Span, throughout: Mapping[str, str]) -> str:
    """`not from 20 November 08:17 to 21 November 04:51 UTC and in 2 shorter gaps`, of a span."""
    begins_before = gap.from_at <= span[0]
    ends_after = lasts_until(gap, span[1])
    verb = _VERBS[gap.state]
    start = moment_name(gap.from_at)
    end = moment_name(gap.until_at)
    if begins_before and ends_after:
        text = throughout[gap.state]
    elif begins_before:
        text = f"{verb} before {end} UTC"
    elif ends_after:
        text = f"{verb} since {start} UTC"
    else:
        text = f"{verb} from {start} to {end} UTC"
    return text + (f" and in {count_noun(shorter, 'shorter gap')}" if shorter else "")


def gap_of_day(content: IssueContent, reading: NetworkReading) -> str:
    """The status page's words for a network that was not read in full for an issue: `not since 10 March 19:00 UTC`."""
    if reading.gaps:
        span = reading_span(content)
        group = _group_of(reading, span, with_reasons=False)
        return _gap_text(group.gap, group.shorter, span, _words(content))
    text = _words(content)[reading.state]
    if reading.since is None:
        return text
    return f"{text} since {moment_name(reading.since)} UTC"


def known_since(content: IssueContent, entry: Entry) -> tuple[str, ...]:
    """`Bluesky, Lobsters: known since 17 November`: networks of which nothing is known from before, though the paper
    had been announced by then."""
    by_day: dict[str, list[str]] = {}
    for reading in content.readings:
        if isinstance(reading.began, int) and entry.announced_at and reading.began - TURN > entry.announced_at:
            day = moment_name(reading.began).rpartition(" ")[0]
            by_day.setdefault(day, []).append(one_line(network_title(reading.network)))
    return tuple(f"{', '.join(names)}: known since {day}" for day, names in by_day.items())


# ---- issues frozen before periods had names ----------------------------------------------------------------


def _by_state(content: IssueContent, *, with_reasons: bool) -> str:
    """`7 networks read, 1 only in part (…), 1 not at all (Reddit: since 02:10 UTC)`."""
    by_state: dict[str, list[NetworkReading]] = {"complete": [], "only in part": [], "not at all": []}
    for reading in content.readings:
        state = {"complete": "complete", "partial": "only in part"}.get(reading.state, "not at all")
        by_state[state].append(reading)
    parts = [f"{count_noun(len(by_state.pop('complete')), 'network')} read"]
    for state, readings in by_state.items():
        if readings:
            reasons = _reasons(readings, content.as_of, with_reasons=with_reasons)
            parts.append(f"{len(readings)} {state} ({reasons})")
    return ", ".join(parts)


def _reasons(readings: Sequence[NetworkReading], cut: int, *, with_reasons: bool) -> str:
    """`Bluesky, Lobsters: since 11:00 UTC, the machine was off; Reddit`: each reason once."""
    by_reason: dict[str, list[str]] = {}
    for reading in readings:
        why = _why(reading, cut, with_reason=with_reasons or reading.reason == NOT_READ)
        by_reason.setdefault(why, []).append(network_title(reading.network))
    return "; ".join(", ".join(names) + (why and f": {why}") for why, names in by_reason.items())


def _why(reading: NetworkReading, cut: int, *, with_reason: bool) -> str:
    """`since 02:10 UTC`, with the day if it is not the cut's; then the reason."""
    since = ""
    if reading.since is not None:
        day, time, _ = timestamps.minute_of(reading.since).split(" ")
        is_same_day = day == timestamps.day_of(cut)
        since = f"since {time if is_same_day else moment_name(reading.since)} UTC"
    if since and reading.reason == NOT_READ:
        return since.replace("since", "a gap from", 1)
    return ", ".join(filter(None, (since, one_line(reading.reason) if with_reason else "")))

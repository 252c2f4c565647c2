"""The networks' faults in the simulated years, derived from a seed; and when a network could be read. Pure.

Now and then a network is down for hours or days, and on some days one of its hosts misbehaves for a while. The plan
excludes lies that cannot be detected: a wrong clock, 404 where that means a post is gone, lists that are empty for
longer than sources look back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from tests.loopback.faults import Fault, Plan, fault
from tests.loopback.script import MINUTE

NETWORKS = ("arxiv", "bluesky", "feeds", "hackernews", "huggingface", "lobsters", "mastodon")
HOSTS = {
    "arxiv": ("arxiv",), "bluesky": ("bluesky.stream1", "bluesky.stream2", "bluesky.view"), "feeds": ("feeds",),
    "hackernews": ("hackernews",), "huggingface": ("huggingface",), "lobsters": ("lobsters",),
    "mastodon": ("mastodon.one", "mastodon.two"),
}  # fmt: skip
DOWN = ("refused", "reset", "stall", "truncated", "oversized", "malformed", "html", "401", "403", "500", "502", "503")
"""The kinds of faults in which a network is down."""
WAITING = ("429", "503")
"""Those in which it asks clients to wait, for one of `WAITS` in seconds."""
WAITS = (60, 900, 7200)
HARMLESS = ("slow", "reversed", "doubled")
"""Harmless faults."""
LIST_PATHS = {
    "arxiv": "arxiv/list", "feeds": "feeds", "hackernews": "hackernews/api/v1/search", "lobsters": "lobsters/domains",
    "huggingface": "huggingface/api/daily", "mastodon.one": "mastodon.one/api/v1/timelines",
    "mastodon.two": "mastodon.two/api/v1/timelines", "bluesky.stream1": "bluesky.stream1",
    "bluesky.stream2": "bluesky.stream2",
}  # fmt: skip
"""Lists that may be empty, or an hour old, for at most an hour."""
AFTERMATH = 3 * HOUR
"""How long after a fault the program may still wait for a network, or leave it alone because it refused."""
STEP = HOUR


class Span(NamedTuple):
    """From one moment until just before another."""

    start: int
    end: int


def outages(seed: int, start: int, days: int) -> Iterator[Fault]:
    """Every few days a network is down entirely, for two hours to three days."""
    rng = Random(f"{seed} storms")
    day = start // DAY + 3
    while day < start // DAY + days:
        outage_start = day * DAY + rng.randrange(24 * 60) * MINUTE
        hours = min(round(rng.expovariate(1 / 14)) + 2, 72)
        yield fault(rng.choice(NETWORKS), rng.choice(DOWN), outage_start, outage_start + hours * HOUR)
        day += rng.randrange(4, 12)


def short_faults(seed: int, start: int, days: int) -> Iterator[Fault]:
    """One day in six, something is wrong with a host for five minutes to three hours."""
    for network in NETWORKS:
        for host in HOSTS[network]:
            rng = Random(f"{seed} showers {host}")
            for day in range(start // DAY, start // DAY + days):
                if rng.random() < 1 / 6:
                    yield _short_fault(rng, host, day * DAY + rng.randrange(24 * 60) * MINUTE)


def _short_fault(rng: Random, host: str, start: int) -> Fault:
    minutes = rng.randrange(5, 180)
    chance = rng.random()
    if chance < 0.2 and host in LIST_PATHS:
        end = start + min(minutes, 55) * MINUTE
        return fault(LIST_PATHS[host], rng.choice(("empty", "replayed")), start, end, value=3600.0)
    if chance < 0.35:
        return fault(host, rng.choice(HARMLESS), start, start + minutes * MINUTE)
    if chance < 0.5:
        return fault(host, rng.choice(WAITING), start, start + minutes * MINUTE, value=float(rng.choice(WAITS)))
    return fault(host, rng.choice(DOWN), start, start + minutes * MINUTE)


class DailyFaultPlan(Plan):
    """All faults, indexed by day since there are many and lookups are frequent."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__(faults)
        self.faults = self._faults
        self._days: dict[int, list[Fault]] = defaultdict(list)
        for item in self.faults:
            for day in range(item.start // DAY, (item.end - 1) // DAY + 1):
                self._days[day].append(item)

    def _all(self, host: str, now: int) -> Iterator[Fault]:
        yield from self._days.get(now // DAY, ())


# ---- when a network could be read --------------------------------------------------------------------------


def outage_spans(faults: Sequence[Fault], network: str) -> list[Span]:
    """When a network could not be read completely, in order. Where its parts can replace each other: when all of them
    were down."""
    parts = ["bluesky.stream1", "bluesky.stream2"] if network == "bluesky" else [network]
    spans_by_part = [[Span(fault.start, fault.end) for fault in faults if _affects(fault, part)] for part in parts]
    return _intersection(spans_by_part) if len(spans_by_part) > 1 else merge_spans(spans_by_part[0])


def _affects(item: Fault, part: str) -> bool:
    """Whether a fault keeps a part of a network from being read."""
    if item.kind in HARMLESS:
        return False
    target = item.target.partition("/")[0]
    return target == part or target.startswith(f"{part}.") or part.startswith(f"{target}.")


def _intersection(parts: Sequence[Sequence[Span]]) -> list[Span]:
    first, second = parts
    overlaps = (Span(max(a.start, b.start), min(a.end, b.end)) for a in first for b in second)
    return merge_spans(span for span in overlaps if span.start < span.end)


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Merge overlapping or adjacent spans, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def outage_spans_with_counts(faults: Sequence[Fault], network: str) -> list[Span]:
    """The same, also including when its counts could not be read."""
    counts = [
        Span(fault.start, fault.end) for fault in faults if network == "bluesky" and _affects(fault, "bluesky.view")
    ]
    return merge_spans([*outage_spans(faults, network), *counts])


class ReadablePeriods:
    """When a network could be read, which determines what the record must contain."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.outages = merge_spans(Span(span.start, span.end + AFTERMATH) for span in spans)

    def is_clear_at(self, moment: int) -> bool:
        """Whether nothing was wrong at a moment or shortly before."""
        return not any(span.start <= moment < span.end for span in self.outages)

    def is_clear(self, start: int, end: int) -> bool:
        """Whether nothing was wrong between two moments or shortly before."""
        return not any(span.start < end and start < span.end for span in self.outages)

    def has_round(self, start: int, end: int) -> bool:
        """Whether there was enough time without outages for a round between two moments, inclusive."""
        round_start = start
        while round_start + 2 * STEP <= end:
            if self.is_clear(round_start, round_start + 2 * STEP):
                return True
            round_start += STEP // 2
        return False

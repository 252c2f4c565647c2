"""The networks' faults in the simulated years, planned from a seed; and when a network could be read. Pure.

Now and then a network is down for hours or days, and on some days one of its hosts misbehaves for a while. The plan
excludes lies that cannot be detected: a wrong clock, 404 where that means a post is gone, lists that are empty for
longer than sources look back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from hotpapers.model import DAY, HOUR
from tests.loopback.faults import Fault, Plan, fault
from tests.loopback.script import MINUTE

NETWORKS = ("arxiv", "bluesky", "feeds", "hackernews", "huggingface", "lobsters", "mastodon")
HOSTS = {
    "arxiv": ("arxiv",), "bluesky": ("bluesky.stream1", "bluesky.stream2", "bluesky.view"), "feeds": ("feeds",),
    "hackernews": ("hackernews",), "huggingface": ("huggingface",), "lobsters": ("lobsters",),
    "mastodon": ("mastodon.one", "mastodon.two"),
}  # fmt: skip
AWAY = ("refused", "reset", "stall", "truncated", "oversized", "malformed", "html", "401", "403", "500", "502", "503")
"""The ways in which a network is down."""
BUSY = ("429", "503")
"""The ways in which it asks clients to wait, for one of `WAITS` in seconds."""
WAITS = (60, 900, 7200)
ODD = ("slow", "reversed", "doubled")
"""Harmless faults."""
LISTS = {
    "arxiv": "arxiv/list", "feeds": "feeds", "hackernews": "hackernews/api/v1/search", "lobsters": "lobsters/domains",
    "huggingface": "huggingface/api/daily", "mastodon.one": "mastodon.one/api/v1/timelines",
    "mastodon.two": "mastodon.two/api/v1/timelines", "bluesky.stream1": "bluesky.stream1",
    "bluesky.stream2": "bluesky.stream2",
}  # fmt: skip
"""Lists that may be empty, or an hour old, for at most an hour."""
LINGERS = 3 * HOUR
"""How long after a fault a network may still be waited for, or left alone because it refused."""
STEP = HOUR


class Span(NamedTuple):
    """From one moment until before another."""

    start: int
    end: int


def storms(seed: int, start: int, days: int) -> Iterator[Fault]:
    """Every few days a network is down entirely, for two hours to three days."""
    rng = Random(f"{seed} storms")
    day = start // DAY + 3
    while day < start // DAY + days:
        begins = day * DAY + rng.randrange(24 * 60) * MINUTE
        hours = min(round(rng.expovariate(1 / 14)) + 2, 72)
        yield fault(rng.choice(NETWORKS), rng.choice(AWAY), begins, begins + hours * HOUR)
        day += rng.randrange(4, 12)


def showers(seed: int, start: int, days: int) -> Iterator[Fault]:
    """One day in six, something is wrong with a host for five minutes to three hours."""
    for network in NETWORKS:
        for host in HOSTS[network]:
            rng = Random(f"{seed} showers {host}")
            for day in range(start // DAY, start // DAY + days):
                if rng.random() < 1 / 6:
                    yield _shower(rng, host, day * DAY + rng.randrange(24 * 60) * MINUTE)


def _shower(rng: Random, host: str, begins: int) -> Fault:
    minutes = rng.randrange(5, 180)
    chance = rng.random()
    if chance < 0.2 and host in LISTS:
        end = begins + min(minutes, 55) * MINUTE
        return fault(LISTS[host], rng.choice(("empty", "replayed")), begins, end, value=3600.0)
    if chance < 0.35:
        return fault(host, rng.choice(ODD), begins, begins + minutes * MINUTE)
    if chance < 0.5:
        return fault(host, rng.choice(BUSY), begins, begins + minutes * MINUTE, value=float(rng.choice(WAITS)))
    return fault(host, rng.choice(AWAY), begins, begins + minutes * MINUTE)


class Weather(Plan):
    """All faults, indexed by day since there are many and lookups are frequent."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__(faults)
        self.faults = self._faults
        self._days: dict[int, list[Fault]] = defaultdict(list)
        for one in self.faults:
            for day in range(one.start // DAY, (one.end - 1) // DAY + 1):
                self._days[day].append(one)

    def _all(self, host: str, now: int) -> Iterator[Fault]:
        yield from self._days.get(now // DAY, ())


# ---- when a network could be read --------------------------------------------------------------------------


def broken(faults: Sequence[Fault], network: str) -> list[Span]:
    """When a network could not be read completely, in order. If its parts can replace each other: when all were
    down."""
    parts = ["bluesky.stream1", "bluesky.stream2"] if network == "bluesky" else [network]
    hit = [[Span(one.start, one.end) for one in faults if _concerns(one, part)] for part in parts]
    return _all_at_once(hit) if len(hit) > 1 else joined(hit[0])


def _concerns(one: Fault, part: str) -> bool:
    """Whether a fault keeps a part of a network from being read."""
    if one.kind in ODD:
        return False
    where = one.target.partition("/")[0]
    return where == part or where.startswith(f"{part}.") or part.startswith(f"{where}.")


def _all_at_once(parts: Sequence[Sequence[Span]]) -> list[Span]:
    first, second = parts
    both = (Span(max(a.start, b.start), min(a.end, b.end)) for a in first for b in second)
    return joined(span for span in both if span.start < span.end)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Merge overlapping or adjacent spans, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def unreadable(faults: Sequence[Fault], network: str) -> list[Span]:
    """The same, including when its counts could not be read."""
    counts = [Span(one.start, one.end) for one in faults if network == "bluesky" and _concerns(one, "bluesky.view")]
    return joined([*broken(faults, network), *counts])


class Calm:
    """When a network could be read; from this follows what the record must contain."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.troubles = joined(Span(one.start, one.end + LINGERS) for one in spans)

    def at(self, moment: int) -> bool:
        """Whether nothing was wrong at a moment or shortly before."""
        return not any(one.start <= moment < one.end for one in self.troubles)

    def whole(self, start: int, end: int) -> bool:
        """Whether nothing was wrong between two moments or shortly before."""
        return not any(one.start < end and start < one.end for one in self.troubles)

    def some(self, start: int, end: int) -> bool:
        """Whether there was enough calm time for a round between two moments, inclusive."""
        at = start
        while at + 2 * STEP <= end:
            if self.whole(at, at + 2 * STEP):
                return True
            at += STEP // 2
        return False

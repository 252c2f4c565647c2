"""What the owner of a site does in three weeks: when the program runs, with which settings. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from string import Template
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hotpapers.base.model import HOUR
from tests.loopback.clock import moment
from tests.loopback.expected import NETWORKS
from tests.loopback.message_text import ON_SERVERS
from tests.loopback.preprints import PreprintReaders
from tests.loopback.world import World
from tests.years.fault_plan import Span

START = moment("2026-03-16T06:20")
END = moment("2026-04-06T14:00")
"""Three weeks, in which Europe's clocks change."""
HISTORY = "2026-03-05"
"""The first day on which anything happened."""


Story = World | PreprintReaders
"""What happens on the networks of a site."""


class Period(NamedTuple):
    """The program runs with some settings from one moment until another, except while the machine is suspended.

    `processes`: how many run on the same store. `every`: µs between two runs of `run --once`; 0 for `run`.
    """

    start: int
    end: int
    settings: str
    suspended: tuple[Span, ...] = ()
    processes: int = 1
    every: int = 0

    @property
    def running(self) -> Iterator[Span]:
        """When the program works."""
        start = self.start
        for span in self.suspended:
            yield Span(start, span.start)
            start = span.end
        yield Span(start, self.end)


class Site(NamedTuple):
    """A site. `about`: whose it is. `readers`: how many get its issues by mail. `base`: its public address.
    `follows`: the site that it follows, which is played beside it. `postgres`: whether its store is there.
    `logged`: the publication whose log has a witness. `faults`: what goes wrong at servers of papers, as texts."""

    name: str
    about: str
    world: Callable[[], Story]
    periods: tuple[Period, ...]
    readers: int = 0
    base: str = ""
    follows: Site | None = None
    postgres: bool = False
    logged: str = ""
    faults: tuple[str, ...] = ()

    @property
    def running(self) -> list[Span]:
        """When the program works."""
        return [span for period in self.periods for span in period.running]

    @property
    def breaks(self) -> list[Span]:
        """When it does not, between its first start and its end, for an hour or more."""
        spans = self.running
        gaps = (Span(before.end, after.start) for before, after in pairwise(spans))
        return [gap for gap in gaps if gap.end - gap.start >= HOUR]

    @property
    def every(self) -> int:
        """µs between two runs of a hosted site; 0 for a program that runs all the time."""
        return self.periods[0].every

    def period_at(self, at: int) -> Period:
        """The period of a moment, or the last before it."""
        return next((period for period in reversed(self.periods) if period.start <= at), self.periods[0])


class PublicationSettings:
    """A publication as its owner's settings describe it."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.name: str = table["name"]
        self.title: str = table.get("title", "Hot Papers")
        self.window: str = table.get("window", "daily")
        self.hour: int = table.get("hour", 8)
        self.zone = ZoneInfo(table.get("zone", "UTC"))
        self.categories: tuple[str, ...] = (*table.get("categories", ()), *map(field_of, table.get("papers", ())))
        servers = (category.partition(".")[0] for category in self.categories)
        self.servers = tuple(dict.fromkeys(name if name in ON_SERVERS else "arxiv" for name in servers)) or ("arxiv",)
        self.include: tuple[str, ...] = tuple(table.get("include", ()))
        self.exclude: tuple[str, ...] = tuple(table.get("exclude", ()))


def field_of(text: str) -> str:
    """A field as issues name it: `arxiv: physics.chem-ph` is `physics.chem-ph`, `medrxiv` the whole server."""
    server, _, field = map(str.strip, text.partition(":"))
    return field if server == "arxiv" and field else f"{server}.{field.replace(' ', '-')}".rstrip(".")


class OwnersSettings:
    """What the settings of a period say."""

    def __init__(self, text: str) -> None:
        self._tables = tomllib.loads(Template(text).substitute(store="", port=25, policy=""))

    @cached_property
    def publications(self) -> dict[str, PublicationSettings]:
        """Its publications by name."""
        tables = map(PublicationSettings, self._tables["publication"])
        return {publication.name: publication for publication in tables}

    @cached_property
    def networks(self) -> frozenset[str]:
        """The networks of posts that are read."""
        tables = self._tables["source"]
        return frozenset(name for name in NETWORKS if name in tables and tables[name].get("on", True))

    @cached_property
    def servers(self) -> frozenset[str]:
        """The servers besides arXiv whose papers its publications have."""
        return frozenset(name for item in self.publications.values() for name in item.servers) - {"arxiv"}

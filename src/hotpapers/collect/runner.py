"""The runner: one thread a source, its pages into the record, each with its cursor in one batch.

It owns what connectors do not: cursor, lease, pace, patience, coverage. A source that fails is asked again later and
seen to be failing; it stops nothing else. A mistake of ours stops the whole program, loudly.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import msgspec

from hotpapers import model
from hotpapers.errors import NetError, Refused, Stopped, Wait
from hotpapers.model import DAY, HOUR, Account, Coverage, Item, Mention, Net, Page, Paper, Post, Seen, Snapshot, Source
from hotpapers.record import Record, View
from hotpapers.record import duty as duties
from hotpapers.record.duty import Duty
from hotpapers.record.writing import cursor_of

MINUTE = 60
REFUSED_AGAIN = 60 * MINUTE
"""Seconds until a network that refused is asked again."""
FAILED_AGAIN = (30, 15 * MINUTE)
"""Seconds until an unreachable network is asked again: at first, and at most."""
COVERED_EVERY = 15 * MINUTE * 1_000_000
"""Microseconds after which a stretch of uninterrupted reading is written down."""
TRACKED_FOR = 30 * DAY
ONCE_AT_MOST = 5 * MINUTE * 1_000_000
"""Microseconds after which a single round ends even where the source never does."""
LASTING = (Account, Mention, Paper, Post, Snapshot)
"""Kinds of which an observation that says nothing new is not written down again, however often a list repeats it."""
NOT_KEPT = ("counts", "home", "reaction", "withdrawn", "account", "gone")
"""Kinds of which nothing raw is kept: what they say is wholly in their items."""


class Next(NamedTuple):
    """What follows a round: the source's state, why, and after how many seconds it is asked again."""

    state: str
    reason: str
    seconds: float


def after(problem: NetError | None, failures: int, every: float) -> Next:
    """What follows a round that ended in a problem, or in none. `failures`: how many there were in a row before."""
    if problem is None:
        return Next("idle", "", every)
    if isinstance(problem, Wait):
        return Next("waiting", problem.reason, problem.seconds)
    if isinstance(problem, Refused):
        return Next("refused", problem.reason, REFUSED_AGAIN)
    first, most = FAILED_AGAIN
    return Next("down", str(problem), min(first * 2 ** min(failures, 10), most))


def covered(network: str, duty: Duty, at: int, problem: NetError | None, reach: int | None) -> Coverage | None:
    """What a round says about how completely a network was read since it last was without a gap.

    `reach`: microseconds that the network's own memory goes back, None for ever: a longer gap stays partial.
    """
    start = duty.covered_to if duty.covered_to is not None else duty.started_at
    if start is None or start >= at:
        return None
    if problem is not None:
        state: model.CoverageState = "refused"
        return Coverage(
            network=network, from_at=start, until_at=at, state=state, reason=str(problem)[:200], observed_at=at
        )
    if reach is not None and at - start > reach:
        reason = "what was said while nothing was read is no longer to be had"
        return Coverage(network=network, from_at=start, until_at=at, state="partial", reason=reason, observed_at=at)
    return Coverage(network=network, from_at=start, until_at=at, state="complete", observed_at=at)


class Known:
    """The keys of the posts that the record tracks, and of their accounts: what streams of events are compared with."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = set(keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def learn(self, items: Sequence[Item]) -> None:
        """Takes in posts and their accounts as they come; posts that are gone are dropped."""
        for item in items:
            if isinstance(item, Post) and item.gone:
                self._keys.discard(item.post)
            elif isinstance(item, Post):
                self._keys.update((item.post, item.account))


def known_posts(record: Record, network: str, at: int) -> Known:
    """The posts of a network that are young enough to be followed."""
    sql = "SELECT DISTINCT post, account FROM post WHERE network = ? AND created_at > ? AND gone = '' AND until = 0"
    return Known(key for row in record.database.rows(sql, (network, at - TRACKED_FOR)) for key in row)


def said_before(view: View, item: Item) -> bool:
    """Whether the record's latest word on an item's key is the same but for its moment."""
    row = view.one(type(item), *(getattr(item, name) for name in item.key))
    return row is not None and msgspec.structs.replace(row.item, observed_at=item.observed_at) == item


class Terms(NamedTuple):
    """How long what a source saw is kept raw: microseconds by kind, and for all other kinds."""

    by_kind: Mapping[str, int]
    otherwise: int

    def keep(self, seen: Seen) -> int:
        """Microseconds for which this is kept; 0: not at all."""
        return self.by_kind.get(seen.kind, self.otherwise)


class Worker:
    """One source's rounds, in a thread of its own with a record and a client of its own."""

    def __init__(
        self, source: Source, net: Net, record: Record, known: Known, *, holder: str, terms: Terms | None = None,
        close_net: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.source, self.net, self.record, self.known, self.holder = source, net, record, known, holder
        self.terms = terms or Terms(dict.fromkeys(NOT_KEPT, 0), 30 * DAY)
        self.duty = duties.load(record, source.name)
        self.failures = 0
        self._close_net = close_net

    def close(self) -> None:
        """Ends its connections, to the network and to the store."""
        if self._close_net is not None:
            self._close_net()
        self.record.database.close()

    def rounds(self, *, once: bool = False) -> None:
        """Asks, waits, asks again, until told to stop; once if so asked."""
        try:
            while True:
                if duties.take_lease(self.record, self.source.name, self.holder):
                    following = self.round(once=once)
                    if once:
                        return
                else:
                    following = Next("waiting", "another process reads it", duties.LEASE / 1e6 / 3)
                self.net.sleep(following.seconds * random.uniform(1.0, 1.1))
        except Stopped:
            pass
        finally:
            duties.end_lease(self.record, self.source.name, self.holder)

    def round(self, *, once: bool = False) -> Next:
        """One reading of the network's pages, as far as it goes; of an endless stream a while, if once."""
        began = self.net.now()
        self._note(started_at=self.duty.started_at or self.net.now(), state="reading", next_at=None)
        problem: NetError | None = None
        try:
            for page in self.source.pages(self.net, cursor_of(self.record.database, self.source.name)):
                self.store(page)
                if once and self.net.now() - began > ONCE_AT_MOST:
                    break
        except NetError as found:
            problem = found
        self.failures = self.failures + 1 if problem else 0
        following = after(problem, self.failures - 1, self.source.every)
        self._end(problem, following)
        return following

    def store(self, page: Page) -> None:
        """A page into the record, with its cursor, in one batch. What the reader learns is tracked from now on."""
        if not duties.take_lease(self.record, self.source.name, self.holder):
            raise NetError("another process took it over")
        reader = partial(self._read, self.record.view())
        written = self.record.read(page.seen, reader, source=self.source.name, keep=self.terms.keep, cursor=page.cursor)
        at = self.net.now()
        self._note(success_at=at, items=self.duty.items + written.added)
        if at - (self.duty.covered_to or self.duty.started_at or at) > COVERED_EVERY:
            self._cover(None)

    def _read(self, view: View, seen: Seen) -> Sequence[Item]:
        items = list(self.source.read(seen))
        self.known.learn(items)
        return [item for item in items if not (isinstance(item, LASTING) and said_before(view, item))]

    def _cover(self, problem: NetError | None) -> None:
        at = self.net.now()
        found = covered(self.source.name, self.duty, at, problem, self.source.reach)
        if found is not None:
            self.record.write([found], source=self.source.name, at=at)
        if problem is None:
            self._note(covered_to=at, failing_since=None, reason="")

    def _end(self, problem: NetError | None, following: Next) -> None:
        at = self.net.now()
        if problem is None:
            if at - (self.duty.covered_to or 0) > COVERED_EVERY or self.duty.failing_since is not None:
                self._cover(None)
        else:
            self._note(failing_since=self.duty.failing_since or at, reason=following.reason)
            if not isinstance(problem, Wait) or problem.seconds > HOUR / 1e6:
                self._cover(problem)
        self._note(state=following.state, next_at=at + int(following.seconds * 1e6))

    def _note(self, **changes: object) -> None:
        self.duty = msgspec.structs.replace(self.duty, **changes)
        duties.save(self.record, self.duty)


class Collector:
    """All sources of a site, a thread each; ends when told to, or when one of them meets a mistake of ours."""

    def __init__(self, workers: Mapping[str, Callable[[], Worker]], stop: threading.Event) -> None:
        self._make, self._stop = workers, stop
        self._broken: list[BaseException] = []

    def run(self, *, once: bool = False) -> None:
        """Runs until stopped; with `once`, until every source was read once. Raises what broke a thread."""
        threads = [
            threading.Thread(target=self._work, args=(make, once), name=name, daemon=True)
            for name, make in self._make.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
        if self._broken:
            raise self._broken[0]

    def _work(self, make: Callable[[], Worker], once: bool) -> None:
        try:
            with closing(make()) as worker:
                worker.rounds(once=once)
        except BaseException as broken:
            self._broken.append(broken)
            self._stop.set()

"""The record and the issues compared with the script: what they must hold, out of what happened and what went wrong.

Each function names what is not as it must be; nothing, where all is well. What must be is said by the script, the plan
of faults and the story alone, never by what the program says of itself.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from hotpapers import announcement_days as days
from hotpapers.model import DAY, HOUR
from hotpapers.privacy.retention import SNAPSHOTS_AFTER
from hotpapers.store import Record
from hotpapers.store.batches import load_manifest
from hotpapers.store.identities import key_of
from tests.loopback import expected
from tests.loopback.expected import Announced, Figures
from tests.loopback.loopnet import LoopClient
from tests.loopback.script import Said, present, there
from tests.loopback.world import CHOIR
from tests.years.weather import NETWORKS, Calm, broken
from tests.years.years import Lived

TALKING = tuple(network for network in NETWORKS if network != "arxiv")
REACH = {"bluesky": 23 * HOUR, "huggingface": 2 * DAY, "lobsters": 5 * DAY, "feeds": 4 * DAY}
"""How long a network can be asked for what was said, at the rates of this script; others as long as it is there."""
LASTS = 7 * DAY
"""So long what was said is looked for at most."""
HOUR_BACK = HOUR
"""By how much an answer may be old that is told again."""


class Row(NamedTuple):
    """A row of a post: when it was observed, the batch that brought it, why it is gone."""

    observed_at: int
    since: int
    gone: str
    created_at: int


class Held:
    """What the record holds, by post."""

    def __init__(self, record: Record) -> None:
        rows = record.database.rows
        self.posts: dict[str, list[Row]] = defaultdict(list)
        sql = f"""SELECT {key_of("post.post")}, observed_at, since, gone, created_at FROM post WHERE until = 0
            ORDER BY observed_at"""
        for post, *row in rows(sql):
            self.posts[post].append(Row(*row))
        self.mentions: dict[str, set[str]] = defaultdict(set)
        sql = f"SELECT {key_of('mention.post')}, {key_of('mention.paper')} FROM mention WHERE until = 0"
        for post, paper in rows(sql):
            self.mentions[post].add(paper)
        self.counts: dict[str, list[tuple[int, Figures]]] = defaultdict(list)
        sql = f"""SELECT {key_of("snapshot.post")}, observed_at, reposts, likes, replies, quotes, views FROM snapshot
            WHERE until = 0 ORDER BY observed_at"""
        for post, at, *counts in rows(sql):
            self.counts[post].append((at, Figures(*counts)))
        self.pruned = _pruned(record)

    def has_pruned(self, network: str, since: int, until: int) -> bool:
        """Whether counts of a network that were read between two moments are there no more, as nothing needs them."""
        return any(one.startswith(network) and since <= at <= until for one, at in self.pruned)


class Oracle:
    """What must be, of what was lived through."""

    def __init__(self, lived: Lived) -> None:
        self.lived, self.story, self.script = lived, lived.story, lived.world.script
        self.bases: Mapping[str, str] = LoopClient(self.script, lived.world.timeline).bases
        story = self.story
        self.stopped = [*story.off, story.lost]
        self.store = Calm([*self.stopped, *story.away, *story.full])
        self.calm = {
            network: Calm([*broken(story.faults, network), *self.stopped, *story.away, *story.full])
            for network in NETWORKS
        }

    @cached_property
    def said(self) -> dict[str, Said]:
        """Everything that names a paper and can be found, by key."""
        first, last = self.story.start // DAY, self.story.end // DAY
        found = (one for network in TALKING for day in range(first, last + 1) for one in self.script.said(network, day))
        return {expected.key(one, self.bases): one for one in found if one.names}

    # ---- posts -------------------------------------------------------------------------------------------

    def can_be_found(self, said: Said, until: int) -> bool:
        """Whether it was there to be found while its network was read, up to a moment."""
        if not expected.surely_found(said) or said.at < self.story.start:
            return False
        until = min(until, said.at + REACH.get(said.network, LASTS))
        if said.network == "bluesky":  # who resumes hears of it, be it gone by now
            return present(said.by, said.at) and self.calm["bluesky"].some(said.at, until)
        gone = min(said.gone_at, said.by.left if said.by.left >= said.at else until)
        return there(said, said.at) and self.calm[said.network].some(said.at, min(until, gone))

    def posts(self, held: Held) -> Iterator[str]:
        """Posts that are missing, that nobody wrote, or that name other papers or another moment."""
        for key, said in self.said.items():
            if key not in held.posts and self.can_be_found(said, self.story.end):
                yield f"{key}: missing, said at {utc(said.at)}"
        for key, rows in held.posts.items():
            told = self._whose(key)
            if told is None:
                yield f"{key}: nobody said that"
            elif not self._names(told, held.mentions[key]):
                yield f"{key}: names {held.mentions[key]}, not {set(expected.papers(told))}"
            elif {row.created_at for row in rows if not row.gone} - {told.at}:
                yield f"{key}: made at {[utc(row.created_at) for row in rows]}, not {utc(told.at)}"

    def _names(self, said: Said, papers: set[str]) -> bool:
        """Whether a post names these: its papers, and others that happen to have the same title; none, where the terms
        let nothing be kept of it."""
        if is_limited(said) and not papers:
            return True
        titles = {one.title for paper in said.papers if (one := self.script.paper(paper))}
        more = [self.script.paper(key.removeprefix("arxiv:")) for key in papers - expected.papers(said)]
        return expected.papers(said) <= papers and all(one is not None and one.title in titles for one in more)

    @cached_property
    def _early(self) -> dict[str, Said]:
        first = self.story.start // DAY
        found = (
            one for network in TALKING for day in range(first - 9, first) for one in self.script.said(network, day)
        )
        return {expected.key(one, self.bases): one for one in found if one.names}

    def _whose(self, key: str) -> Said | None:
        """What was said under a key; also before the program was started, where a list told it."""
        return self.said.get(key) or self._early.get(key)

    def counts(self, held: Held) -> Iterator[str]:
        """Counts that are not those of their moment."""
        for key, counts in held.counts.items():
            said = self._whose(key)
            if said is not None:
                yield from (f"{key}: {told} at {utc(at)}" for at, told in counts if told not in _right(said, at))

    def marks(self, held: Held) -> Iterator[str]:
        """Posts of which no counts are known that were right at an age at which they are to be read again."""
        for key, said in self.said.items():
            if said.story or key not in held.posts or not self.is_asked_for(said):
                continue
            for hours in AGES:
                mark = said.at + hours * HOUR
                asked = self._asked_by(said.network, mark)
                if asked and there(said, mark) and there(said, asked) and first_seen(held, key) < mark:
                    yield from self._at_mark(key, said, mark, asked, held)

    def is_asked_for(self, said: Said) -> bool:
        """Whether counts are read again: not where nobody counts, and not those of programs and choirs."""
        programs = {one.id for one in self.script.accounts(said.network)[-CHOIR:]} if said.network == "bluesky" else ()
        return not (said.network == "feeds" or is_limited(said) or said.by.bot or said.by.id in programs)

    def _asked_by(self, network: str, mark: int) -> int | None:
        """By when counts that are due at a moment were surely read; None where that is not sure."""
        until = mark + 2 * HOUR
        names = ("bluesky.view",) if network == "bluesky" else (network,)
        calm = self._counting(names)
        return until if until < self.story.end and calm.whole(mark, until) else None

    @lru_cache  # noqa: B019
    def _counting(self, names: tuple[str, ...]) -> Calm:
        spans = [span for name in names for span in broken(self.story.faults, name)]
        return Calm([*spans, *self.stopped, *self.story.away, *self.story.full])

    def _at_mark(self, key: str, said: Said, mark: int, asked: int, held: Held) -> Iterator[str]:
        counts = held.counts.get(key, [])
        known = [told for at, told in counts if at <= asked]
        right = {
            expected.figures(said, moment, listed=listed)
            for moment in range(mark, asked + 1, HOUR // 4) for listed in (False, True)
        }  # fmt: skip
        late = [at for at, _ in counts if mark <= at <= asked]
        if asked < self.story.end - SNAPSHOTS_AFTER and held.has_pruned(said.network, said.at, asked):
            return  # what is read and says nothing new is not written: the pruned one may be an earlier one
        if not late and (not known or known[-1] not in right):
            yield f"{key}: {(mark - said.at) // HOUR} h after {utc(said.at)} {known[-1:]} is known, not {right}"

    def gone(self, held: Held) -> Iterator[str]:
        """Posts that are told to be gone and are not, or are gone and it is not told."""
        for key, rows in held.posts.items():
            said = self.said.get(key)
            if said is None:
                continue
            told = [row for row in rows if row.gone]
            if any(there(said, row.observed_at) and there(said, row.observed_at - HOUR) for row in told):
                yield f"{key}: told to be gone at {[utc(row.observed_at) for row in told]}, but it was there"
            elif not rows[-1].gone and self._surely_noticed(key, said, held):
                yield f"{key}: gone at {utc(min(said.gone_at, said.by.left))}, and nobody noticed"

    def _surely_noticed(self, key: str, said: Said, held: Held) -> bool:
        """Whether a post was asked for after it had gone, or a stream told it."""
        if not self.is_asked_for(said):
            return False
        if said.network == "bluesky" and said.gone_at < self.story.end and present(said.by, said.gone_at):
            known = first_seen(held, key)
            return known < said.gone_at < said.at + 29 * DAY and self.calm["bluesky"].some(
                said.gone_at, min(said.gone_at + 23 * HOUR, self.story.end)
            )
        marks = [said.at + hours * HOUR for hours in AGES]
        asked = [(mark, by) for mark in marks if (by := self._asked_by(said.network, mark))]
        return any(
            not there(said, mark) and not there(said, by) and first_seen(held, key) < mark for mark, by in asked
        ) and not any(there(said, moment) for moment in range(marks[0], self.story.end, HOUR))

    # ---- arXiv -------------------------------------------------------------------------------------------

    def announcements(self, record: Record) -> Iterator[str]:
        """Announcements that are missing, or that never were. Of a day that was missed the listings tell all but
        versions and what was replaced; OAI-PMH, after a week, tells the new papers alone."""
        found: dict[str, set[Announced]] = defaultdict(set)
        paper = key_of("announcement.paper")
        sql = f"SELECT {paper}, day, category, type, version FROM announcement WHERE until = 0"
        for row in record.database.rows(sql):
            found[row[1]].add(Announced(*row))
        for label in self.labels:
            wanted, there = expected.announced(self.script, label), found[label]
            if not self.heard(label):
                told = ("new", "cross") if self._listed(label) else ("new",)
                wanted = {one._replace(version=None) for one in wanted if one.type in told}
                there = {one._replace(version=None) for one in there if one.type in told}
            yield from (f"{label}: {one} is missing" for one in sorted(wanted - there))
            yield from (f"{label}: {one} was never announced" for one in sorted(there - wanted))

    @property
    def labels(self) -> list[str]:
        """The days with an announcement that can have been read."""
        first = days.current(self.story.start)
        return [*days.between(first, days.current(self.story.end - 12 * HOUR))]

    def _listed(self, label: str) -> bool:
        """Whether arXiv could be asked while its listings still told of a day: they have the last five."""
        end = label
        for _ in range(4):
            end = days.next_day(end)
        return self.calm["arxiv"].some(days.closes_at(days.following(label)), days.announced_at(end))

    def heard(self, label: str) -> bool:
        """Whether there was time to read a day's feeds on the day itself."""
        start, end = days.closes_at(label), days.closes_at(days.following(label))
        if days.following(label) != label and end - start > 2 * DAY:
            end = start + DAY
        return self.calm["arxiv"].some(start, end)


def _right(said: Said, at: int) -> list[Figures | None]:
    """What a network may have told of a post at a moment."""
    moments = (at, at - HOUR_BACK)
    return [expected.figures(said, moment, listed=listed) for moment in moments for listed in (False, True)]


AGES = (6, 24, 72, 168)


def _pruned(record: Record) -> frozenset[tuple[str, int]]:
    """The jobs and moments of the batches of which rows were pruned: so many are told by the manifests, no more."""
    written = {row[0]: (row[1], row[2]) for row in record.database.rows("SELECT position, source, at FROM batch")}
    pruning = record.database.rows("SELECT position FROM batch WHERE source = 'prune'")
    manifests = (load_manifest(record.database, position) for (position,) in pruning)
    return frozenset(written[position] for one in manifests for position, _ in one.pruned)


def is_limited(said: Said) -> bool:
    """Whether a network's terms let nothing be kept of it but that it is limited."""
    return said.network == "mastodon" and bool(said.limits or said.by.labels)


def first_seen(held: Held, key: str) -> int:
    """When a post was observed for the first time."""
    return held.posts[key][0].observed_at


def utc(at: int) -> str:
    """A moment as people read it."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC):%Y-%m-%d %H:%M:%S}"

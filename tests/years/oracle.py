"""Compare the record and the issues with what they must contain, given what happened and what went wrong.

Each function yields the errors it finds. Expectations come only from the script, the plan of faults and the story,
never from what the program reports about itself.
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
from tests.loopback.direct_client import DirectClient
from tests.loopback.expected import ExpectedAnnouncement, Figures
from tests.loopback.script import Message, account_exists, is_visible
from tests.loopback.world import CAMPAIGN_SIZE
from tests.years.weather import NETWORKS, Calm, broken
from tests.years.years import Lived

TALKING = tuple(network for network in NETWORKS if network != "arxiv")
REACH = {"bluesky": 23 * HOUR, "huggingface": 2 * DAY, "lobsters": 5 * DAY, "feeds": 4 * DAY}
"""How long after a post each network can still be asked for it, at this script's rates; other networks never forget."""
LASTS = 7 * DAY
"""The longest time for which posts are searched."""
HOUR_BACK = HOUR
"""How stale a replayed answer may be."""


class Row(NamedTuple):
    """An observation of a post: when it was made, the batch that brought it, why the post is gone."""

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
        """Whether counts of a network, read between two moments, were pruned because nothing needs them."""
        return any(one.startswith(network) and since <= at <= until for one, at in self.pruned)


class Oracle:
    """What must be true after the simulation."""

    def __init__(self, lived: Lived) -> None:
        self.lived, self.story, self.script = lived, lived.story, lived.world.script
        self.bases: Mapping[str, str] = DirectClient(self.script, lived.world.timeline).bases
        story = self.story
        self.stopped = [*story.off, story.lost]
        self.store = Calm([*self.stopped, *story.away, *story.full])
        self.calm = {
            network: Calm([*broken(story.faults, network), *self.stopped, *story.away, *story.full])
            for network in NETWORKS
        }

    @cached_property
    def said(self) -> dict[str, Message]:
        """All posts that name a paper and can be found, by key."""
        first, last = self.story.start // DAY, self.story.end // DAY
        found = (
            one for network in TALKING for day in range(first, last + 1) for one in self.script.messages(network, day)
        )
        return {expected.key(one, self.bases): one for one in found if one.references}

    # ---- posts -------------------------------------------------------------------------------------------

    def can_be_found(self, said: Message, until: int) -> bool:
        """Whether a post could be found while its network was being read, until a moment."""
        if not expected.is_findable(said) or said.at < self.story.start:
            return False
        until = min(until, said.at + REACH.get(said.network, LASTS))
        if said.network == "bluesky":  # the stream reports it on resuming even if it is gone by then
            return account_exists(said.author, said.at) and self.calm["bluesky"].some(said.at, until)
        gone = min(said.gone_at, said.author.gone_from if said.author.gone_from >= said.at else until)
        return is_visible(said, said.at) and self.calm[said.network].some(said.at, min(until, gone))

    def posts(self, held: Held) -> Iterator[str]:
        """Posts that are missing, were never written, or have the wrong papers or time."""
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

    def _names(self, said: Message, papers: set[str]) -> bool:
        """Whether these are the papers that a post names: its own, and others with the same title; none, where terms
        forbid keeping anything of it."""
        if is_limited(said) and not papers:
            return True
        titles = {one.title for paper in said.papers if (one := self.script.paper(paper))}
        more = [self.script.paper(key.removeprefix("arxiv:")) for key in papers - expected.papers(said)]
        return expected.papers(said) <= papers and all(one is not None and one.title in titles for one in more)

    @cached_property
    def _early(self) -> dict[str, Message]:
        first = self.story.start // DAY
        found = (
            one for network in TALKING for day in range(first - 9, first) for one in self.script.messages(network, day)
        )
        return {expected.key(one, self.bases): one for one in found if one.references}

    def _whose(self, key: str) -> Message | None:
        """The post with a key, even one from before the program started that a list contained."""
        return self.said.get(key) or self._early.get(key)

    def counts(self, held: Held) -> Iterator[str]:
        """Counts that were never right at their time."""
        for key, counts in held.counts.items():
            said = self._whose(key)
            if said is not None:
                yield from (f"{key}: {told} at {utc(at)}" for at, told in counts if told not in _right(said, at))

    def marks(self, held: Held) -> Iterator[str]:
        """Posts without known counts that are right for an age at which they are to be read again."""
        for key, said in self.said.items():
            if said.story or key not in held.posts or not self.is_asked_for(said):
                continue
            for hours in AGES:
                mark = said.at + hours * HOUR
                asked = self._asked_by(said.network, mark)
                if asked and is_visible(said, mark) and is_visible(said, asked) and first_seen(held, key) < mark:
                    yield from self._at_mark(key, said, mark, asked, held)

    def is_asked_for(self, said: Message) -> bool:
        """Whether counts of a post are read again: not on networks without counts, and not for bots and choirs."""
        programs = (
            {one.id for one in self.script.accounts(said.network)[-CAMPAIGN_SIZE:]} if said.network == "bluesky" else ()
        )
        return not (said.network == "feeds" or is_limited(said) or said.author.bot or said.author.id in programs)

    def _asked_by(self, network: str, mark: int) -> int | None:
        """When counts due at a moment had surely been read; None where that is uncertain."""
        until = mark + 2 * HOUR
        names = ("bluesky.view",) if network == "bluesky" else (network,)
        calm = self._counting(names)
        return until if until < self.story.end and calm.whole(mark, until) else None

    @lru_cache  # noqa: B019
    def _counting(self, names: tuple[str, ...]) -> Calm:
        spans = [span for name in names for span in broken(self.story.faults, name)]
        return Calm([*spans, *self.stopped, *self.story.away, *self.story.full])

    def _at_mark(self, key: str, said: Message, mark: int, asked: int, held: Held) -> Iterator[str]:
        counts = held.counts.get(key, [])
        known = [told for at, told in counts if at <= asked]
        right = {
            expected.figures(said, moment, in_list=listed)
            for moment in range(mark, asked + 1, HOUR // 4) for listed in (False, True)
        }  # fmt: skip
        late = [at for at, _ in counts if mark <= at <= asked]
        if asked < self.story.end - SNAPSHOTS_AFTER and held.has_pruned(said.network, said.at, asked):
            return  # unchanged counts are not written, so the matching ones may have been earlier and pruned
        if not late and (not known or known[-1] not in right):
            yield f"{key}: {(mark - said.at) // HOUR} h after {utc(said.at)} {known[-1:]} is known, not {right}"

    def gone(self, held: Held) -> Iterator[str]:
        """Posts recorded as gone that are not, or not recorded as gone though they are."""
        for key, rows in held.posts.items():
            said = self.said.get(key)
            if said is None:
                continue
            told = [row for row in rows if row.gone]
            if any(is_visible(said, row.observed_at) and is_visible(said, row.observed_at - HOUR) for row in told):
                yield f"{key}: told to be gone at {[utc(row.observed_at) for row in told]}, but it was there"
            elif not rows[-1].gone and self._surely_noticed(key, said, held):
                yield f"{key}: gone at {utc(min(said.gone_at, said.author.gone_from))}, and nobody noticed"

    def _surely_noticed(self, key: str, said: Message, held: Held) -> bool:
        """Whether a post was requested after it disappeared, or a stream reported it."""
        if not self.is_asked_for(said):
            return False
        if said.network == "bluesky" and said.gone_at < self.story.end and account_exists(said.author, said.gone_at):
            known = first_seen(held, key)
            return known < said.gone_at < said.at + 29 * DAY and self.calm["bluesky"].some(
                said.gone_at, min(said.gone_at + 23 * HOUR, self.story.end)
            )
        marks = [said.at + hours * HOUR for hours in AGES]
        asked = [(mark, by) for mark in marks if (by := self._asked_by(said.network, mark))]
        return any(
            not is_visible(said, mark) and not is_visible(said, by) and first_seen(held, key) < mark
            for mark, by in asked
        ) and not any(is_visible(said, moment) for moment in range(marks[0], self.story.end, HOUR))

    # ---- arXiv -------------------------------------------------------------------------------------------

    def announcements(self, record: Record) -> Iterator[str]:
        """Announcements that are missing or never happened. For a missed day the listings give all but versions and
        replacements; a week later OAI-PMH gives only new papers."""
        found: dict[str, set[ExpectedAnnouncement]] = defaultdict(set)
        paper = key_of("announcement.paper")
        sql = f"SELECT {paper}, day, category, type, version FROM announcement WHERE until = 0"
        for row in record.database.rows(sql):
            found[row[1]].add(ExpectedAnnouncement(*row))
        for label in self.labels:
            wanted, there = expected.announcements(self.script, label), found[label]
            if not self.heard(label):
                told = ("new", "cross") if self._listed(label) else ("new",)
                wanted = {one._replace(version=None) for one in wanted if one.type in told}
                there = {one._replace(version=None) for one in there if one.type in told}
            yield from (f"{label}: {one} is missing" for one in sorted(wanted - there))
            yield from (f"{label}: {one} was never announced" for one in sorted(there - wanted))

    @property
    def labels(self) -> list[str]:
        """The days whose announcements can have been read."""
        first = days.current(self.story.start)
        return [*days.between(first, days.current(self.story.end - 12 * HOUR))]

    def _listed(self, label: str) -> bool:
        """Whether arXiv could be read while its listings still included a day; they cover the last five."""
        end = label
        for _ in range(4):
            end = days.next_day(end)
        return self.calm["arxiv"].some(days.closes_at(days.following(label)), days.announced_at(end))

    def heard(self, label: str) -> bool:
        """Whether there was time to read a day's feeds on that day."""
        start, end = days.closes_at(label), days.closes_at(days.following(label))
        if days.following(label) != label and end - start > 2 * DAY:
            end = start + DAY
        return self.calm["arxiv"].some(start, end)


def _right(said: Message, at: int) -> list[Figures | None]:
    """What a network may have reported about a post at a moment."""
    moments = (at, at - HOUR_BACK)
    return [expected.figures(said, moment, in_list=listed) for moment in moments for listed in (False, True)]


AGES = (6, 24, 72, 168)


def _pruned(record: Record) -> frozenset[tuple[str, int]]:
    """The jobs and moments of the batches with pruned rows. The manifests tell no more than that."""
    written = {row[0]: (row[1], row[2]) for row in record.database.rows("SELECT position, source, at FROM batch")}
    pruning = record.database.rows("SELECT position FROM batch WHERE source = 'prune'")
    manifests = (load_manifest(record.database, position) for (position,) in pruning)
    return frozenset(written[position] for one in manifests for position, _ in one.pruned)


def is_limited(said: Message) -> bool:
    """Whether a network's terms forbid keeping anything of a post except that it is limited."""
    return said.network == "mastodon" and bool(said.limits or said.author.labels)


def first_seen(held: Held, key: str) -> int:
    """When a post was first observed."""
    return held.posts[key][0].observed_at


def utc(at: int) -> str:
    """A moment in readable form."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC):%Y-%m-%d %H:%M:%S}"

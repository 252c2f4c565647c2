"""Compare the record and the issues with what they must contain, given what happened and what went wrong.

Each function yields the errors that it finds. Expectations come only from the script, the faults and the scenario,
never from what the program reports about itself.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.keep.privacy.retention import SNAPSHOTS_AFTER
from hotpapers.record import Record
from hotpapers.record.batches import load_manifest
from hotpapers.record.identities import key_of
from tests.loopback import expected
from tests.loopback.direct_client import DirectClient
from tests.loopback.expected import ExpectedAnnouncement, Figures
from tests.loopback.script import Message, account_exists, is_visible
from tests.loopback.world import CAMPAIGN_SIZE
from tests.years.fault_plan import NETWORKS, ReadablePeriods, outage_spans
from tests.years.simulation import Result

POST_NETWORKS = tuple(network for network in NETWORKS if network != "arxiv")
LOOKBACK = {"bluesky": 23 * HOUR, "huggingface": 2 * DAY, "lobsters": 5 * DAY, "feeds": 4 * DAY}
"""For how long a post can be requested from each network, at this script's rates; other networks never forget."""
SEARCH_SPAN = 7 * DAY
"""The longest time for which posts are searched."""
STALENESS = HOUR
"""How stale a replayed answer may be."""


class Row(NamedTuple):
    """An observation of a post: its time and its batch, why the post is gone, and when the post was created."""

    observed_at: int
    since: int
    gone: str
    created_at: int


class RecordedPosts:
    """What the record contains, by post."""

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
        self.pruned = _pruned_batches(record)

    def has_pruned(self, network: str, since: int, until: int) -> bool:
        """Whether counts of a network, read between two moments, were pruned because nothing needs them."""
        return any(source.startswith(network) and since <= at <= until for source, at in self.pruned)


class Oracle:
    """What must be true after the simulation."""

    def __init__(self, result: Result) -> None:
        self.result, self.scenario, self.script = result, result.scenario, result.environment.script
        self.bases: Mapping[str, str] = DirectClient(self.script, result.environment.timeline).bases
        scenario = self.scenario
        self.pauses = [*scenario.pauses, scenario.lost_span]
        store_spans = [*self.pauses, *scenario.store_outages, *scenario.full_disks]
        self.readable = {
            network: ReadablePeriods([*outage_spans(scenario.faults, network), *store_spans]) for network in NETWORKS
        }

    @cached_property
    def messages(self) -> dict[str, Message]:
        """All posts that name a paper and can be found, by key."""
        return self._messages_by_key(self.scenario.start // DAY, self.scenario.end // DAY + 1)

    def _messages_by_key(self, start_day: int, end_day: int) -> dict[str, Message]:
        messages = (
            message
            for network in POST_NETWORKS
            for day in range(start_day, end_day)
            for message in self.script.messages(network, day)
        )
        return {expected.key(message, self.bases): message for message in messages if message.references}

    # ---- posts -------------------------------------------------------------------------------------------

    def can_be_found(self, message: Message, until: int) -> bool:
        """Whether a post could be found while its network was being read, until a moment."""
        if not expected.is_findable(message) or message.at < self.scenario.start:
            return False
        until = min(until, message.at + LOOKBACK.get(message.network, SEARCH_SPAN))
        if message.network == "bluesky":  # a resumed stream reports it even if it is gone by then
            return account_exists(message.author, message.at) and self.readable["bluesky"].has_round(message.at, until)
        gone_at = min(message.gone_at, message.author.gone_from if message.author.gone_from >= message.at else until)
        readable = self.readable[message.network]
        return is_visible(message, message.at) and readable.has_round(message.at, min(until, gone_at))

    def posts(self, recorded: RecordedPosts) -> Iterator[str]:
        """Posts that are missing, were never written, or have the wrong papers or time."""
        for key, message in self.messages.items():
            if key not in recorded.posts and self.can_be_found(message, self.scenario.end):
                yield f"{key}: missing, posted at {utc(message.at)}"
        for key, rows in recorded.posts.items():
            original = self._message_of(key)
            if original is None:
                yield f"{key}: nobody posted that"
            elif not self._has_right_papers(original, recorded.mentions[key]):
                yield f"{key}: names {recorded.mentions[key]}, not {set(expected.papers(original))}"
            elif {row.created_at for row in rows if not row.gone} - {original.at}:
                yield f"{key}: created at {[utc(row.created_at) for row in rows]}, not {utc(original.at)}"

    def _has_right_papers(self, message: Message, papers: set[str]) -> bool:
        """Whether these are the papers that a post names: its own, and others with the same title; or none, if terms
        forbid keeping anything of it."""
        if is_limited(message) and not papers:
            return True
        titles = {paper.title for id in message.papers if (paper := self.script.paper(id))}
        other_papers = [self.script.paper(key.removeprefix("arxiv:")) for key in papers - expected.papers(message)]
        has_own = expected.papers(message) <= papers
        return has_own and all(paper is not None and paper.title in titles for paper in other_papers)

    @cached_property
    def _earlier_messages(self) -> dict[str, Message]:
        first_day = self.scenario.start // DAY
        return self._messages_by_key(first_day - 9, first_day)

    def _message_of(self, key: str) -> Message | None:
        """The post with a key, which may be older than the program's first start if a list contained it."""
        return self.messages.get(key) or self._earlier_messages.get(key)

    def counts(self, recorded: RecordedPosts) -> Iterator[str]:
        """Counts that cannot have been right when they were read."""
        for key, counts in recorded.counts.items():
            message = self._message_of(key)
            if message is not None:
                wrong = ((at, count) for at, count in counts if count not in _possible_figures(message, at))
                yield from (f"{key}: {count} at {utc(at)}" for at, count in wrong)

    def counts_at_ages(self, recorded: RecordedPosts) -> Iterator[str]:
        """Posts whose recorded counts are not right for an age at which they are to be read again."""
        for key, message in self.messages.items():
            if message.story or key not in recorded.posts or not self.is_counted(message):
                continue
            for hours in AGES:
                due = message.at + hours * HOUR
                read_by = self._read_by(message.network, due)
                if read_by is None or first_observed_at(recorded, key) >= due:
                    continue
                if is_visible(message, due) and is_visible(message, read_by):
                    yield from self._check_mark(key, message, due, read_by, recorded)

    def is_counted(self, message: Message) -> bool:
        """Whether counts of a post are read again: not on networks without counts, and not for bots and campaigns."""
        author, accounts = message.author, self.script.accounts(message.network)
        is_campaign = message.network == "bluesky" and author in accounts[-CAMPAIGN_SIZE:]
        return not (message.network == "feeds" or is_limited(message) or author.bot or is_campaign)

    def _read_by(self, network: str, due: int) -> int | None:
        """When counts due at a moment must have been read; None if that is uncertain."""
        until = due + 2 * HOUR
        names = ("bluesky.view",) if network == "bluesky" else (network,)
        readable = self._readable_counts(names)
        return until if until < self.scenario.end and readable.is_clear(due, until) else None

    @lru_cache  # noqa: B019
    def _readable_counts(self, names: tuple[str, ...]) -> ReadablePeriods:
        spans = [span for name in names for span in outage_spans(self.scenario.faults, name)]
        return ReadablePeriods([*spans, *self.pauses, *self.scenario.store_outages, *self.scenario.full_disks])

    def _check_mark(self, key: str, message: Message, due: int, read_by: int, recorded: RecordedPosts) -> Iterator[str]:
        counts = recorded.counts.get(key, [])
        recorded_counts = [count for at, count in counts if at <= read_by]
        possible = {
            expected.figures(message, moment, in_list=listed)
            for moment in range(due, read_by + 1, HOUR // 4) for listed in (False, True)
        }  # fmt: skip
        read_in_time = [at for at, _ in counts if due <= at <= read_by]
        if read_by < self.scenario.end - SNAPSHOTS_AFTER and recorded.has_pruned(message.network, message.at, read_by):
            return  # unchanged counts are not written, so the matching ones may have been earlier and pruned
        if not read_in_time and (not recorded_counts or recorded_counts[-1] not in possible):
            age = f"{(due - message.at) // HOUR} h after {utc(message.at)}"
            yield f"{key}: {age} {recorded_counts[-1:]} is known, not {possible}"

    def deletions(self, recorded: RecordedPosts) -> Iterator[str]:
        """Posts recorded as gone that are not, or not recorded as gone although they are."""
        for key, rows in recorded.posts.items():
            message = self.messages.get(key)
            if message is None:
                continue
            times = [row.observed_at for row in rows if row.gone]
            if any(is_visible(message, at) and is_visible(message, at - HOUR) for at in times):
                yield f"{key}: recorded as gone at {[utc(at) for at in times]}, but it existed"
            elif not rows[-1].gone and self._must_be_noticed(key, message, recorded):
                yield f"{key}: gone at {utc(min(message.gone_at, message.author.gone_from))}, and nobody noticed"

    def _must_be_noticed(self, key: str, message: Message, recorded: RecordedPosts) -> bool:
        """Whether a post was requested after it disappeared, or a stream reported it."""
        if not self.is_counted(message):
            return False
        was_deleted = message.gone_at < self.scenario.end and account_exists(message.author, message.gone_at)
        if message.network == "bluesky" and was_deleted:
            first_observed = first_observed_at(recorded, key)
            return first_observed < message.gone_at < message.at + 29 * DAY and self.readable["bluesky"].has_round(
                message.gone_at, min(message.gone_at + 23 * HOUR, self.scenario.end)
            )
        due_times = [message.at + hours * HOUR for hours in AGES]
        readings = [(due, read_by) for due in due_times if (read_by := self._read_by(message.network, due))]
        return any(
            not is_visible(message, due) and not is_visible(message, read_by) and first_observed_at(recorded, key) < due
            for due, read_by in readings
        ) and not any(is_visible(message, moment) for moment in range(due_times[0], self.scenario.end, HOUR))

    # ---- arXiv -------------------------------------------------------------------------------------------

    def announcements(self, record: Record) -> Iterator[str]:
        """Announcements that are missing or never happened. For a missed day the listings give all but versions and
        replacements; a week later OAI-PMH gives only new papers."""
        recorded: dict[str, set[ExpectedAnnouncement]] = defaultdict(set)
        paper = key_of("announcement.paper")
        sql = f"SELECT {paper}, day, category, type, version FROM announcement WHERE until = 0"
        for row in record.database.rows(sql):
            recorded[row[1]].add(ExpectedAnnouncement(*row))
        for label in self.labels:
            expected_items, recorded_items = expected.announcements(self.script, label), recorded[label]
            if not self.could_read_feeds(label):
                types = ("new", "cross") if self._was_in_listings(label) else ("new",)
                expected_items = {item._replace(version=None) for item in expected_items if item.type in types}
                recorded_items = {item._replace(version=None) for item in recorded_items if item.type in types}
            yield from (f"{label}: {item} is missing" for item in sorted(expected_items - recorded_items))
            yield from (f"{label}: {item} was never announced" for item in sorted(recorded_items - expected_items))

    @property
    def labels(self) -> list[str]:
        """The days whose announcements can have been read."""
        first = days.latest_label(self.scenario.start)
        return [*days.labels_between(first, days.latest_label(self.scenario.end - 12 * HOUR), extra_holidays=())]

    def _was_in_listings(self, label: str) -> bool:
        """Whether arXiv could be read while its listings still included a day; they cover the last five."""
        end = label
        for _ in range(4):
            end = days.next_day(end)
        return self.readable["arxiv"].has_round(days.closes_at(days.next_label(label)), days.announced_at(end))

    def could_read_feeds(self, label: str) -> bool:
        """Whether there was time to read a day's feeds on that day."""
        start, end = days.closes_at(label), days.closes_at(days.next_label(label))
        if days.next_label(label) != label and end - start > 2 * DAY:
            end = start + DAY
        return self.readable["arxiv"].has_round(start, end)


def _possible_figures(message: Message, at: int) -> list[Figures | None]:
    """What a network may have reported about a post at a moment."""
    moments = (at, at - STALENESS)
    return [expected.figures(message, moment, in_list=listed) for moment in moments for listed in (False, True)]


AGES = (6, 24, 72, 168)


def _pruned_batches(record: Record) -> frozenset[tuple[str, int]]:
    """The jobs and moments of the batches with pruned rows. The manifests do not tell more."""
    batches = {row[0]: (row[1], row[2]) for row in record.database.rows("SELECT position, source, at FROM batch")}
    pruning = record.database.rows("SELECT position FROM batch WHERE source = 'prune'")
    manifests = (load_manifest(record.database, position) for (position,) in pruning)
    return frozenset(batches[position] for manifest in manifests for position, _ in manifest.pruned)


def is_limited(message: Message) -> bool:
    """Whether a network's terms forbid keeping anything of a post except that it is limited."""
    return message.network == "mastodon" and bool(message.limits or message.author.labels)


def first_observed_at(recorded: RecordedPosts, key: str) -> int:
    """When a post was first observed."""
    return recorded.posts[key][0].observed_at


def utc(at: int) -> str:
    """A moment in readable form."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC):%Y-%m-%d %H:%M:%S}"

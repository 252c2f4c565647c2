"""Prune raw payloads, which `base.network_terms` keeps for days, and snapshots that no issue or comparison will use.

A snapshot is pruned if it is older than 400 days, its post's papers are in no issue, and it was never the latest one at
a moment that counts: an age at which papers are compared, the end of a network's reading back (which represents an age
reached before), or the cut of an issue. So every frozen issue can be rebuilt from exactly the same counts. The manifest
keeps the whole hash of a pruned row, and the chain stays valid.

Pruning runs in steps, each in its own transaction, so others never wait long, and memory is bounded by a step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby, takewhile
from operator import attrgetter, itemgetter
from typing import NamedTuple

import msgspec

from hotpapers.base import errors, network_terms
from hotpapers.base.model import DAY, HOUR, MAX_INTEGER, HeldPapers
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.keep.privacy import queries
from hotpapers.record import batches, database, issue_contents
from hotpapers.record.manifest import BatchStamp, Pair
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.record.record import Record, current_time

SNAPSHOTS_AFTER = 400 * DAY
"""How long after they were observed, and after they came into the record, all snapshots are kept: `history` may need
those of an imported archive."""
STEP = 5_000
"""Snapshots per step."""
KEPT_BY = "kept by"
"""The name in `meta` of how long raw payloads may be kept, by network."""
PROGRESS = "pruned"
"""The name in `meta` of the last snapshot number that was checked."""


class PruneResult(NamedTuple):
    """The numbers of snapshots pruned and raw payloads deleted."""

    snapshots: int
    raw_payloads: int


_IssueCut = tuple[int, int]
"""A frozen issue's cut, and the position up to which it saw the record. Also used for other moments that count."""


class _IssueCuts(NamedTuple):
    """The cuts and papers on which issues depend. `cuts`: ascending. `firsts`: for each cut, the smallest position of
    it and all later cuts, finally the head's: of cuts at positions 4, 9 and 7 and a head at 12, these are 4, 7, 7, 12.
    `papers`: all papers in issues."""

    cuts: Sequence[_IssueCut]
    firsts: Sequence[int]
    papers: frozenset[str]

    def first_after(self, moment: int) -> _IssueCut:
        """A moment, with the first position at which an issue saw it."""
        return moment, self.firsts[bisect_left(self.cuts, (moment, 0))]


def prune_record(
    record: Record, *, at: int | None = None, whole: bool = True, allowed: network_terms.Table | None = None
) -> PruneResult:
    """Prune the record as of a moment. Frozen issues do not change. `allowed`: the networks' terms, for payloads that
    were stored when they could be kept for longer.

    `whole`: check all snapshots. Otherwise, only those are checked that have become old enough since the last run
    without `whole`. Snapshots are numbered as they come, so this is one day's worth.
    """
    at = at or current_time()
    if allowed is not None:
        _shorten(record, {row.name: row.keep for row in allowed.values()})
    with record.database.write():
        raw_payloads = queries.drop_expired(record.database, at)
    newest = queries.newest_issue(record.database)
    issue_cuts = _issue_cuts(record)
    before = at - SNAPSHOTS_AFTER
    old = queries.OldRows(before, batches.position_at(record.database, before))
    snapshots = 0
    for posts, upto in queries.posts_with_snapshots(record) if whole else _new_old_posts(record, at, old):
        with record.database.write():
            if newest != queries.newest_issue(record.database):  # another process has frozen one meanwhile
                newest = queries.newest_issue(record.database)
                issue_cuts = _issue_cuts(record)
            gone = _unneeded_snapshots(record, issue_cuts, posts, old)
            if gone:
                pairs = delete_snapshots(record, [(row.since, row.id) for row in gone])
                batches.append(record.database, BatchStamp(at, "prune"), pruned=pairs)
            if upto:
                write_meta(record.database, PROGRESS, str(upto))
        snapshots += len(gone)
    return PruneResult(snapshots, raw_payloads)


def _shorten(record: Record, keep: Mapping[str, int]) -> None:
    """Keep no raw payload for longer than the terms allow now. Only if they have changed: this reads all of them."""
    rules = msgspec.json.encode(keep, order="sorted").decode()
    if read_meta(record.database, KEPT_BY) == rules:
        return
    with record.database.write():
        for network, duration in keep.items():
            queries.shorten_expiry(record.database, network, duration)
        write_meta(record.database, KEPT_BY, rules)


# ---- steps ---------------------------------------------------------------------------------------------


def _new_old_posts(record: Record, at: int, old: queries.OldRows) -> Iterator[tuple[list[int], int]]:
    """The posts of old snapshots that were not checked yet, in steps; the last snapshot number of each step."""

    def is_passed(row: queries.SnapshotRow) -> bool:  # one from the future would hold up all others until then
        return row.since <= old.position and not old.before <= row.observed_at <= at

    after = int(read_meta(record.database, PROGRESS) or 0)
    while rows := list(takewhile(is_passed, queries.snapshots_after(record.database, after, STEP))):
        after = rows[-1].id
        yield sorted({row.post for row in rows}), after


# ---- needed snapshots ----------------------------------------------------------------------------------


def _unneeded_snapshots(
    record: Record, issue_cuts: _IssueCuts, posts: Sequence[int], old: queries.OldRows
) -> list[queries.SnapshotRow]:
    """The posts' old snapshots that are not needed."""
    gone = []
    for chunk in database.statement_slices(posts):
        # The moments at which the posts' papers are compared, each with the first position at which an issue did so
        moments = defaultdict[int, list[_IssueCut]](list)
        for post, announced_at in queries.announcements_of(record.database, chunk):
            moments[post] += (issue_cuts.first_after(announced_at + age * HOUR) for age in AGES)
        for post, read_back_at in queries.read_back_moments(record.database, chunk):
            moments[post].append(issue_cuts.first_after(read_back_at))
        named = queries.papers_named(record.database, chunk)
        needed_posts = {post for post, paper in named if paper in issue_cuts.papers}
        for post, group in groupby(queries.snapshots_of(record.database, chunk, old), attrgetter("post")):
            if post not in needed_posts:
                snapshots = list(group)
                cuts = _cuts_among(issue_cuts, snapshots)
                needed = needed_of(snapshots, [*moments[post], *cuts])
                gone += [snapshot for snapshot in snapshots if snapshot.id not in needed]
    return gone


def needed_of(snapshots: Sequence[queries.SnapshotRow], moments: Iterable[_IssueCut]) -> set[int]:
    """The ids of snapshots that are the latest at one of these moments, as known at its position or later; and of the
    last one."""
    times = [snapshot.observed_at for snapshot in snapshots]
    needed = {snapshots[-1].id}
    for moment, position in moments:
        earliest = MAX_INTEGER
        for row in snapshots[: bisect_left(times, moment + 1)][::-1]:
            if row.since < earliest:
                needed.add(row.id)
                earliest = row.since
            if earliest <= position:
                break
    return needed


def _cuts_among(issue_cuts: _IssueCuts, snapshots: Sequence[queries.SnapshotRow]) -> Iterator[_IssueCut]:
    """The cuts between the first and the last snapshot, and one for all later cuts, which see the same snapshots."""
    first, last = (bisect_left(issue_cuts.cuts, (snapshots[at].observed_at, 0)) for at in (0, -1))
    yield from issue_cuts.cuts[first:last]
    yield MAX_INTEGER, issue_cuts.firsts[last]


class _Content(HeldPapers, kw_only=True):
    """The parts of an issue's content that are used here."""

    as_of: int
    position: int


def _issue_cuts(record: Record) -> _IssueCuts:
    cuts = list[_IssueCut]()
    papers = set[str]()
    for text in queries.issue_contents(record.database):
        content = issue_contents.decode_content(text, _Content)
        cuts.append((content.as_of, content.position))
        papers.update(content.voices)
    cuts.sort()
    positions = (position for _, position in reversed(cuts))
    firsts = list(accumulate(positions, min, initial=record.head.position))[::-1]
    return _IssueCuts(cuts, firsts, frozenset(papers))


# ---- deletion ------------------------------------------------------------------------------------------


def delete_snapshots(record: Record, rows: Collection[tuple[int, int]]) -> list[Pair]:
    """Delete snapshots, given by batch and number, and store their whole hashes in their manifests; their places there,
    in order. Call inside `write()`. Raises CorruptStore if one is missing."""
    hashes = queries.snapshot_hashes(record, [number for _, number in rows])
    missing = [number for _, number in rows if number not in hashes]
    if missing:
        raise errors.CorruptStore(
            f"{record.database.where}: snapshot row {missing[0]} is missing; run `hotpapers verify`"
        )
    pairs = []
    for since, group in groupby(sorted(rows), key=itemgetter(0)):
        numbers = [number for _, number in group]
        places = batches.pairs_of(record.database, [("snapshot", number, since) for number in numbers])
        whole_hashes = {index: hashes[number] for (_, index), number in zip(places, numbers, strict=True)}
        listed = batches.load_manifest(record.database, since)
        kept = msgspec.structs.replace(listed, kept={**listed.kept, **whole_hashes})
        batches.save_manifest(record.database, since, kept)
        pairs += places
    queries.drop_snapshots(record.database, hashes)
    return sorted(pairs)

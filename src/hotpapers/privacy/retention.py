"""Pruning: raw originals whose time is over, and snapshots that no issue and no comparison will ever look at.

A snapshot of a paper that is in no issue goes when it is older than 400 days and was never the latest one at a
moment that counts: an age at which papers are compared, or the cut of an issue. So every frozen issue is rebuilt
from exactly the same counts. The batch of a pruned row keeps its hash; the chain stays whole.

It is done in steps, each a transaction of its own, so that nobody waits for long and memory holds no more than a step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, takewhile
from typing import NamedTuple

import msgspec

from hotpapers.engagement.attention import AGES
from hotpapers.model import DAY, HOUR, LARGEST
from hotpapers.store import batches
from hotpapers.store.database import placeholders
from hotpapers.store.manifest import Pair, indices, relabelled
from hotpapers.store.record import Record, now

SNAPSHOTS_AFTER = 400 * DAY
STEP = 5_000
"""Snapshots of a step."""
AT_ONCE = 500
"""Posts asked for in one query."""
LOOKED_AT = "pruned"
"""The name in `meta` of the number up to which snapshots were looked at."""


class PruneResult(NamedTuple):
    """How many snapshots and raw originals went."""

    snapshots: int
    originals: int


class _Snapshot(NamedTuple):
    id: int
    post: str
    observed_at: int
    since: int


class _Cut(NamedTuple):
    """A frozen issue's moment and the position up to which it saw the record."""

    moment: int
    position: int


class _Frozen(NamedTuple):
    """What issues rest on: their cuts, ascending; the least position of each and all later ones, the head's after the
    last; their papers."""

    cuts: Sequence[_Cut]
    firsts: Sequence[int]
    papers: frozenset[str]


def prune(record: Record, *, at: int | None = None, whole: bool = True) -> PruneResult:
    """Thins the record as it stands at a moment. Changes no frozen issue.

    `whole`: all snapshots are looked at; else those that came after the last one that was looked at so, as far as they
    are old enough. They are numbered as they came, so this is what each day brings.
    """
    at = at or now()
    with record.database.write():
        originals = sum(
            record.database.run(f"DELETE FROM {table} WHERE keep_until < ?", (at,)) for table in ("raw", "quarantine")
        )
    frozen, before, snapshots = _frozen(record), at - SNAPSHOTS_AFTER, 0
    for posts, upto in _all_posts(record) if whole else _newly_old(record, before):
        with record.database.write():
            gone = _needless(record, frozen, posts, before)
            if gone:
                _remove(record, gone, at)
            if upto:
                _look_no_more(record, upto)
        snapshots += len(gone)
    return PruneResult(snapshots, originals)


# ---- what is looked at, step by step -------------------------------------------------------------------


def _all_posts(record: Record) -> Iterator[tuple[list[str], int]]:
    """All posts that have snapshots."""
    sql = f"SELECT DISTINCT post FROM snapshot WHERE post > ? AND until = 0 ORDER BY post LIMIT {AT_ONCE}"
    after = ""
    while posts := [post for (post,) in record.database.rows(sql, (after,))]:
        after = posts[-1]
        yield posts, 0


def _newly_old(record: Record, before: int) -> Iterator[tuple[list[str], int]]:
    """The posts of snapshots that were not looked at yet and are old; the number up to which they are."""
    found = record.database.rows("SELECT value FROM meta WHERE name = ?", (LOOKED_AT,))
    after = int(found[0][0]) if found else 0
    sql = f"SELECT id, post, observed_at FROM snapshot WHERE id > ? AND until = 0 ORDER BY id LIMIT {STEP}"
    while old := list(takewhile(lambda row: row[2] < before, record.database.rows(sql, (after,)))):
        after = old[-1][0]
        yield sorted({post for _, post, _ in old}), after


def _look_no_more(record: Record, number: int) -> None:
    record.database.run("DELETE FROM meta WHERE name = ?", (LOOKED_AT,))
    record.database.run("INSERT INTO meta VALUES (?, ?)", (LOOKED_AT, str(number)))


# ---- what is needed ------------------------------------------------------------------------------------


def _needless(record: Record, frozen: _Frozen, posts: Sequence[str], before: int) -> list[_Snapshot]:
    """Of the posts' snapshots before a moment those that are not needed."""
    gone: list[_Snapshot] = []
    for start in range(0, len(posts), AT_ONCE):
        some = posts[start : start + AT_ONCE]
        marks = _age_marks(record, frozen, some)
        held = _held(record, frozen, some)
        sql = f"""SELECT id, post, observed_at, since FROM snapshot
            WHERE until = 0 AND observed_at < ? AND post IN ({placeholders(some)}) ORDER BY post, observed_at"""
        rows = (_Snapshot(*row) for row in record.database.rows(sql, (before, *some)))
        for post, group in groupby(rows, key=lambda row: row.post):
            if post not in held:
                snapshots = list(group)
                needed = needed_of(snapshots, [*marks[post], *_cuts_among(frozen, snapshots)])
                gone += [one for one in snapshots if one.id not in needed]
    return gone


def needed_of(snapshots: Sequence[_Snapshot], marks: Iterable[_Cut]) -> set[int]:
    """The ids that are the latest ones at some mark, seen from its position or a later one; and the last of all."""
    moments = [one.observed_at for one in snapshots]
    needed = {snapshots[-1].id}
    for mark in marks:
        earliest = LARGEST
        for one in snapshots[: bisect_left(moments, mark.moment + 1)][::-1]:
            if one.since < earliest:
                needed.add(one.id)
                earliest = one.since
            if earliest <= mark.position:
                break
    return needed


def _cuts_among(frozen: _Frozen, snapshots: Sequence[_Snapshot]) -> Iterator[_Cut]:
    """The cuts between the first and the last snapshot; one for all that came later, from which the same is seen."""
    first = bisect_left(frozen.cuts, _Cut(snapshots[0].observed_at, 0))
    last = bisect_left(frozen.cuts, _Cut(snapshots[-1].observed_at, 0))
    yield from frozen.cuts[first:last]
    yield _Cut(LARGEST, frozen.firsts[last])


def _age_marks(record: Record, frozen: _Frozen, posts: Sequence[str]) -> dict[str, list[_Cut]]:
    """The moments at which the posts' papers are compared, each with the first position that compared there."""
    sql = f"""SELECT DISTINCT m.post, a.announced_at FROM mention AS m JOIN announcement AS a ON a.paper = m.paper
        WHERE m.post IN ({placeholders(posts)})"""
    found: dict[str, list[_Cut]] = defaultdict(list)
    for post, announced_at in record.database.rows(sql, posts):
        for age in AGES:
            moment = announced_at + age * HOUR
            found[post].append(_Cut(moment, frozen.firsts[bisect_left(frozen.cuts, _Cut(moment, 0))]))
    return found


def _held(record: Record, frozen: _Frozen, posts: Sequence[str]) -> set[str]:
    """The posts about papers that are in an issue."""
    rows = record.database.rows(f"SELECT post, paper FROM mention WHERE post IN ({placeholders(posts)})", posts)
    return {post for post, paper in rows if paper in frozen.papers}


class _Named(msgspec.Struct):
    paper: str


class _Content(msgspec.Struct):
    """What matters here of an issue's content."""

    cut: int
    position: int
    entries: list[_Named]
    still: list[_Named]


_content = msgspec.json.Decoder(_Content).decode


def _frozen(record: Record) -> _Frozen:
    cuts: list[_Cut] = []
    papers: set[str] = set()
    for (text,) in record.database.iterate("SELECT content FROM issue WHERE until = 0"):
        content = _content(text)
        cuts.append(_Cut(content.cut, content.position))
        papers.update(one.paper for one in (*content.entries, *content.still))
    cuts.sort()
    firsts = list(accumulate((cut.position for cut in reversed(cuts)), min, initial=record.head.position))[::-1]
    return _Frozen(cuts, firsts, frozenset(papers))


# ---- what goes -----------------------------------------------------------------------------------------


def _remove(record: Record, gone: Sequence[_Snapshot], at: int) -> None:
    """Rows go; manifests keep their hashes, but nothing that names a post: it may have to be forgotten one day."""
    pairs: list[Pair] = []
    for since, group in groupby(sorted(gone, key=lambda one: one.since), key=lambda one: one.since):
        listed = batches.load_manifest(record.database, since)
        index = indices(listed)
        names = [index["snapshot", one.post, one.observed_at] for one in group]
        batches.save_manifest(record.database, since, relabelled(listed, dict.fromkeys(names, ("snapshot",))))
        pairs += [(since, name) for name in names]
    record.database.many("DELETE FROM snapshot WHERE id = ?", [(one.id,) for one in gone])
    batches.append(record.database, {}, at=at, source="prune", changes=batches.RowChanges(prune=sorted(pairs)))

"""Pruning: raw originals whose time is over, and snapshots that no issue and no comparison will ever look at.

A snapshot of a paper that is in no issue goes when it is older than 400 days and was never the latest one at a
moment that counts: an age at which papers are compared, or the cut of an issue. So every frozen issue is rebuilt
from exactly the same counts. The batch of a pruned row keeps its hash; the chain stays whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any, NamedTuple

import msgspec

from hotpapers.model import DAY, HOUR, LARGEST
from hotpapers.record import writing
from hotpapers.record.attention import AGES
from hotpapers.record.manifest import Pair, indices, relabelled
from hotpapers.record.store import Record, now

SNAPSHOTS_AFTER = 400 * DAY


class Pruned(NamedTuple):
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


def prune(record: Record, *, at: int | None = None) -> Pruned:
    """Thins the record as it stands at a moment. Changes no frozen issue."""
    at = at or now()
    with record.database.write():
        originals = sum(
            record.database.run(f"DELETE FROM {table} WHERE keep_until < ?", (at,)) for table in ("raw", "quarantine")
        )
        gone = _needless(record, at - SNAPSHOTS_AFTER)
        if gone:
            _remove(record, gone, at)
    return Pruned(len(gone), originals)


def _needless(record: Record, before: int) -> list[_Snapshot]:
    cuts = _cuts(record)
    firsts = list(accumulate((cut.position for cut in reversed(cuts)), min, initial=record.head.position))[::-1]
    gone: list[_Snapshot] = []
    sql = """SELECT id, post, observed_at, since FROM snapshot AS s WHERE until = 0 AND observed_at < ?
        AND NOT EXISTS (SELECT 1 FROM mention AS m JOIN held AS h ON h.paper = m.paper WHERE m.post = s.post)
        ORDER BY post, observed_at"""
    held = "WITH held (paper) AS (SELECT e.value FROM json_each(?) AS e) "
    if record.database.name == "postgres":
        held = "WITH held (paper) AS (SELECT e.value FROM json_array_elements_text(CAST(? AS json)) AS e(value)) "
    rows = (_Snapshot(*row) for row in record.database.iterate(held + sql, (_held_papers(record), before)))
    for post, group in groupby(rows, key=lambda row: row.post):
        snapshots = list(group)
        needed = needed_of(snapshots, [*_age_marks(record, post, cuts, firsts), *cuts])
        gone += [one for one in snapshots if one.id not in needed]
    return gone


def needed_of(snapshots: Sequence[_Snapshot], marks: Sequence[_Cut]) -> set[int]:
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


def _cuts(record: Record) -> list[_Cut]:
    """The cuts of all issues, ascending, with the positions they saw."""
    return sorted(_Cut(content["cut"], content["position"]) for content in _contents(record))


def _held_papers(record: Record) -> str:
    papers = {e["paper"] for content in _contents(record) for e in (*content["entries"], *content["still"])}
    return msgspec.json.encode(sorted(papers)).decode()


def _contents(record: Record) -> Iterator[dict[str, Any]]:
    for (content,) in record.database.iterate("SELECT content FROM issue WHERE until = 0"):
        yield msgspec.json.decode(content)


def _age_marks(record: Record, post: str, cuts: Sequence[_Cut], firsts: Sequence[int]) -> Iterator[_Cut]:
    """The moments at which the post's papers are compared, each with the first position that compared there.

    `firsts[i]`: the least position among cuts[i:]; the head after the last.
    """
    sql = (
        "SELECT DISTINCT a.announced_at FROM mention AS m JOIN announcement AS a ON a.paper = m.paper WHERE m.post = ?"
    )
    for (announced_at,) in record.database.rows(sql, (post,)):
        for age in AGES:
            moment = announced_at + age * HOUR
            yield _Cut(moment, firsts[bisect_left(cuts, _Cut(moment, 0))])


def _remove(record: Record, gone: Sequence[_Snapshot], at: int) -> None:
    """Rows go; manifests keep their hashes, but nothing that names a post: it may have to be forgotten one day."""
    pairs: list[Pair] = []
    for since, group in groupby(sorted(gone, key=lambda one: one.since), key=lambda one: one.since):
        listed = writing.load_manifest(record.database, since)
        index = indices(listed)
        names = [index["snapshot", one.post, one.observed_at] for one in group]
        writing.save_manifest(record.database, since, relabelled(listed, dict.fromkeys(names, ("snapshot",))))
        pairs += [(since, name) for name in names]
    record.database.many("DELETE FROM snapshot WHERE id = ?", [(one.id,) for one in gone])
    writing.append(record.database, {}, at=at, source="prune", changes=writing.Changes(prune=sorted(pairs)))

"""Pruning removes what no issue and no comparison uses; all of their views stay the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base import model, network_terms
from hotpapers.base.errors import CorruptStore, IssueError
from hotpapers.base.model import DAY, HOUR
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.freeze import save_issue
from hotpapers.keep.privacy import queries
from hotpapers.keep.privacy import retention as pruning
from hotpapers.keep.privacy.retention import SNAPSHOTS_AFTER, PruneResult, prune_record
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record, database
from hotpapers.record.identities import NUMBER, key_of
from hotpapers.record.manifest import HASH, unpack
from tests.issues.made import DAILY
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT

START = made.moment("2019-01-07 00:00")
NOW = START + SNAPSHOTS_AFTER + 20 * DAY
POSTS = [f"bluesky:p{n}" for n in range(3)]
PAPERS = [f"arxiv:1901.0000{n}" for n in range(1, 4)]

moments = st.integers(0, 40).map(lambda n: START + n * 6 * HOUR)
snapshots = st.builds(
    lambda post, at, likes: model.Snapshot(post=post, likes=likes, observed_at=at),
    st.sampled_from(POSTS), moments, st.integers(0, 9),
)  # fmt: skip
mentions = st.builds(
    lambda post, paper, at: model.Mention(post=post, paper=paper, form="abs", observed_at=at),
    st.sampled_from(POSTS), st.sampled_from(PAPERS), moments,
)  # fmt: skip
announcements = st.builds(
    lambda paper, at: model.Announcement(
        paper=paper, day="2019-01-07", category="cs.LG", type="new", announced_at=at, observed_at=at
    ),
    st.sampled_from(PAPERS), moments,
)  # fmt: skip
frozen_issues = st.tuples(moments, st.sets(st.sampled_from(PAPERS), max_size=1))
step = st.one_of(
    st.lists(st.one_of(snapshots, snapshots, snapshots, mentions, announcements), min_size=1, max_size=12),
    frozen_issues,
)


def frozen_issue(record: Record, edition: int, cut: int, papers: set[str]) -> model.Issue:
    content = {"as_of": cut, "position": record.head.position, "entries": [{"paper": p} for p in papers], "ongoing": []}
    return model.Issue(
        publication="p", day="2019-01-07", edition=edition, digest="", content=json.dumps(content), observed_at=cut
    )


def snapshots_seen(
    record: Record, cuts: list[tuple[int, int]], head: int
) -> dict[tuple[str, int, int], list[model.Item]]:
    """What every issue sees of every post, at its cut and at each age of its papers, and what a new issue would see."""
    sql = f"SELECT {key_of('m.post')}, a.announced_at FROM mention m JOIN announcement a ON a.paper = m.paper"
    announced_mentions = record.database.rows(sql)
    ages = {(post, at + age * HOUR) for post, at in announced_mentions for age in AGES}
    views = {(post, moment, position) for cut, position in cuts for post, moment in ages if moment <= cut}
    views |= {(post, cut, position) for cut, position in cuts for post in POSTS}
    views |= {(post, moment, head) for post, moment in ages} | {(post, NOW, head) for post in POSTS}
    return {
        (post, moment, position): [
            row.item for row in record.view(moment, position).iterate(model.Snapshot, f"t.post = {NUMBER}", (post,))
        ]
        for post, moment, position in views
    }


@pytest.mark.long
@settings(max_examples=80)
@given(st.lists(step, min_size=1, max_size=8), st.booleans(), st.sampled_from([3, 5_000]))
def test_no_view_that_an_issue_or_a_comparison_takes_changes(steps: list[object], whole: bool, size: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Record(str(Path(folder) / "s.db")) as record,
        patch.object(pruning, "STEP", size),
        patch.object(database, "AT_ONCE", size),
    ):
        cuts: list[tuple[int, int]] = []
        for step_items in steps:
            if isinstance(step_items, tuple):
                record.append([frozen_issue(record, len(cuts) + 1, *step_items)], source="issue")
                cuts.append((step_items[0], record.head.position - 1))
            elif isinstance(step_items, list):
                record.append(step_items, source="test", at=START)
        head = record.head.position
        seen_before = snapshots_seen(record, cuts, head)
        newest = dict(record.database.rows("SELECT post, max(observed_at) FROM snapshot GROUP BY post"))
        result = prune_record(record, at=NOW, whole=whole)
        assert snapshots_seen(record, cuts, head) == seen_before
        assert dict(record.database.rows("SELECT post, max(observed_at) FROM snapshot GROUP BY post")) == newest
        assert made.verified(record).pruned == result.snapshots
        assert not [f for f in made.verified(record).findings if f.what != "issue"]
        assert prune_record(record, at=NOW) == PruneResult(0, 0)


def test_each_day_only_newly_old_snapshots_are_examined(store_url: str) -> None:
    """Pruning in steps, even across a restart, leaves the same as pruning everything at once."""
    days = [NOW - 20 * DAY + n * 12 * HOUR for n in range(41)]
    with patch.object(pruning, "STEP", 7):
        with Record(store_url) as record:
            add_old_post(record)
            counts = [prune_record(record, at=at, whole=False).snapshots for at in days[:20]]
        with Record(store_url) as record:
            counts += [prune_record(record, at=at, whole=False).snapshots for at in days[20:]]
            rows = record.database.rows("SELECT likes FROM snapshot ORDER BY likes")
            assert [row[0] for row in rows] == [6, 24, 72, 168, 239]
            assert sum(counts) == 235 and max(counts) < 30 and len([n for n in counts if n]) > 15
            assert prune_record(record, at=NOW) == PruneResult(0, 0)
            assert made.verified(record).pruned == 235


def test_a_clock_that_was_ahead_does_not_end_pruning(store_url: str) -> None:
    """Each day's pruning passes over what was observed in the future."""
    with Record(store_url) as record:
        record.append([model.Snapshot(post="x:1", likes=1, observed_at=NOW + 3650 * DAY)], source="test", at=START)
        add_old_post(record)
        assert prune_record(record, at=NOW, whole=False).snapshots == 235
        assert record.count(model.Snapshot) == 6 and not made.verified(record).findings


def add_old_post(record: Record, imported_at: int = START) -> None:
    """A paper with a post that has a snapshot every hour for ten days."""
    items: list[model.Item] = [
        model.Announcement(
            paper=PAPERS[0], day="2019-01-07", category="cs.LG", type="new", announced_at=START, observed_at=START
        ),
        model.Mention(post=POSTS[0], paper=PAPERS[0], form="abs", observed_at=START),
    ]
    hours = [model.Snapshot(post=POSTS[0], likes=n, observed_at=START + n * HOUR) for n in range(240)]
    record.append([*items, *hours], source="test", at=imported_at)


def test_the_last_snapshot_and_those_at_the_ages_are_left(store_url: str) -> None:
    with Record(store_url) as record:
        add_old_post(record)
        assert prune_record(record, at=START + SNAPSHOTS_AFTER).snapshots == 0
        assert prune_record(record, at=NOW) == PruneResult(235, 0)
        rows = record.database.rows("SELECT likes FROM snapshot ORDER BY likes")
        assert [row[0] for row in rows] == [6, 24, 72, 168, 239]
        report = made.verified(record)
        assert (report.findings, report.pruned) == ((), 235)


def test_snapshots_of_an_old_archive_stay_until_they_are_old_in_the_record(store_url: str) -> None:
    with Record(store_url) as record:
        add_old_post(record, imported_at=NOW)
        for whole in (False, True):
            assert prune_record(record, at=NOW + DAY, whole=whole).snapshots == 0
        assert prune_record(record, at=NOW + SNAPSHOTS_AFTER + DAY, whole=False).snapshots == 235


def test_a_snapshot_that_is_missing_is_damage(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        add_old_post(record)
        record.database.run("DELETE FROM snapshot WHERE id = 7")
        with pytest.raises(CorruptStore, match="snapshot row 7 is missing"):
            pruning.delete_snapshots(record, [(1, 6), (1, 7)])


def test_snapshots_that_an_issue_uses_stay(store_url: str) -> None:
    with Record(store_url) as record:
        add_old_post(record)
        record.append([frozen_issue(record, 1, START + 50 * HOUR, {PAPERS[0]})], source="issue")
        assert prune_record(record, at=NOW).snapshots == 0


def test_snapshots_that_an_issue_frozen_meanwhile_uses_stay(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    list_posts = queries.posts_with_snapshots

    def freeze_first(record: Record) -> Iterator[tuple[list[int], int]]:
        with Record(store_url) as other:
            other.append([frozen_issue(other, 1, START + 50 * HOUR, {PAPERS[0]})], source="issue")
        return list_posts(record)

    with Record(store_url) as record:
        add_old_post(record)
        monkeypatch.setattr(queries, "posts_with_snapshots", freeze_first)
        assert prune_record(record, at=NOW).snapshots == 0


def test_an_issue_built_from_what_was_pruned_meanwhile_is_not_kept(store_url: str) -> None:
    with Record(store_url) as record:
        add_old_post(record)
        record.append([DAILY], source="settings")
        built = build_issue(record, IssueRecipe(DAILY, "2019-01-08", 1, record.head.position))
        assert prune_record(record, at=NOW).snapshots
        with pytest.raises(IssueError, match="pruned while this issue was built; try again"):
            save_issue(record, built, NOW)
        built = build_issue(record, IssueRecipe(DAILY, "2019-01-08", 1, record.head.position))
        assert save_issue(record, built, NOW).digest == built.digest
        assert not made.verified(record).findings


def test_snapshots_an_issue_used_before_later_ones_arrived_stay(store_url: str) -> None:
    """A late snapshot is now the latest for that moment, but it wasn't there when the issue was frozen."""
    hours = [5, 30, 60, 160, 200]
    with Record(store_url) as record:
        snapshots_on_time = [model.Snapshot(post=POSTS[0], likes=n, observed_at=START + n * HOUR) for n in hours]
        record.append(
            [model.Mention(post=POSTS[0], paper=PAPERS[0], form="abs", observed_at=START), *snapshots_on_time],
            source="s",
            at=START,
        )
        record.append([frozen_issue(record, 1, START + 61 * HOUR, set())], source="issue")
        late_snapshots = [model.Snapshot(post=POSTS[0], likes=n, observed_at=START + n * HOUR - 1) for n in (60, 61)]
        for snapshot in late_snapshots:
            record.append([snapshot], source="late", at=START)
        items_before = [row.item for row in record.view(START + 61 * HOUR, 1).iterate(model.Snapshot)]
        assert prune_record(record, at=NOW).snapshots == 4
        rows = record.database.rows("SELECT likes FROM snapshot ORDER BY observed_at")
        assert [row[0] for row in rows] == [60, 61, 200]
        assert [row.item for row in record.view(START + 61 * HOUR, 1).iterate(model.Snapshot)] == items_before


def test_originals_go_when_they_expire(store_url: str) -> None:
    with Record(store_url) as record:
        for days in (1, 30):
            payload = model.RawPayload("counts", "k", json.dumps({"post": POSTS[0], "likes": days}).encode(), AT)
            record.ingest(parse_all(made.counts_of, [payload], days * DAY), source="s")
        record.ingest(parse_all(made.counts_of, [model.RawPayload("counts", "k", b"{", AT)], 2 * DAY), source="s")
        assert [prune_record(record, at=AT + days * DAY + 1).raw_payloads for days in (0, 1, 2, 29, 30)] == [
            0,
            1,
            1,
            0,
            1,
        ]
        assert record.count(model.Snapshot) == 2 and not made.verified(record).findings


def test_originals_go_once_the_terms_forbid_to_keep_them(store_url: str) -> None:
    with Record(store_url) as record:
        for source in ("mastodon", "bluesky"):
            payloads = [model.RawPayload("counts", "k", b'{"post": "%s", "likes": 1}' % POSTS[0].encode(), AT)]
            record.ingest(parse_all(made.counts_of, payloads, 30 * DAY), source=source)
        allowed = network_terms.reviewed_terms({"mastodon": network_terms.TermsOverride(keep=2)})
        assert prune_record(record, at=AT + 3 * DAY, allowed=network_terms.TERMS).raw_payloads == 0
        assert prune_record(record, at=AT + 3 * DAY, allowed=allowed).raw_payloads == 1
        assert prune_record(record, at=AT + 3 * DAY, allowed=network_terms.TERMS).raw_payloads == 0, (
            "what is left stays as long as before"
        )
        assert prune_record(record, at=AT + 30 * DAY + 1, allowed=network_terms.TERMS).raw_payloads == 1
        assert not made.verified(record).findings


def test_a_frozen_issue_is_rebuilt_from_a_pruned_record(store_url: str) -> None:
    with Record(store_url) as record:
        issues = made.rich(record)
        post, at = "bluesky:unheard", made.moment("2021-03-02 05:00")
        new_snapshots = [model.Snapshot(post=post, likes=n, observed_at=at + n * HOUR) for n in range(9)]
        record.append(new_snapshots, source="later", at=at)
        assert prune_record(record, at=made.moment("2023-01-01 00:00")).snapshots > 4
        assert made.all_rows(record, model.Issue) == issues
        assert not made.verified(record).findings


def test_a_pruned_record_is_exported_and_imported_and_verifies(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other_record:
        made.rich(record)
        add_old_post(record)
        prune_record(record, at=NOW)
        exported_lines = list(exporter.record_lines(record))
        result = importer.import_lines(other_record, "export", exported_lines)
        assert result.restored == record.head.position
        assert list(exporter.record_lines(other_record)) == exported_lines
        assert made.verified(other_record) == made.verified(record)
        assert made.verified(other_record).pruned == 235


def test_nothing_of_a_pruned_post_is_left_in_a_manifest(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        add_old_post(record)
        prune_record(record, at=NOW)
        manifest = unpack(bytes(record.database.rows("SELECT manifest FROM batch WHERE position = 1")[0][0]))
        ids_left = {number for (number,) in record.database.rows("SELECT id FROM snapshot")}
        numbers = {index: number for index, (kind, number) in enumerate(manifest.rows()) if kind == "snapshot"}
        assert len(numbers) == 240 and numbers.keys() - manifest.kept.keys() == {
            n for n in numbers if numbers[n] in ids_left
        }
        assert len(manifest.kept) == 235 and {len(value) for value in manifest.kept.values()} == {HASH}
        keys = {item.post for item in made.all_rows(record, model.Snapshot) if isinstance(item, model.Snapshot)}
        assert keys and not any(key in repr(manifest) for key in keys)

"""Standing: its rules by hand, its table however it was updated; later records don't change earlier standing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import DAY, Item, Mention, Post, Reaction, Snapshot
from hotpapers.discussion.engagement.standing import queries
from hotpapers.discussion.engagement.standing.queries import AccountHistory, PaperActivity, add_activity
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record.database import Database
from hotpapers.record.identities import key_of
from hotpapers.record.record import Record
from tests.issues.worlds import emptied

NOW = 1_700_000_000_000_000


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "ENOUGH_KNOWN", 1)


# ---- the rules, by hand --------------------------------------------------------------------------------------


def history_after(*activity: tuple[int, int, int]) -> AccountHistory:
    """The history kept after activity as (paper, days ago, position)."""
    history: AccountHistory | None = None
    for paper, days, position in activity:
        history = add_activity(history, PaperActivity(7, paper, NOW - days * DAY, position))
    assert history is not None
    return history


def has_standing(record: Record, history: AccountHistory, as_of: int) -> bool:
    with record.database.write():
        record.database.run("DELETE FROM standing")
        record.database.run("INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?)", history)
    return bool(queries.known_accounts(record.view(as_of, 10)))


def test_three_different_papers(sqlite_record: Record) -> None:
    assert history_after((1, 40, 1)) == AccountHistory(7, NOW - 40 * DAY, NOW - 40 * DAY, 1)
    assert history_after((1, 40, 1), (1, 30, 2), (1, 20, 3)) == history_after((1, 40, 1))
    assert history_after((1, 40, 1), (2, 30, 2), (1, 20, 3), (2, 9, 4)) == history_after((1, 40, 1), (2, 30, 2))
    assert history_after((1, 40, 1), (2, 30, 2), (3, 20, 3)) == AccountHistory(
        7, NOW - 40 * DAY, NOW - 20 * DAY, 1, 2, 3
    )
    histories = [history_after((1, 40, 1), (2, 30, 2), *activity) for activity in ([], [(2, 20, 3)], [(3, 20, 3)])]
    assert [has_standing(sqlite_record, history, NOW) for history in histories] == [False, False, True]


def test_nothing_after_the_third_paper_changes_anything() -> None:
    expected = history_after((1, 40, 1), (2, 30, 2), (3, 20, 3))
    assert history_after((1, 40, 1), (2, 30, 2), (3, 20, 3), (4, 1, 4), (5, 90, 5)) == expected


@pytest.mark.parametrize(
    ("first", "second", "third", "expected"),
    [
        (30, 7, 7, True),
        (29, 7, 7, False),
        (30, 6, 7, False),
        (30, 7, 6, False),
        (400, 399, 8, True),
        (8, 40, 40, False),
    ],
)
def test_the_first_30_days_ago_and_all_of_them_a_week(
    first: int, second: int, third: int, expected: bool, sqlite_record: Record
) -> None:
    """The first activity in the record counts as the first, even if it arrived late."""
    history = history_after((1, first, 1), (2, second, 2), (3, third, 3))
    assert has_standing(sqlite_record, history, NOW) is expected
    if expected and first == 30:
        assert not has_standing(sqlite_record, history, NOW - 1)


# ---- the table -----------------------------------------------------------------------------------------------


class Activity(NamedTuple):
    """A post about a paper, or a reaction to one, some days ago. `item` is the number of the post."""

    account: str
    item: int
    paper: int
    days: int
    is_reaction: bool = False
    withdrawn: bool = False


def items_of(activity: Activity) -> list[Item]:
    """The items that record it."""
    at, key = NOW - activity.days * DAY, f"arxiv:2311.{activity.paper:05}"
    if activity.is_reaction:
        return [
            Reaction(
                post=f"bluesky:p{activity.item}", account=activity.account, type="like", withdrawn=activity.withdrawn,
                observed_at=at,
            )
        ]  # fmt: skip
    name = f"bluesky:p{activity.item}"
    post = Post(post=name, network="bluesky", account=activity.account, created_at=at, text="", observed_at=at)
    return [post, Mention(post=name, paper=key, form="abs", observed_at=at)]


_events = st.builds(
    Activity,
    account=st.sampled_from(("bluesky:a", "bluesky:b", "bluesky:c", "")),
    item=st.just(0),
    paper=st.integers(1, 4),
    days=st.sampled_from((60, 60, 40, 31, 30, 29, 10, 8, 7, 6, 1, 0, -3)),
    is_reaction=st.booleans(),
    withdrawn=st.sampled_from((False, False, True)),
)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Activity]]:
    """Batches: posts are numbered in order; reactions go to any post, including those that come later or never."""
    number, batches = 0, []
    for batch in draw(st.lists(st.lists(_events, max_size=5), min_size=1, max_size=6)):
        events = []
        for event in batch:
            number += not event.is_reaction
            item = draw(st.integers(1, number + 2)) if event.is_reaction else number
            events.append(
                event._replace(item=item, account=event.account if not event.is_reaction else event.account or "x:r")
            )
        batches.append(events)
    observed: set[tuple[str, int, int]] = set()
    return [[event for event in batch if not (event.is_reaction and is_repeated(event, observed))] for batch in batches]


def is_repeated(event: Activity, observed: set[tuple[str, int, int]]) -> bool:
    """Whether the same reaction was already observed at the same moment."""
    key = (event.account, event.item, event.days)
    was_observed = key in observed
    observed.add(key)
    return was_observed


def standing_by_definition(history: list[list[Activity]], upto: int, cut: int) -> set[str]:
    """The accounts with standing at a moment after `upto` batches, computed from the definition."""
    posts: dict[int, tuple[str, int]] = {}
    activity: dict[str, dict[int, int]] = {}
    for batch in history[:upto]:
        posts |= {event.item: (event.account, event.paper) for event in batch if not event.is_reaction}
        for event in sorted(batch, key=lambda event: -event.days):
            paper = posts.get(event.item, ("", 0))[1]
            if event.account and paper:
                activity.setdefault(event.account, {}).setdefault(paper, NOW - event.days * DAY)
    first_three = {account: list(papers.values())[:3] for account, papers in activity.items() if len(papers) >= 3}
    return {
        account for account, moments in first_three.items()
        if moments[0] <= cut - 30 * DAY and max(moments) <= cut - 7 * DAY
    }  # fmt: skip


def table(record: Record) -> list[tuple[Any, ...]]:
    """The table of standing, with keys in place of numbers."""
    return sorted(
        record.database.rows(
            f"""SELECT {key_of("s.account")}, s.first_at, s.settled_at, {key_of("s.first_paper")},
            coalesce({key_of("s.second_paper")}, ''), s.position FROM standing AS s"""
        )
    )


def accounts_with_standing(record: Record, cut: int = NOW, position: int | None = None) -> set[str]:
    """The keys of the accounts with standing."""
    numbers = queries.known_accounts(record.view(cut, position)) or ()
    keys = dict(record.database.rows("SELECT id, key FROM identity"))
    return {keys[number] for number in numbers}


def write_history(record: Record, history: list[list[Activity]], *, learning: bool) -> list[int]:
    """Writes the batches, each with an extra count, into an empty record; returns their positions."""
    positions = []
    emptied(record)
    for number, batch in enumerate(history, 1):
        items: list[Item] = [item for event in batch for item in items_of(event)]
        items.append(Snapshot(post="bluesky:other", reposts=0, likes=number, observed_at=number))
        positions.append(record.append(items, source="made-up").position or 0)
        if learning:
            queries.learn_standing(record.database)
            assert queries.learn_standing(record.database) == 0
    return positions


def check_history(record: Record, history: list[list[Activity]], at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    positions = write_history(record, history, learning=True)
    by_batch = table(record)
    for upto, position in enumerate(positions, 1):
        for cut in (NOW, NOW - 3 * DAY, NOW + 40 * DAY):
            assert accounts_with_standing(record, cut, position) == standing_by_definition(history, upto, cut)
    with monkeypatch.context() as patch:
        patch.setattr(queries, "ROWS_AT_ONCE", at_once)
        queries.relearn_standing(record.database)
        assert table(record) == by_batch
    write_history(record, history, learning=False)
    queries.learn_standing(record.database)
    expected = [(*row[:-1], positions.index(row[-1]) + 1 if row[-1] else 0) for row in by_batch]
    batch_rows = sorted(record.database.rows("SELECT position FROM batch"))
    places = {position: n for n, (position,) in enumerate(batch_rows, 1)}
    assert [(*row[:-1], places.get(row[-1], 0)) for row in table(record)] == expected


suppressed_checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=suppressed_checks)
@given(histories(), st.sampled_from((1, 2, 5)))
def test_in_one_go_batch_by_batch_and_from_nothing_on_sqlite(
    sqlite_record: Record, monkeypatch: pytest.MonkeyPatch, history: list[list[Activity]], at_once: int
) -> None:
    check_history(sqlite_record, history, at_once, monkeypatch)


@pytest.mark.long
@settings(max_examples=10, suppress_health_check=suppressed_checks)
@given(histories(), st.sampled_from((1, 3)))
def test_in_one_go_batch_by_batch_and_from_nothing_on_postgres(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, history: list[list[Activity]], at_once: int
) -> None:
    with Record(postgres_url) as record:
        check_history(record, history, at_once, monkeypatch)


def posts_of(account: str, *days: int, start: int = 1) -> list[Activity]:
    """Posts about different papers."""
    return [Activity(account, start + n, n + 1, days_ago) for n, days_ago in enumerate(days)]


@settings(max_examples=30, suppress_health_check=suppressed_checks)
@given(histories(), histories())
def test_later_records_change_no_earlier_standing(
    sqlite_record: Record, history: list[list[Activity]], later: list[list[Activity]]
) -> None:
    """Including old observations that arrive late."""
    positions = write_history(sqlite_record, [*history, posts_of("bluesky:z", 60, 50, 40, start=100)], learning=True)
    standing_before = {
        (at, cut): accounts_with_standing(sqlite_record, cut, at) for at in positions for cut in (NOW, NOW - 2 * DAY)
    }
    late_events = [event._replace(item=event.item + 200, days=event.days + 300) for batch in later for event in batch]
    sqlite_record.append([item for event in late_events for item in items_of(event)], source="made-up")
    queries.learn_standing(sqlite_record.database)
    assert {(at, cut): accounts_with_standing(sqlite_record, cut, at) for at, cut in standing_before} == standing_before
    queries.relearn_standing(sqlite_record.database)
    assert {(at, cut): accounts_with_standing(sqlite_record, cut, at) for at, cut in standing_before} == standing_before
    assert standing_before[positions[-1], NOW] >= {"bluesky:z"}


def test_moved_to_another_store(store_url: str, tmp_path: Path) -> None:
    history = [posts_of("bluesky:a", 60, 50, 40), posts_of("bluesky:b", 60, 9, 8, start=4)]
    history.append([Activity("bluesky:c", item, 0, 40 - item, is_reaction=True) for item in (1, 2, 3)])
    with Record(str(tmp_path / "first.db")) as record:
        write_history(record, history, learning=True)
        expected = (table(record), accounts_with_standing(record), accounts_with_standing(record, position=1))
        with Record(store_url) as copy:
            import_lines(copy, "made-up.jsonl", record_lines(record))
            queries.learn_standing(copy.database)
            assert (table(copy), accounts_with_standing(copy), accounts_with_standing(copy, position=1)) == expected
    assert expected[1:] == ({"bluesky:a", "bluesky:b", "bluesky:c"}, {"bluesky:a"})


def test_a_forgotten_account_keeps_standing_by_number(store_url: str) -> None:
    with Record(store_url) as record:
        write_history(
            record, [posts_of("bluesky:a", 60, 50, 40), posts_of("bluesky:b", 60, 9, 8, start=4)], learning=True
        )
        rows = record.database.rows("SELECT * FROM standing ORDER BY account")
        known = queries.known_accounts(record.view(NOW))
        forget_key(record, "bluesky:a")
        assert "bluesky:a" not in accounts_with_standing(record) and len(accounts_with_standing(record)) == 2
        for learn in (queries.learn_standing, queries.relearn_standing):
            learn(record.database)
            assert record.database.rows("SELECT * FROM standing ORDER BY account") == rows
            assert queries.known_accounts(record.view(NOW)) == known


def test_another_process_may_learn_first(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question whether there is anything to learn and the answer."""
    is_learned = queries.is_learned

    def ask_slowly(database: Database, position: int) -> bool:
        answer = is_learned(database, position)
        if database is record.database and not answer:
            queries.learn_standing(other.database)
        return answer

    with Record(store_url) as record, Record(store_url) as other:
        write_history(record, [posts_of("bluesky:a", 60, 50, 40)], learning=False)
        monkeypatch.setattr(queries, "is_learned", ask_slowly)
        assert queries.learn_standing(record.database) == 0
        assert len(accounts_with_standing(record)) == 1


def test_while_the_table_is_learned_anew_nobody_sees_it_without_accounts(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_some = queries._learn_some

    def learn_slowly(database: Database, position: int) -> int:
        assert len(accounts_with_standing(other)) == 1
        return learn_some(database, position)

    with Record(store_url) as record, Record(store_url) as other:
        write_history(record, [posts_of("bluesky:a", 60, 50, 40)], learning=True)
        monkeypatch.setattr(queries, "_learn_some", learn_slowly)
        assert queries.relearn_standing(record.database) > 0


def test_too_few_known_accounts_count_as_none(sqlite_record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    write_history(
        sqlite_record, [posts_of("bluesky:a", 60, 50, 40), posts_of("bluesky:b", 60, 9, 8, start=4)], learning=True
    )
    for minimum, expected in ((2, 2), (3, None)):
        monkeypatch.setattr(queries, "ENOUGH_KNOWN", minimum)
        known = queries.known_accounts(sqlite_record.view(NOW))
        assert (known and len(known)) == expected
    monkeypatch.undo()
    assert queries.ENOUGH_KNOWN == 100


# ---- odd cases -----------------------------------------------------------------------------------------------


def test_a_mention_of_a_missing_post_gives_no_standing(sqlite_record: Record) -> None:
    emptied(sqlite_record).append(
        [Mention(post="x:9", paper=f"arxiv:2311.0000{n}", form="abs", observed_at=NOW) for n in (1, 2, 3)],
        source="made-up",
    )
    queries.learn_standing(sqlite_record.database)
    assert table(sqlite_record) == [] and queries.learn_standing(sqlite_record.database) == 0


def test_a_reaction_that_was_taken_back_was_still_made(sqlite_record: Record) -> None:
    posts = posts_of("bluesky:a", 60, 50, 40)
    likes = [Activity("bluesky:c", post.item, 0, post.days, is_reaction=True) for post in posts]
    withdrawals = [like._replace(withdrawn=True, days=like.days - 1) for like in likes]
    write_history(sqlite_record, [posts, likes, withdrawals], learning=True)
    assert accounts_with_standing(sqlite_record) == {"bluesky:a", "bluesky:c"}


def test_posts_dated_in_the_future_give_no_standing_until_then(sqlite_record: Record) -> None:
    write_history(sqlite_record, [posts_of("bluesky:a", 60, 50, -2)], learning=True)
    assert [accounts_with_standing(sqlite_record, NOW + days * DAY) for days in (0, 8, 9)] == [
        set(),
        set(),
        {"bluesky:a"},
    ]


def test_posts_without_a_moment_count_from_their_observation(sqlite_record: Record) -> None:
    """Whatever a post says about when it was made, only observations give standing."""
    items = [item for activity in posts_of("bluesky:a", 60, 50, 40) for item in items_of(activity)]
    for created_at in (0, NOW + 400 * DAY):
        dated = [msgspec.structs.replace(i, created_at=created_at) if isinstance(i, Post) else i for i in items]
        emptied(sqlite_record).append(dated, source="made-up")
        queries.relearn_standing(sqlite_record.database)
        assert accounts_with_standing(sqlite_record) == {"bluesky:a"}
        assert accounts_with_standing(sqlite_record, NOW - 31 * DAY) == set()


def test_falling_counts_give_no_standing(sqlite_record: Record) -> None:
    write_history(sqlite_record, [posts_of("bluesky:a", 60, 50, 40)], learning=True)
    table_before = table(sqlite_record)
    snapshots = [Snapshot(post="bluesky:p1", reposts=9 - n, likes=9 - n, observed_at=NOW + n) for n in range(3)]
    sqlite_record.append(snapshots, source="made-up")
    assert queries.learn_standing(sqlite_record.database) == 0 and table(sqlite_record) == table_before


def test_another_table_is_replaced(sqlite_record: Record) -> None:
    write_history(sqlite_record, [posts_of("bluesky:a", 60, 50, 40)], learning=True)
    table_before = table(sqlite_record)
    sqlite_record.database.run("UPDATE standing SET first_at = first_at + 1, position = 0")
    assert accounts_with_standing(sqlite_record) == set()
    queries.relearn_standing(sqlite_record.database)
    assert table(sqlite_record) == table_before and accounts_with_standing(sqlite_record) == {"bluesky:a"}


def test_rows_that_cannot_be_found_end_learning(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a damaged index: it would never end."""
    monkeypatch.setattr(queries, "is_learned", lambda *_: False)
    with Record(sqlite_url) as record, pytest.raises(CorruptStore, match="damaged; restore a backup"):
        queries.learn_standing(record.database)

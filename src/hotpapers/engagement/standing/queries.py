"""The table of standing, which grows with the record, and who has standing as of a view.

It says nothing that the record's rows do not: it is brought up to date from those that came since, in the order of
their batches, so that it is the same whenever that is done, and after an import too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.engagement.standing.rules import (
    ENOUGH_KNOWN,
    KNOWN_FOR,
    SETTLED_FOR,
    AccountHistory,
    PaperActivity,
    add_activity,
)
from hotpapers.model import LARGEST
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import Database, placeholders, slices

ROWS_AT_ONCE = 50_000
"""Rows of a kind that are learned in one transaction, or those of a batch that has more."""

_POST_SQL = """SELECT m.id, m.since, m.observed_at, 0, (SELECT p.voice FROM post AS p WHERE p.post = m.post
        AND p.since <= m.since ORDER BY p.since DESC, p.id DESC LIMIT 1), m.paper
    FROM mention AS m WHERE m.id > ? AND m.since <= ?"""
_REACTION_SQL = """SELECT r.id, r.since, r.observed_at, 1, r.account, (SELECT CASE WHEN min(m.paper) = max(m.paper)
        THEN min(m.paper) END FROM mention AS m WHERE m.post = r.post AND m.since <= r.since)
    FROM reaction AS r WHERE r.id > ? AND r.since <= ?"""
_KINDS = (("mention", _POST_SQL), ("reaction", _REACTION_SQL))


class LearnedRows(NamedTuple):
    """Up to which row the table of standing was brought, by kind."""

    mention: int = 0
    reaction: int = 0


class _ActivityRow(NamedTuple):
    """A post or a reaction. `kind`: 0, 1; `account` is None where nobody is known, `paper` also where a reaction's post
    has several: it counts for none of them."""

    id: int
    position: int
    observed_at: int
    kind: int
    account: int | None
    paper: int | None


def learn_standing(database: Database, position: int = LARGEST) -> int:
    """Brings the table up to the record's last batch, unless it is up to a position already: then nothing is written.
    How many rows were gone through, in transactions of some ten thousand each."""
    done = 0
    while not is_learned(database, position):
        done += _learn_some(database)
    return done


def is_learned(database: Database, position: int) -> bool:
    """Whether the table is up to a position, so that it says who had standing there."""
    return _next_batch(database, _state(database)) > position


def relearn_standing(database: Database) -> int:
    """The same from nothing: what a table says that was not made here, or was changed by others, does not matter."""
    with database.write():
        database.run("DELETE FROM standing")
        database.run("DELETE FROM standing_state")
    return learn_standing(database)


def _learn_some(database: Database) -> int:
    with database.write():
        state = _state(database)
        rows = list(_next_rows(database, state))
        activities = [
            PaperActivity(row.account, row.paper, row.observed_at, row.position)
            for row in rows
            if row.account and row.paper
        ]
        _keep(database, _changed(_known(database, {row.account for row in activities}), activities))
        last = [max((row.id for row in rows if row.kind == kind), default=state[kind]) for kind in (0, 1)]
        database.run("DELETE FROM standing_state")
        database.run("INSERT INTO standing_state VALUES (?, ?)", last)
        return len(rows)


def _state(database: Database) -> LearnedRows:
    rows = database.rows("SELECT mention, reaction FROM standing_state")
    return LearnedRows(*rows[0]) if rows else LearnedRows()


def _next_batch(database: Database, state: LearnedRows) -> int:
    """The first batch that is not learned yet; beyond all others where there is none."""
    firsts = (
        database.rows(f"SELECT since FROM {kind} WHERE id > ? ORDER BY id LIMIT 1", (after,))
        for (kind, _), after in zip(_KINDS, state, strict=True)
    )
    return min((int(since) for rows in firsts for (since,) in rows), default=LARGEST + 1)


def _next_end(database: Database, state: LearnedRows) -> int | None:
    """The last batch of those that are learned next, all of whose rows are: None where nothing is left."""
    ends = []
    for (kind, _), after in zip(_KINDS, state, strict=True):
        sql = f"SELECT since FROM {kind} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"
        ends += database.rows(sql, (after, ROWS_AT_ONCE - 1)) or database.rows(
            f"SELECT max(since) FROM {kind} WHERE id > ?", (after,)
        )  # fmt: skip
    return min((end for (end,) in ends if end is not None), default=None)


def _next_rows(database: Database, state: LearnedRows) -> Iterator[_ActivityRow]:
    """The rows that follow, of both kinds, by batch, and in a batch by moment."""
    end = _next_end(database, state) or 0
    kinds = (database.rows(sql, (after, end)) for (_, sql), after in zip(_KINDS, state, strict=True))
    rows = (_ActivityRow._make(row) for some in kinds for row in some)
    return iter(sorted(rows, key=lambda row: (row.position, row.observed_at)))


def _changed(known: Mapping[int, AccountHistory], activities: Iterable[PaperActivity]) -> list[AccountHistory]:
    """Those of whom something else is to be kept now."""
    result = dict(known)
    for row in activities:
        result[row.account] = add_activity(result.get(row.account), row)
    return [now for account, now in result.items() if known.get(account) != now]


def _known(database: Database, accounts: Iterable[int]) -> dict[int, AccountHistory]:
    result = {}
    for some in slices(sorted(accounts)):
        sql = f"""SELECT account, first_at, settled_at, first_paper, second_paper, position FROM standing
            WHERE account IN ({placeholders(some)})"""
        for account, first_at, settled_at, first, second, position in database.rows(sql, some):
            result[account] = AccountHistory(account, first_at, settled_at, (first, second), position)
    return result


def _keep(database: Database, histories: Sequence[AccountHistory]) -> None:
    database.many(
        """INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET
        settled_at = excluded.settled_at, second_paper = excluded.second_paper, position = excluded.position""",
        [
            (account.account, account.first_at, account.settled_at, *account.papers, account.position)
            for account in histories
        ],
    )


def known_accounts(view: AsOfView) -> frozenset[int] | None:
    """The numbers of the accounts that had standing as of a view; None while there are too few to tell. The table must
    have been brought up to the view's position."""
    sql = """SELECT account FROM standing
        WHERE position > 0 AND position <= ? AND first_at <= ? AND settled_at <= ?"""
    rows = view.database.rows(sql, (view.position, view.as_of - KNOWN_FOR, view.as_of - SETTLED_FOR))
    return frozenset(account for (account,) in rows) if len(rows) >= ENOUGH_KNOWN else None

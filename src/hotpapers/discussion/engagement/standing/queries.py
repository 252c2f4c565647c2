"""The table of standing, which grows with the record, and who has standing as of a view.

An account has standing at a moment if the record had seen it post about at least three papers, or react to posts that
name only one of them: the first at least 30 days earlier, the third at least a week earlier, so that today's talk does
not count. Nothing else is kept about an account, and nothing after its third paper changes anything.

It is derived entirely from the record's rows. It is updated with the rows added since, in batch order, so the result is
the same whenever that happens, and after an import too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import DAY, MAX_INTEGER, Alias
from hotpapers.record import SPECS, AsOfView, Database, rows_among

PAPERS = 3
"""Different papers that an account must have posted about or reacted to."""
KNOWN_FOR = 30 * DAY
"""Minimum µs since the first of them."""
SETTLED_FOR = 7 * DAY
"""Minimum µs since the third of them: a daily issue's papers are no older."""
ENOUGH_KNOWN = 100
"""While fewer accounts have standing, the record is too young or too small to tell, and every account counts."""


class PaperActivity(NamedTuple):
    """An account posted about a paper, or reacted to such a post, as observed at a moment (µs UTC), known since the
    batch at a position. Accounts and papers by number."""

    account: int
    paper: int
    observed_at: int
    position: int


class AccountHistory(NamedTuple):
    """The stored activity of an account, a row of the table. `first_at`: when its first recorded activity was observed;
    `settled_at`: the latest observation among its first three papers; `first_paper`, `second_paper`: 0 for none yet;
    `position`: the batch that brought the third, 0 before."""

    account: int
    first_at: int
    settled_at: int
    first_paper: int
    second_paper: int = 0
    position: int = 0


def add_activity(known: AccountHistory | None, activity: PaperActivity) -> AccountHistory:
    """Returns an account's history with one more activity."""
    if known is None:
        return AccountHistory(activity.account, activity.observed_at, activity.observed_at, activity.paper)
    if known.position or activity.paper in (known.first_paper, known.second_paper):
        return known
    settled_at = max(known.settled_at, activity.observed_at)
    if not known.second_paper:
        return known._replace(settled_at=settled_at, second_paper=activity.paper)
    return known._replace(settled_at=settled_at, position=activity.position)


ROWS_AT_ONCE = 50_000
"""Rows of a kind processed in one transaction; a larger batch is processed whole."""

_POST_SQL = """SELECT 0, m.id, (SELECT p.voice FROM post AS p WHERE p.post = m.post
        AND p.since <= m.since ORDER BY p.since DESC, p.id DESC LIMIT 1), m.paper, m.observed_at, m.since
    FROM mention AS m WHERE m.id > ? AND m.since <= ?"""
_REACTION_SQL = """SELECT 1, r.id, r.account, (SELECT CASE WHEN min(m.paper) = max(m.paper)
        THEN min(m.paper) END FROM mention AS m WHERE m.post = r.post AND m.since <= r.since), r.observed_at, r.since
    FROM reaction AS r WHERE r.id > ? AND r.since <= ?"""
_ACTIVITY_SQL = f"{_POST_SQL} UNION ALL {_REACTION_SQL} ORDER BY 6, 5, 1, 2"
"""Rows of `_ActivityRow`, by batch, and by moment within a batch."""
_KINDS = ("mention", "reaction")


class _ActivityRow(NamedTuple):
    """A mention (`kind` 0) or a reaction (1). `account` is None if unknown. `paper` is None if a reaction's post names
    several: it counts for none of them."""

    kind: int
    id: int
    account: int | None
    paper: int | None
    observed_at: int
    position: int


def learn_standing(database: Database, position: int = MAX_INTEGER) -> int:
    """Updates the table to the record's last batch. Writes nothing if it already includes `position`. Returns how many
    rows were processed, in transactions of some ten thousand each. Raises CorruptStore if the next ones are not found:
    a damaged index may name rows that the table lacks."""
    done = 0
    while not is_learned(database, position):
        with database.write():
            done += _learn_some(database, position)
    return done


def is_learned(database: Database, position: int) -> bool:
    """Whether the table includes a position, so that it knows who had standing there."""
    firsts = (
        database.rows(f"SELECT since FROM {kind} WHERE id > ? ORDER BY id LIMIT 1", (after,))
        for kind, after in zip(_KINDS, _state(database), strict=True)
    )
    moments = (int(since) for rows in firsts for (since,) in rows)
    return min(moments, default=MAX_INTEGER + 1) > position


def relearn_standing(database: Database) -> int:
    """Rebuilds the table from scratch, whatever it contains: it may be from elsewhere or have been changed. In one
    transaction, so that nobody else ranks by a table that lacks accounts."""
    done = 0
    with database.write():
        database.run("DELETE FROM standing")
        database.run("DELETE FROM standing_state")
        while count := _learn_some(database, MAX_INTEGER):
            done += count
    return done


def _learn_some(database: Database, position: int) -> int:
    """Adds the next rows, in a transaction, and returns their number: 0 if another process has added those up to
    `position`."""
    if is_learned(database, position):
        return 0
    state = _state(database)
    rows = _next_rows(database, state)
    if not rows:
        raise CorruptStore(f"{database.where}: some rows of mentions or reactions are damaged; restore a backup")
    activities = [
        PaperActivity(row.account, row.paper, row.observed_at, row.position)
        for row in rows
        if row.account and row.paper
    ]
    sql = """SELECT account, first_at, settled_at, first_paper, second_paper, position FROM standing
        WHERE account IN (…)"""
    known_rows = rows_among(database, sql, sorted({row.account for row in activities}))
    known = {row[0]: AccountHistory._make(row) for row in known_rows}
    histories = dict(known)
    for row in activities:
        histories[row.account] = add_activity(histories.get(row.account), row)
    database.many(
        """INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET
        settled_at = excluded.settled_at, second_paper = excluded.second_paper, position = excluded.position""",
        [history for account, history in histories.items() if known.get(account) != history],
    )
    last = [max((row.id for row in rows if row.kind == kind), default=state[kind]) for kind in (0, 1)]
    database.run("DELETE FROM standing_state")
    database.run("INSERT INTO standing_state VALUES (?, ?)", last)
    return len(rows)


def _state(database: Database) -> Sequence[int]:
    """The last rows of mentions and of reactions that the table includes."""
    rows = database.rows("SELECT mention, reaction FROM standing_state")
    return rows[0] if rows else (0, 0)


def _next_rows(database: Database, state: Sequence[int]) -> list[_ActivityRow]:
    """The next rows of both kinds, of whole batches."""
    ends = []
    for kind, after in zip(_KINDS, state, strict=True):
        sql = f"SELECT since FROM {kind} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"
        ends += database.rows(sql, (after, ROWS_AT_ONCE - 1)) or database.rows(
            f"SELECT max(since) FROM {kind} WHERE id > ?", (after,)
        )
    end = min((end for (end,) in ends if end is not None), default=0)
    posts, reactions = state
    rows = database.rows(_ACTIVITY_SQL, (posts, end, reactions, end))
    return list(map(_ActivityRow._make, rows))


def known_accounts(view: AsOfView) -> frozenset[int] | None:
    """The numbers of the accounts that had standing as of a view; None while there are too few to tell. The table must
    include the view's position."""
    sql = """SELECT account FROM standing
        WHERE position > 0 AND position <= ? AND first_at <= ? AND settled_at <= ?"""
    rows = view.database.rows(sql, (view.position, view.as_of - KNOWN_FOR, view.as_of - SETTLED_FOR))
    if len(rows) >= ENOUGH_KNOWN:
        return frozenset(account for (account,) in rows)
    return None


def known_voices(view: AsOfView) -> frozenset[int] | None:
    """The voices of the accounts with standing; None while there are too few to tell."""
    accounts = known_accounts(view)
    if accounts is None:
        return None
    sql = f"""SELECT alias.account, alias.stable FROM alias
        WHERE alias.account IN (…) AND {view.visible("alias")} AND {view.newest(SPECS[Alias], "alias")}"""
    stable = dict(rows_among(view.database, sql, sorted(accounts)))
    return frozenset(stable.get(account, account) for account in accounts)

"""What is held of an account, with the reasons; the operator's own word, which goes before every rule's; and the word
of whoever has the account, which goes before the rules that look at it alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.engagement.attention import PROVED, persons_sql
from hotpapers.errors import NotFound, UsageError
from hotpapers.model import Judgement, Verdict
from hotpapers.moderation.bots.named import accounts_of, key_of, seen
from hotpapers.moderation.bots.verdicts import IN_SETTINGS, OPERATOR
from hotpapers.settings import BotSettings
from hotpapers.store import AsOfView, Record
from hotpapers.store.batches import write_batch
from hotpapers.store.database import placeholders
from hotpapers.store.item_rows import SPECS, StoredRow, read_row, select_columns


class AccountReview(NamedTuple):
    """What is held of an account now. `verdicts`: all that were ever said of it and not withdrawn, oldest first: of
    each rule the last one holds."""

    account: str
    is_bot: bool
    verdicts: tuple[Verdict, ...]


class OperatorVerdict(NamedTuple):
    """What the operator says of an account; `since`: from when on it is so, µs UTC."""

    judgement: Judgement
    reason: str
    since: int


def review_account(record: Record, key: str) -> list[AccountReview]:
    """What is held of the accounts that a key means. Raises NotFound where the record knows none of them."""
    view = record.view()
    return [
        AccountReview(
            one,
            _is_bot(record, view, one),
            tuple(v for row in _rows(view, [one]) if isinstance(v := row.item, Verdict)),
        )
        for one in _known(view, key)
    ]


def set_verdict(record: Record, settings: BotSettings, key: str, word: OperatorVerdict, *, at: int) -> None:
    """Keeps the operator's word on an account. Raises NotFound, and UsageError where another word of theirs stands in
    its way."""
    accounts = _known(record.view(), key)
    _check_settings(record.view(), settings, accounts)
    for row in _rows(record.view(), accounts):
        if isinstance(row.item, Verdict) and row.item.rule == OPERATOR and row.item.observed_at > word.since:
            raise UsageError(
                f"{key}: you said something else of it later: {row.item.reason}; take that back first: --undo"
            )
    record.append(
        [
            Verdict(
                subject=account, about="", rule=OPERATOR, judgement=word.judgement, version=1, reason=word.reason,
                observed_at=word.since,
            )
            for account in accounts
        ],
        source=OPERATOR, at=at,
    )  # fmt: skip


def accept_proof(record: Record, settings: BotSettings, account: str, reason: str, *, at: int) -> None:
    """Keeps the word of whoever proved an account that it is a person. It goes before the rules that look at one
    account by itself, and before no other, now or later. Raises UsageError where the settings name the account."""
    _check_settings(record.view(), settings, [account])
    verdict = Verdict(
        subject=account, about="", rule=PROVED, judgement="human", version=1, reason=reason, observed_at=at
    )
    record.append([verdict], source="account", at=at)


def withdraw_verdict(record: Record, settings: BotSettings, key: str, *, at: int) -> int:
    """Withdraws all that the operator said of an account, and what it said itself: the rules decide again. How many
    verdicts those were."""
    accounts = _known(record.view(), key)
    _check_settings(record.view(), settings, accounts)
    rows = [
        row
        for row in _rows(record.view(), accounts)
        if isinstance(row.item, Verdict) and row.item.rule in (OPERATOR, PROVED) and row.item.reason != IN_SETTINGS
    ]
    with record.database.write():
        write_batch(record.database, [], record.marks, at=at, source=OPERATOR, close=rows)
    return len(rows)


def _known(view: AsOfView, key: str) -> list[str]:
    accounts = accounts_of(view, [key])[key]
    judged = {row.item.subject for row in _rows(view, accounts) if isinstance(row.item, Verdict)}
    known = judged | seen(view, accounts)
    if not known:
        raise NotFound(f"{key}: the record knows no such account")
    return [one for one in accounts if one in known]


def _check_settings(view: AsOfView, settings: BotSettings, accounts: Iterable[str]) -> None:
    names = map(key_of, (*settings.bots, *settings.people))
    named = {account for some in accounts_of(view, names).values() for account in some}
    for account in accounts:
        if account in named:
            raise UsageError(f"{account}: named under [bots] in the settings; say it there")


def _rows(view: AsOfView, accounts: Sequence[str]) -> list[StoredRow]:
    """All verdicts on accounts, oldest first."""
    spec = SPECS[Verdict]
    sql = f"""SELECT {select_columns(spec, "t")} FROM verdict AS t
        WHERE t.subject IN ({placeholders(accounts)}) AND t.about = '' AND {view.visible("t")}
        ORDER BY t.observed_at, t.id"""
    return [read_row(spec, row) for row in view.database.iterate(sql, accounts)]


def _is_bot(record: Record, view: AsOfView, account: str) -> bool:
    """As rankings see it: under the account's stable name, if it has one."""
    sql = f"""WITH {persons_sql(view, ())}
        SELECT 1 FROM bot WHERE voice IN (SELECT ? UNION SELECT stable_voice FROM known WHERE voice = ?)"""
    voice = record.marks.voice(account)
    return bool(view.database.rows(sql, (voice, voice)))

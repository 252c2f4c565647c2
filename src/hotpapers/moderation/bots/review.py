"""What is held of an account, with the reasons; the operator's own word, which goes before every rule's; and the word
of whoever has the account, which goes before the rules that look at it alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.engagement.queries import PROVED
from hotpapers.errors import NotFound, UsageError
from hotpapers.model import Judgement, Verdict, keys
from hotpapers.moderation.bots import queries
from hotpapers.moderation.bots.bot_names import accounts_of
from hotpapers.moderation.bots.queries import IN_SETTINGS, OPERATOR, known_accounts
from hotpapers.settings import BotSettings
from hotpapers.store import AsOfView, Record
from hotpapers.store.batches import write_batch
from hotpapers.store.item_rows import StoredRow
from hotpapers.store.manifest import BatchStamp


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
            account,
            queries.is_bot(record, view, account),
            tuple(v for row in queries.verdict_rows(view, [account]) if isinstance(v := row.item, Verdict)),
        )
        for account in known_accounts_of(view, key)
    ]


def set_verdict(record: Record, settings: BotSettings, key: str, verdict: OperatorVerdict, *, at: int) -> None:
    """Keeps the operator's word on an account. Raises NotFound, and UsageError where another word of theirs stands in
    its way."""
    accounts = known_accounts_of(record.view(), key)
    _check_settings(record.view(), settings, accounts)
    save_operator_verdict(record, key, "", accounts, queries.verdict_rows(record.view(), accounts), verdict, at=at)


def save_operator_verdict(
    record: Record, key: str, about: str, accounts: Iterable[str], before: Iterable[StoredRow],
    verdict: OperatorVerdict, *, at: int,
) -> None:  # fmt: skip
    """Keeps the operator's word on accounts, about a paper or of themselves. `before`: all that was said of them.
    Raises UsageError where a later word of theirs is among that."""
    for row in before:
        if isinstance(row.item, Verdict) and row.item.rule == OPERATOR and row.item.observed_at > verdict.since:
            raise UsageError(
                f"{key}: you said something else of it later: {row.item.reason}; take that back first: --undo"
            )
    verdicts = [
        Verdict(
            subject=account, about=about, rule=OPERATOR, judgement=verdict.judgement, version=1, reason=verdict.reason,
            observed_at=verdict.since,
        )
        for account in accounts
    ]  # fmt: skip
    record.append(verdicts, source=OPERATOR, at=at)


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
    accounts = known_accounts_of(record.view(), key)
    _check_settings(record.view(), settings, accounts)
    rows = [
        row
        for row in queries.verdict_rows(record.view(), accounts)
        if isinstance(row.item, Verdict) and row.item.rule in (OPERATOR, PROVED) and row.item.reason != IN_SETTINGS
    ]
    return withdraw_rows(record, rows, at=at)


def withdraw_rows(record: Record, rows: Sequence[StoredRow], *, at: int) -> int:
    """Closes rows that the operator takes back; how many."""
    with record.database.write():
        write_batch(record.database, [], record.hasher, BatchStamp(at, OPERATOR), close=rows)
    return len(rows)


def known_accounts_of(view: AsOfView, key: str) -> list[str]:
    """The accounts that a key means, of those that the record knows. Raises NotFound where there are none."""
    accounts = accounts_of(view, [key])[key]
    judged = {row.item.subject for row in queries.verdict_rows(view, accounts) if isinstance(row.item, Verdict)}
    known = judged | known_accounts(view, accounts)
    if not known:
        raise NotFound(f"{key}: the record knows no such account")
    return [account for account in accounts if account in known]


def _check_settings(view: AsOfView, settings: BotSettings, accounts: Iterable[str]) -> None:
    names = map(keys.folded, (*settings.bots, *settings.people))
    named = {account for some in accounts_of(view, names).values() for account in some}
    for account in accounts:
        if account in named:
            raise UsageError(f"{account}: named under [bots] in the settings; say it there")

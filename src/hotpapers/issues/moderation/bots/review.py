"""The verdicts on an account, with their reasons; the operator's verdict, which overrides every rule's; and the word of
an account's owner, which overrides the rules that examine single accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import Judgement, Verdict, keys
from hotpapers.base.settings import BotSettings
from hotpapers.issues.engagement.queries import PROVED
from hotpapers.issues.moderation.bots import queries
from hotpapers.issues.moderation.bots.bot_names import accounts_of
from hotpapers.issues.moderation.bots.queries import IN_SETTINGS, OPERATOR, known_accounts
from hotpapers.record import AsOfView, Record
from hotpapers.record.item_rows import StoredRow


class AccountReview(NamedTuple):
    """Whether an account counts as a bot now. `verdicts`: all verdicts not withdrawn, oldest first; each rule's last
    one counts."""

    account: str
    is_bot: bool
    verdicts: tuple[Verdict, ...]


class OperatorVerdict(NamedTuple):
    """The operator's verdict; `since`: when it starts to apply, µs UTC."""

    judgement: Judgement
    reason: str
    since: int


def review_account(record: Record, key: str) -> list[AccountReview]:
    """The verdicts on the accounts that a key means. Raises NotFound if the record knows none of them."""
    view = record.view()
    return [
        AccountReview(
            account,
            queries.is_bot(view, account),
            tuple(v for row in queries.verdict_rows(view, [account]) if isinstance(v := row.item, Verdict)),
        )
        for account in known_accounts_of(view, key)
    ]


def set_verdict(record: Record, settings: BotSettings, key: str, verdict: OperatorVerdict, *, at: int) -> None:
    """Saves the operator's verdict on an account. Raises NotFound if the record does not know it, UsageError if the
    settings or a later verdict of the operator conflict."""
    accounts = known_accounts_of(record.view(), key)
    check_settings(record.view(), settings, accounts)
    save_operator_verdict(record, key, "", accounts, queries.verdict_rows(record.view(), accounts), verdict, at=at)


def save_operator_verdict(
    record: Record,
    key: str,
    about: str,
    accounts: Iterable[str],
    before: Iterable[StoredRow],
    verdict: OperatorVerdict,
    *,
    at: int,
) -> None:
    """Saves the operator's verdict on accounts, about a paper or about themselves. `before`: their existing verdicts.
    Raises UsageError if the operator gave a later one."""
    for row in before:
        if isinstance(row.item, Verdict) and row.item.rule == OPERATOR and row.item.observed_at > verdict.since:
            raise UsageError(f"{key}: you gave a later verdict: {row.item.reason}; withdraw it first with --undo")
    verdicts = [
        Verdict(
            subject=account,
            about=about,
            rule=OPERATOR,
            judgement=verdict.judgement,
            version=1,
            reason=verdict.reason,
            observed_at=verdict.since,
        )
        for account in accounts
    ]
    record.append(verdicts, source=OPERATOR, at=at)


def withdraw_verdict(record: Record, settings: BotSettings, key: str, *, at: int) -> None:
    """Withdraws the operator's verdicts on an account and its owner's word, so that the rules decide again."""
    accounts = known_accounts_of(record.view(), key)
    check_settings(record.view(), settings, accounts)
    rows = [
        row
        for row in queries.verdict_rows(record.view(), accounts)
        if isinstance(row.item, Verdict) and row.item.rule in (OPERATOR, PROVED) and row.item.reason != IN_SETTINGS
    ]
    withdraw_rows(record, rows, at=at)


def withdraw_rows(record: Record, rows: Sequence[StoredRow], *, at: int) -> None:
    """Closes rows that the operator withdraws."""
    record.append([], source=OPERATOR, at=at, close=rows)


def known_accounts_of(view: AsOfView, key: str) -> list[str]:
    """The accounts that a key means and the record knows. Raises NotFound if there are none."""
    accounts = accounts_of(view, [key])[key]
    judged_accounts = {
        row.item.subject for row in queries.verdict_rows(view, accounts) if isinstance(row.item, Verdict)
    }
    known_keys = judged_accounts | known_accounts(view, accounts)
    if not known_keys:
        raise NotFound(f"{key}: the record knows no such account")
    return [account for account in accounts if account in known_keys]


def check_settings(view: AsOfView, settings: BotSettings, accounts: Iterable[str]) -> None:
    """Raises UsageError if the settings name one of the accounts."""
    names = map(keys.folded, (*settings.bots, *settings.people))
    named_accounts = {account for accounts_of_name in accounts_of(view, names).values() for account in accounts_of_name}
    for account in accounts:
        if account in named_accounts:
            raise UsageError(f"{account}: named under [bots] in the settings; change it there")

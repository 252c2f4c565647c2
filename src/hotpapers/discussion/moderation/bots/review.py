"""The verdicts on an account, with their reasons; the operator's verdict, which overrides every rule's; and the word of
an account's owner, which overrides the rules that examine single accounts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from hotpapers.base import keys
from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import Judgement, Verdict
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.queries import PROVED
from hotpapers.discussion.moderation import queries
from hotpapers.discussion.moderation.queries import IN_SETTINGS, OPERATOR, known_accounts
from hotpapers.record import AsOfView, Record, RowOf, StoredRow


class AccountReview(NamedTuple):
    """Whether an account counts as a bot now. `verdicts`: all verdicts not withdrawn, oldest first; each rule's last
    one counts."""

    account: str
    is_bot: bool
    verdicts: tuple[Verdict, ...]


class AuthorReview(NamedTuple):
    """Whether an account counts as an author of a paper now. `verdicts`: all verdicts not withdrawn, oldest first; the
    operator's last one wins, else the rule's."""

    paper: str
    is_author: bool
    verdicts: tuple[Verdict, ...]


class OperatorVerdict(NamedTuple):
    """The operator's verdict; `since`: when it starts to apply, µs UTC."""

    judgement: Judgement
    reason: str
    since: int


def review_account(record: Record, key: str) -> list[tuple[AccountReview, list[AuthorReview]]]:
    """The verdicts on the accounts that a key means, and on whether each is an author of papers. Raises NotFound if the
    record knows none of them."""
    view = record.view()
    reviews = []
    for account in known_accounts_of(view, key):
        by_paper = lists_by_key((row.item.about, row.item) for row in queries.verdict_rows(view, [account]))
        own_review = AccountReview(account, queries.is_bot(view, account), tuple(by_paper.pop("", ())))
        authored = queries.authored_papers(view, account) if by_paper else set[str]()
        papers = [
            AuthorReview(paper, paper in authored, tuple(verdicts)) for paper, verdicts in sorted(by_paper.items())
        ]
        reviews.append((own_review, papers))
    return reviews


def set_verdict(
    record: Record, settings: BotSettings, key: str, verdict: OperatorVerdict, *, at: int, paper: str = ""
) -> None:
    """Saves the operator's verdict on an account, or on whether it is an author of a paper. Raises NotFound if the
    record does not know the account, UsageError if the settings or a later verdict of the operator conflict."""
    accounts, before = _judged(record.view(), settings, key, paper)
    for row in before:
        if row.item.rule == OPERATOR and row.item.observed_at > verdict.since:
            raise UsageError(f"{key}: you gave a later verdict: {row.item.reason}; withdraw it first with --undo")
    verdicts = [
        Verdict(
            subject=account,
            about=paper,
            rule=OPERATOR,
            judgement=verdict.judgement,
            version=1,
            reason=verdict.reason,
            observed_at=verdict.since,
        )
        for account in accounts
    ]
    record.append(verdicts, source=OPERATOR, at=at)


def withdraw_verdict(record: Record, settings: BotSettings, key: str, *, at: int, paper: str) -> None:
    """Withdraws the operator's verdicts on an account, about a paper or about itself, and its owner's word, so that the
    rules decide again; not what the settings say."""
    _, before = _judged(record.view(), settings, key, paper)
    own = [row for row in before if row.item.rule in (OPERATOR, PROVED) and (paper or row.item.reason != IN_SETTINGS)]
    withdraw_rows(record, own, at=at)


def _judged(view: AsOfView, settings: BotSettings, key: str, paper: str) -> tuple[list[str], list[RowOf[Verdict]]]:
    """The accounts that a key means, and the verdicts on them, about a paper or about themselves."""
    accounts = known_accounts_of(view, key)
    if not paper:
        check_settings(view, settings, accounts)
    rows = queries.verdict_rows(view, accounts)
    return accounts, [row for row in rows if row.item.about == paper]


def withdraw_rows(record: Record, rows: Sequence[StoredRow], *, at: int) -> None:
    """Closes rows that the operator withdraws."""
    record.append([], source=OPERATOR, at=at, close=rows)


def known_accounts_of(view: AsOfView, key: str) -> list[str]:
    """The accounts that a key means and the record knows. Raises NotFound if there are none."""
    accounts = accounts_of(view, [key])[key]
    known = known_accounts(view, accounts)
    rows = queries.verdict_rows(view, accounts)
    known |= {row.item.subject for row in rows if not row.item.about}
    if not known:
        raise NotFound(f"{key}: the record knows no such account")
    return [account for account in accounts if account in known]


def check_settings(view: AsOfView, settings: BotSettings, accounts: Iterable[str]) -> None:
    """Raises UsageError if the settings name one of the accounts."""
    names = map(keys.normalize_key, (*settings.bots, *settings.people))
    named = accounts_of(view, names)
    for account in accounts:
        if any(account in accounts_of_name for accounts_of_name in named.values()):
            raise UsageError(f"{account}: named under [bots] in the settings; change it there")


# ---- named bots --------------------------------------------------------------------------------------


class KnownBot(NamedTuple):
    """A bot on the shipped list. `account`: the network's own id, empty if only its `handle` is known; `posts`: the
    category whose new papers it posts; `named_by`: the project whose operator says that it is a bot; `since`: the day
    on which it was added."""

    network: str
    account: str
    handle: str
    posts: str
    named_by: str
    since: str

    @property
    def key(self) -> str:
        return f"{self.network}:{self.account or '@' + self.handle}"

    @property
    def reason(self) -> str:
        return (
            f"on the list that comes along, since {self.since}: it posts new papers of {self.posts};"
            f" {self.named_by} names it as a bot of its own"
        )


@cache
def shipped_bots() -> tuple[KnownBot, ...]:
    """The shipped list: automated accounts declared as such by their own operators."""
    text = (files("hotpapers.discussion.moderation.bots") / "bots.csv").read_text("utf-8")
    return tuple(KnownBot(**row) for row in csv.DictReader(text.splitlines()))


def accounts_of(view: AsOfView, keys: Iterable[str]) -> dict[str, list[str]]:
    """By key: the accounts that it means. A handle means itself and whichever account has it now."""
    keys_of = {key: [key] for key in keys}
    by_handle = {_handle(key): key for key in keys_of if _handle(key)}
    for account, handle in queries.accounts_with_handles(view, {name.partition(":")[2] for name in by_handle}):
        key = by_handle.get(f"{account.partition(':')[0]}:{handle}")
        if key and account not in keys_of[key]:
            keys_of[key].append(account)
    return keys_of


def _handle(key: str) -> str:
    """`bluesky:@some.body` → `bluesky:some.body`; empty for a key that is not a handle."""
    network, _, id = key.partition(":")
    return f"{network}:{id[1:].lower()}" if id.startswith("@") else ""

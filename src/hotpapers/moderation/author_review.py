"""What is held of accounts as authors of papers, with the reasons; and the operator's own word, which goes before every
rule's."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from hotpapers.model import Verdict
from hotpapers.moderation import queries
from hotpapers.moderation.bots.queries import OPERATOR
from hotpapers.moderation.bots.review import OperatorVerdict, keep_word, meant_accounts, take_back
from hotpapers.store.as_of import AsOfView
from hotpapers.store.item_rows import StoredRow
from hotpapers.store.record import Record


class AuthorReview(NamedTuple):
    """Whether an account is held to be an author of a paper now. `verdicts`: all that were ever said of it and not
    withdrawn, oldest first: the operator's last one holds, else the rule's."""

    paper: str
    is_author: bool
    verdicts: tuple[Verdict, ...]


def review_papers(record: Record, account: str) -> list[AuthorReview]:
    """The papers of which it was judged whether an account is their author."""
    view = record.view()
    verdicts = [row.item for row in queries.author_verdicts(view, [account]) if isinstance(row.item, Verdict)]
    by_paper = groupby(sorted(verdicts, key=lambda verdict: verdict.about), lambda verdict: verdict.about)
    return [AuthorReview(paper, queries.is_author(view, account, paper), tuple(some)) for paper, some in by_paper]


def set_author(record: Record, key: str, paper: str, word: OperatorVerdict, *, at: int) -> None:
    """Keeps the operator's word on whether an account is an author of a paper. Raises NotFound where the record does
    not know the account, UsageError where a later word of theirs stands in its way."""
    accounts = meant_accounts(record.view(), key)
    keep_word(record, key, paper, accounts, _words(record.view(), accounts, paper), word, at=at)


def withdraw_author(record: Record, key: str, paper: str, *, at: int) -> int:
    """Withdraws what the operator said of an account and a paper: the rule decides again. How many verdicts those
    were."""
    return take_back(record, _words(record.view(), meant_accounts(record.view(), key), paper), at=at)


def _words(view: AsOfView, accounts: list[str], paper: str) -> list[StoredRow]:
    """What the operator said of accounts and a paper."""
    rows = queries.author_verdicts(view, accounts)
    return [
        row for row in rows if isinstance(row.item, Verdict) and row.item.rule == OPERATOR and row.item.about == paper
    ]

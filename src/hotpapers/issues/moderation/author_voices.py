"""Which accounts belong to authors of the papers they post about: by the name shown with a post.

The result is stored as a verdict on an account about a paper: names may be forgotten later, and an issue must still
rebuild as it was. A verdict contains nobody's words. A written verdict stays; the operator's verdict overrides every
rule's.

Each call examines only what was stored since the previous call. Posts and papers arrive in any order: a post whose
paper is not known yet is examined again once it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from hotpapers.base.model import MAX_INTEGER, Account, Post, Verdict
from hotpapers.issues.moderation import queries
from hotpapers.issues.moderation.author_names import shows_author
from hotpapers.issues.moderation.bots.review import (
    OperatorVerdict,
    known_accounts_of,
    save_operator_verdict,
    withdraw_rows,
)
from hotpapers.issues.moderation.queries import OPERATOR, Pair, known_papers
from hotpapers.record import (
    AsOfView,
    Record,
    RowOf,
    is_pseudonym,
    last_written_at,
    now,
    read_meta,
    write_meta,
)

SOURCE = "authors"
"""The source of the batch."""
RULE = "author"
VERSION = 2
"""Version 1 also looked for words such as *our paper*. Its verdicts stay."""
REASON = "its name is that of an author"

_NOTE = "authors"
"""Key under which the store keeps the last judged batch and the version of the rule."""


def judge_authors(record: Record, at: int | None = None) -> None:
    """Writes new verdicts on which accounts belong to authors of the papers they post about. `at`: the moment of the
    batches, µs UTC, by default now."""
    view = record.view()
    version, _, position = (read_meta(record.database, _NOTE) or "").partition(" ")
    last_batch = int(position) if version == str(VERSION) else 0
    last_batch = last_batch if last_batch <= record.head.position else 0  # else an older store was restored
    if last_batch >= view.position:
        return
    for pairs in queries.new_mentions(view, last_batch):
        new = _new_verdicts(record.view(), _verdicts_on(view, pairs))
        if new:
            record.append(new, source=SOURCE, at=max(at or now(), last_written_at(record.database)))
    with record.database.write():
        write_meta(record.database, _NOTE, f"{VERSION} {view.position}")


# ---- who is an author ------------------------------------------------------------------------------------


def _verdicts_on(view: AsOfView, pairs: Sequence[Pair]) -> Iterator[Verdict]:
    """The verdicts on posts and papers, including those already written."""
    keys = sorted({post for post, _ in pairs})
    posts = {post.post: post for post in view.items_among(Post, "post", keys)}
    posters = (post.account for post in posts.values())
    accounts = {account.account: account for account in view.items_among(Account, "account", posters)}
    papers = known_papers(view, (paper for _, paper in pairs))
    moments = queries.first_observed(view, keys)
    for key, paper in pairs:
        post, known = posts.get(key), papers.get(paper)
        if post is None or known is None or not post.account or is_pseudonym(post.account):
            continue
        shown = (post, accounts.get(post.account, post))
        if any(shows_author(name, handle, known.authors) for name, handle in {(who.name, who.handle) for who in shown}):
            yield Verdict(
                subject=post.account,
                about=paper,
                rule=RULE,
                judgement="author",
                version=VERSION,
                reason=REASON,
                observed_at=moments[key],
            )


def _new_verdicts(view: AsOfView, verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The earliest verdict on each account and paper, unless one at least as early was written."""
    earliest: dict[Pair, Verdict] = {}
    for verdict in sorted(verdicts, key=attrgetter("observed_at")):
        earliest.setdefault((verdict.subject, verdict.about), verdict)
    if not earliest:
        return []
    known = queries.authors_since(view, sorted({account for account, _ in earliest}), RULE)
    return [verdict for key, verdict in earliest.items() if known.get(key, MAX_INTEGER) > verdict.observed_at]


class AuthorReview(NamedTuple):
    """Whether an account counts as an author of a paper now. `verdicts`: all verdicts not withdrawn, oldest first; the
    operator's last one wins, else the rule's."""

    paper: str
    is_author: bool
    verdicts: tuple[Verdict, ...]


def review_papers(record: Record, account: str) -> list[AuthorReview]:
    """The papers for which there are verdicts on whether an account is an author."""
    view = record.view()
    verdicts = [row.item for row in queries.author_verdicts(view, [account])]
    by_paper = groupby(sorted(verdicts, key=attrgetter("about")), attrgetter("about"))
    return [
        AuthorReview(paper, queries.is_author(view, account, paper), tuple(paper_verdicts))
        for paper, paper_verdicts in by_paper
    ]


def set_author(record: Record, key: str, paper: str, verdict: OperatorVerdict, *, at: int) -> None:
    """Saves the operator's verdict on whether an account is an author of a paper. Raises NotFound if the record does
    not know the account, UsageError if a later verdict of the operator conflicts."""
    accounts = known_accounts_of(record.view(), key)
    before = _operator_verdicts(record.view(), accounts, paper)
    save_operator_verdict(record, key, paper, accounts, before, verdict, at=at)


def withdraw_author(record: Record, key: str, paper: str, *, at: int) -> None:
    """Withdraws the operator's verdicts on an account and a paper, so that the rule decides again."""
    withdraw_rows(record, _operator_verdicts(record.view(), known_accounts_of(record.view(), key), paper), at=at)


def _operator_verdicts(view: AsOfView, accounts: list[str], paper: str) -> list[RowOf[Verdict]]:
    """The operator's verdicts on accounts and a paper."""
    rows = queries.author_verdicts(view, accounts)
    return [row for row in rows if row.item.rule == OPERATOR and row.item.about == paper]

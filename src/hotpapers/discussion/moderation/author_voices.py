"""Which accounts belong to authors of the papers they post about: by the name shown with a post. Their voices count as
`discussion/engagement/attention.py` says.

The result is stored as a verdict on an account about a paper: names may be forgotten later, and an issue must still
rebuild as it was. A verdict contains nobody's words. A written verdict stays; the operator's verdict overrides every
rule's.

Each call examines only rows stored since the previous call. Posts and papers arrive in any order: a post whose paper is
not known yet is examined again once it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from hotpapers.base.model import MAX_INTEGER, Account, Paper, Post, Verdict
from hotpapers.discussion.moderation import queries
from hotpapers.discussion.moderation.author_names import shows_author
from hotpapers.discussion.moderation.queries import Pair
from hotpapers.record import (
    AsOfView,
    Record,
    current_time,
    is_pseudonym,
    last_written_at,
    read_meta,
    save_meta,
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
    meta = read_meta(record.database, _NOTE)
    version, _, position = (meta or "").partition(" ")
    last_batch = int(position) if version == str(VERSION) else 0
    last_batch = last_batch if last_batch <= record.head.position else 0  # else an older store was restored
    if last_batch >= view.position:
        return
    for pairs in queries.new_mentions(view, last_batch):
        new = _new_verdicts(record.view(), _verdicts_on(view, pairs))
        if new:
            record.append(new, source=SOURCE, at=max(at or current_time(), last_written_at(record.database)))
    save_meta(record.database, _NOTE, f"{VERSION} {view.position}")


# ---- who is an author ------------------------------------------------------------------------------------


def _verdicts_on(view: AsOfView, pairs: Sequence[Pair]) -> Iterator[Verdict]:
    """The verdicts on posts and papers, including those already written."""
    keys = sorted({post for post, _ in pairs})
    posts = view.by_key(Post, keys)
    accounts = view.by_key(Account, (post.account for post in posts.values()))
    papers = view.by_key(Paper, (paper for _, paper in pairs))
    moments = queries.first_observed(view, keys)
    for key, paper in pairs:
        post = posts.get(key)
        known = papers.get(paper)
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
    accounts = {account for account, _ in earliest}
    known = queries.authors_since(view, sorted(accounts), RULE)
    return [verdict for key, verdict in earliest.items() if known.get(key, MAX_INTEGER) > verdict.observed_at]

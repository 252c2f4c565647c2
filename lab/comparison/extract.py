"""Turns a record into the lines of a comparison file: what was observed about papers announced in a period, up to its
end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from hotpapers.base.version import __version__
from hotpapers.collect.sources.paper_mentions import EDIT_RULE
from hotpapers.discussion.moderation.bots import verdicts
from hotpapers.record import AsOfView, Record
from lab.comparison import lines as kinds
from lab.comparison import queries
from lab.comparison.shared_key import SharedKey

COUNTS = "counts:"
"""The prefix of the reason in coverage of counts alone."""
RULES = {**verdicts.VERSIONS, "words": 1, EDIT_RULE: 1, "operator": 1}
"""Every rule that judges accounts and mentions, with its version."""

FIRST = itemgetter(0)
GONE = 10
"""The column of `queries.posts` that says why the post was gone."""


class Period(NamedTuple):
    """Papers announced after `since`, with what was observed up to `until`, µs UTC."""

    since: int
    until: int


def extract_lines(record: Record, period: Period, key: SharedKey) -> Iterator[kinds.ComparisonLine]:
    """All lines, from one snapshot of the store. Raises StoreError."""
    with record.database.snapshot():
        view = record.view(period.until)
        yield kinds.ComparisonHeader(
            format=kinds.FORMAT,
            version=kinds.VERSION,
            program=__version__,
            check=key.check,
            since=period.since,
            until=period.until,
            rules=RULES,
            back=queries.back(view),
        )
        for network, start, end, at, state, reason in queries.coverage(view, period.since):
            counts = reason.startswith(COUNTS)
            yield kinds.CoverageLine(network, start, end, at, state, counts=counts)
        for paper, at in queries.announced(view, period.since):
            yield kinds.AnnouncedLine(paper, at)
        for voice, rows in groupby(queries.bots(view, period.since), key=FIRST):
            if voice:
                versions = {_name_of(rule): version for _, rule, version in rows}
                yield kinds.BotLine(key.of_key(voice), versions)
        for (post, paper), rows in groupby(queries.doubtful(view, period.since), key=itemgetter(0, 1)):
            rules = {_name_of(rule): version for _, _, rule, version in rows}
            yield kinds.DoubtfulLine(key.of_key(post), paper, rules)
        yield from _posts(view, period.since, key)
        yield kinds.ComparisonEnd()


def _posts(view: AsOfView, since: int, key: SharedKey) -> Iterator[kinds.PostLine]:
    mentions = _by_post(queries.mentions(view, since))
    snapshots = _by_post(queries.snapshots(view, since))
    reactions = _by_post(queries.reactions(view, since))
    for number, rows in groupby(queries.posts(view, since), key=FIRST):
        observed = list(rows)
        existing = [row for row in observed if not row[GONE]] or observed  # a row for a gone post says nothing else
        _, post, network, account, voice, created_at, limits, *_ = existing[-1]
        yield kinds.PostLine(
            post=key.of_key(post),
            network=network,
            account=key.of_key(account or ""),
            voice=key.of_key(voice or ""),
            created_at=created_at,
            limited=limits != "[]",
            seen=[(at, gone == "", key.of_text(text, fingerprint)) for *_, text, fingerprint, at, gone in observed],
            papers=[(paper, at, _name_of(form)) for paper, at, form in mentions[number]],
            readings=[(at, reposts, likes) for at, reposts, likes in snapshots[number]],
            reactions=list(_reactions(reactions[number], key)),
        )


def _reactions(rows: Iterable[list[Any]], key: SharedKey) -> Iterator[kinds.ReactionRow]:
    """The reactions to a post by voice: one counts as withdrawn only when the last of a voice's accounts withdraws
    it."""
    accounts: dict[tuple[str, str], set[int]] = defaultdict(set)
    for voice, account, type, at, withdrawn in rows:
        reacting = accounts[voice, type]
        (reacting.discard if withdrawn else reacting.add)(account)
        if not (withdrawn and reacting):
            yield key.of_key(voice or ""), type, at, bool(withdrawn)


def _name_of(rule: str) -> str:
    """The name of a rule or form; `other` for any other text: imported items may have any."""
    return rule if re.match(kinds.RULE_NAME, rule) else "other"


def _by_post(rows: queries.Rows) -> dict[int, list[list[Any]]]:
    """Rows by the post's number with which they start, without it."""
    groups = defaultdict[int, list[list[Any]]](list)
    for number, *columns in rows:
        groups[number].append(columns)
    return groups

"""From a page of a network to a batch of the record, in one line: parse, admit, compare, append.

Fetching comes before (`collect_job`, `recount_job`), and what others may know of it afterwards: after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from hotpapers.ingest.change_filter import ChangeFilter, edits, restored_posts, still_new
from hotpapers.jobs.loop import JobContext
from hotpapers.model import Item, PayloadPage, RawPayload, Reaction, Source
from hotpapers.store.batches import WrittenBatch
from hotpapers.store.parsing import ParsedPayload, parse
from hotpapers.store.reaction_marks import remember_reactions
from hotpapers.terms import NetworkTerms, admitted

EDIT = "edit"
"""The kind of what a post says now that was edited: only of it is what it does not name no longer named."""
COUNTS = "counts"
"""The kind of what was asked for by its key: what has counts is there."""
REACTION = "reaction"
SNAPSHOT = "snapshot"
"""The kind of a paper in arXiv's snapshot of its metadata."""
NOT_KEPT = (SNAPSHOT, "counts", "home", "reaction", "withdrawn", "account", "gone", "listed", "day")
"""Kinds of which nothing raw is kept: what they say is wholly in their items."""


class IngestedPage(NamedTuple):
    """What became of a page: its batch, and the items that it brought."""

    batch: WrittenBatch
    items: Sequence[Item]


def ingest(
    context: JobContext, source: Source, terms: NetworkTerms, page: PayloadPage, job: str, at: int
) -> IngestedPage:
    """A page into the record, with its cursor, in one batch under the job's lease.

    What it brings may be learned from the moment on at which this returns, not before: a batch that fails is read again
    as if it were new.
    """
    parsed = [parse_admitted(source, terms, payload) for payload in page.payloads]
    remember_reactions(context.record, _reactions(parsed), at)
    view = context.record.view()
    changes = ChangeFilter(view, _items_of(parsed))
    new = [_new_items(changes, payload) for payload in parsed]
    items = _items_of(new)
    batch = context.record.ingest(
        new, source=source.name, job=job, cursor=page.cursor, at=at, precondition=context.confirm,
        is_new=partial(still_new, view, items),
    )  # fmt: skip
    return IngestedPage(batch, items)


def _items_of(parsed: Iterable[ParsedPayload]) -> list[Item]:
    return [item for payload in parsed for item in payload.items]


def keep_raw_for(terms: NetworkTerms, payload: RawPayload) -> int:
    """Microseconds for which a payload is kept as it was seen, by its network's terms; 0: not at all."""
    return 0 if payload.kind in NOT_KEPT else terms.keep


def parse_admitted(source: Source, terms: NetworkTerms, payload: RawPayload) -> ParsedPayload:
    """What a source reads from a payload, as far as its network's terms allow it."""
    return parse(lambda raw: admitted(source.read(raw), terms), payload, keep_raw_for(terms, payload))


def with_consequences(changes: ChangeFilter, payload: RawPayload, items: Sequence[Item]) -> list[Item]:
    """A payload's items, with what follows from them and from what was said before: an edit takes mentions back, a post
    that has counts is there after all."""
    if payload.kind == EDIT:
        return [*items, *edits(changes, items)]
    if payload.kind == COUNTS:
        return [*items, *restored_posts(changes, items)]
    return list(items)


def _new_items(changes: ChangeFilter, parsed: ParsedPayload) -> ParsedPayload:
    """What of a payload says anything new."""
    if parsed.payload.kind in (EDIT, COUNTS) and not parsed.problem:
        items = parsed.items
        parsed = parse(lambda payload: with_consequences(changes, payload, items), parsed.payload, parsed.keep_for)
    return parsed._replace(items=[item for item in parsed.items if changes.is_new(item)])


def _reactions(parsed: Sequence[ParsedPayload]) -> Iterator[tuple[str, str]]:
    """Which reaction is for which post: kept before the batch, as a withdrawal may be told in the next one."""
    for payload in parsed:
        post = next((item.post for item in payload.items if isinstance(item, Reaction)), "")
        if payload.payload.kind == REACTION and post:
            yield payload.payload.key, post

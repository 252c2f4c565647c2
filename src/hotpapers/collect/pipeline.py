"""From a network's page to a batch of the record, in four steps: parse, admit, compare, append.

Fetching comes before this (`collect_job`, `recount_job`). Others may learn of the items only after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from hotpapers.base.model import Item, PayloadPage, Post, RawPayload, Reaction, Source
from hotpapers.base.terms import NetworkTerms, admitted
from hotpapers.collect.change_filter import ChangeFilter, edits, restored_posts
from hotpapers.collect.jobs.loop import JobContext
from hotpapers.collect.page_checks import check_dates
from hotpapers.record.batches import WrittenBatch
from hotpapers.record.parsing import ParsedPayload, parse
from hotpapers.record.reaction_marks import remember_reactions

POST = "post"
"""The kind of payload with a post's content. A stream that is read again after an outage may repeat it."""
EDIT = "edit"
"""The kind of payload with a post's content after an edit. Only this kind removes mentions that the post no longer
has."""
COUNTS = "counts"
"""The kind of payload requested by a post's key. A post that has counts exists."""
REACTION = "reaction"
SNAPSHOT = "snapshot"
"""The kind of payload with one paper from arXiv's metadata snapshot."""
NOT_KEPT = (SNAPSHOT, "counts", "home", "reaction", "withdrawn", "account", "gone", "listed", "day")
"""Kinds whose raw payloads are not kept, as their items hold everything."""


class IngestedPage(NamedTuple):
    """The result of storing a page: its batch, all its items, and those of them that were new."""

    batch: WrittenBatch
    items: Sequence[Item]
    new_items: Sequence[Item]


def parse_page(source: Source, terms: NetworkTerms, page: PayloadPage) -> list[ParsedPayload]:
    """The payloads of a page, parsed."""
    return [parse_admitted(source, terms, payload) for payload in page.payloads]


def ingest(
    context: JobContext,
    network: str,
    parsed: Sequence[ParsedPayload],
    cursor: str | None,
    job: str,
    at: int,
    *,
    believes_dates: bool = False,
) -> IngestedPage:
    """Stores a parsed page and its cursor in one batch, under the job's lease. Raises PartiallyRead, and stores
    nothing, if the dates of known posts have all changed, unless the job `believes_dates`.

    Items may be passed on only after this returns: a batch that fails is read again as if it were new.
    """
    items = _items_of(parsed)
    with context.batch() as batch:
        remember_reactions(batch, _reactions(parsed), at)
        edits = (payload.items for payload in parsed if payload.payload.kind == EDIT)
        changes = ChangeFilter.inside(
            batch, items, [item.post for item in chain.from_iterable(edits) if isinstance(item, Post)]
        )
        if not believes_dates:
            check_dates((post, changes.recorded(post)) for post in items if isinstance(post, Post))
        new = [_new_items(changes, payload) for payload in parsed]
        written = batch.ingest(new, source=network, job=job, cursor=cursor, at=at)
    return IngestedPage(written, items, _items_of(new))


def _items_of(parsed: Iterable[ParsedPayload]) -> list[Item]:
    return [item for payload in parsed for item in payload.items]


def keep_raw_for(terms: NetworkTerms, payload: RawPayload) -> int:
    """Microseconds to keep a raw payload, by its network's terms; 0 for not at all."""
    return 0 if payload.kind in NOT_KEPT else terms.keep


def parse_admitted(source: Source, terms: NetworkTerms, payload: RawPayload) -> ParsedPayload:
    """The items that a source reads from a payload and its network's terms allow."""
    return parse(lambda raw: admitted(source.read(raw), terms), payload, keep_raw_for(terms, payload))


def with_consequences(changes: ChangeFilter, payload: RawPayload, items: Sequence[Item]) -> list[Item]:
    """A payload's items and what follows from them and from earlier ones: a known post keeps what its payload does not
    tell of, an edit retracts mentions, and a post that has counts still exists."""
    if payload.kind in (POST, EDIT):
        completed_items = [changes.completed(item) if isinstance(item, Post) else item for item in items]
        return [*completed_items, *(edits(changes, items) if payload.kind == EDIT else ())]
    if payload.kind == COUNTS:
        return [*items, *restored_posts(changes, items)]
    return list(items)


def _new_items(changes: ChangeFilter, parsed: ParsedPayload) -> ParsedPayload:
    """A payload with only its new items."""
    items = with_consequences(changes, parsed.payload, parsed.items)
    return parsed._replace(items=[item for item in items if changes.is_new(item)])


def _reactions(parsed: Sequence[ParsedPayload]) -> Iterator[tuple[str, str]]:
    """(reaction, post) pairs, for withdrawals, which may come with the next page."""
    for payload in parsed:
        post = next((item.post for item in payload.items if isinstance(item, Reaction)), "")
        if payload.payload.kind == REACTION and post:
            yield payload.payload.key, post

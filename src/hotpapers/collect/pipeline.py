"""From a network's page to a batch of the record, in four steps: parse, admit, compare, append.

Fetching comes before this (`collect_job`). Others may learn of the items only after the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import HOUR, Item, Paper, PayloadPage, Post, RawPayload, Reaction, Snapshot, Source
from hotpapers.base.network_terms import admissible_items, limited_posts
from hotpapers.base.networks import Network
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.change_filter import ChangeFilter, restored_posts, verdicts_on_edits, without_edit
from hotpapers.collect.sources.batched_requests import AGAIN, EDIT
from hotpapers.collect.sources.thread_payloads import GAP
from hotpapers.jobs.loop import JobContext
from hotpapers.record.batches import WrittenBatch
from hotpapers.record.parsing import ParsedPayload, parse_payload
from hotpapers.record.reaction_marks import remember_reactions

POST = "post"
"""The kind of payload with a post's content. A stream that is read again after an outage may repeat it."""
COUNTS = "counts"
"""The kind of payload requested by a post's key. A post that has counts exists."""
REACTION = "reaction"
SNAPSHOT = "snapshot"
"""The kind of payload with one paper from arXiv's metadata snapshot."""
NOT_KEPT = (SNAPSHOT, COUNTS, GAP, "home", REACTION, "withdrawn", "account", "gone", "listed", "day")
"""Kinds whose raw payloads are not kept, as their items hold everything."""


class IngestedPage(NamedTuple):
    """The result of storing a page: its batch, all its items, and those of them that were new."""

    batch: WrittenBatch
    items: Sequence[Item]
    new_items: Sequence[Item]


def parse_page(source: Source, terms: Network, page: PayloadPage) -> list[ParsedPayload]:
    """The payloads of a page, parsed."""
    return [parse_admitted(source, terms, payload) for payload in page.payloads]


def ingest_page(
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
        reactions = [  # for withdrawals, which may come with the next page
            (payload.payload.key, item.post)
            for payload in parsed
            if payload.payload.kind == REACTION
            for item in payload.items
            if isinstance(item, Reaction)
        ]
        remember_reactions(batch, reactions, at)
        edited = _items_of(payload for payload in parsed if payload.payload.kind == EDIT)
        posts = [item.post for item in edited if isinstance(item, Post)]
        changes = ChangeFilter.inside(batch, items, posts)
        if not believes_dates:
            check_dates((post, changes.recorded(post)) for post in items if isinstance(post, Post))
        new = []
        for payload in parsed:
            new_items = filter(changes.is_new, with_consequences(changes, payload.payload, payload.items))
            new.append(payload._replace(items=list(new_items)))
        written = batch.ingest(new, source=network, job=job, cursor=cursor, at=at)
    return IngestedPage(written, items, _items_of(new))


def _items_of(parsed: Iterable[ParsedPayload]) -> list[Item]:
    return [item for payload in parsed for item in payload.items]


def keep_raw_for(terms: Network, payload: RawPayload) -> int:
    """Microseconds to keep a raw payload, by its network's terms; 0 for not at all."""
    return 0 if payload.kind in NOT_KEPT else terms.keep


def parse_admitted(source: Source, terms: Network, payload: RawPayload) -> ParsedPayload:
    """The items that a source reads from a payload and its network's terms allow."""
    parsed = parse_payload(lambda raw: admissible_items(source.read(raw), terms), payload, keep_raw_for(terms, payload))
    return without_limited_raw(parsed, terms)


def without_limited_raw(parsed: ParsedPayload, terms: Network) -> ParsedPayload:
    """A parsed payload that is not kept raw if it has the words of a post that may not count."""
    return parsed._replace(keep_for=0) if limited_posts(parsed.items, terms) else parsed


def with_consequences(changes: ChangeFilter, payload: RawPayload, items: Sequence[Item]) -> list[Item]:
    """A payload's items and the consequences of them and of earlier ones: a known post or paper keeps fields that its
    payload lacks, an edit retracts mentions, and a post that has counts still exists."""
    items = [changes.believably_dated(item) for item in items]
    if payload.kind in (POST, EDIT, AGAIN):
        completed_items = [changes.completed(item) if isinstance(item, Post) else item for item in items]
        if payload.kind == AGAIN and not changes.were_edited(items):
            return without_edit(completed_items)
        if payload.kind != POST:
            return [*completed_items, *verdicts_on_edits(changes, items)]
        return completed_items
    if payload.kind == COUNTS:
        return [*items, *restored_posts(changes, items)]
    return [changes.completed_paper(item) if isinstance(item, Paper) else item for item in items]


# ---- pages that are not believed ----------------------------------------------------------------------

# Their network has changed: entries that cannot be read, other dates, no counts. Then it counts as partly read, and
# reading does not move on: what was missed is read once it can be.

FEW = 3
"""Fewer entries than this may well be broken, or redated, by chance."""
SIMPLE = frozenset(("gone", "account", "reaction", "withdrawn"))
"""Kinds of payloads that say nothing about whether posts can be read."""
ZONES = HOUR // 4
"""Time zones differ by multiples of this, in microseconds."""


def check_dates(posts: Iterable[tuple[Post, Post | None]]) -> None:
    """Raises PartiallyRead if the network now writes its times in another zone: those of most known posts have changed
    by the same quarter hours. `posts`: as they are listed now, and as they are in the record."""
    shifts = Counter(
        post.created_at - known.created_at for post, known in posts if known and not (post.gone or known.gone)
    )
    shift, number = next(iter(shifts.most_common(1)), (0, 0))
    if shift and shift % ZONES == 0 and number >= FEW and number * 2 > shifts.total():
        hours = format_duration(abs(shift) / SECOND)
        raise PartiallyRead(f"the dates of {number:,} known posts have changed by {hours}: its times have another zone")


class ReadableEntries:
    """How many entries of a round, or of a stretch of a stream, could be read."""

    def __init__(self) -> None:
        self.readable = self.unreadable = 0
        self.is_doubted = False

    def note(self, parsed: Sequence[ParsedPayload]) -> None:
        """Adds a page. It is doubted, with all pages after it, if none of its entries can be read, unless they are few
        and others could be."""
        parsed = [entry for entry in parsed if entry.payload.kind not in SIMPLE]
        unreadable = sum(bool(payload.problem) for payload in parsed)
        is_broken = unreadable == len(parsed) > (FEW - 1 if self.readable else 0)
        self.readable += len(parsed) - unreadable
        self.unreadable += unreadable
        self.is_doubted = self.is_doubted or is_broken

    @property
    def are_too_few(self) -> bool:
        """Whether none could be read yet, and too few came to determine the reason."""
        return not self.readable and 0 < self.unreadable < FEW

    @property
    def are_mostly_unreadable(self) -> bool:
        """Whether a stretch of a stream is doubted: single posts there may be anything."""
        if self.unreadable <= self.readable:
            return False
        return self.unreadable >= FEW or not self.readable

    @property
    def problem(self) -> PartiallyRead:
        """Why the pages are doubted."""
        total = self.readable + self.unreadable
        return PartiallyRead(f"{self.unreadable:,} of {total:,} entries could not be read: their format has changed")


def check_likes(snapshots: Sequence[Snapshot]) -> None:
    """Raises PartiallyRead if none of a round's answers has likes, or their equivalent there: all networks have
    them."""
    if snapshots and all(snapshot.likes is None for snapshot in snapshots):
        raise PartiallyRead(f"no counts in {len(snapshots):,} answers: their format has changed")

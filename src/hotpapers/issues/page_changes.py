"""Whether batches change what pages show, so that pages are kept over those that do not.

Pages show frozen issues, so most of what is collected changes none: new posts, reactions and counts, papers that no
issue holds. What does: issues and publications, what is said of papers in issues, posts that are gone or limited, what
is hidden or in doubt, and whatever closes, prunes or forgets rows. What is not known to be harmless counts as a change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from hotpapers.model import kind_of
from hotpapers.model.items import (
    Account,
    Alias,
    Announcement,
    Coverage,
    Delivery,
    Mention,
    Paper,
    Post,
    Reaction,
    Snapshot,
    Tally,
    Verdict,
)
from hotpapers.moderation import blocklist
from hotpapers.store import manifest
from hotpapers.store.database import placeholders, slices
from hotpapers.store.record import Record

HARMLESS = frozenset(kind_of(one) for one in (Account, Coverage, Delivery, Mention, Reaction, Snapshot, Tally))
"""What pages show of these was frozen with its issue."""
OF_PAPERS = frozenset(kind_of(one) for one in (Announcement, Paper))
POST, ALIAS, VERDICT = kind_of(Post), kind_of(Alias), kind_of(Verdict)
ABOUT_BOTS = ("bot", "human")
"""Judgements by which is counted, and which frozen issues have taken in."""


class _Named(msgspec.Struct, frozen=True):
    paper: str


class _Held(msgspec.Struct, frozen=True):
    entries: tuple[_Named, ...] = ()
    still: tuple[_Named, ...] = ()


_read = msgspec.json.Decoder(_Held).decode


class PageChangeCounter:
    """Looks at a record, and counts how often what its pages show has changed."""

    def __init__(self, record: Record) -> None:
        self._database = record.database
        self._position, self._blocked = record.head.position, blocklist.load_blocklist(record.database)
        self._held: frozenset[str] | None = None
        self.changes = 0

    def look(self) -> int:
        """How often it has changed, up to now."""
        never, found = blocklist.load_blocklist(self._database), self._database.rows("SELECT max(position) FROM batch")
        position = int(found[0][0] or 0)
        if position == self._position and never == self._blocked:
            return self.changes
        if never != self._blocked or position < self._position or self._is_changed():
            self.changes += 1
            self._held = None
        self._position, self._blocked = position, never
        return self.changes

    def _is_changed(self) -> bool:
        sql = "SELECT manifest FROM batch WHERE position > ? ORDER BY position"
        return any(self._changes(manifest.unpack(bytes(packed))) for (packed,) in self._database.iterate(
            sql, (self._position,)
        ))  # fmt: skip

    def _changes(self, batch: manifest.Manifest) -> bool:
        """Whether a batch changes a page."""
        if batch.closed or batch.pruned or batch.forgotten or batch.tombstones:
            return True
        by_kind: dict[str, set[str]] = {}
        for label in batch.labels:
            by_kind.setdefault(str(label[0]), set()).add(str(label[1]) if len(label) > 1 else "")
        told = {kind: keys for kind, keys in by_kind.items() if kind not in HARMLESS}
        return any(self._matters(kind, keys) for kind, keys in told.items())

    def _matters(self, kind: str, keys: Collection[str]) -> bool:
        if kind in OF_PAPERS:
            return not self._papers().isdisjoint(keys)
        if kind == POST:
            return any(self._posts_matter(some) for some in slices(sorted(keys)))
        if kind == ALIAS:  # whose posts are hidden may be known by this alone
            return bool(self._database.rows("SELECT 1 FROM verdict WHERE judgement = 'hidden' LIMIT 1"))
        if kind == VERDICT:
            return self._verdicts_matter()
        return True

    def _papers(self) -> frozenset[str]:
        """The papers that any issue holds."""
        if self._held is None:
            contents = self._database.iterate("SELECT content FROM issue WHERE until = 0")
            self._held = frozenset(_keys(_read(content) for (content,) in contents))
        return self._held

    def _posts_matter(self, posts: Sequence[str]) -> bool:
        """Whether one was known before and is gone or limited, now or then; or begins a thread that was known before,
        so that what follows is its author's own and no reply to somebody else."""
        among = placeholders(posts)
        limited = f"""SELECT 1 FROM post AS p WHERE p.post IN ({among}) AND (p.gone <> '' OR p.limits <> '[]')
            AND EXISTS (SELECT 1 FROM post AS o WHERE o.post = p.post AND o.since <= ?) LIMIT 1"""
        begins = f"""SELECT 1 FROM post AS p JOIN post AS o ON o.account = p.account AND o.reply_to = p.post
            WHERE p.post IN ({among}) AND o.since <= ? LIMIT 1"""
        return any(self._database.rows(sql, (*posts, self._position)) for sql in (limited, begins))

    def _verdicts_matter(self) -> bool:
        """Whether somebody or something is hidden or shown again, or a post in doubt that was known before."""
        sql = f"""SELECT DISTINCT v.subject, v.about FROM verdict AS v WHERE v.since > ?
            AND v.judgement NOT IN ({placeholders(ABOUT_BOTS)})"""
        found = self._database.rows(sql, (self._position, *ABOUT_BOTS))
        return any(not about for _, about in found) or self._is_known(sorted({subject for subject, _ in found}))

    def _is_known(self, posts: Sequence[str]) -> bool:
        """Whether one of some posts was there before."""
        return any(
            self._database.rows(
                f"SELECT 1 FROM post WHERE post IN ({placeholders(some)}) AND since <= ? LIMIT 1",
                (*some, self._position),
            )
            for some in slices(posts)
        )


def _keys(contents: Iterable[_Held]) -> Iterable[str]:
    return (one.paper for held in contents for one in (*held.entries, *held.still))

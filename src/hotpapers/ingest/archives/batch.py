"""What was found in some lines of an archive, into the record at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hotpapers.errors import InputError
from hotpapers.ingest.archives.format import BROKEN, ArchiveFormat
from hotpapers.ingest.archives.new_items import only_new
from hotpapers.ingest.change_filter import ChangeFilter, edits
from hotpapers.ingest.pipeline import EDIT, keep_raw_for
from hotpapers.ingest.queries import known_keys
from hotpapers.model import Item, Mention, Paper, Post, RawPayload, Reaction, Snapshot
from hotpapers.sources.paper_matching import unreadable
from hotpapers.store import Record, item_checks
from hotpapers.store.parsing import ParsedPayload, parse
from hotpapers.terms import NetworkTerms, admitted

KEPT = 2**16
"""Bytes of an unreadable line that are set apart."""
COUNTED = {Paper: "papers", Post: "posts", Mention: "mentions", Reaction: "reactions", Snapshot: "snapshots"}


class ArchiveBatch:
    """Findings that wait. `count`, `size`: how many, and the bytes of their bodies."""

    def __init__(self, record: Record, job: str, format: ArchiveFormat, terms: NetworkTerms, now: int) -> None:
        self._record, self._job, self._format, self._terms, self._now = record, job, format, terms, now
        self._seen: list[RawPayload] = []
        self._keys: set[str] = set()
        self._reasons: dict[str, Exception] = {}
        self.count = self.size = 0

    def add(self, payloads: Sequence[RawPayload]) -> None:
        """Takes in what was found in a line."""
        self._seen += payloads
        self._keys.update([payload.key for payload in payloads])
        self.count += len(payloads)
        self.size += sum(len(payload.body) for payload in payloads)

    def set_apart(self, line: bytes, problem: Exception) -> None:
        """Takes in a line that could not be read."""
        payload = RawPayload(BROKEN, unreadable(line), line[:KEPT].rstrip(b"\r\n"), self._now)
        self._reasons[payload.key] = problem
        self.add([payload])

    def must_wait(self, payloads: Sequence[RawPayload]) -> bool:
        """Whether something found can be read only after what waits is in the record: an edit of a post that waits too
        is compared with what the record has of it."""
        return any(payload.kind == EDIT and payload.key in self._keys for payload in payloads)

    def take_out(self) -> None:
        """Without what was taken in last."""
        self.size -= len(self._seen.pop().body)
        self.count -= 1

    def store(self, cursor: str | None) -> Counter[str]:
        """Reads all findings and takes into the record what is new in them, with the cursor if there is anything; how
        much that was, by the names in `importing.Imported`."""
        outcomes = self._only_told(self._read())
        self._format.learned()
        counts = Counter(quarantined=sum(bool(outcome.problem) for outcome in outcomes))
        if outcomes:
            counts += self._write(outcomes, cursor)
        self._seen, self._keys, self._reasons, self.count, self.size = [], set(), {}, 0, 0
        return counts

    # ---- reading -----------------------------------------------------------------------------------------

    def _read(self) -> list[ParsedPayload]:
        """Each finding read. That a post is gone is only told of one that the record has, or that stands before it."""
        network, only_known = self._format.network, self._format.only_known
        posts = [f"{network}:{payload.key}" for payload in self._seen if payload.kind in only_known]
        known = set(known_keys(self._record, "post", "post", posts))
        outcomes = []
        for payload in self._seen:
            if payload.kind not in only_known or f"{network}:{payload.key}" in known:
                outcome = self._outcome(payload)
                known.update(item.post for item in outcome.items if isinstance(item, Post))
                outcomes.append(outcome)
        return outcomes

    def _outcome(self, payload: RawPayload) -> ParsedPayload:
        """What is set apart was seen now: it is kept for a while from now on, however old the archive is."""
        outcome = parse(self._items, payload, self._keep_for(payload))
        if not outcome.problem:
            return outcome
        apart = payload._replace(at=self._now)
        return outcome._replace(payload=apart, keep_for=self._keep_for(apart))

    def _items(self, payload: RawPayload) -> list[Item]:
        if payload.kind == BROKEN:
            raise self._why(payload)
        items = admitted(map(item_checks.clean, self._format.read(payload)), self._terms)
        return [*items, *edits(ChangeFilter(self._record.view(payload.at)), items)] if payload.kind == EDIT else items

    def _why(self, payload: RawPayload) -> Exception:
        if payload.key in self._reasons:
            return self._reasons[payload.key]
        self._format.take(payload.body)  # an entry of a line: raises again
        return InputError("cannot be read")

    # ---- writing -----------------------------------------------------------------------------------------

    def _only_told(self, outcomes: Iterable[ParsedPayload]) -> list[ParsedPayload]:
        """The outcomes with what is new in them; those without anything are left out."""
        kept = [outcome for outcome in outcomes if outcome.items or bool(outcome.problem)]
        news = only_new(self._record, [outcome.items for outcome in kept])
        fresh = [outcome._replace(items=items) for outcome, items in zip(kept, news, strict=True)]
        return [payload for payload in fresh if payload.items or bool(payload.problem)]

    def _write(self, outcomes: Sequence[ParsedPayload], cursor: str | None) -> Counter[str]:
        once: dict[RawPayload, ParsedPayload] = {}
        for outcome in outcomes:
            once.setdefault(outcome.payload, outcome)
        items = [item for payload in once.values() for item in payload.items]
        written = self._record.ingest(
            list(once.values()), source=self._format.network, job=self._job, cursor=cursor if items else None
        )
        return _counted(items) + Counter(refused=written.refused)

    def _keep_for(self, payload: RawPayload) -> int:
        """Microseconds for which an original is kept raw: as long as the network allows, from when it was seen."""
        time = keep_raw_for(self._terms, payload)
        return time if payload.at + time > self._now else 0


def _counted(items: Iterable[Item]) -> Counter[str]:
    """Items by the names in `importing.Imported`."""
    names = ["gone" if isinstance(item, Post) and item.gone else COUNTED.get(type(item), "") for item in items]
    return Counter(name for name in names if name)

"""Corkboard: the notes of the boards that the operator names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.base.model import Account, HttpClient, Item, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.collect.sources.batched_requests import one_by_one
from hotpapers.collect.sources.decoding import decode_entry, decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_of, title_verdicts

NETWORK = "corkboard"


class CorkboardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`boards`: which are read. `base`: base address. `every`: seconds between rounds."""

    boards: tuple[str, ...] = ("maths",)
    base: str = "https://corkboard.example"
    every: int = 900


_Own = msgspec.defstruct("_Own", [("id", int)])
_Notes = msgspec.defstruct("_Notes", [("notes", list[msgspec.Raw])])


class _Note(msgspec.Struct):
    by: str
    made: int
    words: str = ""
    pins: int | None = None


class Corkboard:
    """The connector. The cursor holds the newest note that was read of each board."""

    name = NETWORK

    def __init__(self, settings: CorkboardSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names, self.every = settings, known, names, settings.every
        self.reach: int | None = None  # the boards forget nothing: what an outage missed is read later

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """What is new on each board."""
        newest = msgspec.json.decode(cursor, type=dict[str, int]) if cursor else {}
        for board in self.settings.boards:
            params = {"board": board, "since": str(newest.get(board, 0))}
            response = http.get(f"{self.settings.base}/api/notes", params=params)
            payloads = []
            for raw in decode_response(response, _Notes).notes:
                entry = decode_or_none(raw, _Own)
                key = str(entry.id) if entry else unreadable_key(raw)
                payloads.append(RawPayload("post", key, bytes(raw), response.at))
                newest[board] = max(newest.get(board, 0), entry.id if entry else 0)
            yield PayloadPage(payloads, msgspec.json.encode(newest).decode())

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each note's pins now, or that it is gone."""
        notes = [key.removeprefix(f"{NETWORK}:") for key in keys]
        return one_by_one(notes, lambda note: self._note(http, note))

    def _note(self, http: HttpClient, note: str) -> PayloadPage:
        response = http.get(f"{self.settings.base}/api/notes/{note}", accept=(404,))
        kind = "gone" if response.status == 404 else "counts"
        return PayloadPage([RawPayload(kind, note, response.body, response.at)])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """A note with its papers; its counts; that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if payload.kind == "gone":
            return [gone_post(NETWORK, key, payload.at, "deleted")]
        note = decode_entry(payload.body, _Note)
        snapshot = Snapshot(post=key, likes=note.pins, observed_at=payload.at)
        if payload.kind == "counts":
            return [snapshot]
        mentions = mentions_of(key, payload.at, note.words, names=self.names)
        account = f"{NETWORK}:{note.by}"
        post = Post(
            post=key, network=NETWORK, account=account, created_at=note.made * 1_000_000, text=note.words,
            handle=note.by, observed_at=payload.at,
        )  # fmt: skip
        about = [*mentions, *title_verdicts(mentions, note.words, self.names)]
        return about and [post, Account(account=account, handle=note.by, observed_at=payload.at), snapshot, *about]

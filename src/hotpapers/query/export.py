"""The record as a whole, for strangers: what was observed, in the exchange format, or what issues list, as a table.

It is `hotpapers export --records`, and keeps back more, as nobody watches who takes it. Where a network's terms let
identifiers alone leave the store, posts and accounts go without words and names also where a listing printed them; so
do posts that may not be quoted now (see `moderation.quotation_policy`), whatever was observed before, and accounts
that are hidden.
What the operator hid, and why, is not told. Never in it: issues, deliveries, salts, the store's secret.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

import msgspec

from hotpapers import model, terms
from hotpapers.moderation.quotation_policy import QuotationPolicy, policy_for, showing
from hotpapers.query import queries, request_params
from hotpapers.query.session import QuerySession
from hotpapers.store.redaction import network_of, without_words
from hotpapers.transfer import tables
from hotpapers.transfer.jsonl import exporter
from hotpapers.transfer.jsonl.exporter import ExportRequest
from hotpapers.transfer.jsonl.lines import ExchangeHeader

CHUNK = 2**16
"""Bytes that are handed on at once, about."""
TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "bibtex": "application/x-bibtex"}
"""The media type of each form."""

_encode = msgspec.json.encode
_HEADER, _POST, _ACCOUNT, _VERDICT = (
    b'{"kind":"%s",' % kind for kind in (b"header", b"post", b"account", b"verdict")
)  # fmt: skip


class WithheldWords(NamedTuple):
    """Whose words stay here: of these networks, posts and accounts, and of posts that do not pass the gate."""

    networks: frozenset[str]
    keys: frozenset[str]
    policy: QuotationPolicy

    def holds(self, item: model.Item, key: str) -> bool:
        return (
            key in self.keys
            or network_of(item) in self.networks
            or (isinstance(item, model.Post) and showing(self.policy, item) == "link")
        )


def export(session: QuerySession, params: request_params.ExportParams) -> Generator[bytes, None, None]:
    """The export in chunks. It reads one moment of the store, and holds that for as long as it is read."""
    if params.format == "jsonl":
        yield from _chunks(public_lines(session))
    else:
        yield from _chunks(tables.EXPORTS[params.format](session.record, ExportRequest()))


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def public_lines(session: QuerySession) -> Iterator[bytes]:
    """The lines of the exchange format that strangers may have."""
    withheld = _kept_back(session)
    for line in exporter.export_lines(session.record, ExportRequest(True, withheld.networks)):
        public = _public(line, withheld)
        if public is not None:
            yield public


def _kept_back(session: QuerySession) -> WithheldWords:
    view = session.record.view()
    hidden = {verdict.subject for verdict in view.items(model.Verdict, "t.judgement = 'hidden'")}
    for alias in view.items(model.Alias):
        if hidden & {alias.account, alias.stable}:
            hidden |= {alias.account, alias.stable}
    policy = policy_for(view, session.terms, ())  # it knows nobody who is answered: a reply is to somebody else
    return WithheldWords(terms.ids_only(session.terms), frozenset(hidden | set(queries.withheld_posts(view))), policy)


def _public(line: bytes, withheld: WithheldWords) -> bytes | None:
    """What of a line may be handed on; None for nothing of it."""
    if line.startswith(_POST):
        post = msgspec.json.decode(line, type=model.Post)
        return _encode(without_words(post)) + b"\n" if withheld.holds(post, post.post) else line
    if line.startswith(_ACCOUNT):
        account = msgspec.json.decode(line, type=model.Account)
        return _encode(without_words(account)) + b"\n" if withheld.holds(account, account.account) else line
    if line.startswith(_VERDICT):
        verdict = msgspec.json.decode(line, type=model.Verdict)
        return None if verdict.judgement in ("hidden", "shown") else line
    return _header(line) if line.startswith(_HEADER) else line


def _header(line: bytes) -> bytes:
    """Names every network, as words of each may be missing: so that who has them keeps them."""
    header = msgspec.json.decode(line, type=ExchangeHeader)
    return _encode(msgspec.structs.replace(header, withheld=sorted(model.NETWORKS))) + b"\n"

"""The whole record, for the public: the observations in the exchange format, or the issues' entries as a table.

Like `hotpapers export --records`, but withholds more, as nobody checks who downloads it. Where a network's terms allow
only identifiers to leave the store, posts and accounts lose their words and names, even if a listing printed them. So
do posts that may not be quoted now (see `moderation.quotation_policy`), whatever was observed before, and hidden
accounts; and posts lose what they said before they were edited. What the operator hid, and why, is not disclosed. Never
included: issues, deliveries, salts, the store's secret.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from hotpapers.base import model, network_terms
from hotpapers.base.networks import network_names
from hotpapers.discussion.moderation.queries import edited_posts
from hotpapers.discussion.moderation.quotation_policy import (
    QuotationPolicy,
    blocklist_for,
    choose_showing,
)
from hotpapers.keep.transfer import export_formats
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.keep.transfer.jsonl.lines import ExchangeHeader
from hotpapers.publish.query import queries, request_params
from hotpapers.publish.query.session import QuerySession
from hotpapers.record.wordless_rows import network_of, without_words

CHUNK = 2**16
"""Approximate bytes per chunk."""
TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "bibtex": "application/x-bibtex"}
"""The media type of each format."""


class ExportParams(request_params.Params, kw_only=True):
    """The whole record: the observations (jsonl), or the issues' entries."""

    format: Annotated[Literal["jsonl", "csv", "bibtex"], msgspec.Meta(description="The output format")] = "jsonl"


_encode = msgspec.json.encode
_KINDS: dict[bytes, Any] = {
    b'{"kind":"header"': ExchangeHeader,
    b'{"kind":"post"': model.Post,
    b'{"kind":"account"': model.Account,
    b'{"kind":"alias"': model.Alias,
    b'{"kind":"verdict"': model.Verdict,
}
"""The types of the examined lines, by how a line begins."""


class WithheldWords(NamedTuple):
    """Withholds the words of these networks, posts and accounts, of posts that the policy doesn't allow, and those that
    `edited` posts, by key as they are now, had before."""

    networks: frozenset[str]
    keys: frozenset[str]
    policy: QuotationPolicy
    edited: Mapping[str, model.Post]

    def holds(self, item: model.Item, key: str) -> bool:
        if key in self.keys or network_of(item) in self.networks:
            return True
        if not isinstance(item, model.Post):
            return False
        current = self.edited.get(key, item)
        if current.text != item.text:
            return True
        return choose_showing(self.policy, current) == "link"


def export_chunks(session: QuerySession, params: ExportParams) -> Generator[bytes, None, None]:
    """The export in chunks. Reads one snapshot of the store and keeps it open until the end."""
    is_record = params.format == "jsonl"
    if is_record:
        lines = public_lines(session)
    else:
        lines = export_formats.EXPORTS[params.format].chunks(session.record)
    buffer = bytearray()
    for line in lines:
        buffer += line
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def public_lines(session: QuerySession) -> Iterator[bytes]:
    """The lines of the exchange format that the public may have."""
    view = session.record.view()
    hidden = {verdict.subject for verdict in view.items(model.Verdict, "t.judgement = 'hidden'")}
    aliases = list(view.items(model.Alias)) if hidden else []
    hidden |= {alias.stable for alias in aliases if alias.account in hidden}
    hidden |= {alias.account for alias in aliases if alias.stable in hidden}
    policy = QuotationPolicy(session.terms, blocklist_for(view))  # knows no authors: every reply is one to others
    edited = {post.post: post for post in edited_posts(view)}
    keys = frozenset(hidden | set(queries.all_withheld_posts(view)))
    withheld = WithheldWords(network_terms.ids_only(session.terms), keys, policy, edited)
    for line in exporter.record_lines(session.record, records_only=True, ids_only=withheld.networks):
        if public := _public(line, withheld):
            yield public


def _public(line: bytes, withheld: WithheldWords) -> bytes:
    """The part of a line that may be exported; empty if nothing may. In the header every network is listed as withheld:
    words may be missing on each, so importers keep those they have."""
    kind = _KINDS.get(line[: line.find(b",")])
    match kind and msgspec.json.decode(line, type=kind):
        case model.Post(post=key) | model.Account(account=key) as item if withheld.holds(item, key):
            return _encode(without_words(item)) + b"\n"
        case model.Alias() as alias if withheld.keys & {alias.account, alias.stable}:
            return b""
        case model.Verdict(judgement="hidden" | "shown"):
            return b""
        case ExchangeHeader() as header:
            return _encode(msgspec.structs.replace(header, withheld=sorted(network_names()))) + b"\n"
    return line

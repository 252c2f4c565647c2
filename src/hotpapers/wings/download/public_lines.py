"""The whole record, for the public: the observations in the exchange format, or the issues' entries as a table.

Like `hotpapers export --records`, but withholds more, as nobody checks who downloads it. Where a network's terms allow
only identifiers to leave the store, posts and accounts lose their words and names, even if a listing printed them. So
do posts that may not be quoted now (see `moderation.quotation_policy`), whatever was observed before, and hidden
accounts. What the operator hid, and why, is not disclosed. Never included: issues, deliveries, salts, the store's
secret.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec

from hotpapers.base import model, terms
from hotpapers.issues.moderation.quotation_policy import QuotationPolicy, policy_for, showing
from hotpapers.keep.transfer import export_formats
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.keep.transfer.jsonl.lines import ExchangeHeader
from hotpapers.publish.query import queries, request_params
from hotpapers.publish.query.session import QuerySession
from hotpapers.record.redaction import network_of, without_words

CHUNK = 2**16
"""Approximate bytes per chunk."""
TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "bibtex": "application/x-bibtex"}
"""The media type of each format."""


class ExportParams(request_params.Params, frozen=True, kw_only=True):
    """The whole record: the observations (jsonl), or the issues' entries."""

    format: Annotated[Literal["jsonl", "csv", "bibtex"], msgspec.Meta(description="The output format")] = "jsonl"


_encode = msgspec.json.encode
_HEADER, _POST, _ACCOUNT, _ALIAS, _VERDICT = (
    b'{"kind":"%s",' % kind for kind in (b"header", b"post", b"account", b"alias", b"verdict")
)


class WithheldWords(NamedTuple):
    """What to withhold the words of: these networks, posts and accounts, and posts that the policy doesn't allow."""

    networks: frozenset[str]
    keys: frozenset[str]
    policy: QuotationPolicy

    def holds(self, item: model.Item, key: str) -> bool:
        return (
            key in self.keys
            or network_of(item) in self.networks
            or (isinstance(item, model.Post) and showing(self.policy, item) == "link")
        )


def export(session: QuerySession, params: ExportParams) -> Generator[bytes, None, None]:
    """The export in chunks. Reads one snapshot of the store and keeps it open until the end."""
    if params.format == "jsonl":
        yield from _chunks(public_lines(session))
    else:
        yield from _chunks(export_formats.EXPORTS[params.format].chunks(session.record))


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
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
    policy = policy_for(view, session.terms, ())  # without posts to look up: every reply counts as one to others
    withheld = WithheldWords(
        terms.ids_only(session.terms), frozenset(hidden | set(queries.withheld_posts(view))), policy
    )
    for line in exporter.lines(session.record, records_only=True, ids_only=withheld.networks):
        public = _public(line, withheld)
        if public is not None:
            yield public


def _public(line: bytes, withheld: WithheldWords) -> bytes | None:
    """The part of a line that may be exported; None if nothing may."""
    if line.startswith(_POST):
        post = msgspec.json.decode(line, type=model.Post)
        return _encode(without_words(post)) + b"\n" if withheld.holds(post, post.post) else line
    if line.startswith(_ACCOUNT):
        account = msgspec.json.decode(line, type=model.Account)
        return _encode(without_words(account)) + b"\n" if withheld.holds(account, account.account) else line
    if line.startswith(_ALIAS):
        alias = msgspec.json.decode(line, type=model.Alias)
        return None if withheld.keys & {alias.account, alias.stable} else line
    if line.startswith(_VERDICT):
        verdict = msgspec.json.decode(line, type=model.Verdict)
        return None if verdict.judgement in ("hidden", "shown") else line
    return _header(line) if line.startswith(_HEADER) else line


def _header(line: bytes) -> bytes:
    """The header with every network listed as withheld: words may be missing on each, so importers keep those they
    have."""
    header = msgspec.json.decode(line, type=ExchangeHeader)
    return _encode(msgspec.structs.replace(header, withheld=sorted(model.NETWORKS))) + b"\n"

"""Forget people and posts: their data is erased from every byte of the store, and issues still verify.

A forgotten key is overwritten only in its identity, by a random pseudonym. So rows that belong together still do, and
totals don't change. The words of posts, and names in others' texts, are replaced by their commitments, so rows keep
their hashes. A batch records the forgotten keys, with the hash of each changed row's remaining content, and the
tombstones by which import, restore and re-collection recognize items that must not come back."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.base.errors import NotFound
from hotpapers.base.grouping import sets_by_key
from hotpapers.base.keys import parse_key
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.discussion.moderation.aliases import join_accounts
from hotpapers.discussion.moderation.bots.review import accounts_of
from hotpapers.jobs import queries as jobs_queries
from hotpapers.keep.privacy import forgotten_file, queries
from hotpapers.keep.search import indexing
from hotpapers.record import (
    batches,
    commitments,
    identities,
    item_rows,
    manifest,
    raw_archive,
    reaction_marks,
    tombstones,
    write_meta,
)
from hotpapers.record.database import Database
from hotpapers.record.item_rows import SPECS, StoredRow
from hotpapers.record.leftovers import remove_unfinished
from hotpapers.record.record import Record, current_time

RENDERED_BY = "rendered by"
"""The name in `meta` of the rules by which all pages were last rendered; empty while they may show what was erased."""


class ForgetResult(NamedTuple):
    """The result of forgetting. `rows`: rows that lost words, including others' rows that contained a name.
    `out_of_reach`: copies that cannot be changed. For all keys forgotten together: `raw_payloads`, deleted, those in
    quarantine included; `other_rows`, others' rows that contained one of their names."""

    keys: tuple[str, ...]
    rows: int
    raw_payloads: int
    out_of_reach: tuple[str, ...]
    other_rows: int = 0


Change = tuple[StoredRow, model.Item]
"""A row, and the remaining item."""


def forget_key(record: Record, key: str, *, at: int | None = None) -> ForgetResult:
    """Forget a post, or an account with all its posts, by its key (`x:1341…`, `x:@handle`, `bluesky:did:…`).

    Raises NotFound if the record does not have it, UsageError if it is not a key, and the errors of `erase_traces`,
    which is the last step. Run it again after an interruption to finish.
    """
    [result] = forget_all(record, [key], at=at)
    if isinstance(result, NotFound):
        raise result
    record.database.erase_traces()
    return result


def forget_all(record: Record, keys: Sequence[str], *, at: int | None = None) -> list[ForgetResult | NotFound]:
    """Forget several keys together, without `erase_traces`; the result for each, or why there is none. Texts and raw
    payloads are searched once for all keys, and once more for each key that no row has."""
    requested = [parse_key(key) for key in keys]
    join_accounts(record, at)
    with record.database.write():
        names_by_key = _names_by_key(record, requested)
        all_keys = model.without_duplicates(key_of for names in names_by_key.values() for key_of in names)
        if all_keys:
            erased = erase_keys(record, all_keys, at=at or current_time())
        else:
            erased = ErasedRows({}, 0, 0)
        forgotten_file.complete_file(record.database, record.hasher)
    leftovers = [f"unfinished {path}" for path in remove_unfinished(record.database)]
    return [
        erased.of(names_by_key[key], (*copies_to_delete(record, key), *leftovers))
        if key in names_by_key
        else NotFound(f"{key}: no such post or account in the record")
        for key in requested
    ]


class ErasedRows(NamedTuple):
    """The erased rows. `own`: for each forgotten key, the changed rows with its own words. `other_rows`: number of
    others' rows that contained a forgotten name. `raw_payloads`: number of raw payloads deleted."""

    own: Mapping[str, Collection[int]]
    other_rows: int
    raw_payloads: int

    def of(self, keys: Iterable[str], out_of_reach: Iterable[str]) -> ForgetResult:
        """The result for some of the keys."""
        keys = tuple(keys)
        own = {number for key in keys for number in self.own.get(key, ())}
        rows = len(own) + self.other_rows
        return ForgetResult(keys, rows, self.raw_payloads, tuple(out_of_reach), self.other_rows)


def erase_keys(record: Record, keys: Sequence[str], *, marks: Collection[str] = (), at: int) -> ErasedRows:
    """Erase keys, and their names in others' texts, from identities, rows and raw payloads.

    `marks`: further tombstones to store and to apply to others' texts. Call inside `write()`.
    """
    database = record.database
    earlier = record.forgotten()
    orphans = queries.orphan_authors(record, keys)
    gone = frozenset([*keys, *orphans])
    if marks:
        known_tombstones = tombstones.Tombstones(record.hasher, earlier.known | frozenset(marks))
    else:
        known_tombstones = None
    known = tombstones.ForgottenNames(tombstones.names_of_all(keys), known_tombstones)
    changes, orphan_marks = _changes(record, gone, known)
    remainders = _overwrite(record, changes, orphan_marks)
    indexing.renew_posts(database, {left.post for _, left in changes if isinstance(left, model.Post)})
    origins = {row.origin for row, _ in changes}
    raw_payloads = erase_beside(database, sorted(gone), known, origins)
    unnamed = queries.unnamed_keys(
        database, {getattr(row.item, name) for row, left in changes for name in _dropped_fields(row.item, left)} - {""}
    )
    erased = _erase_identities(record, [*gone, *unnamed])
    new = sorted({*marks, *tombstones.marks_of(record.hasher, keys, known.names, orphans)} - earlier.known)
    batch_stamp = manifest.BatchStamp(at, "forget")
    batches.append(database, batch_stamp, forgotten=remainders, erased=erased, tombstones=new)
    write_meta(database, RENDERED_BY, "")
    # Counts the rows that lost words, by key
    own = sets_by_key(
        (key, number)
        for number, (row, _) in enumerate(changes)
        for key in gone.intersection(_own_keys(row.item)) or ("",)
    )
    return ErasedRows(own, len(own.pop("", ())), raw_payloads)


def erase_beside(
    database: Database, keys: Sequence[str], known: tombstones.ForgottenNames, origins: Collection[int]
) -> int:
    """Erase keys and names from working data and raw payloads; the number of payloads deleted. `origins`: payloads of
    further rows. Call inside `write()`, before the identities are overwritten."""
    recount_queries.forget_posts(database, keys)
    reaction_marks.forget_reactions_to(database, keys)
    queries.forget_reports(database, keys, known.stand_in)
    jobs_queries.forget_reasons(database, known.stand_in)
    return raw_archive.erase_payloads(
        database, queries.origins_of(database, keys) | {*origins} - {0}, keys, known.named_in
    )


def _changes(
    record: Record, keys: frozenset[str], known: tombstones.ForgottenNames
) -> tuple[list[Change], frozenset[int]]:
    """The rows that lose words: the keys' own rows, and others' rows that contain a name. Also the keyed hashes of
    texts that no other post has."""
    rows = queries.own_rows(record, sorted(keys))
    changes = {row.name: (row, left_of(row.item, keys)) for row in rows}
    for row in queries.rows_with_names(record, known):
        _, item = changes.get(row.name, (row, row.item))
        changes[row.name] = (row, tombstones.redact_item(item, known))
    orphans = queries.orphan_texts(record.database, list(changes.values()))
    for row in queries.rows_where(record, SPECS[model.Post], "text_fingerprint", sorted(orphans)):  # forgotten before
        changes.setdefault(row.name, (row, row.item))
    # The rest is unchanged.
    return [(row, left) for row, left in changes.values() if row.redacted or left != row.item], orphans


def copies_to_delete(record: Record, key: str | None = None) -> Iterator[str]:
    """Where backups and exports went that somebody must delete: all, or those made before a key was forgotten."""
    before = model.MAX_INTEGER
    if key is not None:
        before = tombstones.forgotten_at(record.database, record.hasher, key)
    for purpose, target in queries.copies_before(record.database, before):
        yield f"{purpose} {target}"


# ---- keys to forget ------------------------------------------------------------------------------------


def _names_by_key(record: Record, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The keys to forget for each requested key that the record has, mentions or has forgotten: itself, and for an
    account its other keys, as linked in the record, and all its posts. A handle also means the account that has it."""
    keys_known = queries.keys_known(record.database, keys)
    known = {*filter(record.forgotten().holds, keys), *keys_known}
    accounts = accounts_of(record.view(), keys)
    for key in keys:
        if len(accounts[key]) == 1:
            accounts[key] += queries.last_holder(record.database, key)
        is_known = key in known or len(accounts[key]) > 1 or any(queries.names_beside(record, [key]))
        if not is_known and not any(
            queries.rows_with_names(record, tombstones.ForgottenNames(tombstones.names_of_all([key])))
        ):
            del accounts[key]
    return {
        key: model.without_duplicates(name for account in account_keys for name in _all_names(record, account))
        for key, account_keys in accounts.items()
    }


def _all_names(record: Record, key: str) -> tuple[str, ...]:
    names = pending = {key: None}
    while pending:
        beside = queries.names_beside(record, [*pending])
        pending = {name: None for name in beside if name and not identities.is_pseudonym(name) and name not in names}
        names = names | pending
    return tuple(names)


# ---- remaining content ---------------------------------------------------------------------------------


def _own_keys(item: model.Item) -> tuple[str, ...]:
    """The keys of the post or account whose words an item contains."""
    if isinstance(item, model.Post):
        return (item.post, item.account)
    return (str(getattr(item, "account", "")),)


def left_of(item: model.Item, keys: Collection[str]) -> model.Item:
    """The remaining content of a forgotten post or account. A post also loses the posts it replies to or quotes, and
    its author unless the author is forgotten too."""
    if isinstance(item, model.Post):
        author = item.account if item.account in keys else ""
        return msgspec.structs.replace(
            item, account=author, handle="", name="", text="", links=(), reply_to="", quotes=""
        )
    if isinstance(item, model.Account):
        return msgspec.structs.replace(item, handle="", name="")
    return item


def _dropped_fields(item: model.Item, left: model.Item) -> list[str]:
    return [name for name in NAMED_FIELDS if getattr(item, name, "") != getattr(left, name, "")]


NAMED_FIELDS = ("account", "reply_to", "quotes")
"""The fields of a post with keys other than its own."""


def _erase_identities(record: Record, keys: Collection[str]) -> list[manifest.ErasedIdentity]:
    """Overwrite the identities of keys; their places in the manifests, with their pseudonyms.

    Pseudonyms are random, so nobody can find the key by guessing. Exceptions are accounts that a publication names
    as its own: their voices never count, and the publication names them anyway.
    """
    database = record.database
    hasher = record.hasher
    pseudonyms = dict[int, str]()
    own = queries.own_accounts(database)
    gone = identities.find_identities(database, keys)
    del gone[""]
    for key, identity in gone.items():
        pseudonyms[identity.number] = (
            hasher.own_pseudonym(key, len(tombstones.pseudonyms_of(database, hasher, key)))
            if key in own
            else identities.pseudonym_of(key, secrets.token_hex(16))
        )
    rows = [(each.number, pseudonyms[each.number], bytes.fromhex(each.commitment)) for each in gone.values()]
    identities.overwrite_keys(database, rows)
    places = batches.places_of_identities(database, sorted(pseudonyms))
    return [(*place, pseudonyms[number]) for number, place in places.items()]


def _overwrite(record: Record, changes: Sequence[Change], orphans: Collection[int]) -> list[manifest.Remainder]:
    """Write the remaining content into rows; their places in the manifests, with its hash. `orphans`: keyed hashes of
    texts to remove."""
    fingerprints: dict[int | str, int] = {}
    left = [_remaining_row(row, item, orphans, fingerprints) for row, item in changes]
    keys = item_rows.keys_in(row.item for row in left)
    known = identities.find_identities(record.database, keys)
    for row in left:
        kept = item_rows.RowSecrets(row.salt, row.redacted, row.derived)
        prepared = item_rows.prepare_row(row.item, record.hasher, known, kept)
        batches.overwrite_row(record.database, row.id, prepared)
    rows = [(*row.name, row.since) for row in left]
    pairs = batches.pairs_of(record.database, rows)
    return sorted((*pair, row.remainder_hash) for pair, row in zip(pairs, left, strict=True))


def _remaining_row(
    row: StoredRow, item: model.Item, orphans: Collection[int], fingerprints: dict[int | str, int]
) -> StoredRow:
    """A row with its remaining item. `fingerprints`: random replacements for those of forgotten texts."""
    spec = row.spec
    salt = row.salt or b""
    values = {name: row.committed[name] for name in spec.persons}
    values |= {name: getattr(row.item, name) for name in spec.words}
    redacted = {name: commitments.make_commitment(salt, value) for name, value in values.items() if value}
    derived = tuple(
        fingerprints.setdefault(value, secrets.randbits(52) + 1)
        if name == "text_fingerprint" and value in orphans
        else value
        for name, value in zip(spec.derived, row.derived, strict=True)
    )
    return row._replace(
        item=item,
        derived=derived,
        redacted=redacted | (row.redacted or {}),
        committed={**row.committed, **dict.fromkeys(_dropped_fields(row.item, item), "")},
        salt=os.urandom(commitments.SALT) if any(getattr(item, name) for name in spec.words) else None,
    )

"""Forgetting: what a person takes back is gone from every byte of the store, and the issues still verify.

A forgotten key is overwritten in one place, its identity: a random pseudonym stands there, so that rows which belong
together still do and totals stay. A post's own words, and its names in what others wrote, leave their commitments, so
that the rows keep their hashes. A batch says what was forgotten, with the hash of what is left of each such row, and
carries the tombstones by which import, restore and re-collection know what must not come back."""

from __future__ import annotations

import os
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers import model
from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import NotFound
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model.keys import network_of, parse_key
from hotpapers.moderation.bots.bot_names import accounts_of
from hotpapers.privacy import forgotten_file, queries
from hotpapers.privacy.queries import orphan_texts
from hotpapers.search import indexing
from hotpapers.store import batches, identities, item_rows, raw_archive, reaction_marks, reader_reports, tombstones
from hotpapers.store.commitments import SALT, canonical_json, commitment
from hotpapers.store.identities import is_pseudonym
from hotpapers.store.item_rows import SPECS, KindSpec, StoredRow
from hotpapers.store.leftovers import remove_unfinished
from hotpapers.store.manifest import BatchStamp, ErasedIdentity, Remainder
from hotpapers.store.record import Record, now


class ForgetResult(NamedTuple):
    """What was forgotten: rows whose words are gone, also of others in which a name stood; raw and quarantined
    originals, of all that were forgotten together; and copies out of reach."""

    keys: tuple[str, ...]
    rows: int
    originals: int
    out_of_reach: tuple[str, ...]


Change = tuple[StoredRow, model.Item]
"""A row as it is, and the item that is left of it."""


def forget(record: Record, key: str, *, at: int | None = None) -> ForgetResult:
    """Forgets a post or an account with all its posts, by its key (`x:1341…`, `x:@handle`, `bluesky:did:…`).

    Raises NotFound when the record knows nothing of it, UsageError when it is no key, and what `erase_traces` raises:
    all is done then but that. Running it again finishes what an interruption left.
    """
    [done] = forget_all(record, [key], at=at)
    if isinstance(done, NotFound):
        raise done
    record.database.erase_traces()
    return done


def forget_all(record: Record, keys: Sequence[str], *, at: int | None = None) -> list[ForgetResult | NotFound]:
    """Several at once, without `erase_traces`: what was done for each, or why nothing was. Texts and originals are
    looked through once for all, and once for each key that no row names."""
    requested = [parse_key(key) for key in keys]
    with record.database.write():
        names_by_key = _names_by_key(record, requested)
        everything = model.distinct(key_of for some in names_by_key.values() for key_of in some)
        erased = erase(record, everything, at=at or now()) if everything else ErasedRows({}, 0, 0)
        forgotten_file.complete(record.database, record.hasher)
    left = [f"unfinished {path}" for path in remove_unfinished(record.database)]
    return [
        erased.of(names_by_key[key], (*copies(record, key), *left))
        if key in names_by_key
        else NotFound(f"{key}: no such post or account in the record")
        for key in requested
    ]


class ErasedRows(NamedTuple):
    """What went: by forgotten key the numbers of the rows whose words were its own; how many of others no longer name
    one; how many originals."""

    own: Mapping[str, Collection[int]]
    other_rows: int
    originals: int

    def of(self, keys: Iterable[str], out_of_reach: Iterable[str]) -> ForgetResult:
        """What is told of some of the keys."""
        keys = tuple(keys)
        own = {number for key in keys for number in self.own.get(key, ())}
        return ForgetResult(keys, len(own) + self.other_rows, self.originals, tuple(out_of_reach))


def erase(record: Record, keys: Sequence[str], *, marks: Sequence[str] = (), at: int) -> ErasedRows:
    """Takes keys, and the names by which others call them, out of identities, rows and originals.

    `marks`: further tombstones to keep, and to obey in what others wrote. Call inside `write()`.
    """
    database, old = record.database, tombstones.load(record.database, record.hasher)
    orphans = queries.orphan_authors(record, keys)
    gone = frozenset([*keys, *orphans])
    known_tombstones = tombstones.Tombstones(record.hasher, old.known | frozenset(marks)) if marks else None
    known = tombstones.ForgottenNames(_names_of(keys), known_tombstones)
    changes, orphan_marks = _changes(record, gone, known)
    remainders = _overwrite(record, changes, orphan_marks)
    indexing.renew_posts(database, {left.post for _, left in changes if isinstance(left, model.Post)})
    engagement_queries.forget_posts(database, keys)
    reaction_marks.forget_reactions_to(database, keys)
    reader_reports.forget(database, gone, known.stand_in)
    jobs_queries.forget_reasons(database, known.stand_in)
    sources = queries.origins_of(database, sorted(gone)) | {row.origin for row, _ in changes} - {0}
    unnamed = queries.unnamed_keys(database, _dropped_names(changes))
    erased = _erase_identities(record, [*gone, *unnamed])
    originals = raw_archive.erase(database, sources, keys, known.named_in)
    new = sorted({*marks, *tombstones.marks_of(record.hasher, keys, known.names, orphans)} - old.known)
    row_changes = batches.RowChanges(forgotten=remainders, erased=erased, tombstones=new)
    batches.append(database, BatchStamp(at, "forget"), changes=row_changes)
    return _erased_rows(changes, gone, originals)


def _changes(
    record: Record, keys: frozenset[str], known: tombstones.ForgottenNames
) -> tuple[list[Change], frozenset[int]]:
    """Rows that lose words: those of the keys, and what others wrote where a name stands in it. And the marks of texts
    that nobody says any more."""
    own = ((row, left_of(row.item, keys)) for row in queries.own_rows(record, sorted(keys)))
    changes = {(row.spec.kind, row.id): (row, left) for row, left in own}
    for row in queries.rows_with_names(record, known):
        _, item = changes.get((row.spec.kind, row.id), (row, row.item))
        changes[row.spec.kind, row.id] = (row, tombstones.redacted(item, known))
    orphans = orphan_texts(record.database, list(changes.values()))
    for row in queries.rows_where(record, SPECS[model.Post], "same", sorted(orphans)):  # forgotten before
        changes.setdefault((row.spec.kind, row.id), (row, row.item))
    # others lose nothing
    return [(row, left) for row, left in changes.values() if row.lost or left != row.item], orphans


def _erased_rows(changes: Sequence[Change], keys: frozenset[str], originals: int) -> ErasedRows:
    """What is told of the rows that lost words."""
    own: dict[str, set[int]] = defaultdict(set)
    for number, (row, _) in enumerate(changes):
        for key in keys.intersection(_own_keys(row.item)) or ("",):
            own[key].add(number)
    return ErasedRows(own, len(own.pop("", ())), originals)


def copies(record: Record, key: str | None = None) -> Iterator[str]:
    """Backups and exports, all or those made before a key was forgotten: where they went, for a person to deal with."""
    before = model.LARGEST
    if key is not None:
        before = tombstones.forgotten_at(record.database, record.hasher, key)
    for purpose, target in queries.copies_before(record.database, before):
        yield f"{purpose} {target}"


# ---- what belongs to a key -----------------------------------------------------------------------------


def _names_by_key(record: Record, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each key that the record has, names or has forgotten: itself; for an account also its other names, as the
    record joins them, and all its posts. A handle means the account that has it too."""
    known_tombstones = tombstones.load(record.database, record.hasher)
    known = {key for key in keys if known_tombstones.holds(key)} | queries.keys_known(record.database, keys)
    accounts = accounts_of(record.view(), keys)
    for key in keys:
        if len(accounts[key]) == 1:
            accounts[key] += queries.last_holder(record.database, key)
        is_known = key in known or len(accounts[key]) > 1
        if not is_known and not any(queries.rows_with_names(record, tombstones.ForgottenNames(_names_of([key])))):
            del accounts[key]
    return {
        key: model.distinct(name for account in some for name in _all_names(record, account))
        for key, some in accounts.items()
    }


def _all_names(record: Record, key: str) -> tuple[str, ...]:
    names, pending = {key: None}, [key]
    while pending:
        more = model.distinct(name for name in queries.names_beside(record, pending) if name and not is_pseudonym(name))
        pending = [name for name in more if name not in names]
        names |= dict.fromkeys(pending)
    return tuple(names)


def _names_of(keys: Sequence[str]) -> frozenset[str]:
    return frozenset(name for key in keys for name in tombstones.names_of(key))


# ---- what is left --------------------------------------------------------------------------------------


def _pseudonym(key: str) -> str:
    """The key's network, `~`, and 32 random hexadecimal digits."""
    return f"{network_of(key)}:~{secrets.token_hex(16)}"


def _own_keys(item: model.Item) -> tuple[str, ...]:
    """Whose words an item holds."""
    return (item.post, item.account) if isinstance(item, model.Post) else (str(getattr(item, "account", "")),)


def left_of(item: model.Item, keys: Collection[str]) -> model.Item:
    """What is left of a post or an account that is forgotten: whom it answers goes too, and, of a post that is
    forgotten alone, who wrote it."""
    if isinstance(item, model.Post):
        author = item.account if item.account in keys else ""
        return msgspec.structs.replace(
            item, account=author, handle="", name="", text="", links=(), reply_to="", quotes=""
        )  # fmt: skip
    return msgspec.structs.replace(item, handle="", name="") if isinstance(item, model.Account) else item


def _dropped_names(changes: Sequence[Change]) -> set[str]:
    """The keys that rows named and do not name any more."""
    return {getattr(row.item, name) for row, left in changes for name in _dropped_fields(row.item, left)} - {""}


def _dropped_fields(item: model.Item, left: model.Item) -> list[str]:
    return [name for name in NAMED_FIELDS if getattr(item, name, "") != getattr(left, name, "")]


NAMED_FIELDS = ("account", "reply_to", "quotes")
"""Whom a post names besides itself."""


def _erase_identities(record: Record, keys: Collection[str]) -> list[ErasedIdentity]:
    """Overwrites the identities of keys; where manifests list them, with their pseudonyms.

    These are random, so that nobody can try out whose they were, but for accounts that a publication names as its own:
    what they say counts nowhere, and who they are stands there anyway.
    """
    own, marks = queries.own_accounts(record.database), record.hasher
    gone = {identity.number: (key, identity) for key, identity in identities.find(record.database, keys).items() if key}
    pseudonyms = {n: marks.own_pseudonym(key) if key in own else _pseudonym(key) for n, (key, _) in gone.items()}
    identities.overwrite(
        record.database,
        [(number, pseudonyms[number], bytes.fromhex(identity.commitment)) for number, (_, identity) in gone.items()],
    )
    places = batches.places_of_identities(record.database, sorted(gone))
    return [(*place, pseudonyms[number]) for number, place in places.items()]


def _overwrite(record: Record, changes: Sequence[Change], orphans: Collection[int]) -> list[Remainder]:
    """Writes what is left into rows; where they are listed, and its hash. `orphans`: hashes of texts that go."""
    marks: dict[int | str, int] = {}
    left = [_remaining_row(row, item, orphans, marks) for row, item in changes]
    for row in left:
        _write_row(record, row)
    pairs = batches.pairs_of(record.database, [(row.spec.kind, row.id, row.since) for row in left])
    return sorted((*pair, row.remainder_hash) for pair, row in zip(pairs, left, strict=True))


def _remaining_row(
    row: StoredRow, item: model.Item, orphans: Collection[int], marks: dict[int | str, int]
) -> StoredRow:
    """A row with what is left of its item. `marks`: what stands for the marks of texts that are forgotten."""
    spec, salt = row.spec, row.salt or b""
    named = {name: row.committed[name] for name in (spec.fields[i] for i in spec.persons)}
    words = {name: getattr(row.item, name) for name in _words(spec)}
    lost = {name: commitment(salt, value) for name, value in (named | words).items() if value}
    derived = tuple(
        marks.setdefault(value, secrets.randbits(52) + 1) if name == "same" and value in orphans else value
        for (name, _), value in zip(spec.derived, row.derived, strict=True)
    )
    nobody = dict.fromkeys(_dropped_fields(row.item, item), "")
    return row._replace(
        item=item, derived=derived, lost=lost | (row.lost or {}), committed={**row.committed, **nobody},
        salt=os.urandom(SALT) if any(getattr(item, name) for name in _words(spec)) else None,
    )  # fmt: skip


def _words(spec: KindSpec) -> list[str]:
    return [spec.fields[i] for i in spec.words]


def _write_row(record: Record, row: StoredRow) -> None:
    """The words that are left; nobody where somebody was named."""
    values = dict(zip(row.spec.fields, item_rows.stored_values(row.spec, row.item), strict=True))
    change = {name: values[name] for name in _words(row.spec)}
    change |= {name: 0 for name in NAMED_FIELDS if values.get(name) == ""}
    change |= {name: value for (name, _), value in zip(row.spec.derived, row.derived, strict=True)}
    change |= {"salt": row.salt, "lost": canonical_json(row.lost).decode()}
    names = ", ".join(f'"{name}" = ?' for name in change)
    record.database.run(f"UPDATE {row.spec.kind} SET {names} WHERE id = ?", (*change.values(), row.id))

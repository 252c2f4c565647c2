"""Bringing a publication's log up to date with the store: new leaves, then a signed checkpoint.

The leaves are a pure function of the store: issues edition by edition in the order in which they were frozen, and the
chain value at the end of each day, in the order of positions; where observations are published, also their files. Only
what the logs do not hold yet is added; so a store that was restored from a backup goes on after what was published
before. Of checkpoints only some are kept: where observations are published one is signed every hour, and few are named
again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import LogError
from hotpapers.model import DAY
from hotpapers.store.database import Database
from hotpapers.transparency import entries, log_files, log_keys, notes, observation_files, policies, queries, tiles
from hotpapers.transparency.checkpoints import Checkpoint, SignedCheckpoint
from hotpapers.transparency.entries import ISSUE
from hotpapers.transparency.log_files import StoredLog
from hotpapers.transparency.log_keys import SignedState
from hotpapers.transparency.merkle import MerkleTree, leaf_hash
from hotpapers.transparency.notes import ED25519, SignedNote, SigningKey
from hotpapers.transparency.observation_files import Entry
from hotpapers.transparency.policies import LogPolicy, cosigners
from hotpapers.transparency.tiles import WIDTH

LONGEST_WAIT = 2 * DAY
"""How long the end of a day waits for an issue, with which it gets a checkpoint."""


class LogConfig(NamedTuple):
    """Where the logs of a site are. `key_file`: of the private key. `folder`: of the logs. `base`: the site's public
    address, empty for none; `bases`: that of each publication. `policy`: C2SP tlog-policy, of witnesses and how many
    must have cosigned; empty for none. `observations`: whether what was observed is published too."""

    key_file: Path
    folder: Path
    base: str = ""
    policy: str = ""
    observations: bool = False
    bases: tuple[tuple[str, str], ...] = ()

    def base_of(self, publication: str) -> str:
        """The public address of a publication's site."""
        return dict(self.bases).get(publication, self.base)


class LogUpdate(NamedTuple):
    """What was added to a log: leaves, and the checkpoint that was signed for them; None where there was nothing to
    add."""

    added: int
    signed: SignedCheckpoint | None


def leaves_of(
    database: Database, publication: str, held: Iterable[bytes], at: int, observed: Sequence[Entry] = ()
) -> list[bytes]:
    """The leaves that a store has for a log beyond those that are held, in their order, at a moment (µs UTC).
    `observed`: fresh ones of observations, which wait for no issue."""
    known = set(held)
    last = max(map(entries.position_of, known), default=0)
    issues = [(at, entries.issue_entry(digest)) for at, digest in queries.frozen_digests(database, publication)]
    ends = queries.chain_at_ends_of_days(database, last, at)
    days = [(position, entries.record_entry(position, chain)) for position, chain in ends]
    fresh = [row for row in issues if row[1] not in known]
    if not (fresh or observed) and days and not _wait_is_over(database, last, at):
        return []
    ordered = sorted([*fresh, *(row for row in days if row[1] not in known), *observed], key=lambda row: row[0])
    return list(dict.fromkeys(entry for _, entry in ordered))


def _wait_is_over(database: Database, last: int, at: int) -> bool:
    """Whether the end of a day has waited long enough for an issue."""
    return bool(queries.chain_at_ends_of_days(database, last, at - LONGEST_WAIT + DAY))


def update_log(database: Database, publication: str, config: LogConfig, at: int) -> LogUpdate:
    """Adds to a publication's log what is new in the store, and signs. Without a key and a log nothing happens.

    Raises LogError where the log cannot go on: its key is another one or gone, the folder has less than was signed, or
    other leaves; UsageError for a key that cannot be read.
    """
    if not log_files.is_name(publication):
        return LogUpdate(0, None)
    key = log_keys.load_key(config.key_file)
    if key is None:
        _check_no_key_needed(config, publication)
        return LogUpdate(0, None)
    with log_files.locked(config.folder):
        logs = log_files.read_logs(config.folder, publication)
        held = [entry for log in logs for entry in log.entries]
        number = logs[-1].number if logs else 1
        observed = _observed(database, publication, config, held, at)
        fresh = leaves_of(database, publication, held, at, observed)
        log = logs[-1] if logs else StoredLog(number)
        if not fresh and (not log.entries or (log.last and log.last.checkpoint.size == len(log.entries))):
            return LogUpdate(0, None)
        signed = _extend(config, publication, key, log, fresh)
        if log.last and log.last.checkpoint.size // tiles.WIDTH < signed.checkpoint.size // tiles.WIDTH:
            _drop_unneeded(config, publication, number)
        return LogUpdate(len(fresh), signed)


def _drop_unneeded(config: LogConfig, publication: str, number: int) -> None:
    """Deletes the checkpoints of a log that nobody asks for any more."""
    log = next(log for log in log_files.read_logs(config.folder, publication) if log.number == number)
    sizes = unneeded_sizes(log, policies.witness_policy(config.policy))
    log_files.drop_checkpoints(config.folder, publication, number, sizes)


def _observed(database: Database, publication: str, config: LogConfig, held: Sequence[bytes], at: int) -> list[Entry]:
    """Fresh leaves of observations. What was published is taken back also where nothing more is."""
    folder = config.folder / publication / observation_files.FOLDER
    if not (config.observations or folder.is_dir()):
        return []
    own = queries.own_accounts(database, publication)
    return observation_files.fresh_entries(database, folder, held, own, at if config.observations else 0)


def start_next_log(publication: str, config: LogConfig) -> SignedCheckpoint | None:
    """Begins a new log with the key as it is now, whose first leaf names the last checkpoint of the one before; None
    where nothing was signed before. Raises LogError where there is no key."""
    key = _key(config)
    with log_files.locked(config.folder):
        states = log_keys.read_states(config.key_file)
        before = [(number, last) for (name, number), last in states.items() if name == publication]
        before += [
            (log.number, log.last.checkpoint) for log in _readable_logs(config, publication) if log.last is not None
        ]
        if not before:
            return None
        number, last = max(before, key=lambda row: (row[0], row[1].size))
        next_log = StoredLog(number + 1)
        return _extend(config, publication, key, next_log, [entries.earlier_entry(last)])


def _readable_logs(config: LogConfig, publication: str) -> list[StoredLog]:
    try:
        return log_files.read_logs(config.folder, publication)
    except LogError:
        return []


def _check_no_key_needed(config: LogConfig, publication: str) -> None:
    """Raises LogError where a log would stop without a word."""
    if log_files.read_logs(config.folder, publication):
        raise LogError(
            f"{config.key_file}: the key of the log in {config.folder} is gone; put it back, or let"
            " `hotpapers log --rotate` begin a new log with another"
        )


def _key(config: LogConfig) -> SigningKey:
    key = log_keys.load_key(config.key_file)
    if key is None:
        raise LogError(f"{config.key_file}: there is no key; `hotpapers log --new-key` makes one")
    return key


def _extend(
    config: LogConfig, publication: str, key: SigningKey, log: StoredLog, fresh: Sequence[bytes]
) -> SignedCheckpoint:
    """Leaves go to disk first, then what is going to be signed, then the signed checkpoint: who is killed between finds
    no checkpoint that it could contradict."""
    tree = MerkleTree([*log.tree.levels[0], *map(leaf_hash, fresh)])
    origin = _origin(config, publication, key, log)
    states = log_keys.read_states(config.key_file)
    _check_extends(config, states.get((publication, log.number)), tree, origin)
    signing = SigningKey(origin, ED25519, key.seed)
    log_files.add_entries(config.folder, publication, log.number, fresh, signing.verifier)
    checkpoint = Checkpoint(origin, tree.size, tree.root(tree.size))
    states[publication, log.number] = checkpoint
    log_keys.save_states(config.key_file, (SignedState(*where, last) for where, last in sorted(states.items())))
    signed = SignedCheckpoint(checkpoint, SignedNote(checkpoint.text, (notes.sign(checkpoint.text, signing),)))
    log_files.save_checkpoint(config.folder, publication, log.number, signed)
    return signed


def _origin(config: LogConfig, publication: str, key: SigningKey, log: StoredLog) -> str:
    """The log's name, which it keeps. Raises LogError where another key began it."""
    if log.key is None:
        remembered = log_keys.read_states(config.key_file).get((publication, log.number))
        if remembered:
            return remembered.origin
        return log_keys.origin_of(key, config.base_of(publication), publication, log.number)
    origin = log.key.name
    if log.key != SigningKey(origin, ED25519, key.seed).verifier:
        raise LogError(
            f"{origin}: was begun with another key than the one in {config.key_file}; put that one back, or begin a "
            "new log: hotpapers log --rotate"
        )
    return origin


def _check_extends(config: LogConfig, signed: Checkpoint | None, tree: MerkleTree, origin: str) -> None:
    """Raises LogError where the tree does not begin with what was signed last."""
    if signed is None:
        return
    if signed.origin != origin or tree.size < signed.size or tree.root(signed.size) != signed.root:
        raise LogError(
            f"{origin}: {log_keys.state_file(config.key_file)} says that {signed.size:,} leaves were signed, and "
            f"{config.folder} does not hold them: it is an older copy, or was changed. Put the right one back, or "
            "begin a new log: hotpapers log --rotate"
        )


def unneeded_sizes(log: StoredLog, policy: LogPolicy) -> list[int]:
    """The sizes of the checkpoints that no proof of an issue names, and that are older than the last tile of leaves
    that became full: until then somebody may read a log by its partial tiles, and then these are taken off the site.
    `policy`: whose cosignatures proofs carry."""
    size = log.last.checkpoint.size if log.last else 0
    oldest = (size // WIDTH - 1) * WIDTH
    past = [signed for signed in log.checkpoints if signed.checkpoint.size < oldest]
    sizes = [signed.checkpoint.size for signed in past]
    complete = [signed.checkpoint.size for signed in past if policy.is_met(cosigners(policy, signed))]
    needed = set[int]()
    for leaf, entry in enumerate(log.entries[: max(oldest, 0)]):
        if entry[:1] == ISSUE:
            for some in (sizes, complete):  # the first that covers it, and the first of those that are cosigned
                needed.update(some[bisect_right(some, leaf) :][:1])
    return [size for size in sizes if size not in needed]

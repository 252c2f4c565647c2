"""Updates a publication's log from the store: new leaves, then a signed checkpoint.

The leaves are a pure function of the store, in the order of positions: each edition of each issue in the order of
freezing, the chain value at the end of each day, and if observations are published, their files. Only leaves that the
logs lack are added, so a store restored from a backup continues after what was published before. Only some checkpoints
are kept: with published observations one is signed every hour, and few of them are ever needed again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import LogError
from hotpapers.base.model import DAY
from hotpapers.record.batches import chain_at
from hotpapers.record.database import Database
from hotpapers.wings.proof import entries, log_files, log_keys, notes, observation_files, policies, queries, tiles
from hotpapers.wings.proof.checkpoints import Checkpoint, SignedCheckpoint
from hotpapers.wings.proof.entries import ISSUE
from hotpapers.wings.proof.log_files import StoredLog
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import SignedNote, SigningKey
from hotpapers.wings.proof.observation_files import Entry
from hotpapers.wings.proof.policies import LogPolicy, cosigners
from hotpapers.wings.proof.tiles import WIDTH

MAX_LEAF_WAIT = 2 * DAY
"""How long the leaf of a day's end waits for an issue, to share a checkpoint with it."""


class LogConfig(NamedTuple):
    """Where the logs of a site are. `key_file`: the private key. `folder`: the logs. `base`: the site's public address,
    or empty; `bases`: the addresses of publications that have their own. `policy`: a C2SP tlog-policy with witnesses
    and how many must cosign, or empty. `observations`: whether observations are published, too."""

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
    """What was added to a log: the number of leaves, and their signed checkpoint; None if there was nothing to add."""

    added: int
    signed: SignedCheckpoint | None


def leaves_of(
    database: Database, publication: str, logged: Iterable[bytes], at: int, observed: Sequence[Entry] = ()
) -> list[bytes]:
    """The new leaves that a store has for a log, in order, at a moment (µs UTC). `logged`: the leaves already in it.
    `observed`: new leaves of observations, which do not wait for an issue."""
    known = set(logged)
    last = _last_recorded(database, known)
    issues = [(at, entries.issue_entry(digest)) for at, digest in queries.frozen_digests(database, publication)]
    ends = queries.chain_at_ends_of_days(database, last, at)
    days = [(position, entries.record_entry(position, chain)) for position, chain in ends]
    new_issues = [row for row in issues if row[1] not in known]
    has_waited = bool(queries.chain_at_ends_of_days(database, last, at - MAX_LEAF_WAIT + DAY))
    if not (new_issues or observed) and days and not has_waited:
        return []
    ordered = sorted([*new_issues, *(row for row in days if row[1] not in known), *observed], key=lambda row: row[0])
    return list(dict.fromkeys(entry for _, entry in ordered))


def _last_recorded(database: Database, known: Collection[bytes]) -> int:
    """The last position of which a known leaf has this store's chain value: leaves of batches that a restored backup
    lacks have others."""
    for position in sorted({*map(entries.position_of, known)} - {0}, reverse=True):
        chain = chain_at(database, position)
        if chain is not None and entries.record_entry(position, chain) in known:
            return position
    return 0


def update_log(database: Database, publication: str, config: LogConfig, at: int) -> LogUpdate:
    """Adds to a publication's log what is new in the store, and signs it. Does nothing without a key and a log.

    Raises LogError if the log cannot be continued: its key is missing or a different one, or the folder has fewer or
    other leaves than were signed; UsageError for a key that cannot be read.
    """
    if not log_files.is_name(publication):
        return LogUpdate(0, None)
    key = log_keys.load_key(config.key_file)
    if key is None:
        if log_files.read_logs(config.folder, publication):  # without its key it would silently stop
            raise LogError(
                f"{config.key_file}: the key of the log in {config.folder} is missing; restore it, or start a new log"
                " with another key: hotpapers log --rotate"
            )
        return LogUpdate(0, None)
    with log_files.locked(config.folder):
        logs = log_files.read_logs(config.folder, publication)
        logged = [entry for log in logs for entry in log.entries]
        number = logs[-1].number if logs else 1
        observed = _observed(database, publication, config, logged, at)
        leaves = leaves_of(database, publication, logged, at, observed)
        log = logs[-1] if logs else StoredLog(number)
        if not leaves and (not log.entries or (log.last and log.last.checkpoint.size == len(log.entries))):
            return LogUpdate(0, None)
        signed = _extend(config, publication, key, log, leaves)
        if log.last and log.last.checkpoint.size // tiles.WIDTH < signed.checkpoint.size // tiles.WIDTH:
            _drop_unneeded(config, publication, number)
        return LogUpdate(len(leaves), signed)


def _drop_unneeded(config: LogConfig, publication: str, number: int) -> None:
    """Deletes a log's checkpoints that are no longer needed."""
    log = next(log for log in log_files.read_logs(config.folder, publication) if log.number == number)
    sizes = unneeded_sizes(log, policies.witness_policy(config.policy))
    log_files.drop_checkpoints(config.folder, publication, number, sizes)


def _observed(database: Database, publication: str, config: LogConfig, logged: Sequence[bytes], at: int) -> list[Entry]:
    """New leaves of observations. Withdrawals are processed even if observations are no longer published."""
    folder = config.folder / publication / observation_files.FOLDER
    if not (config.observations or folder.is_dir()):
        return []
    own = queries.own_accounts(database, publication)
    return observation_files.fresh_entries(database, folder, logged, own, at, adding=config.observations)


def start_next_log(publication: str, config: LogConfig) -> SignedCheckpoint | None:
    """Starts a new log with the current key; its first leaf names the last checkpoint of the previous log. None if
    nothing was signed before. Raises LogError if there is no key."""
    key = log_keys.load_key(config.key_file)
    if key is None:
        raise LogError(f"{config.key_file}: no key; create one with: hotpapers log --new-key")
    with log_files.locked(config.folder):
        states = log_keys.read_states(config.key_file)
        before = [(number, last) for (name, number), last in states.items() if name == publication]
        with suppress(LogError):
            logs = log_files.read_logs(config.folder, publication)
            before += [(log.number, log.last.checkpoint) for log in logs if log.last is not None]
        if not before:
            return None
        number, last = max(before, key=lambda row: (row[0], row[1].size))
        next_log = StoredLog(number + 1)
        return _extend(config, publication, key, next_log, [entries.earlier_entry(last)])


def _extend(
    config: LogConfig, publication: str, key: SigningKey, log: StoredLog, leaves: Sequence[bytes]
) -> SignedCheckpoint:
    """Writes the leaves, then the state to be signed, then the signed checkpoint. In this order, a crash at any point
    leaves no signed checkpoint that a later one could contradict."""
    tree = MerkleTree([*log.tree.levels[0], *map(leaf_hash, leaves)])
    origin = _origin(config, publication, key, log)
    states = log_keys.read_states(config.key_file)
    _check_extends(config, states.get((publication, log.number)), tree, origin)
    signing = SigningKey(origin, key.seed)
    log_files.add_entries(config.folder, publication, log.number, leaves, signing.verifier)
    checkpoint = Checkpoint(origin, tree.size, tree.root(tree.size))
    states[publication, log.number] = checkpoint
    log_keys.save_states(config.key_file, states)
    signed = SignedCheckpoint(checkpoint, SignedNote(checkpoint.text, (notes.sign(checkpoint.text, signing),)))
    log_files.save_checkpoint(config.folder, publication, log.number, signed)
    return signed


def _origin(config: LogConfig, publication: str, key: SigningKey, log: StoredLog) -> str:
    """The log's name, which never changes. Raises LogError if the log was started with another key."""
    if log.key is None:
        remembered = log_keys.read_states(config.key_file).get((publication, log.number))
        if remembered:
            return remembered.origin
        return log_keys.origin_of(key, config.base_of(publication), publication, log.number)
    origin = log.key.name
    if log.key != SigningKey(origin, key.seed).verifier:
        raise LogError(
            f"{origin}: was started with another key than the one in {config.key_file}; restore that key, or start a "
            "new log: hotpapers log --rotate"
        )
    return origin


def _check_extends(config: LogConfig, signed: Checkpoint | None, tree: MerkleTree, origin: str) -> None:
    """Raises LogError if the tree does not extend the last signed state."""
    if signed is None:
        return
    if signed.origin != origin or not signed.is_of(tree):
        raise LogError(
            f"{origin}: {log_keys.state_file(config.key_file)} says that {signed.size:,} leaves were signed, and "
            f"{config.folder} does not have them: it is an older copy, or was changed. Restore the right copy, or "
            "start a new log: hotpapers log --rotate."
        )


def unneeded_sizes(log: StoredLog, policy: LogPolicy) -> list[int]:
    """The sizes of the checkpoints that no issue's proof uses and that are older than the last full tile of leaves:
    until a tile is full, readers may need its partial tiles, which are then removed from the site. `policy`: the
    witnesses whose cosignatures proofs contain."""
    size = log.last.checkpoint.size if log.last else 0
    oldest = (size // WIDTH - 1) * WIDTH
    past = [signed for signed in log.checkpoints if signed.checkpoint.size < oldest]
    sizes = [signed.checkpoint.size for signed in past]
    complete = [signed.checkpoint.size for signed in past if policy.is_met(cosigners(policy, signed))]
    needed = set[int]()
    for leaf, entry in enumerate(log.entries[: max(oldest, 0)]):
        if entry[:1] == ISSUE:
            for candidates in (sizes, complete):  # the first that covers it, and the first with enough cosignatures
                needed.update(candidates[bisect_right(candidates, leaf) :][:1])
    return [size for size in sizes if size not in needed]

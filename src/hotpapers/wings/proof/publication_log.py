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
from hotpapers.wings.proof import entries, log_files, log_keys, observations, policies, queries
from hotpapers.wings.proof.log_files import StoredLog
from hotpapers.wings.proof.merkle import WIDTH, MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import Checkpoint, SigningKey, sign_note

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


class LogUpdate(NamedTuple):
    """An addition to a log: the number of leaves, and their signed checkpoint, or None if there was nothing to add."""

    added: int = 0
    signed: Checkpoint | None = None


def leaves_of(
    database: Database,
    publication: str,
    logged: Iterable[bytes],
    at: int,
    observed: Sequence[observations.Entry] = (),
) -> list[bytes]:
    """The new leaves that a store has for a log, in order, at a moment (µs UTC). `logged`: the leaves already in it.
    `observed`: new leaves of observations, which do not wait for an issue."""
    known = set(logged)
    last = _last_recorded(database, known)
    frozen_digests = queries.frozen_digests(database, publication)
    issues = [(at, entries.issue_entry(digest)) for at, _, digest in frozen_digests]
    has_issue = any(entry not in known for _, entry in issues)
    ends = queries.ends_of(database, DAY, last, at)
    if not (has_issue or observed or any(day <= (at - MAX_LEAF_WAIT) // DAY for day, *_ in ends)):
        return []
    days = ((position, entries.record_entry(position, chain)) for _, position, chain in ends)
    ordered = dict.fromkeys(entry for _, entry in sorted([*issues, *days, *observed], key=lambda row: row[0]))
    return [entry for entry in ordered if entry not in known]


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
        return LogUpdate()
    key = log_keys.load_key(config.key_file)
    if key is None:
        if log_files.read_logs(config.folder / publication):  # without its key it would silently stop
            raise LogError(
                f"{config.key_file}: the key of the log in {config.folder} is missing; restore it, or start a new log"
                " with another key: hotpapers log --rotate"
            )
        return LogUpdate()
    with log_files.lock_logs(config.folder):
        logs = log_files.read_logs(config.folder / publication)
        logged = [entry for log in logs for entry in log.entries]
        observed = list[observations.Entry]()
        folder = config.folder / publication / observations.FOLDER
        if config.observations or folder.is_dir():  # withdrawals are processed even if none are published any more
            own = queries.own_accounts(database, publication)
            observed = observations.fresh_entries(database, folder, logged, own, at, adding=config.observations)
        leaves = leaves_of(database, publication, logged, at, observed)
        if logs:
            log = logs[-1]
        else:
            log = StoredLog(config.folder / publication / "1")
        if not leaves and (not log.entries or (log.last and log.last.size == len(log.entries))):
            return LogUpdate()
        signed = _extend(config, key, log, leaves)
        if log.last and log.last.size // WIDTH < signed.size // WIDTH:
            sizes = unneeded_sizes(log_files.read_log(log.folder), policies.witness_policy(config.policy))
            log_files.drop_checkpoints(log.folder, sizes)
        return LogUpdate(len(leaves), signed)


def start_next_log(publication: str, config: LogConfig) -> Checkpoint | None:
    """Starts a new log with the current key; its first leaf names the last checkpoint of the previous log. None if
    nothing was signed before. Raises LogError if there is no key."""
    key = log_keys.load_key(config.key_file)
    if key is None:
        raise LogError(f"{config.key_file}: no key; create one with: hotpapers log --new-key")
    with log_files.lock_logs(config.folder):
        states = log_keys.read_states(config.key_file)
        before = [(number, last) for (name, number), last in states.items() if name == publication]
        with suppress(LogError):
            logs = log_files.read_logs(config.folder / publication)
            before += [(log.number, log.last) for log in logs if log.last]
        if not before:
            return None
        number, last = max(before, key=lambda row: (row[0], row[1].size))
        next_log = StoredLog(config.folder / publication / str(number + 1))
        return _extend(config, key, next_log, [entries.earlier_entry(last)])


def _extend(config: LogConfig, key: SigningKey, log: StoredLog, leaves: Sequence[bytes]) -> Checkpoint:
    """Writes the leaves, then the state to be signed, then the signed checkpoint. In this order, a crash at any point
    leaves no signed checkpoint that a later one could contradict."""
    new_hashes = map(leaf_hash, leaves)
    tree = MerkleTree([*log.tree.levels[0], *new_hashes])
    states = log_keys.read_states(config.key_file)
    before = states.get((log.publication, log.number))
    signing = SigningKey(_origin(config, key, log, before), key.seed)
    if before and (before.origin != signing.name or not before.is_of(tree)):
        state_file = log_keys.state_file(config.key_file)
        raise LogError(
            f"{signing.name}: {state_file} says that {before.size:,} leaves were signed, and "
            f"{config.folder} does not have them: it is an older copy, or was changed. Restore the right copy, or "
            "start a new log: hotpapers log --rotate."
        )
    log_files.add_entries(log.folder, leaves, signing.verifier)
    checkpoint = Checkpoint(signing.name, tree.size, tree.root(tree.size))
    states[log.publication, log.number] = checkpoint
    log_keys.save_states(config.key_file, states)
    signed = checkpoint._replace(signatures=(sign_note(checkpoint.text, signing),))
    log_files.save_checkpoint(log.folder, signed)
    return signed


def _origin(config: LogConfig, key: SigningKey, log: StoredLog, before: Checkpoint | None) -> str:
    """The log's name, which never changes. `before`: its last signed state. Raises LogError if the log was started with
    another key."""
    if log.key is None:
        base = dict(config.bases).get(log.publication, config.base)
        if before:
            return before.origin
        return log_keys.origin_of(key, base, log.publication, log.number)
    if log.key != key._replace(name=log.key.name).verifier:
        raise LogError(
            f"{log.key.name}: was started with another key than the one in {config.key_file}; restore that key, or "
            "start a new log: hotpapers log --rotate"
        )
    return log.key.name


def unneeded_sizes(log: StoredLog, policy: policies.LogPolicy) -> list[int]:
    """The sizes of the checkpoints that no issue's proof uses and that are older than the last full tile of leaves:
    until a tile is full, readers may need its partial tiles, which are then removed from the site. `policy`: the
    witnesses whose cosignatures proofs contain."""
    oldest = ((log.last.size if log.last else 0) // WIDTH - 1) * WIDTH
    past = [signed for signed in log.checkpoints if signed.size < oldest]
    sizes = [signed.size for signed in past]
    complete = [signed.size for signed in past if policy.is_met(policies.find_cosigners(policy, signed))]
    needed = set[int]()
    for leaf, entry in enumerate(log.entries[: max(oldest, 0)]):
        if entry[:1] == entries.ISSUE:
            for candidates in (sizes, complete):  # the first that covers it, and the first with enough cosignatures
                needed.update(candidates[bisect_right(candidates, leaf) :][:1])
    return [size for size in sizes if size not in needed]

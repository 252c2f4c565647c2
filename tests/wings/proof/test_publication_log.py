"""A publication's log: what goes into it, that it only grows; what happens when keys, folders or stores get lost."""

from __future__ import annotations

import os
import shutil
import stat
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import LogError, NotAProof, UsageError
from hotpapers.base.model import DAY
from hotpapers.record import Record
from hotpapers.record.batches import chain_at
from hotpapers.wings.proof import entries, log_files, log_keys, merkle, queries
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    SigningKey,
    is_signed,
    parse_vkey,
)
from hotpapers.wings.proof.policies import parse_policy
from hotpapers.wings.proof.publication_log import LogConfig, _extend, start_next_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.wings.proof import reference
from tests.wings.proof.cosigners import Cosigner, cosign, verify_consistency
from tests.wings.proof.logs import (
    NAME,
    at,
    config_in,
    digest_of,
    freeze,
    logs_of,
    public_key,
    update,
)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened_record:
        yield opened_record


@pytest.fixture
def config(tmp_path: Path) -> LogConfig:
    return config_in(tmp_path)


def fill(record: Record, config: LogConfig, days: int) -> None:
    """Freezes and logs an issue a day."""
    for day in range(days):
        freeze(record, day)
        update(record, config, day)


def test_leaves_are_digests_in_the_order_of_the_record(record: Record, config: LogConfig) -> None:
    digests = [freeze(record, 0), freeze(record, 1), freeze(record, 1, 2)]
    result = update(record, config, 1)
    chain = chain_at(record.database, 1)
    assert chain is not None
    leaves = logs_of(config).stored[0].entries
    assert leaves == (
        entries.issue_entry(digests[0]), entries.record_entry(1, chain), entries.issue_entry(digests[1]),
        entries.issue_entry(digests[2]),
    )  # fmt: skip
    assert result.added == 4 and result.signed is not None
    assert result.signed[:4] == (f"papers.example/daily/log/{NAME}/1", 4, reference.mth(list(leaves)), ())
    assert is_signed(result.signed, [public_key(config)])
    assert update(record, config, 1).signed is None  # nothing new


def test_the_end_of_a_day_waits_for_an_issue_and_not_for_ever(record: Record, config: LogConfig) -> None:
    fill(record, config, 1)
    assert [update(record, config, day).added for day in (0, 1, 2, 3, 4)] == [0, 0, 1, 0, 0]
    assert entries.position_of(logs_of(config).stored[0].entries[-1]) == 1


def test_every_checkpoint_extends_the_previous_one(record: Record, config: LogConfig) -> None:
    fill(record, config, 12)
    log = logs_of(config).stored[0]
    assert len(log.checkpoints) == 12
    for old, new in pairwise(log.checkpoints):
        proof = log.tree.consistency(old.size, new.size)
        assert verify_consistency(old.size, new.size, proof, old.root, new.root)


def test_an_issues_proof_holds_and_no_other_does(record: Record, config: LogConfig) -> None:
    fill(record, config, 9)
    logs = logs_of(config)
    for day in range(9):
        proof = logs.proof(digest_of(day))
        assert proof is not None and proof.complete and proof.proof.includes(entries.issue_entry(digest_of(day)))
        assert not proof.proof.includes(entries.issue_entry(digest_of(day + 1)))
        assert is_signed(proof.proof.signed, [public_key(config)])
    assert logs.proof(digest_of(77)) is None


def test_a_proof_changes_once_when_enough_have_cosigned(record: Record, tmp_path: Path) -> None:
    keys = [Cosigner(f"w{n}.example", kind, bytes([n]) * 32) for n, kind in
            enumerate((COSIGNATURE_ED25519, COSIGNATURE_ED25519, COSIGNATURE_MLDSA44))]  # fmt: skip
    lines = "".join(f"witness w{n} {key.verifier}\n" for n, key in enumerate(keys))
    config = config_in(tmp_path, policy=f"{lines}group most 2 w0 w1 w2\nquorum most\n")
    fill(record, config, 4)
    proof_before = logs_of(config).proof(digest_of(0))
    assert proof_before is not None and (
        proof_before.witnesses,
        proof_before.complete,
        proof_before.proof.signed.size,
    ) == (
        (),
        False,
        1,
    )
    third_checkpoint = logs_of(config).stored[0].checkpoints[2]
    cosignatures = tuple(cosign(third_checkpoint, key, 1_700_000_000) for key in keys)
    cosigned = third_checkpoint._replace(signatures=(*third_checkpoint.signatures, *cosignatures))
    log_files.save_checkpoint(config.folder / NAME / "1", cosigned)
    proof_after = logs_of(config).proof(digest_of(0))
    assert proof_after is not None and proof_after.complete and proof_after.witnesses == ("w0", "w1", "w2")
    assert proof_after.proof.signed.text == third_checkpoint.text
    assert len(str(proof_after.proof)) < 4000  # the long signature is not needed
    later_proof = logs_of(config).proof(digest_of(3))
    assert later_proof is not None and not later_proof.complete


def test_a_store_from_a_backup_removes_no_leaves(record: Record, config: LogConfig, tmp_path: Path) -> None:
    fill(record, config, 5)
    entries_before = logs_of(config).stored[0].entries
    with Record(str(tmp_path / "backup.db")) as restored:  # it has the first two days, then diverges
        for day in range(2):
            freeze(restored, day)
        freeze(restored, 2, digest=digest_of(99))
        assert update(restored, config, 5).added >= 1
    log = logs_of(config).stored[0]
    assert log.entries[: len(entries_before)] == entries_before
    assert entries.issue_entry(digest_of(99)) in log.entries[len(entries_before) :]
    assert len(set(log.entries)) == len(log.entries)


def test_the_days_of_a_restored_store_are_in_the_log(record: Record, config: LogConfig, tmp_path: Path) -> None:
    """Even while it has fewer batches than the store that was lost."""
    fill(record, config, 5)
    with Record(str(tmp_path / "backup.db")) as restored:
        for day in (7, 8):
            freeze(restored, day)
        update(restored, config, 9)
        ends = queries.ends_of(restored.database, DAY, 0, at(9))
    assert len(ends) == 2 and {entries.record_entry(position, chain) for _, position, chain in ends} <= {
        *logs_of(config).stored[0].entries
    }


def test_a_lost_folder_is_built_again_from_the_store(record: Record, config: LogConfig) -> None:
    fill(record, config, 6)
    last_checkpoint = logs_of(config).stored[-1].last
    shutil.rmtree(config.folder)
    result = update(record, config, 5)
    assert result.signed is not None and last_checkpoint is not None and result.signed == last_checkpoint


def test_an_older_copy_of_the_folder_signs_nothing(record: Record, config: LogConfig, tmp_path: Path) -> None:
    fill(record, config, 3)
    shutil.copytree(config.folder, tmp_path / "copy")
    freeze(record, 3)
    update(record, config, 3)
    shutil.rmtree(config.folder)
    (tmp_path / "copy").rename(config.folder)
    with Record(str(tmp_path / "other.db")) as other_record:  # the same store would only catch up
        freeze(other_record, 7)
        with pytest.raises(LogError, match="older copy"):
            update(other_record, config, 7)
    assert logs_of(config).stored[-1].last == logs_of(config).stored[0].checkpoints[2]
    freeze(record, 4)
    assert update(record, config, 4).signed is not None


def test_a_checkpoint_that_was_tampered_with_is_noticed_at_once(record: Record, config: LogConfig) -> None:
    """In place, at the same length and at the same moment, after it was read."""
    fill(record, config, 1)
    file = config.folder / NAME / "1" / "checkpoints" / "1"
    state, text = file.stat(), file.read_text()
    assert update(record, config, 0).signed is None
    file.write_text(text.replace("/daily/1\n1\n", "/daily/1\n7\n"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(LogError, match="leaves do not match"):
        update(record, config, 0)


@pytest.mark.parametrize("change", ["changed", "removed", "swapped"])
def test_leaves_that_were_tampered_with_are_named(record: Record, config: LogConfig, change: str) -> None:
    fill(record, config, 6)
    file = config.folder / NAME / "1" / "entries"
    leaves, _ = merkle.read_bundle(file.read_bytes())
    if change == "changed":
        leaves[2] = leaves[2][:-1] + bytes([leaves[2][-1] ^ 1])
    elif change == "removed":
        del leaves[2]
    else:
        leaves[1], leaves[2] = leaves[2], leaves[1]
    file.write_bytes(merkle.bundle_entries(leaves))
    freeze(record, 6)
    with pytest.raises(LogError, match="leaves do not match"):
        update(record, config, 6)


@pytest.mark.long
def test_a_publisher_killed_while_writing_continues(record: Record, config: LogConfig) -> None:
    """Killed at every byte of the leaves, and before and after each further file is written."""
    fill(record, config, 2)
    freeze(record, 2)
    files_before = {
        path: path.read_bytes() for path in config.folder.parent.rglob("*") if path.is_file() and "." in path.name
    }
    file, checkpoints = config.folder / NAME / "1" / "entries", config.folder / NAME / "1" / "checkpoints"
    start = file.read_bytes()
    update(record, config, 2)
    end, last_checkpoint = file.read_bytes(), logs_of(config).stored[-1].last
    state = log_keys.state_file(config.key_file)
    state_after = state.read_bytes()
    assert last_checkpoint is not None
    for length in range(len(start), len(end) + 1):
        for states in (files_before[state], state_after):
            if states == state_after and length < len(end):
                continue  # the state is written only once all leaves are there
            (checkpoints / str(last_checkpoint.size)).unlink(missing_ok=True)
            file.write_bytes(end[:length])
            state.write_bytes(states)
            result = update(record, config, 2)
            assert result.signed is not None and result.signed == last_checkpoint
            assert file.read_bytes() == end


def test_a_growing_log_is_in_memory_once(tmp_path: Path) -> None:
    """With observations it gets a leaf every hour, for years."""
    key = SigningKey("log.example", bytes(32)).verifier
    log_files.add_entries(tmp_path / "daily" / "1", [os.urandom(51) for _ in range(2000)], key)
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(10):
            [log] = log_files.read_logs(tmp_path / "daily")
            assert log.tree.size == len(log.entries)
            sizes.append(tracemalloc.get_traced_memory()[0])
            log_files.add_entries(tmp_path / "daily" / "1", [os.urandom(51)], key)
    finally:
        tracemalloc.stop()
    assert len(log.entries) == 2009 and sizes[-1] < 3 * sizes[0]


def test_a_new_log_names_the_end_of_the_old_one(record: Record, config: LogConfig) -> None:
    fill(record, config, 3)
    old_checkpoint = logs_of(config).stored[-1].last
    log_keys.make_key(config.key_file)  # the old key was lost
    freeze(record, 3)
    with pytest.raises(LogError, match="another key"):
        update(record, config, 3)
    start_next_log(NAME, config)
    assert update(record, config, 3).added == 2
    first_log, second_log = logs_of(config).stored
    assert old_checkpoint is not None and second_log.entries[0] == entries.earlier_entry(old_checkpoint)
    assert second_log.entries[0][1:] == reference.sha(old_checkpoint.text.encode())
    assert first_log.last == old_checkpoint and second_log.key == public_key(config, 2) != first_log.key
    for day in range(4):  # old proofs remain, new ones come from the new log
        proof = logs_of(config).proof(digest_of(day))
        assert proof is not None and proof.proof.signed.origin.endswith("/1" if day < 3 else "/2")
    policy = parse_policy(logs_of(config).policy_text("https://papers.example/daily/"))
    assert list(policy.logs) == [first_log.key, second_log.key]


def test_only_the_last_signed_checkpoint_is_left(record: Record, config: LogConfig) -> None:
    fill(record, config, 3)
    old_checkpoint = logs_of(config).stored[-1].last
    shutil.rmtree(config.folder)
    log_keys.make_key(config.key_file)
    start_next_log(NAME, config)
    update(record, config, 3)
    only_log = logs_of(config).stored[-1]
    assert (
        old_checkpoint is not None
        and only_log.number == 2
        and only_log.entries[0] == entries.earlier_entry(old_checkpoint)
    )
    assert entries.issue_entry(digest_of(0)) in only_log.entries


def test_without_a_key_nothing_happens(record: Record, tmp_path: Path) -> None:
    config = LogConfig(tmp_path / "hotpapers.key", tmp_path / "transparency")
    freeze(record, 0)
    assert update(record, config, 0) == (0, None)
    assert not config.folder.exists() and SiteLogs(config).of(NAME) is None
    with pytest.raises(LogError, match="no key"):
        start_next_log(NAME, config)


def test_a_log_whose_key_is_gone_does_not_stop_silently(record: Record, config: LogConfig) -> None:
    fill(record, config, 1)
    with pytest.raises(LogError, match=r"elsewhere\.key: the key of the log in .* is missing; restore it, or start"):
        update(record, config._replace(key_file=config.key_file.with_name("elsewhere.key")), 1)


def test_names_that_are_no_folders_get_no_log(record: Record, config: LogConfig) -> None:
    from hotpapers.wings.proof.publication_log import update_log

    for name in ("../up", "a/b", "", ".", "x" * 65):
        assert update_log(record.database, name, config, at(0)) == (0, None)
        assert SiteLogs(config).of(name) is None


def test_the_key_is_private(config: LogConfig) -> None:
    assert stat.S_IMODE(config.key_file.stat().st_mode) == 0o600
    key = log_keys.load_key(config.key_file)
    assert key is not None and key.private_text() not in f"{key!r} {key} {[key]}"
    for text in ("", "nonsense", key.private_text()[:-3], "\xff"):
        config.key_file.write_bytes(text.encode("latin-1"))
        with pytest.raises(UsageError, match="not a usable key"):
            log_keys.load_key(config.key_file)


def test_a_site_without_an_address_has_a_log_with_a_name_of_its_own(record: Record, tmp_path: Path) -> None:
    config = config_in(tmp_path, base="")
    fill(record, config, 1)
    key = logs_of(config).stored[0].key
    assert key is not None and key.name.endswith(f".hotpapers.invalid/log/{NAME}/1")
    assert logs_of(config).policy_text("") == f"log {key}\nquorum none\n"
    commented_config = config._replace(policy="\n  # the one in the cellar\n\nquorum none\n")
    assert logs_of(commented_config).policy_text("") == f"log {key}\nquorum none\n"


@pytest.mark.parametrize("base", ["https://papers.example/c++/", f"https://papers.example/{'a' * 300}/"])
def test_an_address_that_cannot_name_a_key(record: Record, tmp_path: Path, base: str) -> None:
    config = config_in(tmp_path, base)
    fill(record, config, 2)
    key = public_key(config)
    assert logs_of(config).stored[0].key == key == parse_vkey(str(key))
    assert ("papers.example/c%2B%2B/log/" if "+" in base else ".hotpapers.invalid/log/") in key.name


def test_concurrent_processes_save_the_states_of_both_logs(tmp_path: Path) -> None:
    config, names = config_in(tmp_path), ("daily", "weekly")

    def extend(name: str) -> None:
        for n in range(30):
            with log_files.lock_logs(config.folder):
                log = log_files.read_log(config.folder / name / "1")
                key = log_keys.load_key(config.key_file)
                assert key is not None
                _extend(config, key, log, [entries.record_entry(n, bytes(32))])

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(extend, names))
    states = log_keys.read_states(config.key_file)
    assert {log_name: checkpoint.size for log_name, checkpoint in states.items()} == {(name, 1): 30 for name in names}


def test_a_readable_or_incomplete_key_signs_nothing(record: Record, config: LogConfig) -> None:
    key_text = config.key_file.read_text()
    secret = key_text.split("+", 4)[4].strip()  # it may contain a +
    config.key_file.write_text(f"PRIVATE+KEY+{secret}")
    with pytest.raises(UsageError, match="is incomplete") as error:
        fill(record, config, 1)
    assert secret[:8] not in str(error.value)
    config.key_file.write_text(key_text)
    config.key_file.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        fill(record, config, 1)


def test_a_state_file_that_cannot_be_read(record: Record, config: LogConfig) -> None:
    fill(record, config, 1)
    for text in ("daily", "daily 1 papers.example 1 AAAA\n", "\x00"):
        log_keys.state_file(config.key_file).write_text(text)
        with pytest.raises(UsageError, match="restore it"):
            freeze(record, 1)
            update(record, config, 1)


@pytest.mark.long
def test_a_year_of_issues(record: Record, config: LogConfig) -> None:
    """255 working days: proofs below 4 kB, tiles below 2 MB, and a second program reads the tiles the same way."""
    for day in range(255):
        freeze(record, day * 10 // 7)
    for day in range(0, 366):
        update(record, config, day)
    logs = logs_of(config)
    log = logs.stored[0]
    files = {path: data for path, data in logs.files() if data}
    assert sum(map(len, files.values())) < 2_000_000
    assert max(len(str(proof.proof)) for day in range(255) if (proof := logs.proof(digest_of(day * 10 // 7)))) < 4000
    assert log.last is not None
    count = log.last.size
    bundles = [files[f"1/tile/entries/00{n}"] for n in range(count // 256)]
    bundles += [files[f"1/tile/entries/00{count // 256}.p/{count % 256}"]] if count % 256 else []
    leaves = [leaf for data in bundles for leaf in merkle.read_bundle(data)[0]]
    assert tuple(leaves) == log.entries and reference.mth(leaves) == log.last.root
    assert parse_vkey(str(log.key)) == public_key(config)


def test_an_invalid_policy_is_refused(record: Record, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    fill(record, config, 1)
    with pytest.raises(NotAProof):
        SiteLogs(config._replace(policy="quorum nobody")).of(NAME)


def test_the_moment_of_a_day_is_utc(record: Record, config: LogConfig) -> None:
    freeze(record, 0)
    assert update(record, config, 0).added == 1 and at(0) % DAY != 0

"""Witnesses: what they cosign and refuse, over HTTP, as a real process, and for a log that uses them."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import LogError
from hotpapers.base.http import PoliteHttpClient
from hotpapers.record import Record
from hotpapers.wings.proof import log_files, notes, signatures
from hotpapers.wings.proof.checkpoints import Checkpoint, SignedCheckpoint, check_cosignature
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    ED25519,
    SignedNote,
    SigningKey,
    VerifierKey,
)
from hotpapers.wings.proof.policies import KnownLog, LogPolicy
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.witness import LogWitness, WitnessAnswer
from hotpapers.wings.proof.witness_client import ask_witnesses
from hotpapers.wings.proof.witness_protocol import AddCheckpoint, parse_answer
from hotpapers.wings.proof.witness_server import witness_server
from tests.wings.proof.logs import NAME, at, config_in, digest_of, freeze, logs_of, public_key

LOG = SigningKey("log.example/1", ED25519, bytes(range(32)))
KEYS = [SigningKey("w.example", kind, bytes(range(1, 33))) for kind in (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44)]
POLICY = LogPolicy(logs=(KnownLog(LOG.verifier),))
AT = 1_700_000_000
TREE = MerkleTree(leaf_hash(bytes([n])) for n in range(120))


def request(tree: MerkleTree, old: int, size: int, key: SigningKey = LOG, proof: list[bytes] | None = None) -> bytes:
    checkpoint = Checkpoint(key.name, size, tree.root(size))
    note = SignedNote(checkpoint.text, (notes.sign(checkpoint.text, key),))
    proof = tree.consistency(old, size) if proof is None else proof
    return str(AddCheckpoint(old, tuple(proof), SignedCheckpoint(checkpoint, note))).encode()


@pytest.fixture
def witness(tmp_path: Path) -> LogWitness:
    return LogWitness(POLICY, KEYS, tmp_path / "witness")


def submit(witness: LogWitness, *args: object, **options: object) -> WitnessAnswer:
    return witness.add_checkpoint(request(TREE, *args, **options), AT)  # type: ignore[arg-type]


def _last(witness: LogWitness) -> Checkpoint | None:
    signed = witness.last(LOG.name)
    return signed.checkpoint if signed else None


def test_a_log_that_extends_is_cosigned_by_every_key(witness: LogWitness, tmp_path: Path) -> None:
    for old, size in ((0, 3), (3, 3), (3, 64), (64, 120)):
        answer = submit(witness, old, size)
        assert answer.status == 200
        checkpoint = Checkpoint(LOG.name, size, TREE.root(size))
        lines = parse_answer(answer.body)
        assert [check_cosignature(checkpoint, line, key.verifier) for line, key in zip(lines, KEYS, strict=True)] == [
            AT,
            AT,
        ]
    witness.close()
    restarted = LogWitness(POLICY, KEYS, tmp_path / "witness")  # another process remembers it too
    assert _last(restarted) == Checkpoint(LOG.name, 120, TREE.root(120))


def test_every_refusal_has_its_status(witness: LogWitness) -> None:
    unknown_log_key = SigningKey("other.example", ED25519, bytes(32))
    forger = SigningKey(LOG.name, ED25519, bytes(32))
    assert submit(witness, 0, 40).status == 200
    assert submit(witness, 40, 60, unknown_log_key).status == 404
    assert submit(witness, 40, 60, forger).status == 403
    assert witness.add_checkpoint(request(TREE, 20, 20).replace(b"old 20", b"old 21"), AT).status == 400
    answer = submit(witness, 0, 60)
    assert (answer.status, answer.body, answer.type) == (409, "40\n", "text/x.tlog.size")
    assert submit(witness, 10, 20).body == "40\n"  # an older copy of the log, or a replay
    assert submit(witness, 40, 60, proof=[bytes(32)]).status == 422
    for body in (b"", b"old 1", b"\xff", b"old 1\n\nx", b"old x\n\n" + request(TREE, 0, 1).partition(b"\n\n")[2]):
        assert witness.add_checkpoint(body, AT).status == 400
    [alarm] = witness.alarms  # the proof of 60 leaves was invalid
    assert alarm.subject == LOG.name and "no proof that its 60 leaves extend the 40" in alarm.reason
    assert submit(witness, 40, 60).status == 200  # now it is valid
    assert witness.alarms == () and _last(witness) == Checkpoint(LOG.name, 60, TREE.root(60))


@pytest.mark.long
def test_what_strangers_send_is_not_remembered(witness: LogWitness) -> None:
    forger = SigningKey(LOG.name, ED25519, bytes(32))
    line = notes.sign("something else\n", forger)._replace(key_id=LOG.verifier.key_id)
    sizes = []
    tracemalloc.start()
    try:
        for n in range(60):
            checkpoint = Checkpoint(LOG.name, 60, TREE.root(60), (f"{n} {'x' * 50_000}",))
            signed = SignedCheckpoint(checkpoint, SignedNote(checkpoint.text, (line,)))
            assert witness.add_checkpoint(str(AddCheckpoint(0, (), signed)).encode(), AT).status == 403
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[9] < 1_000_000  # not from the start: what is loaded once counts, too


@pytest.mark.long
def test_no_rewritten_history_is_cosigned(witness: LogWitness) -> None:
    """A fork at every size, with the fork's proof, the honest one, and none."""
    rng = Random(3)
    assert submit(witness, 0, 60).status == 200
    for fork in range(60):
        entries = [bytes([n]) for n in range(fork)] + [rng.randbytes(3) for _ in range(90 - fork)]
        tree = MerkleTree(map(leaf_hash, entries))
        for size in (60, 61, 64, 90):
            for proof in (tree.consistency(60, size), TREE.consistency(60, size), []):
                status = witness.add_checkpoint(request(tree, 60, size, proof=proof), AT).status
                assert status in (409, 422)
    assert _last(witness) == Checkpoint(LOG.name, 60, TREE.root(60))


def test_a_witness_that_cannot_remember_cosigns_nothing(witness: LogWitness, tmp_path: Path) -> None:
    assert submit(witness, 0, 40).status == 200
    [file] = (tmp_path / "witness/checkpoints").iterdir()
    file.write_text("torn")
    with witness_server(witness, "127.0.0.1:0") as port, client(port) as http:
        body = request(TREE, 0, 60)
        assert http.post(f"http://127.0.0.1:{port}/add-checkpoint", body=body, accept=[500]).status == 500


def test_a_folder_has_one_witness(witness: LogWitness, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="in use by another process"):
        LogWitness(POLICY, KEYS, tmp_path / "witness")
    witness.close()
    LogWitness(POLICY, KEYS, tmp_path / "witness").close()


@contextmanager
def client(port: int) -> Iterator[PoliteHttpClient]:
    base_addresses = [f"http://127.0.0.1:{port}/"]
    with PoliteHttpClient("hotpapers", base_addresses=base_addresses, pace={"127.0.0.1": 0.0}) as http:
        yield http


# ---- a log and a real witness -----------------------------------------------------------------------------


@contextmanager
def process(folder: Path, log: VerifierKey) -> Iterator[tuple[int, list[str]]]:
    """`hotpapers witness` in a separate process; yields its port and keys."""
    (folder / "logs.txt").write_text(f"log {log}\nquorum none\n")
    command = ["witness", "w.example/1", "--policy", "logs.txt", "--folder", "w", "--listen", "127.0.0.1:0"]
    witness_process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hotpapers", *command], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert witness_process.stdout is not None
    try:
        port = re.findall(r"on port (\d+)", witness_process.stdout.readline())
        yield int(port[0]), [witness_process.stdout.readline().strip() for _ in KEYS]
    finally:
        witness_process.terminate()
        witness_process.wait(20)
        witness_process.stdout.close()


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1])
def test_a_log_is_cosigned_by_a_witness_in_a_process_of_its_own(tmp_path: Path, number: int) -> None:
    config = config_in(tmp_path)
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        process(tmp_path, public_key(config)) as (port, keys),
        client(port) as http,
    ):
        address = f"http://127.0.0.1:{port}/"
        dead_line = f"witness dead {KEYS[0].verifier} http://127.0.0.1:{port}/dead/\n"
        text = f"{dead_line}witness w {keys[number]} {address}\nquorum w\n"
        witnessed_config = config._replace(policy=text)
        policy = logs_policy(witnessed_config)
        for day in range(3):
            freeze(record, day)
            update_log(record.database, NAME, config, at(day))
            proof_before = logs_of(witnessed_config).proof(digest_of(day))
            assert proof_before is not None and not proof_before.complete
            [problem] = ask_witnesses(http, policy, config.folder, NAME, at(9))
            assert problem.witness == "dead" and "does not cosign (404)" in str(problem)
            proof_after = logs_of(witnessed_config).proof(digest_of(day))
            assert proof_after is not None and proof_after.complete and proof_after.witnesses == ("w",)
        (config.folder / NAME / "1" / "checkpoints" / "1").unlink()  # forgets what was cosigned before
        freeze(record, 3)
        update_log(record.database, NAME, config, at(3))
        assert len(list(ask_witnesses(http, policy, config.folder, NAME, at(9)))) == 1


def logs_policy(config: LogConfig) -> LogPolicy:
    from hotpapers.wings.proof.policies import parse_policy

    return parse_policy(config.policy)


def test_a_log_of_many_checkpoints_is_asked_for_at_the_cost_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is one for each issue: work that grows with them takes minutes in a year."""
    config = config_in(tmp_path)
    witness = LogWitness(LogPolicy(logs=(KnownLog(public_key(config)),)), KEYS[:1], tmp_path / "w")
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(witness, "127.0.0.1:0") as port,
        client(port) as http,
    ):
        witnessed_config = config._replace(policy=f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        for day in range(50):
            for file in config.folder.glob("*/*/checkpoints/*"):
                os.utime(file, (1, 1))  # long ago
            counts = Counter[str]()
            with monkeypatch.context() as patch:
                for module, name in ((log_files, "parse_checkpoint"), (signatures, "verifies")):
                    patch.setattr(module, name, counted(getattr(module, name), counts))
                freeze(record, day)
                update_log(record.database, NAME, config, at(day))
                assert list(ask_witnesses(http, logs_policy(witnessed_config), config.folder, NAME, at(day))) == []
                assert not any(map(logs_of(witnessed_config).is_incomplete, map(digest_of, range(day + 1))))
        assert counts["parse_checkpoint"] <= 5 and counts["verifies"] <= 12


def counted(function: Callable[..., Any], counts: Counter[str]) -> Callable[..., Any]:
    """The function, which also counts its calls by its name."""

    def call(*args: object, **options: object) -> Any:
        counts[function.__name__] += 1
        return function(*args, **options)

    return call


def test_a_log_restored_from_a_copy_is_refused_and_reported(tmp_path: Path, witness: LogWitness) -> None:
    config = config_in(tmp_path)
    witness_of_log = LogWitness(LogPolicy(logs=(KnownLog(public_key(config)),)), KEYS, tmp_path / "w")
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(witness_of_log, "127.0.0.1:0") as port,
        client(port) as http,
    ):
        policy = logs_policy(
            config._replace(policy=f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        )
        for day in range(3):
            freeze(record, day)
            update_log(record.database, NAME, config, at(day))
        assert list(ask_witnesses(http, policy, config.folder, NAME, at(9))) == []
        folder = config.folder / NAME / "1"
        for name in sorted((folder / "checkpoints").iterdir(), key=lambda path: int(path.name))[1:]:
            name.unlink()
        [problem] = ask_witnesses(http, policy, config.folder, NAME, at(9))
        assert "an older copy was put back" in str(problem)
    assert isinstance(logs_of(config).last, SignedCheckpoint)

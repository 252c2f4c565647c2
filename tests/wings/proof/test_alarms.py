"""A witness's alarms about a log, kept across restarts until resolved or acknowledged; limits on requests."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import LogError
from hotpapers.record import Record
from hotpapers.wings.proof import alarms
from hotpapers.wings.proof.alarms import Alarm
from hotpapers.wings.proof.checkpoints import parse_checkpoint
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import ED25519, SigningKey
from hotpapers.wings.proof.policies import KnownLog, LogPolicy, is_of_known_log, parse_policy
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.witness import NOT_EXTENDED, SHARED_LIMIT, SPLIT_VIEW, LogWitness
from hotpapers.wings.proof.witness_client import ask_witnesses
from hotpapers.wings.proof.witness_server import (
    MAX_CHECKPOINTS_A_MINUTE,
    PER_LOG,
    PER_MINUTE,
    WitnessRates,
    witness_server,
)
from tests.cli.run import good, misuse
from tests.wings.proof.logs import NAME, at, config_in, freeze, public_key
from tests.wings.proof.test_witness import AT, KEYS, LOG, POLICY, TREE, client, process, request

FORK = MerkleTree(leaf_hash(bytes([n, 1])) for n in range(120))
OTHER = SigningKey("other.example/1", ED25519, bytes(range(2, 34)))
BOTH = LogPolicy(logs=(KnownLog(LOG.verifier), KnownLog(OTHER.verifier)))


@pytest.fixture
def witness(tmp_path: Path) -> LogWitness:
    return LogWitness(POLICY, KEYS, tmp_path / "witness")


def restart(witness: LogWitness, folder: Path) -> LogWitness:
    """The same witness after a restart."""
    witness.close()
    return LogWitness(POLICY, KEYS, folder)


# ---- the file ------------------------------------------------------------------------------------------------

SUBJECTS, KINDS = st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"])
STEPS = st.one_of(
    st.tuples(st.just("keep"), SUBJECTS, KINDS, st.sampled_from(["one", "two"])),
    st.tuples(st.just("clear"), SUBJECTS, KINDS, st.just("")),
    st.tuples(st.just("acknowledge"), SUBJECTS, st.just(""), st.just("")),
)


@given(steps=st.lists(STEPS, max_size=25))
def test_alarms_stand_until_they_are_cleared_or_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str, str]]
) -> None:
    """Compared with a dictionary of the expected alarms: reason, since when, and whether acknowledged."""
    folder = tmp_path_factory.mktemp("alarms")
    expected: dict[tuple[str, str], tuple[str, int, bool]] = {}
    for moment, (step, subject, kind, reason) in enumerate(steps):
        expected_before = dict(expected)
        if step == "keep":
            expected_alarm = expected.get((subject, kind))
            since = expected_alarm[1] if expected_alarm and not expected_alarm[2] else moment
            if expected_alarm is None or expected_alarm[0] != reason:
                expected[subject, kind] = (reason, since, False)
            changed = alarms.save_alarm(folder, Alarm(subject=subject, kind=kind, reason=reason, at=moment))
        elif step == "clear":
            expected.pop((subject, kind), None)
            changed = alarms.clear_alarm(folder, subject, kind)
        else:
            expected = {key: (*row[:2], row[2] or key[0] == subject) for key, row in expected.items()}
            changed = alarms.acknowledge(folder, subject)
        assert changed == (expected != expected_before)
        open_by_key = {
            (alarm.subject, alarm.kind): (alarm.reason, alarm.at, False) for alarm in alarms.open_alarms(folder)
        }
        assert open_by_key == {key: row for key, row in expected.items() if not row[2]}


def test_no_alarm_of_many_at_once_is_lost(tmp_path: Path) -> None:
    def save(n: int) -> None:
        alarms.save_alarm(tmp_path, Alarm(subject=f"log {n}", kind=SPLIT_VIEW, reason="two histories", at=n))

    threads = [threading.Thread(target=save, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {alarm.at for alarm in alarms.open_alarms(tmp_path)} == set(range(20))


FAR = '[{"subject": "a", "kind": "split view", "reason": "b", "at": 400000000000000000}]'
"""An alarm from the year 14645."""


@pytest.mark.parametrize("text", ["", "{}", "[7]", "[" * 5000, '[{"subject": "a"}]', "\x00", FAR])
def test_a_file_that_cannot_be_read_is_a_problem(witness: LogWitness, tmp_path: Path, text: str) -> None:
    (tmp_path / "witness" / alarms.FILE).write_text(text)
    with pytest.raises(LogError, match="cannot be read"):
        alarms.open_alarms(tmp_path / "witness")
    with witness_server(witness, "127.0.0.1:0") as port, client(port) as http:
        health = http.get(f"http://127.0.0.1:{port}/health", accept=[503])
        assert health.status == 503 and b"cannot be read" in health.body


# ---- what a witness receives --------------------------------------------------------------------------------------


def test_two_histories_are_an_alarm_that_outlives_a_restart(witness: LogWitness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(request(TREE, 0, 40), AT).status == 200
    for old in (40, 7, 0):  # whatever size the log believes the witness has
        answer = witness.add_checkpoint(request(FORK, old, 40, proof=[]), AT)
        assert (answer.status, answer.body) == (409, "40\n")
    restarted = restart(witness, tmp_path / "witness")
    [alarm] = restarted.alarms
    assert (alarm.subject, alarm.kind, alarm.at) == (LOG.name, SPLIT_VIEW, AT * 1_000_000)
    assert str(alarm).startswith(f"{LOG.name}: two histories of 40 leaves, {TREE.root(40).hex()} and ")
    with witness_server(restarted, "127.0.0.1:0") as port, client(port) as http:
        health = http.get(f"http://127.0.0.1:{port}/health", accept=[503])
        assert health.status == 503 and json.loads(health.body) == {"ok": False, "problems": [str(alarm)]}


def test_the_evidence_can_be_checked_by_anybody(witness: LogWitness) -> None:
    witness.add_checkpoint(request(TREE, 0, 40), AT)
    witness.add_checkpoint(request(FORK, 40, 40), AT)
    first_checkpoint, second_checkpoint = map(parse_checkpoint, witness.alarms[0].evidence)
    assert is_of_known_log(POLICY, first_checkpoint) and is_of_known_log(POLICY, second_checkpoint)
    assert (
        first_checkpoint.checkpoint.size == second_checkpoint.checkpoint.size
        and first_checkpoint.checkpoint.root != second_checkpoint.checkpoint.root
    )


def test_signatures_of_others_are_no_evidence(witness: LogWitness) -> None:
    """A stranger could add thousands of them to what is stored."""
    witness.add_checkpoint(request(TREE, 0, 40), AT)
    foreign_line = b"\xe2\x80\x94 stranger.example " + b"A" * 200 + b"\n"
    assert witness.add_checkpoint(request(FORK, 40, 40) + foreign_line * 5, AT).status == 409
    assert not any("stranger" in note for note in witness.alarms[0].evidence)


def test_a_repeated_request_is_one_alarm_and_none_once_acknowledged(witness: LogWitness, tmp_path: Path) -> None:
    witness.add_checkpoint(request(TREE, 0, 9), AT)
    for n in range(5):
        witness.add_checkpoint(request(FORK, 9, 9), AT + n)
    assert [alarm.at for alarm in witness.alarms] == [AT * 1_000_000]
    assert alarms.acknowledge(tmp_path / "witness", LOG.name)
    witness.add_checkpoint(request(FORK, 9, 9), AT)
    assert not witness.alarms
    third = MerkleTree(leaf_hash(bytes([n, 7])) for n in range(9))
    witness.add_checkpoint(request(third, 9, 9), AT + 60)  # a third history raises another alarm
    assert [alarm.at for alarm in witness.alarms] == [(AT + 60) * 1_000_000]


def test_a_rewritten_past_stands_until_the_log_shows_a_proof(witness: LogWitness, tmp_path: Path) -> None:
    witness.add_checkpoint(request(TREE, 0, 40), AT)
    assert witness.add_checkpoint(request(FORK, 40, 60), AT).status == 422
    restarted = restart(witness, tmp_path / "witness")
    assert [alarm.kind for alarm in restarted.alarms] == [NOT_EXTENDED]
    for old, size in ((40, 40), (40, 50)):  # neither the known size nor one below the disputed size clears it
        assert restarted.add_checkpoint(request(TREE, old, size), AT).status == 200
        assert [alarm.kind for alarm in restarted.alarms] == [NOT_EXTENDED]
    assert restarted.add_checkpoint(request(TREE, 50, 60), AT).status == 200
    # the log has now signed two histories of 60 leaves
    assert [alarm.kind for alarm in restarted.alarms] == [NOT_EXTENDED, SPLIT_VIEW]


def test_a_wrong_proof_by_a_stranger_is_no_lasting_alarm(witness: LogWitness) -> None:
    witness.add_checkpoint(request(TREE, 0, 40), AT)
    assert witness.add_checkpoint(request(TREE, 40, 40, proof=[bytes(32)]), AT).status == 422
    assert not witness.alarms  # anybody can send a known checkpoint with any proof
    assert witness.add_checkpoint(request(TREE, 40, 60, proof=[bytes(32)]), AT).status == 422
    assert len(witness.alarms) == 1
    assert witness.add_checkpoint(request(TREE, 40, 60), AT).status == 200
    assert not witness.alarms


@pytest.mark.long
def test_a_process_shows_the_alarms_of_the_one_before(tmp_path: Path) -> None:
    with process(tmp_path, LOG.verifier) as (port, _), client(port) as http:
        address = f"http://127.0.0.1:{port}"
        assert http.post(f"{address}/add-checkpoint", body=request(TREE, 0, 40)).status == 200
        assert http.post(f"{address}/add-checkpoint", body=request(FORK, 40, 40), accept=[409]).status == 409
    with process(tmp_path, LOG.verifier) as (port, _), client(port) as http:
        health = f"http://127.0.0.1:{port}/health"
        assert b"two histories of 40 leaves" in http.get(health, accept=[503]).body
        assert good("witness", "--folder", tmp_path / "w", "--acknowledge", LOG.name) == ""
        assert json.loads(http.get(health).body) == {"ok": True, "problems": []}
    assert "no alarm about" in misuse("witness", "--folder", tmp_path / "w", "--acknowledge", LOG.name)


# ---- how many requests are answered ------------------------------------------------------------------------------


def test_a_flood_delays_no_other_log(tmp_path: Path) -> None:
    seconds = [0.0]
    witness = LogWitness(BOTH, KEYS, tmp_path / "witness", WitnessRates(lambda: seconds[0]).wait)
    statuses = [witness.add_checkpoint(b"x", AT).status for _ in range(PER_MINUTE + 1)]
    assert statuses == [400] * PER_MINUTE + [429]
    forged = request(TREE, 0, 1, SigningKey(LOG.name, ED25519, bytes(32)))
    assert witness.add_checkpoint(forged, AT).status == 429
    sizes = range(PER_LOG + 1)
    statuses = [witness.add_checkpoint(request(TREE, size, size + 1), AT).status for size in sizes]
    assert statuses == [200] * PER_LOG + [429]
    assert witness.add_checkpoint(request(TREE, 0, 5, OTHER), AT).status == 200  # the other log is not delayed
    replay = witness.add_checkpoint(request(TREE, PER_LOG, PER_LOG), AT)
    assert (replay.status, replay.wait) == (429, 1) and "try again in 1 s" in replay.body
    seconds[0] += 60
    assert witness.add_checkpoint(request(TREE, PER_LOG, PER_LOG), AT).status == 200
    assert witness.add_checkpoint(request(TREE, PER_LOG, 60), AT).status == 200


@pytest.mark.parametrize("flood", [request(TREE, 20, 40, proof=[bytes(32)]), request(TREE, 7, 40)])
def test_a_log_is_not_held_up_by_its_own_checkpoint_in_the_hands_of_others(tmp_path: Path, flood: bytes) -> None:
    """It is published before witnesses are asked; others send it with a wrong proof, or a wrong size."""
    witness = LogWitness(POLICY, KEYS, tmp_path / "witness", WitnessRates(lambda: 0.0).wait)
    assert witness.add_checkpoint(request(TREE, 0, 20), AT).status == 200
    statuses = [witness.add_checkpoint(flood, AT).status for _ in range(PER_MINUTE + 1)]
    assert statuses == [statuses[0]] * PER_MINUTE + [429] and statuses[0] in (409, 422)
    assert witness.add_checkpoint(request(TREE, 20, 40), AT).status == 200


def test_all_logs_together_are_bounded() -> None:
    rates = WitnessRates(lambda: 0.0)
    answers = sum(rates.wait(f"log {n % 1000}") == 0 for n in range(4 * MAX_CHECKPOINTS_A_MINUTE))
    assert answers == MAX_CHECKPOINTS_A_MINUTE
    assert rates.wait("log 7") == 1 and rates.wait(SHARED_LIMIT) == 0


def test_a_log_that_has_to_wait_is_not_refused(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    policy = LogPolicy(logs=(KnownLog(public_key(config)),))
    waits = [7]
    witness = LogWitness(policy, KEYS, tmp_path / "w", lambda log: waits[0])
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(witness, "127.0.0.1:0") as port,
        client(port) as http,
    ):
        freeze(record, 0)
        update_log(record.database, NAME, config, at(0))
        policy_with_witness = parse_policy(f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        [problem] = ask_witnesses(http, policy_with_witness, config.folder, NAME, at(0))
        assert not isinstance(problem.problem, LogError) and "429" in str(problem)
        assert alarms.open_alarms(config.folder / NAME) == ()


@pytest.mark.long
def test_a_refusal_is_an_alarm_until_the_witness_cosigns(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    other_witness = LogWitness(POLICY, KEYS, tmp_path / "stranger")  # its policy does not name the log
    witness_of_log = LogWitness(LogPolicy(logs=(KnownLog(public_key(config)),)), KEYS, tmp_path / "known")
    with Record(str(tmp_path / "hotpapers.db")) as record:
        freeze(record, 0)
        update_log(record.database, NAME, config, at(0))
    port = 0
    for moment, witness in ((1, other_witness), (2, other_witness), (3, witness_of_log)):
        with witness_server(witness, f"127.0.0.1:{port}") as port, client(port) as http:
            policy = parse_policy(f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
            problems = list(ask_witnesses(http, policy, config.folder, NAME, moment))
        alarm_rows = [(alarm.subject, alarm.reason, alarm.at) for alarm in alarms.open_alarms(config.folder / NAME)]
        expected = [("w", "does not cosign (404): 'unknown log'", 1)] if witness is other_witness else []
        assert alarm_rows == expected and len(problems) == len(expected)

"""Alarms about a log, kept across restarts until resolved or acknowledged."""

from __future__ import annotations

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
from hotpapers.wings.proof.notes import SigningKey
from hotpapers.wings.proof.policies import parse_policy
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.witness_client import ask_witnesses
from tests.wings.proof.cosigners import KEYS, Witness, client, witness_server
from tests.wings.proof.logs import NAME, at, config_in, freeze, public_key

LOG = SigningKey("log.example/1", bytes(range(32))).verifier
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
        alarms.save_alarm(tmp_path, Alarm(subject=f"log {n}", kind="refused", reason="two histories", at=n))

    threads = [threading.Thread(target=save, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {alarm.at for alarm in alarms.open_alarms(tmp_path)} == set(range(20))


FAR = '[{"subject": "a", "kind": "split view", "reason": "b", "at": 400000000000000000}]'
"""An alarm from the year 14645."""


@pytest.mark.parametrize("text", ["", "{}", "[7]", "[" * 5000, '[{"subject": "a"}]', "\x00", FAR])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, text: str) -> None:
    (tmp_path / alarms.FILE).write_text(text)
    with pytest.raises(LogError, match="cannot be read"):
        alarms.open_alarms(tmp_path)


def test_a_refusal_is_an_alarm_until_the_witness_cosigns(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    other_witness, witness_of_log = Witness(LOG), Witness(public_key(config))
    with Record(str(tmp_path / "hotpapers.db")) as record:
        freeze(record, 0)
        update_log(record.database, NAME, config, at(0))
    port = 0
    for moment, witness in ((1, other_witness), (2, other_witness), (3, witness_of_log)):
        with witness_server(witness, port) as port, client(port) as http:
            policy = parse_policy(f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
            problems = list(ask_witnesses(http, policy, config.folder / NAME, moment))
        alarm_rows = [(alarm.subject, alarm.reason, alarm.at) for alarm in alarms.open_alarms(config.folder / NAME)]
        expected = [("w", "does not cosign (404): 'unknown log'", 1)] if witness is other_witness else []
        assert alarm_rows == expected and len(problems) == len(expected)


def test_a_witness_that_is_busy_is_no_alarm(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(BusyWitness(public_key(config))) as port,
        client(port) as http,
    ):
        freeze(record, 0)
        update_log(record.database, NAME, config, at(0))
        policy = parse_policy(f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        [problem] = ask_witnesses(http, policy, config.folder / NAME, at(0))
        assert not isinstance(problem.problem, LogError) and "429" in str(problem)
        assert alarms.open_alarms(config.folder / NAME) == ()


class BusyWitness(Witness):
    """A witness with too many requests."""

    def add_checkpoint(self, body: bytes, seconds: int) -> tuple[int, str]:
        return 429, "too many requests\n"

"""A log that asks witnesses: what it sends, what it takes from their answers, and at what cost."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.record import Record
from hotpapers.wings.proof import log_files, signatures
from hotpapers.wings.proof.notes import Checkpoint
from hotpapers.wings.proof.policies import LogPolicy, parse_policy
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.witness_client import ask_witnesses
from tests.wings.proof.cosigners import KEYS, Witness, client, witness_server
from tests.wings.proof.logs import NAME, at, config_in, digest_of, freeze, logs_of, public_key


@pytest.mark.parametrize("number", [0, 1])
def test_a_log_is_cosigned(tmp_path: Path, number: int) -> None:
    """By the witness's key that the policy names; another witness has no such address."""
    config = config_in(tmp_path)
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(Witness(public_key(config))) as port,
        client(port) as http,
    ):
        address = f"http://127.0.0.1:{port}/"
        dead_line = f"witness dead {KEYS[1 - number].verifier} {address}dead/\n"
        text = f"{dead_line}witness w {KEYS[number].verifier} {address}\nquorum w\n"
        witnessed_config = config._replace(policy=text)
        policy = logs_policy(witnessed_config)
        for day in range(3):
            freeze(record, day)
            update_log(record.database, NAME, config, at(day))
            proof_before = logs_of(witnessed_config).proof(digest_of(day))
            assert proof_before is not None and not proof_before.complete
            [problem] = ask_witnesses(http, policy, config.folder / NAME, at(9))
            assert problem.witness == "dead" and "does not cosign (404)" in str(problem)
            proof_after = logs_of(witnessed_config).proof(digest_of(day))
            assert proof_after is not None and proof_after.complete and proof_after.witnesses == ("w",)
        (config.folder / NAME / "1" / "checkpoints" / "1").unlink()  # forgets what was cosigned before
        freeze(record, 3)
        update_log(record.database, NAME, config, at(3))
        assert len(list(ask_witnesses(http, policy, config.folder / NAME, at(9)))) == 1


def logs_policy(config: LogConfig) -> LogPolicy:
    return parse_policy(config.policy)


def test_a_log_of_many_checkpoints_is_asked_for_at_the_cost_of_one(tmp_path: Path) -> None:
    """There is one for each issue: work that grows with them takes minutes in a year."""
    config = config_in(tmp_path)
    witness = Witness(public_key(config), KEYS[:1])
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(witness) as port,
        client(port) as http,
    ):
        witnessed_config = config._replace(policy=f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        for day in range(50):
            for file in config.folder.glob("*/*/checkpoints/*"):
                os.utime(file, (1, 1))  # long ago
            before = [cache.cache_info().misses for cache in (log_files._remembered, signatures._check_remembered)]
            freeze(record, day)
            update_log(record.database, NAME, config, at(day))
            assert list(ask_witnesses(http, logs_policy(witnessed_config), config.folder / NAME, at(day))) == []
            assert all(map(logs_of(witnessed_config).is_complete, map(digest_of, range(day + 1))))
            after = [cache.cache_info().misses for cache in (log_files._remembered, signatures._check_remembered)]
            parsed, checked = (count - count_before for count, count_before in zip(after, before, strict=True))
        assert parsed <= 5 and checked <= 12


def counted(function: Callable[..., Any], counts: Counter[str]) -> Callable[..., Any]:
    """The function, which also counts its calls by its name."""

    def call(*args: object, **options: object) -> Any:
        counts[function.__name__] += 1
        return function(*args, **options)

    return call


def test_a_log_restored_from_a_copy_is_refused_and_reported(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with (
        Record(str(tmp_path / "hotpapers.db")) as record,
        witness_server(Witness(public_key(config))) as port,
        client(port) as http,
    ):
        policy = logs_policy(
            config._replace(policy=f"witness w {KEYS[0].verifier} http://127.0.0.1:{port}/\nquorum w\n")
        )
        for day in range(3):
            freeze(record, day)
            update_log(record.database, NAME, config, at(day))
        assert list(ask_witnesses(http, policy, config.folder / NAME, at(9))) == []
        folder = config.folder / NAME / "1"
        for name in sorted((folder / "checkpoints").iterdir(), key=lambda path: int(path.name))[1:]:
            name.unlink()
        [problem] = ask_witnesses(http, policy, config.folder / NAME, at(9))
        assert "an older copy was put back" in str(problem)
    assert isinstance(logs_of(config).stored[-1].last, Checkpoint)

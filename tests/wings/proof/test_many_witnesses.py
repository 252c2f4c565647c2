"""With as many witnesses as a policy may name, each with the longest signature, the log still works."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import NotAProof
from hotpapers.record import Record
from hotpapers.wings.proof import policies
from hotpapers.wings.proof.notes import COSIGNATURE_MLDSA44, MAX_SIGNATURES
from hotpapers.wings.proof.witness_client import ask_witnesses
from tests.wings.proof.cosigners import Cosigner, Witness, client, witness_server
from tests.wings.proof.logs import NAME, at, config_in, digest_of, freeze, logs_of, public_key, update

KEYS = [Cosigner(f"w{n}.example", COSIGNATURE_MLDSA44, bytes([n]) * 32) for n in range(MAX_SIGNATURES)]


def _policy(number: int, port: int) -> str:
    lines = [f"witness w{n} {key.verifier} http://127.0.0.1:{port}/" for n, key in enumerate(KEYS[:number])]
    return "\n".join([*lines, f"group all all {' '.join(f'w{n}' for n in range(number))}", "quorum all"])


@pytest.mark.long
def test_all_of_them_cosign_and_the_log_continues(tmp_path: Path) -> None:
    witness = Witness(public_key(config_in(tmp_path)), KEYS[:-1])
    with Record(str(tmp_path / "hotpapers.db")) as record, witness_server(witness) as port:
        config = config_in(tmp_path, policy=_policy(MAX_SIGNATURES - 1, port))
        policy = policies.witness_policy(config.policy)
        with client(port) as http:
            for day in range(2):
                freeze(record, day)
                assert update(record, config, day).added
                assert list(ask_witnesses(http, policy, config.folder / NAME, at(day))) == []
        proof = logs_of(config).proof(digest_of(1))
    assert proof is not None and proof.complete and len(proof.witnesses) == MAX_SIGNATURES - 1


def test_more_are_refused_before_any_request() -> None:
    with pytest.raises(NotAProof, match="at most 63 witnesses"):
        policies.witness_policy(_policy(MAX_SIGNATURES, 80))

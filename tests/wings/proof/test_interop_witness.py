"""Third-party witnesses: `aics-witness` from PyPI cosigns our log.

Skipped if it is not installed (`pip install aics-witness`, Python 3.12 or later).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotpapers.record import Record
from hotpapers.wings.proof.policies import parse_policy
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.witness_client import ask_witnesses
from tests.wings.proof.cosigners import client
from tests.wings.proof.logs import NAME, at, config_in, digest_of, freeze, logs_of, public_key

service: Any = pytest.importorskip("aics_witness.service", reason="aics-witness is not installed (Python 3.12)")


@contextmanager
def third_party_witness(folder: Path, config: LogConfig) -> Iterator[Any]:
    key = public_key(config)
    log = service.LogConfig.from_strings(key.name, [str(key)])
    store = service.WitnessStore(folder / "theirs.db", create=True)
    with closing(store):
        witness = service.Witness(
            "theirs.example/w", Ed25519PrivateKey.from_private_bytes(bytes(range(32))), store, [log]
        )
        server = service.make_server(witness)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def test_their_witness_cosigns_our_log(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with Record(str(tmp_path / "hotpapers.db")) as record, third_party_witness(tmp_path, config) as server:
        witnessed_config = config._replace(policy=f"witness t {server.witness.vkey_text} {server.url}\nquorum t\n")
        with client(server.server_address[1]) as http:
            for day in range(5):
                freeze(record, day)
                update_log(record.database, NAME, config, at(day))
                assert (
                    list(ask_witnesses(http, parse_policy(witnessed_config.policy), config.folder / NAME, at(day)))
                    == []
                )
                proof = logs_of(witnessed_config).proof(digest_of(day))
                assert proof is not None and proof.complete and proof.witnesses == ("t",)

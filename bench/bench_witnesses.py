"""A year of daily issues with three witnesses, against fixed limits.

Every weekday an issue is frozen and exported to a site; every day the log is updated and cosigned by three witnesses
over HTTP, as `run` does. Only the processor
time of the log is counted: its update, asking, the witnesses' own work in the same process, and writing the log's
files; not rendering pages. All files are in memory, if the machine has /dev/shm: what its disk takes is not ours.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import measure
from bench.made_up import FIRST, day_name
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.base.network_terms import TERMS
from hotpapers.issues.freeze import freeze_issue
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.publish.deliver.export_site import export_again, export_site
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.proof import log_files, log_keeping, log_keys
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, LogProof, VerifierKey
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.queries import frozen_digests
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.wings.proof.cosigners import Cosigner, Witness, witness_server

DAYS = 366
SECONDS, TILE_BYTES, PROOF_BYTES = 5, 2_000_000, 4_000
DAILY = Publication(publication="daily", title="Daily", ranking="rarity/2", threshold=500, observed_at=0)


def timed(seconds: list[float], task: Callable[..., Any]) -> Callable[..., Any]:
    """The same task, whose processor time is added: that of all threads of this process."""

    def timed_task(*arguments: Any, **more: Any) -> Any:
        start = time.process_time()
        try:
            return task(*arguments, **more)
        finally:
            seconds.append(time.process_time() - start)

    return timed_task


@contextmanager
def witnesses(key: VerifierKey) -> Iterator[tuple[str, list[str]]]:
    """Three witnesses of a log. Yields the policy that asks all three and needs two, and their addresses."""
    lines, addresses = [], []
    with ExitStack() as stack:
        for n in (1, 2, 3):
            own = Cosigner(f"witness.example/{n}", COSIGNATURE_ED25519, bytes([n]) * 32)
            port = stack.enter_context(witness_server(Witness(key, [own])))
            addresses.append(f"http://127.0.0.1:{port}/")
            lines.append(f"witness w{n} {own.verifier} {addresses[-1]}\n")
        yield "".join((*lines, "group all 2 w1 w2 w3\nquorum all\n")), addresses


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        return year(Path(name), max(int(DAYS * scale), 2))


def year(folder: Path, days: int) -> dict[str, Any]:
    """Publish an issue a day, and measure the log."""
    config = LogConfig(folder / "key", folder / "log", "https://papers.example/")
    log_keys.make_key(config.key_file)
    with Record(str(folder / "store.db")) as record:
        record.append([DAILY], source="settings", at=1)
        freeze_issue(record, DAILY, day_name(0), at=_morning(0))
        signed = update_log(record.database, "daily", config, _morning(1)).signed
        assert signed is not None
        [key] = log_files.verifier_keys(config.folder)
        with witnesses(key) as (policy, addresses):
            config = config._replace(policy=policy)
            used, largest = _rounds(record, config, folder / "site", addresses, days)
        proofs = _proofs(record, config)
    return {
        "lines": [
            measure.limit("processor time of a year", used * DAYS / days, SECONDS, "s"),
            measure.limit("tiles and checkpoint, the most on any day", largest, TILE_BYTES, "B"),
            measure.limit("the largest proof of an issue", max(len(str(proof)) for proof in proofs), PROOF_BYTES, "B"),
        ],
        "method": __doc__,
    }


def _rounds(record: Record, config: LogConfig, site: Path, addresses: list[str], days: int) -> tuple[float, int]:
    """The processor time of the log's work, without rendering pages, and the most bytes of its files on a day."""
    moment, logs = [0], SiteLogs(config)
    site_config = SiteConfig(proofs=logs)
    clock = Clock(lambda: moment[0], lambda seconds: None)
    context = JobContext(record, "issues", clock, Leases(lambda: record, "bench"))
    http = PoliteHttpClient("hotpapers", base_addresses=addresses, pace={"127.0.0.1": 0.0})
    work, rendering, largest = list[float](), list[float](), 0
    with closing(http), patch.object(log_keeping, "export_again", timed(rendering, export_again)):
        keeping = log_keeping.LogKeeping(logs, site_config, TERMS, Connection(http))
        update, ask = (timed(work, partial(task, context, "daily")) for task in (keeping.update, keeping.ask))
        for n in range(days):
            moment[0] = _morning(n)
            if n and _is_weekday(n):
                freeze_issue(record, DAILY, day_name(n), at=_morning(n))
            update()
            if _is_weekday(n):
                export_site(record, "daily", [day_name(n)], "site", site, site_config)
            ask()
            largest = max(largest, _size(site / "log"))
    return sum(work) - sum(rendering), largest


def _proofs(record: Record, config: LogConfig) -> list[LogProof]:
    logs = SiteLogs(config).of("daily")
    assert logs is not None
    proofs = [logs.proof(digest) for _, _, digest in frozen_digests(record.database, "daily")]
    assert all(proof is not None and proof.complete and len(proof.witnesses) >= 2 for proof in proofs)
    return [proof.proof for proof in proofs if proof is not None]


def _is_weekday(n: int) -> bool:
    return (FIRST + timedelta(days=n)).weekday() < 5


def _morning(n: int) -> int:
    """Nine in the morning after a day, µs UTC."""
    return int(FIRST.timestamp()) * 1_000_000 + (n + 1) * DAY + 9 * HOUR


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

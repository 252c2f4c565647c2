"""A store with made-up issues, one a day, and its log."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

from hotpapers.base.model import DAY, HOUR, Issue
from hotpapers.record import Record
from hotpapers.wings.proof import log_keys
from hotpapers.wings.proof.notes import ED25519, VerifierKey
from hotpapers.wings.proof.publication_log import LogConfig, LogUpdate, update_log
from hotpapers.wings.proof.site_logs import PublicationLogs, SiteLogs
from tests.issues.made import moment

FIRST = moment("2024-05-06")
NAME = "daily"


def config_in(folder: Path, base: str = "https://papers.example/daily/", policy: str = "") -> LogConfig:
    """A log's settings, with a key."""
    config = LogConfig(folder / "hotpapers.key", folder / "transparency", base, policy)
    if not config.key_file.exists():
        log_keys.make_key(config.key_file)
    return config


def at(day: int) -> int:
    """Nine in the morning (UTC) of a day, in µs."""
    return FIRST + day * DAY + 9 * HOUR


def digest_of(day: int, edition: int = 1) -> str:
    return hashlib.sha256(f"{day} {edition}".encode()).hexdigest()


def freeze(record: Record, day: int, edition: int = 1, digest: str = "") -> str:
    """Adds an issue that cannot be rebuilt; returns its digest."""
    label = datetime.datetime.fromtimestamp(at(day) / 1e6, datetime.UTC).date().isoformat()
    item = Issue(
        publication=NAME, day=label, edition=edition, digest=digest or digest_of(day, edition), content="{}",
        observed_at=at(day),
    )  # fmt: skip
    record.append([item], source="issue", at=at(day))
    return item.digest


def update(record: Record, config: LogConfig, day: int) -> LogUpdate:
    return update_log(record.database, NAME, config, at(day))


def logs_of(config: LogConfig) -> PublicationLogs:
    logs = SiteLogs(config).of(NAME)
    assert logs is not None
    return logs


def public_key(config: LogConfig, number: int = 1) -> VerifierKey:
    key = log_keys.load_key(config.key_file)
    assert key is not None
    origin = log_keys.origin_of(key, config.base, NAME, number)
    return VerifierKey(origin, ED25519, key.verifier.public)

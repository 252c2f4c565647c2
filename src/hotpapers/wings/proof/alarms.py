"""Alarms about a log, kept in a file until the problem is fixed or the operator acknowledges it.

A publication keeps alarms about its witnesses (`witness_client`), a follower alarms about a site (`peers/following`).
There is one alarm per subject and kind, so the size of the file depends only on the policy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from hotpapers.base import errors, file_modes, model, untrusted_json
from hotpapers.base.text.timestamps import minute_of
from hotpapers.record.commitments import canonical_json
from hotpapers.wings.proof import log_files

FILE = "alarms.json"
MAX_FILE_BYTES = 16 << 20
"""Largest file that is read, bytes."""


Moment = Annotated[int, msgspec.Meta(ge=0, le=model.MAX_INTEGER)]


class Alarm(msgspec.Struct, frozen=True):
    """`subject`: a witness's or a site's name. `at`: since when, in µs UTC. `acknowledged`: the operator has
    dealt with it; it is not shown again unless its reason changes. `evidence`: signed notes that prove it to anyone."""

    subject: str
    kind: str
    reason: str
    at: Moment
    acknowledged: bool = False
    evidence: tuple[str, ...] = ()

    @property
    def about(self) -> tuple[str, str]:
        """Subject and kind: there is one alarm of both."""
        return self.subject, self.kind

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason} (since {minute_of(self.at)})"


Alarms = dict[tuple[str, str], Alarm]
"""By subject and kind."""


def open_alarms(folder: Path) -> tuple[Alarm, ...]:
    """The alarms that are not acknowledged. Raises LogError for a file that cannot be read."""
    return tuple(alarm for alarm in _read(folder) if not alarm.acknowledged)


def save_alarm(folder: Path, alarm: Alarm) -> bool:
    """Stores an alarm. Returns whether it differs from the previous one of its subject and kind. Raises LogError,
    OSError."""

    def add(alarms: Alarms) -> None:
        same = alarms.get(alarm.about)
        if same is None or same.reason != alarm.reason:
            since = alarm.at if same is None or same.acknowledged else same.at
            alarms[alarm.about] = replace(alarm, at=since)

    return _change(folder, add)


def clear_alarm(folder: Path, subject: str, kind: str) -> bool:
    """Removes an alarm that is over. Returns whether there was one. Raises LogError, OSError."""
    return _change(folder, lambda alarms: alarms.pop((subject, kind), None))


def acknowledge(folder: Path, subject: str) -> bool:
    """Marks a subject's alarms as acknowledged. Returns whether there were any. Raises LogError, OSError."""

    def mark(alarms: Alarms) -> None:
        for about, alarm in alarms.items():
            acknowledged = alarm.acknowledged or alarm.subject == subject
            alarms[about] = replace(alarm, acknowledged=acknowledged)

    return _change(folder, mark)


def _change(folder: Path, change: Callable[[Alarms], object]) -> bool:
    """Changes the alarms while holding the folder's lock. Returns whether they changed."""
    alarms: Alarms = {}
    if not (folder / FILE).exists():
        change(alarms)
        if not alarms:
            return False
    with log_files.lock_logs(folder):
        before = _read(folder)
        alarms = {alarm.about: alarm for alarm in before}
        change(alarms)
        after = tuple(alarms.values())
        if after != before:
            file_modes.write_atomically(folder / FILE, canonical_json(after) + b"\n")
        return after != before


def _read(folder: Path) -> tuple[Alarm, ...]:
    try:
        with (folder / FILE).open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        return untrusted_json.decode_json(data, tuple[Alarm, ...])
    except FileNotFoundError:
        return ()
    except (errors.InputError, OSError) as problem:
        raise errors.LogError(f"{folder / FILE}: cannot be read: {problem}") from problem

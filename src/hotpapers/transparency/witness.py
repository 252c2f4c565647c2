"""A witness: it remembers the last checkpoint of each log that its operator trusts, and cosigns only what extends it.

The answers are those of C2SP tlog-witness. What it remembers is a file for each log, so it grows with the policy alone.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import LogError, NotAProof
from hotpapers.logs import log_event
from hotpapers.transparency import log_files, witness_protocol
from hotpapers.transparency.checkpoints import Checkpoint, parse_checkpoint
from hotpapers.transparency.cosignatures import cosign
from hotpapers.transparency.merkle import EMPTY_ROOT, verify_consistency
from hotpapers.transparency.notes import SigningKey
from hotpapers.transparency.policies import LogPolicy, is_of_known_log
from hotpapers.transparency.witness_protocol import SIZE_TYPE, AddCheckpoint

TEXT = "text/plain; charset=utf-8"
MOST_ALARMS = 20
"""Alarms that are kept to be shown."""


class WitnessAnswer(NamedTuple):
    """`alarm`: what the operator must hear: a log's key has signed two histories. Nobody else can bring that about; a
    wrong proof or an old checkpoint anybody can send."""

    status: int
    body: str
    type: str = TEXT
    alarm: str = ""


def refusal(request: AddCheckpoint, policy: LogPolicy, last: Checkpoint | None) -> WitnessAnswer | None:
    """Why a checkpoint is not cosigned; None where it extends the last one, or is the same. `last`: None for a log that
    was never cosigned."""
    new, old = request.signed.checkpoint, request.old
    size, root = (last.size, last.root) if last else (0, EMPTY_ROOT)
    if new.origin not in {log.key.name for log in policy.logs}:
        return WitnessAnswer(404, "unknown log\n")
    if not is_of_known_log(policy, request.signed):
        return WitnessAnswer(403, "not signed by the log's key\n")
    if old > new.size:
        return WitnessAnswer(400, "the old size is greater than the checkpoint's\n")
    if old != size:
        return WitnessAnswer(409, f"{size}\n", SIZE_TYPE)
    if old == new.size and root != new.root:
        return WitnessAnswer(
            409, f"{size}\n", SIZE_TYPE, f"{new.origin}: two histories of {size:,} leaves: a split view"
        )
    if not verify_consistency(old, new.size, request.proof, root, new.root):
        return WitnessAnswer(422, "the proof does not show that it extends what was cosigned\n")
    return None


class LogWitness:
    """A witness with its keys and what it remembers, for one process. `folder`: where that is. Raises LogError where
    another process is the witness of that folder, as two could cosign two histories; and where something there cannot
    be read: then nothing is cosigned."""

    def __init__(self, policy: LogPolicy, keys: Sequence[SigningKey], folder: Path) -> None:
        self._policy, self._keys, self._folder = policy, tuple(keys), folder
        self._lock = threading.Lock()
        self.alarms: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._claim = log_files.claim(folder)

    def close(self) -> None:
        """Leaves the folder to another process."""
        os.close(self._claim)

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of a log that was cosigned."""
        try:
            return parse_checkpoint(self._file(origin).read_text("utf-8")).checkpoint
        except FileNotFoundError:
            return None
        except (NotAProof, UnicodeDecodeError, OSError) as problem:
            raise LogError(f"{self._file(origin)}: cannot be read: {problem}") from problem

    def _file(self, origin: str) -> Path:
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()

    def add_checkpoint(self, body: bytes, seconds: int) -> WitnessAnswer:
        """The answer to a request. What is cosigned is on disk before. Raises LogError."""
        try:
            request = witness_protocol.parse_request(body.decode("utf-8"))
        except (NotAProof, UnicodeDecodeError) as problem:
            return WitnessAnswer(400, f"{problem}\n"[:500])
        with self._lock:
            checkpoint = request.signed.checkpoint
            answer = refusal(request, self._policy, self.last(checkpoint.origin))
            if answer is None:
                lines = [cosign(checkpoint, key, seconds) for key in self._keys]
                log_files.write_whole(self._file(checkpoint.origin), str(request.signed.note))
                return WitnessAnswer(200, "".join(map(str, lines)))
            if answer.alarm and answer.alarm not in self.alarms:  # anybody can send the same two checkpoints again
                self.alarms = [*self.alarms, answer.alarm][-MOST_ALARMS:]
            if answer.alarm or answer.status == 422:
                log_event("log refused", log=checkpoint.origin, reason=answer.alarm or answer.body.strip())
        return answer

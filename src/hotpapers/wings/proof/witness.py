"""A witness remembers the last checkpoint of each log in its policy, and only cosigns checkpoints that extend it.

Responses follow C2SP tlog-witness. There is one file per log, so the size of the folder depends only on the policy:

    checkpoints/HASH   the last checkpoint of a log
    alarms.json        logs with two histories, or without a proof that they extend what was cosigned
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.durations import duration
from hotpapers.base.errors import LogError, NotAProof
from hotpapers.base.ids.timestamps import SECOND
from hotpapers.base.logs import log_event
from hotpapers.wings.proof import alarms, log_files, witness_protocol
from hotpapers.wings.proof.alarms import Alarm
from hotpapers.wings.proof.checkpoints import Checkpoint, SignedCheckpoint, cosign, parse_checkpoint
from hotpapers.wings.proof.merkle import EMPTY_ROOT, verify_consistency
from hotpapers.wings.proof.notes import SignedNote, SigningKey
from hotpapers.wings.proof.policies import LogPolicy, is_of_known_log
from hotpapers.wings.proof.witness_protocol import SIZE_TYPE, AddCheckpoint

TEXT = "text/plain; charset=utf-8"
SPLIT_VIEW, NOT_EXTENDED = "split view", "not extended"
"""Kinds of alarms. The second ends when the log sends a proof after all."""
SHARED_LIMIT = ""
"""The shared rate limit of all requests, except those that prove something new about a known log: others can send its
new checkpoint with wrong proofs, as soon as it is published."""


class WitnessAnswer(NamedTuple):
    """`alarm`: the kind of alarm for the operator, or empty; `reason`: its reason. Only the log's key can cause an
    alarm: anyone can send a wrong proof with an old checkpoint, so that raises none. `wait`: seconds, after too many
    requests."""

    status: int
    body: str
    type: str = TEXT
    alarm: str = ""
    reason: str = ""
    wait: int = 0


def refuse_signature(request: AddCheckpoint, policy: LogPolicy) -> WitnessAnswer | None:
    """The refusal of a checkpoint that is not from a log of the policy; None if it is."""
    if request.signed.checkpoint.origin not in {log.key.name for log in policy.logs}:
        return WitnessAnswer(404, "unknown log\n")
    if not is_of_known_log(policy, request.signed):
        return WitnessAnswer(403, "not signed by the log's key\n")
    return None


def refuse_history(request: AddCheckpoint, last: Checkpoint | None) -> WitnessAnswer | None:
    """The refusal of a signed checkpoint; None if it extends or equals the last one. `last`: None for a log that was
    never cosigned."""
    new, old = request.signed.checkpoint, request.old
    size, root = (last.size, last.root) if last else (0, EMPTY_ROOT)
    if new.size == size and new.root != root:
        return _split_view(Checkpoint(new.origin, size, root), new)
    if old > new.size:
        return WitnessAnswer(400, "the old size is greater than the checkpoint's\n")
    if old != size:
        return WitnessAnswer(409, f"{size}\n", SIZE_TYPE)
    if not verify_consistency(old, new.size, request.proof, root, new.root):
        body = "the proof does not show that it extends what was cosigned\n"
        reason = f"no proof that its {new.size:,} leaves extend the {size:,} that were cosigned: a rewritten past?"
        return WitnessAnswer(422, body, TEXT, NOT_EXTENDED, reason) if new.size > size else WitnessAnswer(422, body)
    return None


def _split_view(known: Checkpoint, other: Checkpoint) -> WitnessAnswer:
    reason = f"two histories of {known.size:,} leaves, {known.root.hex()} and {other.root.hex()}: a split view"
    return WitnessAnswer(409, f"{known.size}\n", SIZE_TYPE, SPLIT_VIEW, reason)


class LogWitness:
    """A witness with its keys and its folder, for one process. `wait`: takes a log's origin or SHARED_LIMIT; returns
    the seconds until its rate limit allows a request, or 0 after counting it. Raises LogError if another process uses
    the folder, since two could cosign two histories; methods raise it if a file there cannot be read, and then cosign
    nothing."""

    def __init__(
        self, policy: LogPolicy, keys: Sequence[SigningKey], folder: Path, wait: Callable[[str], int] = lambda log: 0
    ) -> None:
        self._policy, self._keys, self._folder, self._wait = policy, tuple(keys), folder, wait
        self._lock = threading.Lock()
        self._checkpoints = folder / "checkpoints"
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        self._claim = log_files.claim(self._checkpoints)

    def close(self) -> None:
        """Releases the folder for other processes."""
        os.close(self._claim)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The alarms that the operator has not acknowledged. Raises LogError."""
        return alarms.open_alarms(self._folder)

    def last(self, origin: str) -> SignedCheckpoint | None:
        """The last cosigned checkpoint of a log, or None."""
        try:
            return parse_checkpoint(self._file(origin).read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (NotAProof, UnicodeDecodeError, OSError) as problem:
            raise LogError(f"{self._file(origin)}: cannot be read: {problem}") from problem

    def _file(self, origin: str) -> Path:
        return self._checkpoints / hashlib.sha256(origin.encode()).hexdigest()

    def add_checkpoint(self, body: bytes, seconds: int) -> WitnessAnswer:
        """Answers a request at a moment, in seconds since 1970. A checkpoint is on disk before its cosignature is
        returned. Raises LogError, OSError."""
        try:
            request = witness_protocol.parse_request(body.decode("utf-8"))
        except (NotAProof, UnicodeDecodeError) as problem:
            return self._too_many(SHARED_LIMIT) or WitnessAnswer(400, f"{problem}\n"[:500])
        if (refused := refuse_signature(request, self._policy)) is not None:
            return self._too_many(SHARED_LIMIT) or refused
        with self._lock:
            return self._answer(request, seconds)

    def _answer(self, request: AddCheckpoint, seconds: int) -> WitnessAnswer:
        """Answers a request that a known log signed."""
        new, last = request.signed.checkpoint, self.last(request.signed.checkpoint.origin)
        answer = refuse_history(request, last.checkpoint if last else None)
        is_larger = last is None or new.size > last.checkpoint.size
        is_news = is_larger if answer is None else answer.alarm == SPLIT_VIEW
        if (busy := self._too_many(new.origin if is_news else SHARED_LIMIT)) is not None:
            return busy
        if answer is None:
            lines = [cosign(new, key, seconds) for key in self._keys]
            log_files.write_text_file(self._file(new.origin), str(request.signed.note))
            self._update_alarms(request.signed, seconds)
            return WitnessAnswer(200, "".join(map(str, lines)))
        if answer.alarm:
            self._save_alarm(answer, [request.signed, *([last] if last else [])], seconds)
        return answer

    def _update_alarms(self, signed: SignedCheckpoint, seconds: int) -> None:
        """Updates the alarm about a refused checkpoint after one was cosigned: clears it if it is the same checkpoint,
        and reports a split view if it is a different one of the same size."""
        for alarm in alarms.open_alarms(self._folder):
            if (alarm.subject, alarm.kind) == (signed.checkpoint.origin, NOT_EXTENDED):
                refused = parse_checkpoint(alarm.evidence[0])
                if refused.checkpoint == signed.checkpoint:
                    alarms.clear_alarm(self._folder, alarm.subject, alarm.kind)
                elif refused.checkpoint.size == signed.checkpoint.size:
                    self._save_alarm(_split_view(signed.checkpoint, refused.checkpoint), [refused, signed], seconds)

    def _too_many(self, log: str) -> WitnessAnswer | None:
        wait = self._wait(log)
        return WitnessAnswer(429, f"too many requests; try again in {duration(wait)}\n", wait=wait) if wait else None

    def _save_alarm(self, answer: WitnessAnswer, signed: Sequence[SignedCheckpoint], seconds: int) -> None:
        """Stores an alarm, and logs it if it is new: anyone can send the same two checkpoints again."""
        origin = signed[0].checkpoint.origin
        keys = {(log.key.name, log.key.key_id) for log in self._policy.logs}
        alarm = Alarm(
            subject=origin,
            kind=answer.alarm,
            reason=answer.reason,
            at=seconds * SECOND,
            evidence=tuple(str(_with_signatures_of(checkpoint.note, keys)) for checkpoint in signed),
        )
        if alarms.save_alarm(self._folder, alarm):
            log_event("log refused", log=origin, reason=answer.reason)


def _with_signatures_of(note: SignedNote, keys: Container[tuple[str, bytes]]) -> SignedNote:
    """A note without other signatures, which may be many and long."""
    return note._replace(signatures=tuple(line for line in note.signatures if (line.name, line.key_id) in keys))

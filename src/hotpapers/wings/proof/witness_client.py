"""Asks witnesses to cosign a log's checkpoint (C2SP tlog-witness)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, LogError, NetError, NotAProof, Stopped
from hotpapers.base.model import HttpClient
from hotpapers.wings.proof import log_files
from hotpapers.wings.proof.alarms import Alarm, clear_alarm, save_alarm
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, check_cosignature, cosigned_at
from hotpapers.wings.proof.log_files import StoredLog
from hotpapers.wings.proof.notes import MAX_SIGNATURES, NoteSignature, SignedNote, decimal, parse_signature
from hotpapers.wings.proof.policies import KnownWitness, LogPolicy

REFUSED = (400, 403, 404, 409, 422)
MAX_ANSWER_SECONDS = 15.0
"""Seconds that a witness may take to answer: it has little to do, and later issues wait meanwhile."""
REFUSAL = "refused"
"""The kind of alarm for a witness that refuses to cosign a log's checkpoint."""


class WitnessProblem(NamedTuple):
    """Why a witness did not cosign: LogError if it refused, NetError if it could not be reached."""

    witness: str
    problem: HotPapersError

    def __str__(self) -> str:
        return f"witness {self.witness}: {self.problem}"


def ask_witnesses(
    http: HttpClient, policy: LogPolicy, folder: Path, publication: str, at: int
) -> Iterator[WitnessProblem]:
    """Asks each witness with an address that has not cosigned the latest checkpoint of a publication's latest log, and
    stores its cosignature; a refusal is stored as an alarm until the witness cosigns. Yields failures, which do not
    affect the other witnesses. `at`: the moment, µs UTC. Raises LogError if the log cannot be read."""
    logs = log_files.read_logs(folder, publication)
    if not logs or logs[-1].last is None:
        return
    log, signed = logs[-1], logs[-1].last
    for witness in policy.witnesses:
        if not witness.url or cosigned_at(signed, witness.key) is not None:
            continue
        try:
            line = ask_witness(http, witness, log, signed)
        except Stopped:
            raise
        except HotPapersError as problem:
            if not isinstance(problem, NetError):
                refusal = Alarm(subject=witness.name, kind=REFUSAL, reason=str(problem), at=at)
                save_alarm(folder / publication, refusal)
            yield WitnessProblem(witness.name, problem)
            continue
        _save_cosignature(folder, publication, log.number, signed.checkpoint.size, line)
        clear_alarm(folder / publication, witness.name, REFUSAL)


def _save_cosignature(folder: Path, publication: str, number: int, size: int, line: NoteSignature) -> None:
    """Adds a cosignature to a checkpoint. Reads it again first, as another process may have changed it."""
    with log_files.locked(folder):
        signed = log_files.read_checkpoint(folder, publication, number, size)
        note = signed.note._replace(signatures=(*signed.note.signatures, line))
        log_files.save_checkpoint(folder, publication, number, signed._replace(note=note))


def ask_witness(http: HttpClient, witness: KnownWitness, log: StoredLog, signed: SignedCheckpoint) -> NoteSignature:
    """A witness's cosignature of a checkpoint. Raises LogError if it refuses, has seen another history or sends an
    invalid response; NetError if it cannot be reached."""
    past = reversed(log.checkpoints)  # newest first, so that of many only one signature is checked
    known = next((earlier.checkpoint.size for earlier in past if cosigned_at(earlier, witness.key) is not None), 0)
    status, answer = _post(http, witness, log, signed, known)
    if status == 409:
        status, answer = _post(http, witness, log, signed, _size(answer, signed))
    if status != 200:
        raise LogError(f"does not cosign ({status}): {answer[:200].strip()!r}")
    own = next((line for line in parse_answer(answer) if check_cosignature(signed.checkpoint, line, witness.key)), None)
    if own is None:
        raise LogError("answers with no cosignature of its key on this checkpoint")
    return own


def _post(
    http: HttpClient, witness: KnownWitness, log: StoredLog, signed: SignedCheckpoint, old: int
) -> tuple[int, str]:
    own = tuple(line for line in signed.note.signatures if line.name == signed.checkpoint.origin)
    note = signed.note._replace(signatures=own)  # other witnesses' may be many and long, and do not count here
    response = http.post(
        f"{witness.url.rstrip('/')}/add-checkpoint",
        body=add_checkpoint(old, log.tree.consistency(old, signed.checkpoint.size), note),
        headers={"content-type": "text/plain; charset=utf-8"},
        accept=REFUSED,
    )
    return response.status, response.body.decode("utf-8", "replace")


def add_checkpoint(old: int, proof: Sequence[bytes], note: SignedNote) -> bytes:
    """A request. `old`: the size that the witness should know. `proof`: the consistency proof from that size to the
    note's checkpoint."""
    nodes = "".join(f"{base64.b64encode(node).decode()}\n" for node in proof)
    return f"old {old}\n{nodes}\n{note}".encode()


def parse_answer(text: str) -> tuple[NoteSignature, ...]:
    """The signature lines in a witness's answer. Raises NotAProof."""
    lines = text.split("\n")
    if lines.pop() or not lines or len(lines) > MAX_SIGNATURES:
        raise NotAProof("a witness must answer with signature lines, each with a newline at its end")
    return tuple(map(parse_signature, lines))


def _size(answer: str, signed: SignedCheckpoint) -> int:
    """The size that a witness has seen. Raises LogError if the log is smaller."""
    try:
        size = decimal(answer.rstrip("\n"))
    except NotAProof as problem:
        raise LogError(f"does not cosign, and does not say what it has seen: {answer[:80]!r}") from problem
    if size > signed.checkpoint.size:
        raise LogError(
            f"has seen {size:,} leaves of this log, which has {signed.checkpoint.size:,} here: an older copy was put "
            "back, or somebody else signs with its key"
        )
    return size

"""Asks witnesses to cosign a log's checkpoint (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, LogError, NetError, NotAProof, Stopped
from hotpapers.base.model import HttpClient
from hotpapers.wings.proof import alarms, log_files, policies
from hotpapers.wings.proof.notes import (
    Checkpoint,
    NoteSignature,
    cosigned_at,
    in_base64,
    parse_decimal,
    parse_signatures,
)

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


def ask_witnesses(http: HttpClient, policy: policies.LogPolicy, folder: Path, at: int) -> Iterator[WitnessProblem]:
    """Asks each witness with an address that has not cosigned the latest checkpoint of a publication's latest log, and
    stores its cosignature; a refusal is stored as an alarm until the witness cosigns. Yields failures, which do not
    affect the other witnesses. `folder`: the publication's. `at`: the moment, µs UTC. Raises LogError if the log cannot
    be read."""
    logs = log_files.read_logs(folder)
    if not logs or (signed := logs[-1].last) is None:
        return
    log = logs[-1]
    for witness in policy.witnesses:
        if not witness.url or cosigned_at(signed, witness.key) is not None:
            continue
        try:
            line = ask_witness(http, witness, log, signed)
        except Stopped:
            raise
        except HotPapersError as problem:
            if not isinstance(problem, NetError):
                refusal = alarms.Alarm(witness.name, REFUSAL, str(problem), at)
                alarms.save_alarm(folder, refusal)
            yield WitnessProblem(witness.name, problem)
            continue
        with log_files.lock_logs(folder.parent):  # and read again, as another process may have added one
            known = log_files.read_checkpoint(log.folder, signed.size)
            signatures = (*known.signatures, line)
            log_files.save_checkpoint(log.folder, known._replace(signatures=signatures))
        alarms.clear_alarm(folder, witness.name, REFUSAL)


def ask_witness(
    http: HttpClient, witness: policies.KnownWitness, log: log_files.StoredLog, signed: Checkpoint
) -> NoteSignature:
    """A witness's cosignature of a checkpoint. Raises LogError if it refuses, has seen another history or sends an
    invalid response; NetError if it cannot be reached."""
    past = reversed(log.checkpoints)  # newest first, so that of many only one signature is checked
    known = next((earlier.size for earlier in past if cosigned_at(earlier, witness.key) is not None), 0)
    status, answer = _post(http, witness, log, signed, known)
    if status == 409:  # it answers with the size that it has seen
        try:
            size = parse_decimal(answer.rstrip("\n"))
        except NotAProof as problem:
            raise LogError(f"does not cosign, and does not say what it has seen: {answer[:80]!r}") from problem
        if size > signed.size:
            raise LogError(
                f"has seen {size:,} leaves of this log, which has {signed.size:,} here: an older copy was put "
                "back, or somebody else signs with its key"
            )
        status, answer = _post(http, witness, log, signed, size)
    if status != 200:
        raise LogError(f"does not cosign ({status}): {answer[:200].strip()!r}")
    for line in parse_signatures(answer):
        if cosigned_at(signed._replace(signatures=(line,)), witness.key):
            return line
    raise LogError("answers with no cosignature of its key on this checkpoint")


def _post(
    http: HttpClient, witness: policies.KnownWitness, log: log_files.StoredLog, signed: Checkpoint, old: int
) -> tuple[int, str]:
    consistency = log.tree.consistency(old, signed.size)
    nodes = "".join(f"{in_base64(node)}\n" for node in consistency)
    response = http.post(
        f"{witness.url.rstrip('/')}/add-checkpoint",
        # without the signatures of other witnesses, which may be many and long, and do not count here
        body=f"old {old}\n{nodes}\n{signed.own}".encode(),
        headers={"content-type": "text/plain; charset=utf-8"},
        accept=REFUSED,
    )
    return response.status, response.body.decode("utf-8", "replace")

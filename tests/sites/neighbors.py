"""What is around a site besides networks: its readers' room, its witness, and its own pages for those who follow it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hotpapers.wings.proof import log_keys
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, ED25519, VerifierKey
from tests.loopback.direct_client import Answer
from tests.loopback.network_state import HTML, Reply, Request, not_found
from tests.wings.proof import cosigners

ROOM, WITNESS = "lab.example", "witness.example"
BYTES = "application/octet-stream"


class Announced(NamedTuple):
    """A message that a webhook got."""

    at: int
    body: bytes


def room(messages: list[Announced]) -> Answer:
    """A receiver of a webhook that keeps what it gets."""

    def answer(request: Request, at: int) -> Reply:
        messages.append(Announced(at, request.body))
        return Reply(204, b"")

    return answer


def web_server(folder: Path) -> Answer:
    """The pages of a site as its web server has them at the moment."""

    def answer(request: Request, at: int) -> Reply:
        file = folder / request.path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        return (
            Reply(200, file.read_bytes(), HTML if file.suffix == ".html" else BYTES) if file.is_file() else not_found()
        )

    return answer


class Witness:
    """A witness of one log, whose key it makes in the site's folder."""

    def __init__(self, folder: Path, base: str, publication: str) -> None:
        key = log_keys.make_key(folder / "hotpapers.key")
        log_key = VerifierKey(log_keys.origin_of(key, base, publication, 1), ED25519, key.verifier.public)
        cosigner = cosigners.Cosigner(f"{WITNESS}/one", COSIGNATURE_ED25519, bytes(range(32)))
        self._witness = cosigners.Witness(log_key, [cosigner])
        self.policy = f"witness one {cosigner.verifier} https://{WITNESS}/\nquorum one"
        self.answers: list[int] = []

    def answer(self, request: Request, at: int) -> Reply:
        """Cosign a checkpoint."""
        status, text = self._witness.add_checkpoint(request.body, at // 1_000_000)
        self.answers.append(status)
        return Reply(status, text.encode(), "text/plain; charset=utf-8")


def hosts_around(public: Mapping[str, Path], messages: list[Announced], witness: Witness | None) -> dict[str, Answer]:
    """The hosts by name. `public`: the folder of each site's web server, by its host."""
    hosts = {ROOM: room(messages), **{host: web_server(folder) for host, folder in public.items()}}
    return {**hosts, WITNESS: witness.answer} if witness else hosts

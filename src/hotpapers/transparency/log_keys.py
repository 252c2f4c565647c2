"""The key that signs checkpoints, and beside it what was signed last: both outside store, exports and backups.

The key's file has one line, a private key as signed-note writes them; only its owner may read it. One key signs the
logs of all publications, as each checkpoint names its own log. The file `….signed` has a line for each log:
publication, number, origin, size, root. No checkpoint is signed that does not extend what stands there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import InputError, NotAProof, UsageError
from hotpapers.file_modes import is_private, open_private
from hotpapers.transparency import log_files, signatures
from hotpapers.transparency.checkpoints import Checkpoint, read_checkpoint
from hotpapers.transparency.notes import ED25519, LONGEST_NAME, SigningKey, decimal, parse_signing_key

NAME = "hotpapers"
"""The name in the file; what signs a log has the log's own."""


class SignedState(NamedTuple):
    """The last checkpoint that was signed for a log."""

    publication: str
    number: int
    checkpoint: Checkpoint

    def __str__(self) -> str:
        origin, size, root, _ = self.checkpoint
        return f"{self.publication} {self.number} {origin} {size} {base64.b64encode(root).decode()}\n"


def make_key(file: Path) -> SigningKey:
    """A new key in a file, readable by its owner alone, in the place of another one. Raises UsageError where the
    library is missing."""
    key = SigningKey(NAME, ED25519, signatures.new_seed())
    log_files.write_text_file(file, f"{key.private_text()}\n", open_private)
    return key


def load_key(file: Path) -> SigningKey | None:
    """The key of a file; None where there is no file. Raises UsageError for a file that holds none, or that others may
    read."""
    try:
        if not is_private(file):
            raise InputError("others may read it; run chmod 600 on it, or make another one: hotpapers log --rotate")
        return parse_signing_key(file.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except InputError as problem:
        raise UsageError(f"{file}: holds no key that can be used: {problem.reason}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file}: holds no key that can be used: it is not text") from problem
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem


def origin_of(key: SigningKey, base: str, publication: str, number: int) -> str:
    """The name of a log: the address of its files without the scheme; where the site has none, or one that is too long,
    a name made from the key."""
    path = f"/log/{publication}/{number}"
    place = base.partition("://")[2].rstrip("/").replace("+", "%2B")  # which no name of a key may have
    if not place or len(f"{place}{path}".encode()) > LONGEST_NAME:
        place = f"{hashlib.sha256(key.verifier.public).hexdigest()[:16]}.hotpapers.invalid"
    return f"{place}{path}"


def state_file(key_file: Path) -> Path:
    """Where it stands what was signed last."""
    return key_file.with_name(f"{key_file.name}.signed")


def read_states(key_file: Path) -> dict[tuple[str, int], Checkpoint]:
    """What was signed last, by publication and number. Raises UsageError for a file that cannot be read."""
    file = state_file(key_file)
    try:
        lines = file.read_text("utf-8").splitlines()
        rows = [line.split(" ") for line in lines]
        return {
            (name, decimal(number)): read_checkpoint(f"{origin}\n{size}\n{root}\n")
            for name, number, origin, size, root in rows
        }
    except FileNotFoundError:
        return {}
    except (ValueError, NotAProof, OSError) as problem:
        raise UsageError(
            f"{file}: cannot be read: {problem}; put it back from a backup, or move it away where no log was lost"
        ) from problem


def save_states(key_file: Path, states: Iterable[SignedState]) -> None:
    """Keeps what is going to be signed, before it is."""
    log_files.write_text_file(state_file(key_file), "".join(map(str, states)))

"""The key that signs checkpoints, and the last signed state of each log: both are outside store, exports and backups.

The key's file has one line, a private key in the format of signed-note; only its owner may read it. One key signs the
logs of all publications, as each checkpoint names its own log. The file `….signed` has a line for each log:
publication, number, origin, size, root. A checkpoint is only signed if it extends this state.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hotpapers.base import file_modes
from hotpapers.base.errors import InputError, NotAProof, UsageError
from hotpapers.wings.proof import settings, signatures
from hotpapers.wings.proof.notes import (
    MAX_NAME_BYTES,
    Checkpoint,
    SigningKey,
    in_base64,
    parse_decimal,
    parse_signing_key,
    read_checkpoint,
)

NAME = "hotpapers"
"""The key's name in the file; for signing a log, the log's own name is used."""


def make_key(file: Path) -> SigningKey:
    """Writes a new key to a file that only its owner can read, replacing any other key. Raises UsageError if the
    library is missing."""
    key = SigningKey(NAME, os.urandom(signatures.SEED))
    file_modes.write_atomically(file, f"{key.private_text()}\n".encode(), file_modes.PRIVATE)
    return key


def load_key(file: Path) -> SigningKey | None:
    """The key in a file; None if the file does not exist. Raises UsageError for a file without a valid key, or that
    others can read."""
    try:
        if not file_modes.is_private(file):
            raise InputError("others can read it; run chmod 600 on it, or create a new key: hotpapers log --rotate")
        return parse_signing_key(file.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except InputError as problem:
        raise UsageError(f"{file}: not a usable key: {problem.reason}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file}: not a usable key: not ASCII text") from problem
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem


def origin_of(key: SigningKey, base: str, publication: str, number: int) -> str:
    """The name of a log: the address of its files without the scheme, or if the site has no address or a too long one,
    a name derived from the key."""
    path = f"/log/{publication}/{number}"
    place = base.partition("://")[2].rstrip("/").replace("+", "%2B")  # key names must not contain +
    if not place or len(f"{place}{path}".encode()) > MAX_NAME_BYTES:
        place = f"{hashlib.sha256(key.verifier.public).hexdigest()[:16]}.hotpapers.invalid"
    return f"{place}{path}"


def state_file(key_file: Path) -> Path:
    """The file with the last signed states."""
    return key_file.with_name(f"{key_file.name}.signed")


def read_states(key_file: Path) -> dict[tuple[str, int], Checkpoint]:
    """The last signed checkpoints, by publication and number. Raises UsageError for a file that cannot be read."""
    file = state_file(key_file)
    try:
        rows = (line.split(" ") for line in file.read_text("utf-8").splitlines())
        return {
            (name, parse_decimal(number)): read_checkpoint(f"{origin}\n{size}\n{root}\n")
            for name, number, origin, size, root in rows
        }
    except FileNotFoundError:
        return {}
    except (ValueError, NotAProof, OSError) as problem:
        raise UsageError(
            f"{file}: cannot be read: {problem}; restore it from a backup, or move it away if no log was lost"
        ) from problem


def save_states(key_file: Path, states: Mapping[tuple[str, int], Checkpoint]) -> None:
    """Stores the states that are about to be signed. Call it before signing."""
    text = "".join(
        f"{publication} {number} {last.origin} {last.size} {in_base64(last.root)}\n"
        for (publication, number), last in sorted(states.items())
    )
    file_modes.write_atomically(state_file(key_file), text.encode())


def make_first_key(folder: Path) -> Iterator[str]:
    """Creates the key of a new site, if signing is available; says so in a line."""
    key_file = folder / settings.TransparencySettings().key
    had_key = key_file.exists() or state_file(key_file).exists()  # only --rotate may replace a lost key
    if signatures.has_library() and not had_key:
        make_key(key_file)
        yield f"{key_file}: created; it signs the log of your issues. Keep it safe and secret."

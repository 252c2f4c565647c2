"""Writing the files for hosts, never over what the operator has changed."""

from __future__ import annotations

import datetime
import getpass
from collections.abc import Iterator, Sequence
from pathlib import Path

from hotpapers.base import settings
from hotpapers.base.errors import UsageError
from hotpapers.base.file_modes import write_atomically
from hotpapers.wings.hosting.files import HostFile, HostMachine, host_files, remarks

ROOT = "root"
OWN_USER = "hotpapers"
"""The user that runs the program if root installs it."""


def write_hosts(file: Path, names: Sequence[str], program: tuple[str, ...], replace: bool) -> Iterator[str]:
    """Writes the hosting files for the settings in a file. Raises UsageError, having written nothing, if one already
    exists and `replace` is not given. Yields what it wrote, and what remains to do. `program`: how to call this program
    without a PATH."""
    file_settings, today = settings.load(file), datetime.datetime.now(datetime.UTC).date()
    user = getpass.getuser()
    machine = HostMachine(str(file.parent.resolve()), program, OWN_USER if user == ROOT else user)
    new_files = [host_file for name in names for host_file in host_files(name, file_settings, today, machine)]
    for host_file in new_files:
        path = file.parent / host_file.path
        if (
            path.exists()
            and not (host_file.keep_existing or replace)
            and path.read_text("utf-8", "replace") != host_file.text
        ):
            raise UsageError(f"{path}: already exists; --replace overwrites it. Nothing was changed.")
    for host_file in new_files:
        yield _write(file.parent / host_file.path, host_file)
    for name in names:
        for remark in remarks(name, file_settings):
            yield f"to do: {remark}"


def _write(path: Path, file: HostFile) -> str:
    if file.keep_existing and path.exists():
        return f"{path}: already exists and was kept; check that it excludes the store"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, file.text.encode())
    return str(path)

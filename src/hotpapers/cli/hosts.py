"""The files of hosts, written beside hotpapers.toml by `init`."""

from __future__ import annotations

import datetime
import getpass
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from hotpapers import settings
from hotpapers.cli.terminal import echo
from hotpapers.errors import UsageError
from hotpapers.schedule.hosts.files import CONTAINER, LISTEN, HostFile, HostMachine, host_files, remarks

ROOT = "root"
OWN_USER = "hotpapers"
"""Who runs the program where root installs it."""


def settings_for(hosts: Sequence[str]) -> str:
    """The settings that `init` writes for hosts: a container's health check asks the running program."""
    if CONTAINER not in hosts:
        return settings.TEMPLATE
    return settings.TEMPLATE.replace('# listen = ""', f'listen = "{LISTEN}"')


def write_hosts(file: Path, hosts: Sequence[str], *, replace: bool) -> None:
    """Writes the files of hosts for the settings in a file. Raises UsageError, having written nothing, where one is
    there and `replace` is not given."""
    if not hosts:
        return
    loaded, today = settings.load(file), datetime.datetime.now(datetime.UTC).date()
    kinds = dict.fromkeys(hosts)
    host_files_made = [
        file_of_host for kind in kinds for file_of_host in host_files(kind, loaded, today, _machine(file.parent))
    ]
    for file_of_host in host_files_made:
        _check(file.parent / file_of_host.path, file_of_host, replace=replace)
    for file_of_host in host_files_made:
        _write(file.parent / file_of_host.path, file_of_host)
    for kind in kinds:
        for remark in remarks(kind, loaded):
            echo(f"to do: {remark}")


def _check(path: Path, file: HostFile, *, replace: bool) -> None:
    if path.exists() and not (file.kept or replace) and path.read_text("utf-8", "replace") != file.text:
        raise UsageError(f"{path} already exists; --replace overwrites it. Nothing was changed.")


def _write(path: Path, file: HostFile) -> None:
    if file.kept and path.exists():
        echo(f"{path}: already exists and was kept; check that it names the store")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.text, "utf-8")
    echo(str(path))


def _machine(folder: Path) -> HostMachine:
    """This machine, as units name it."""
    user = getpass.getuser()
    return HostMachine(str(folder.resolve()), _program(), OWN_USER if user == ROOT else user)


def _program() -> tuple[str, ...]:
    """How this program is called by somebody who knows no PATH."""
    called = Path(sys.argv[0])
    if called.name == "hotpapers":
        return (str(Path(shutil.which(called) or called).absolute()),)
    return sys.executable, "-m", "hotpapers"

"""`hotpapers init`: writes settings, an empty store and files for hosts."""

from __future__ import annotations

import datetime
import getpass
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hotpapers import settings
from hotpapers.cli import common
from hotpapers.cli.terminal import echo
from hotpapers.errors import UsageError
from hotpapers.file_modes import open_private
from hotpapers.schedule.hosts.files import CONTAINER, LISTEN, HostFile, HostMachine, host_files, remarks
from hotpapers.settings.transparency import TransparencySettings
from hotpapers.store import Record
from hotpapers.transparency import log_keys
from hotpapers.transparency.signatures import has_library

GITHUB = "github-pages"
"""Where the folder is public: no key lies in it."""


@common.command("""
  hotpapers init my-papers && cd my-papers && hotpapers import classic ../posts/*.md
  hotpapers init --github-pages
  hotpapers init /srv/hotpapers --systemd""")
@click.argument("folder", metavar="[DIR]", default=".", type=common.FOLDER)
@click.option(
    "--contact",
    metavar="ADDRESS",
    help="Your web or mail address, shown on the About page and sent to networks. [default: prompt]",
)
@click.option("--github-pages", "hosts", flag_value="github-pages", multiple=True, help="A workflow for GitHub Pages.")
@click.option("--systemd", "hosts", flag_value="systemd", multiple=True, help="Units for a server with systemd.")
@click.option("--container", "hosts", flag_value="container", multiple=True, help="An image and compose.yaml.")
@click.option("--replace", is_flag=True, help="Overwrite existing hosting files.")
@common.debug_option
def init(folder: Path, contact: str | None, hosts: tuple[str, ...], replace: bool) -> None:
    """Create a commented hotpapers.toml and an empty store.

    Here or in DIR; with the extra `transparency` also the key that signs the log of issues. Existing files are left
    alone. Files for a host come from the settings, also later.
    """
    file = folder / settings.FILE
    if not (hosts and file.exists()):
        _begin(folder, file, contact, settings_for(hosts), GITHUB not in hosts)
    else:
        common.require(contact is None, f"{file} already exists; write your contact into it")
    write_hosts(file, hosts, replace=replace)
    if not hosts:  # those say themselves how they are started
        inside = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
        command = program(elsewhere=bool(inside))
        echo(f"next: {inside}{command} run   (reads the networks, and publishes an issue each morning)")


def _begin(folder: Path, file: Path, contact: str | None, template: str, make_key: bool) -> None:
    """The settings, an empty store, and a key for the log of issues, where signatures can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise UsageError(f"{file} already exists; nothing was changed.")
    text = settings.with_contact(_ask_contact() if contact is None else contact, template)
    with Record(str(folder / settings.Settings().store)) as record:
        state = "already holds a record, which was kept" if record.head.position else "an empty store"
        with open_private(file) as out:
            out.write(text.encode())
        echo(f"{file}: created; edit your settings here")
        echo(f"{record.database.where}: {state}")
    key_file = folder / TransparencySettings().key
    had_key = key_file.exists() or log_keys.state_file(key_file).exists()  # one that is gone only --rotate replaces
    if make_key and has_library() and not had_key:
        log_keys.make_key(key_file)
        echo(f"{key_file}: created; it signs the log of your issues: keep it, and show it to nobody")


def _ask_contact() -> str:
    """What somebody at a terminal answers; nothing where nobody is there to be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    text = "Your public contact, a web or mail address (shown on the About page and sent to networks; empty for none)"
    return str(click.prompt(text, default="", show_default=False, err=True))


def program(*, elsewhere: bool = False) -> str:
    """How this program can be called again: by name where the shell finds it, else the way it was called now.
    `elsewhere`: from another folder."""
    called = Path(sys.argv[0])
    if called.name != "hotpapers" or shutil.which("hotpapers"):
        return "hotpapers"
    return shlex.quote(str(called.absolute())) if elsewhere else str(called)


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
    if path.exists() and not (file.keep_existing or replace) and path.read_text("utf-8", "replace") != file.text:
        raise UsageError(f"{path} already exists; --replace overwrites it. Nothing was changed.")


def _write(path: Path, file: HostFile) -> None:
    if file.keep_existing and path.exists():
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

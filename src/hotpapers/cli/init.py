"""`hotpapers init`: creates settings, an empty store and hosting files."""

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
"""A host whose folder is public: no key is created there."""


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
@click.option(
    "--github-pages", "hosts", flag_value="github-pages", multiple=True, help="Write a workflow for GitHub Pages."
)
@click.option("--systemd", "hosts", flag_value="systemd", multiple=True, help="Write units for a server with systemd.")
@click.option(
    "--container", "hosts", flag_value="container", multiple=True, help="Write a Containerfile and compose.yaml."
)
@click.option("--replace", is_flag=True, help="Overwrite existing hosting files.")
@common.debug_option
def init(folder: Path, contact: str | None, hosts: tuple[str, ...], replace: bool) -> None:
    """Create a commented hotpapers.toml and an empty store.

    In the current folder or DIR. With the extra `transparency` installed, also create the key that signs the log of
    issues. Existing files are left alone. Hosting files are made from the settings and can be added later.
    """
    file = folder / settings.FILE
    if not (hosts and file.exists()):
        template = settings.TEMPLATE
        if CONTAINER in hosts:  # its health check needs an address to ask
            template = template.replace('# listen = ""', f'listen = "{LISTEN}"')
        _begin(folder, file, contact, template, GITHUB not in hosts)
    else:
        common.require(contact is None, f"{file}: already exists; set the contact there")
    write_hosts(file, hosts, replace=replace)
    if not hosts:  # hosting files say themselves how to start the program
        cd = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
        command = program(elsewhere=bool(cd))
        echo(f"next: {cd}{command} run   (reads the networks and publishes an issue every morning)")


def _begin(folder: Path, file: Path, contact: str | None, template: str, make_key: bool) -> None:
    """Creates the settings, an empty store and, if signing is available, a key for the log of issues."""
    folder.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise UsageError(f"{file}: already exists; nothing was changed")
    text = settings.with_contact(_ask_contact() if contact is None else contact, template)
    with Record(str(folder / settings.Settings().store)) as record:
        state = "already contains a record, which was kept" if record.head.position else "created, empty"
        with open_private(file) as out:
            out.write(text.encode())
        echo(f"{file}: created; edit your settings here")
        echo(f"{record.database.where}: {state}")
    key_file = folder / TransparencySettings().key
    had_key = key_file.exists() or log_keys.state_file(key_file).exists()  # only --rotate may replace a lost key
    if make_key and has_library() and not had_key:
        log_keys.make_key(key_file)
        echo(f"{key_file}: created; it signs the log of your issues. Keep it safe and secret.")


def _ask_contact() -> str:
    """The user's answer at a terminal; empty without a terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    text = "Your public contact, a web or mail address (shown on the About page and sent to networks; empty for none)"
    return str(click.prompt(text, default="", show_default=False, err=True))


def program(*, elsewhere: bool = False) -> str:
    """How to call this program again: by name if the shell finds it, else as it was called now. `elsewhere`: from
    another folder."""
    called = Path(sys.argv[0])
    if called.name != "hotpapers" or shutil.which("hotpapers"):
        return "hotpapers"
    return shlex.quote(str(called.absolute())) if elsewhere else str(called)


ROOT = "root"
OWN_USER = "hotpapers"
"""The user that runs the program if root installs it."""


def write_hosts(file: Path, hosts: Sequence[str], *, replace: bool) -> None:
    """Writes the hosting files for the settings in a file. Raises UsageError, having written nothing, if one already
    exists and `replace` is not given."""
    if not hosts:
        return
    file_settings, today = settings.load(file), datetime.datetime.now(datetime.UTC).date()
    host_names, user = dict.fromkeys(hosts), getpass.getuser()
    machine = HostMachine(str(file.parent.resolve()), _program(), OWN_USER if user == ROOT else user)
    new_files = [host_file for name in host_names for host_file in host_files(name, file_settings, today, machine)]
    for host_file in new_files:
        _check(file.parent / host_file.path, host_file, replace=replace)
    for host_file in new_files:
        _write(file.parent / host_file.path, host_file)
    for name in host_names:
        for remark in remarks(name, file_settings):
            echo(f"to do: {remark}")


def _check(path: Path, file: HostFile, *, replace: bool) -> None:
    if path.exists() and not (file.keep_existing or replace) and path.read_text("utf-8", "replace") != file.text:
        raise UsageError(f"{path}: already exists; --replace overwrites it. Nothing was changed.")


def _write(path: Path, file: HostFile) -> None:
    if file.keep_existing and path.exists():
        echo(f"{path}: already exists and was kept; check that it excludes the store")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.text, "utf-8")
    echo(str(path))


def _program() -> tuple[str, ...]:
    """How to call this program without a PATH."""
    called = Path(sys.argv[0])
    if called.name == "hotpapers":
        return (str(Path(shutil.which(called) or called).absolute()),)
    return sys.executable, "-m", "hotpapers"

"""`hotpapers init`: creates settings, an empty store and hosting files."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from hotpapers.base import settings, wings
from hotpapers.base.errors import UsageError, require
from hotpapers.base.file_modes import write_new
from hotpapers.cli import common
from hotpapers.cli.init_questions import SiteAnswers, ask, contact_of, fields_of, is_terminal, what_is_read
from hotpapers.cli.terminal import NumberRange, echo
from hotpapers.record import Record


def _host_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds an option for each kind of host that a wing writes files for."""
    kinds = wings.hosts()
    if kinds:
        command = click.option("--replace", is_flag=True, help="Overwrite existing hosting files.")(command)
    for name, kind in reversed(kinds.items()):
        command = click.option(f"--{name}", "hosts", flag_value=name, multiple=True, help=kind.help)(command)
    return command


@common.command("""
  hotpapers init my-papers && cd my-papers && hotpapers import classic ../posts/*.md
  hotpapers init /srv/hotpapers --field astro-ph --hour 8 --zone Europe/Zurich""")
@click.argument("folder", metavar="[DIR]", default=".", type=common.FOLDER)
@click.option(
    "--contact",
    metavar="ADDRESS",
    help="Your web or mail address, shown on the About page and sent to networks.",
)
@click.option("--field", "fields", metavar="CATEGORY", multiple=True, help="A category of arXiv, such as cs.LG.")
@click.option("--title", metavar="NAME", help="The publication's name for readers.")
@click.option("--hour", type=NumberRange(0, 23), metavar="N", help="The hour at which each day closes.")
@click.option("--zone", metavar="ZONE", help="Its time zone, such as Europe/Zurich.")
@_host_options
@common.debug_option
def init(
    folder: Path,
    contact: str | None,
    fields: tuple[str, ...],
    title: str | None,
    hour: int | None,
    zone: str | None,
    hosts: tuple[str, ...] = (),
    replace: bool = False,
) -> None:
    """Create a commented hotpapers.toml and an empty store.

    In the current folder or DIR. On a terminal, asks what the options do not say. With the extra `transparency`
    installed, also create the key that signs the log of issues. Existing files are left alone. Hosting files are made
    from the settings and can be added later.
    """
    file = folder / settings.FILE
    contact = None if contact is None else contact_of(contact)
    answers = SiteAnswers(contact, fields_of(" ".join(fields)) if fields else None, title, hour, zone, hosts)
    if not (hosts and file.exists()):
        if os.path.lexists(file):
            raise UsageError(f"{file}: already exists; nothing was changed")
        hosts = _begin(folder, file, ask(answers) if is_terminal() else answers)
    else:
        given = [name for name, value in zip(SiteAnswers._fields, answers[:-1], strict=False) if value is not None]
        require(not given, f"{file}: already exists; set the {' and '.join(given)} there")
    for line in _write_hosts(file, hosts, replace=replace):
        echo(line)
    if not hosts:  # hosting files say themselves how to start the program
        for line in what_is_read():
            echo(line)
        cd = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
        command = program(elsewhere=bool(cd))
        echo(f"next: {cd}{command} run   (reads the networks and publishes an issue every morning)")


def _begin(folder: Path, file: Path, answers: SiteAnswers) -> tuple[str, ...]:
    """Creates the settings, an empty store, and what wings need. Returns the hosts to write files for."""
    template = settings.template()
    for name in answers.hosts:
        template = template.replace(*wings.hosts()[name].settings)
    text = settings.with_values(answers.values, template)
    settings.check(text, file)
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / settings.defaults().store)) as record:
        state = "already contains a record, which was kept" if record.head.position else "created, empty"
        write_new(file, text.encode())
        echo(f"{file}: created; edit your settings here")
        echo(f"{record.database.where}: {state}")
    is_private = not any(wings.hosts()[name].is_public for name in answers.hosts)
    for line in (line for wing in wings.wings() if is_private and wing.init for line in wing.init(folder)):
        echo(line)
    return answers.hosts


def _write_hosts(file: Path, hosts: Sequence[str], *, replace: bool) -> Iterator[str]:
    """Has wings write the files for hosts. Yields lines to print."""
    for wing in wings.wings():
        names = [name for name in dict.fromkeys(hosts) if name in wing.hosts]
        if names and wing.write_hosts:
            yield from wing.write_hosts(file, names, _program(), replace)


def program(*, elsewhere: bool = False) -> str:
    """How to call this program again: by name if the shell finds it, else as it was called now. `elsewhere`: from
    another folder."""
    called = Path(sys.argv[0])
    if called.name != "hotpapers" or shutil.which("hotpapers"):
        return "hotpapers"
    return shlex.quote(str(called.absolute())) if elsewhere else str(called)


def _program() -> tuple[str, ...]:
    """How to call this program without a PATH."""
    called = Path(sys.argv[0])
    if called.name == "hotpapers":
        return (str(Path(shutil.which(called) or called).absolute()),)
    return sys.executable, "-m", "hotpapers"

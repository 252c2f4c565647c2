"""`hotpapers init`: creates settings, an empty store and hosting files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import filterfalse
from pathlib import Path
from typing import Any, NamedTuple

import click

from hotpapers.base import settings
from hotpapers.base.errors import UsageError, require
from hotpapers.base.file_modes import write_new
from hotpapers.base.installed import hooks_of
from hotpapers.base.papers.categories import servers_with_lists
from hotpapers.base.settings.limits import category_problem, is_with_server, papers_problem
from hotpapers.base.settings.zones import zone_problem
from hotpapers.cli import common
from hotpapers.cli.called_as import program_call
from hotpapers.cli.hooks import HostKind, Hosts, NewSite
from hotpapers.cli.terminal import NumberRange, print_error, print_line, print_note
from hotpapers.record import Record


def host_kinds() -> dict[str, HostKind]:
    """The kinds of hosts of all wings, by name."""
    return {name: kind for group in hooks_of(Hosts) for name, kind in group.kinds.items()}


def _host_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds an option for each kind of host that a wing writes files for."""
    kinds = host_kinds()
    if kinds:
        command = click.option("--replace", is_flag=True, help="Overwrite existing hosting files.")(command)
    for name, kind in reversed(kinds.items()):
        command = click.option(f"--{name}", "hosts", flag_value=name, multiple=True, help=kind.help)(command)
    return command


@common.command("""
  hotpapers init my-papers && cd my-papers && hotpapers run
  hotpapers init /srv/hotpapers --field astro-ph --hour 8 --zone Europe/Zurich""")
@click.argument("folder", metavar="[DIR]", default=".", type=common.FOLDER)
@click.option(
    "--contact",
    metavar="ADDRESS",
    help="Your web or mail address, shown on the About page and sent to networks.",
)
@click.option(
    "--field", "fields", metavar="CATEGORY", multiple=True, help='A category, such as cs.LG or "biorxiv: zoology".'
)
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
    answers = SiteAnswers(
        None if contact is None else contact_of(contact),
        fields_of(",".join(fields)) if fields else None,
        title,
        hour,
        zone,
        hosts,
    )
    if not (hosts and file.exists()):
        if os.path.lexists(file):
            raise UsageError(f"{file}: already exists; nothing was changed; edit it, as it explains every setting")
        hosts = _begin(folder, file, ask_missing(answers) if is_terminal() else answers)
    else:
        named_answers = zip(SiteAnswers._fields, answers[:-1], strict=False)
        given = [name for name, value in named_answers if value is not None]
        require(not given, f"{file}: already exists; set the {' and '.join(given)} there")
    for group in hooks_of(Hosts):
        if names := [name for name in dict.fromkeys(hosts) if name in group.kinds]:
            for line in group.write(file, names, _program(), replace):
                print_line(line)
    if not hosts:  # hosting files say themselves how to start the program
        for line in what_is_read(file):
            print_line(line)
        if folder == Path():
            cd = ""
        else:
            cd = f"cd {shlex.quote(str(folder))} && "
        command = program_call(elsewhere=bool(cd))
        print_line(f"next: {cd}{command} run   (reads the networks and publishes an issue every morning)")


def _begin(folder: Path, file: Path, answers: SiteAnswers) -> tuple[str, ...]:
    """Creates the settings, an empty store, and the files of wings. Returns the hosts to write files for."""
    template = settings.template()
    for name in answers.hosts:
        template = template.replace(*host_kinds()[name].settings)
    text = settings.with_values(answers.values, template)
    settings.check_text(text, file)
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / settings.default_settings().store)) as record:
        state = "already contains a record, which was kept" if record.head.position else "created, empty"
        write_new(file, text.encode())
        print_line(f"{file}: created; edit your settings here")
        if settings.is_placeholder(answers.contact or ""):
            print_error(f"the contact {answers.contact} is a placeholder; write your own in {file}")
        print_line(f"{record.database.where}: {state}")
    is_private = not any(host_kinds()[name].is_public for name in answers.hosts)
    for new_site in hooks_of(NewSite) if is_private else ():
        for line in new_site.prepare(folder):
            print_line(line)
    return answers.hosts


def _program() -> tuple[str, ...]:
    """How to call this program without a PATH."""
    called = Path(sys.argv[0])
    if called.name == "hotpapers":
        return (str(Path(shutil.which(called) or called).absolute()),)
    return sys.executable, "-m", "hotpapers"


# ---- questions ----------------------------------------------------------------------------------------


HERE = "here"
ZONES = "zoneinfo/"


class SiteAnswers(NamedTuple):
    """The properties of a new site; None if unknown. `fields`: categories, empty for all of arXiv; `title`: what
    readers see; `hour`, `zone`: when each day closes; `hosts`: where the program runs, empty for here."""

    contact: str | None
    fields: tuple[str, ...] | None
    title: str | None
    hour: int | None
    zone: str | None
    hosts: tuple[str, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The settings that differ from the template's."""
        values: dict[str, Any] = {
            "contact": self.contact or None,
            "title": self.title,
            "hour": self.hour,
            "zone": self.zone,
        }
        if self.fields is not None:
            values["categories"] = [*filterfalse(is_with_server, self.fields)]
            values["papers"] = [*filter(is_with_server, self.fields)] or None
        return {key: value for key, value in values.items() if value is not None}


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_missing(given: SiteAnswers) -> SiteAnswers:
    """Completes the given answers by asking for the missing ones. An empty answer takes the default in brackets."""
    table = settings.PublicationSettings(name="daily")
    print_note("Enter takes what is in brackets; all of it can be changed later in hotpapers.toml.")
    return SiteAnswers(
        contact=_ask(given.contact, "Your public contact, a web or mail address", "", contact_of),
        fields=_ask(given.fields, "Fields, such as cs.LG stat.ML or astro-ph; empty for all of arXiv", "", fields_of),
        title=_ask(given.title, "Name of the publication", table.title, str),
        hour=_ask(given.hour, "Hour at which each day closes, 0 to 23", table.hour, _hour),
        zone=_ask(given.zone, "Time zone", system_zone(), zone_of),
        hosts=given.hosts or _hosts(),
    )


def _ask(given: Any, question: str, default: Any, convert: Callable[[str], Any]) -> Any:
    if given is not None:
        return given

    def checked(text: Any) -> Any:
        try:
            return convert(str(text))
        except UsageError as problem:  # told, and asked again
            raise click.UsageError(str(problem)) from None

    return click.prompt(question, default, value_proc=checked, show_default=default != "", err=True)


def _hour(text: str) -> int:
    if not re.fullmatch(r"[01]?[0-9]|2[0-3]", text.strip(), re.ASCII):
        raise UsageError("write an hour from 0 to 23")
    return int(text)


def _hosts() -> tuple[str, ...]:
    kinds = host_kinds()
    if kinds:
        choice = click.Choice([HERE, *kinds])
        answer = click.prompt("Where it runs", HERE, type=choice, err=True)
    else:
        answer = HERE
    return () if answer == HERE else (answer,)


def contact_of(text: str) -> str:
    """A public contact, or nothing. Raises UsageError."""
    if problem := settings.contact_problem(contact := text.strip()):
        raise UsageError(f"the contact: {problem}")
    return contact


def fields_of(text: str) -> tuple[str, ...]:
    """The categories in a text, between commas or spaces; those with their servers, between commas. Raises
    UsageError."""
    names = []
    for part in text.split(","):
        names += [part.strip()] if ":" in part else part.split()
    for name in names:
        if problem := papers_problem(name) if is_with_server(name) else category_problem(name):
            raise UsageError(problem)
    return tuple(dict.fromkeys(names))


def zone_of(text: str) -> str:
    """The name of a time zone. Raises UsageError."""
    if problem := zone_problem(zone := text.strip()):
        raise UsageError(problem)
    return zone


def system_zone() -> str:
    """This machine's time zone; UTC if it does not say."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name and os.path.islink("/etc/localtime"):
        name = os.path.realpath("/etc/localtime").partition(ZONES)[2]
    return "UTC" if zone_problem(name) else name


def what_is_read(file: Path) -> Iterator[str]:
    """Lines about what a new site reads, by its settings file, and what else it could read."""
    from hotpapers.base.networks import network_names, row_of
    from hotpapers.collect.job_factory import how_to_switch_on
    from hotpapers.collect.sources import SOURCES

    [publication] = settings.load(file).publication
    names = (*(name for name in SOURCES if row_of(name).is_on), *servers_with_lists(publication.fields))
    yield f"reads, without a key: {', '.join(names)}"
    yield from (
        f"reads {name} with {how_to_switch_on(name)}"
        for name in SOURCES
        if name in network_names() and not row_of(name).is_on
    )

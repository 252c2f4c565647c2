"""Commands to begin with: init, demo, serve, completion."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import click

from hotpapers import settings, terms
from hotpapers.cli import common
from hotpapers.cli.hosts import settings_for, write_hosts
from hotpapers.cli.terminal import say
from hotpapers.errors import UsageError
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.publish.press import press
from hotpapers.ranking import words
from hotpapers.record import Record
from hotpapers.record.exchange.reading import import_lines

SAMPLE = "sample.jsonl.zst"
SAMPLE_SOURCE = "sample"
"""What the sample's first batch names as its source: by it a demo's store is known."""
SHOWN = 5


@click.command(
    epilog="""\b
Examples:
  hotpapers init my-papers && cd my-papers && hotpapers import classic ../posts/*.md
  hotpapers init --github-pages
  hotpapers init /srv/hotpapers --systemd"""
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--contact",
    metavar="ADDRESS",
    help="Your public contact, a web or mail address: it stands on About, and networks are told. [default: asked for]",
)
@click.option("--github-pages", "hosts", flag_value="github-pages", multiple=True, help="A workflow for GitHub Pages.")
@click.option("--systemd", "hosts", flag_value="systemd", multiple=True, help="Units for a server with systemd.")
@click.option("--container", "hosts", flag_value="container", multiple=True, help="An image and compose.yaml.")
@click.option("--replace", is_flag=True, help="Write files of a host anew, over those that are there.")
@common.debug_option
def init(folder: Path, contact: str | None, hosts: tuple[str, ...], replace: bool) -> None:
    """Write a commented hotpapers.toml and an empty store.

    In this folder, or in DIR. Nothing that is there is touched. On a terminal it asks for your public contact. Files
    for a host are written beside, also where there is a hotpapers.toml: they are made for its settings.
    """
    file = folder / settings.FILE
    if not (hosts and file.exists()):
        _begin(folder, file, contact, settings_for(hosts))
    else:
        common.need(contact is None, f"{file} is there already; write your contact into it")
    write_hosts(file, hosts, replace=replace)


def _begin(folder: Path, file: Path, contact: str | None, template: str) -> None:
    """The settings and an empty store."""
    folder.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise UsageError(f"{file} is there already; nothing was changed.")
    text = settings.with_contact(_ask_contact() if contact is None else contact, template)
    with Record(str(folder / settings.Settings().store)) as record:
        state = "a record is there already; it stays as it is" if record.head.position else "an empty store"
        file.write_text(text, "utf-8")
        say(f"{file}: your settings, to be edited")
        say(f"{record.database.where}: {state}")


def _ask_contact() -> str:
    """What somebody at a terminal answers; nothing where nobody is there to be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    asked = "Your public contact, a web or mail address (shown on About, told to networks; empty for none)"
    return str(click.prompt(asked, default="", show_default=False, err=True))


@click.command(
    epilog="""\b
Examples:
  hotpapers demo
  hotpapers demo /tmp/demo && xdg-open /tmp/demo/site/index.html"""
)
@click.argument("folder", metavar="[DIR]", default="hotpapers-demo", type=click.Path(path_type=Path, file_okay=False))
@common.debug_option
def demo(folder: Path) -> None:
    """Make five issues of real papers, as Markdown and as a site.

    From the facts of 81 papers that come with this program: ranked, explained, verified, in ./hotpapers-demo or DIR.
    Needs nothing else; the site opens from disk. It can be run again.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "hotpapers.db").is_file():
        raise UsageError(f"{folder}: holds something else; name another folder: hotpapers demo DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / "hotpapers.db")) as record:
        if record.head.position and not is_demo(record):
            raise UsageError(f"{record.database.where}: holds another record; name another folder: hotpapers demo DIR")
        take_sample(record)
        publication = freeze.publication_of(record, None)
        days = freeze.listed_days(record, publication.publication)
        for day in days:
            freeze.freeze(record, publication, day)
        for name in ("markdown", "site"):
            press(record, publication.publication, days, name, folder / name)
        _tell(record, publication.publication, days[-1], folder)


def is_demo(record: Record) -> bool:
    """Whether a record began with the sample."""
    return record.database.rows("SELECT source FROM batch WHERE position = 1") == [(SAMPLE_SOURCE,)]


def take_sample(record: Record) -> None:
    """The sample that comes with the program, into a record. Twice is once."""
    import zstandard

    packed = files("hotpapers").joinpath("demo", SAMPLE).read_bytes()
    import_lines(record, SAMPLE, zstandard.decompress(packed, max_output_size=2**28).splitlines(keepends=True))


def _tell(record: Record, publication: str, day: str, folder: Path) -> None:
    issue = RecordShelf(record).issue(publication, day)
    say(f"{issue.content.publication.title}, {day}\n")
    for entry in issue.content.entries[:SHOWN]:
        moved = f"was {entry.then}" if entry.then != entry.place else "as then"
        say(f"{entry.place:>3}  {issue.papers[entry.paper].title}")
        say(f"     {entry.score:,} points, {moved}; {'; '.join(map(words.counts_sentence, entry.counts))}")
    left = len(issue.content.entries) - SHOWN
    say(f"     … and {left} more\n" if left > 0 else "")
    first = issue.content.entries[0].paper.removeprefix("arxiv:")
    say(f"site      {folder / 'site' / 'index.html'}  (opens from disk)")
    say(f"Markdown  {folder / 'markdown'}")
    say(f"why       {program()} explain {first} --issue {day} --store {folder / 'hotpapers.db'}")
    say(f"proof     {program()} verify --all --store {folder / 'hotpapers.db'}")


def program() -> str:
    """How this program can be called again: by name where the shell finds it, else the way it was called now."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "hotpapers" and not shutil.which("hotpapers") else "hotpapers"


@click.command(
    epilog="""\b
Examples:
  hotpapers serve --store hotpapers-demo/hotpapers.db
  hotpapers serve --host 0.0.0.0 --port 8080"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."
)
@common.publication_option
@common.store_options
def serve(host: str, port: int, publication: str | None, home: common.Home) -> None:
    """Serve the site as a web app.

    The frozen issues of a publication, in the same pages as the static site, and the API below /api/v1; with
    `base` in [serve] also the forms in which readers act. Ctrl-C ends it.
    """
    try:
        from hotpapers.serve import feed_generator, mail, readers
        from hotpapers.serve.api import ApiRoute, Operator
        from hotpapers.serve.app import server
        from hotpapers.serve.searching import Search
    except ImportError as missing:
        raise UsageError("serving needs Starlette and uvicorn: pip install 'hotpapers[serve]'") from missing
    with common.open_record(home) as record:
        chosen = freeze.publication_of(record, publication)
        with _listening(host, port) as listener:
            port = listener.getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            say(f"{chosen.title}: http://{shown}:{port}/  (Ctrl-C ends it)")
            shelf, name = _fresh_shelf(record, home.terms), chosen.publication
            feeds = feed_generator.routes(shelf, name, home.settings.bluesky)
            limits = home.settings.serve
            asked = Operator(home.terms, limits.rate, limits.proxies)
            api = ApiRoute(lambda: Record(home.store, create=False), asked)
            found = Search(lambda: Record(home.store, create=False), name, home.imprint, asked)
            letters = mail.routes(lambda: Record(home.store, create=False))
            operator = readers.Operator(home.settings, home.folder, str(home.file), home.imprint, home.terms)
            forms = readers.Readers(lambda: Record(home.store, create=False), chosen, operator)
            more = [api, *feeds, *letters, *forms.routes, *found.routes]
            running = server(shelf, name, host, port, home.imprint, more)
            running.run(sockets=[listener])
            api.api.close()
            found.close()
            forms.close()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        # whoever is accepted here inherits it: the end of an answer must not wait until its beginning is acknowledged
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as problem:
        reason = (problem.strerror or str(problem)).partition(" (while")[0]
        raise UsageError(f"{host}, port {port}: {reason}; choose another --host or --port") from problem


def _fresh_shelf(record: Record, allowed: terms.Table = terms.TERMS) -> Callable[[], RecordShelf]:
    """The same shelf as long as nothing was written to the record or forgotten in it, by whomever."""
    kept: list[tuple[int, RecordShelf]] = []

    def shelf() -> RecordShelf:
        position = record.head.position
        if not kept or kept[0][0] != position:
            kept[:] = [(position, RecordShelf(record, allowed))]
        return kept[0][1]

    return shelf


@click.command(
    epilog="""\b
Examples:
  hotpapers completion bash >> ~/.bashrc
  hotpapers completion zsh >> ~/.zshrc
  hotpapers completion fish > ~/.config/fish/completions/hotpapers.fish"""
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@common.debug_option
def completion(shell: str) -> None:
    """Print the shell's completion script.

    For bash (4.4 or newer), zsh or fish; it takes effect in the next shell.
    """
    from click.shell_completion import get_completion_class

    from hotpapers.cli import ASKED_BY_SHELL, NAME, root

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root, {}, NAME, ASKED_BY_SHELL).source())

"""Commands to begin with: init, demo, serve, completion."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
from functools import partial
from importlib.resources import files
from pathlib import Path

import click

from hotpapers import settings
from hotpapers.cli import common
from hotpapers.cli.hosts import settings_for, write_hosts
from hotpapers.cli.terminal import echo
from hotpapers.cli.week import CORRECTED, FOLDER, make_week
from hotpapers.deliver.export_site import export_site
from hotpapers.errors import UsageError
from hotpapers.file_modes import open_private
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import PrintedCount, PublishedIssue
from hotpapers.ranking import words
from hotpapers.store import Record
from hotpapers.transfer.jsonl.importer import import_lines

SAMPLE = "sample.jsonl.zst"
SAMPLE_SOURCE = "sample"
"""What the sample's first batch names as its source: by it a demo's store is known."""
SHOWN, SHOWN_OF_WEEK = 5, 3


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
    help="Your public contact, a web or mail address: shown on the About page and sent to networks. [default: prompt]",
)
@click.option("--github-pages", "hosts", flag_value="github-pages", multiple=True, help="A workflow for GitHub Pages.")
@click.option("--systemd", "hosts", flag_value="systemd", multiple=True, help="Units for a server with systemd.")
@click.option("--container", "hosts", flag_value="container", multiple=True, help="An image and compose.yaml.")
@click.option("--replace", is_flag=True, help="Overwrite existing hosting files.")
@common.debug_option
def init(folder: Path, contact: str | None, hosts: tuple[str, ...], replace: bool) -> None:
    """Create a commented hotpapers.toml and an empty store.

    Uses the current folder, or DIR. Existing files are left alone. On a terminal it asks for your public contact.
    Files for a hosting platform are generated from the settings, also for an existing hotpapers.toml.
    """
    file = folder / settings.FILE
    if not (hosts and file.exists()):
        _begin(folder, file, contact, settings_for(hosts))
    else:
        common.need(contact is None, f"{file} already exists; write your contact into it")
    write_hosts(file, hosts, replace=replace)
    if not hosts:  # those say themselves how they are started
        _tell_how_to_go_on(folder)


def _begin(folder: Path, file: Path, contact: str | None, template: str) -> None:
    """The settings and an empty store."""
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


def _tell_how_to_go_on(folder: Path) -> None:
    inside = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    echo(f"next: {inside}{program()} run   (reads the networks, and publishes an issue each morning)")


def _ask_contact() -> str:
    """What somebody at a terminal answers; nothing where nobody is there to be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    asked = "Your public contact, a web or mail address (shown on the About page and sent to networks; empty for none)"
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
    """Build five issues of real papers, and a made-up week of today.

    Uses facts about 81 papers that ship with the program: ranks, explains and verifies five issues and writes them
    as Markdown and as a site to ./hotpapers-demo or DIR. A second publication in made-up-week shows what today's
    networks give; its papers and people are invented. Needs no network; the sites open from disk. Safe to run
    again.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "hotpapers.db").is_file():
        raise UsageError(f"{folder}: is not a demo folder; name another one: hotpapers demo DIR")
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
            export_site(record, publication.publication, days, name, folder / name)
        issue = RecordIssueReader(record).issue(publication.publication, days[-1])
    _tell(issue, SHOWN)
    _tell_where(folder, issue.content.day, issue.content.entries[0].paper.removeprefix("arxiv:"))
    _tell_week(folder / FOLDER)
    _tell_next()


def is_demo(record: Record) -> bool:
    """Whether a record began with the sample."""
    return record.database.rows("SELECT source FROM batch WHERE position = 1") == [(SAMPLE_SOURCE,)]


def take_sample(record: Record) -> None:
    """The sample that comes with the program, into a record. Twice is once."""
    import zstandard

    packed = files("hotpapers").joinpath("demo", SAMPLE).read_bytes()
    import_lines(record, SAMPLE, zstandard.decompress(packed, max_output_size=2**28).splitlines(keepends=True))


def _tell(issue: PublishedIssue, shown: int) -> None:
    echo(f"{issue.content.publication.title}, {issue.content.day}\n")
    for entry in issue.content.entries[:shown]:
        moved = "" if issue.listing is None else ", as then" if entry.then == entry.place else f", was {entry.then}"
        echo(f"{entry.place:>3}  {issue.papers[entry.paper].title}")
        counts = "; ".join(map(words.counts_sentence if issue.listing else _voices, entry.counts))
        echo(f"     {entry.score:,} points{moved}; {counts}")
    left = len(issue.content.entries) - shown
    echo(f"     … and {left} more\n" if left > 0 else "")


def _voices(count: PrintedCount) -> str:
    return f"{words.network_name(count.network)}: {words.count_noun(count.voices, 'voice')}"


def _tell_where(folder: Path, day: str, paper: str) -> None:
    store = folder / settings.Settings().store
    echo(f"site      {folder / 'site' / 'index.html'}  (opens from disk)")
    echo(f"Markdown  {folder / 'markdown'}")
    echo(f"why       {program()} explain {paper} --issue {day} --store {store}")
    echo(f"proof     {program()} verify --all --store {store}\n")


def _tell_week(folder: Path) -> None:
    issue = make_week(folder)
    _tell(issue, SHOWN_OF_WEEK)
    echo(f"{issue.content.publication.note}\n")
    echo(f"site      {folder / 'site' / 'index.html'}")
    echo(f"corrected {folder / 'site' / CORRECTED / 'index.html'}")
    echo(f"proof     {program()} verify --all --config {folder / settings.FILE}\n")


def _tell_next() -> None:
    echo("Next")
    echo("  1. Open both sites in a browser: the first is of 2020 and 2021, the second of the networks of today.")
    echo(f"  2. Ask why a paper is where it is: {program()} explain …, as above.")
    echo(f"  3. Your own: {program()} init my-papers && cd my-papers && {program()} run")


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
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 picks a free one."
)
@common.publication_option
@common.store_options
def serve(host: str, port: int, publication: str | None, home: common.CommandContext) -> None:
    """Serve the site as a web app.

    Serves a publication's frozen issues with the same pages as the static site, and the API under /api/v1. With
    `base` in [serve] it also serves the readers' forms. Stop it with Ctrl-C.
    """
    try:
        from hotpapers.web import feed_generator, mail_pages, reader_features
        from hotpapers.web.api import ApiConfig, ApiRoute
        from hotpapers.web.app import server
        from hotpapers.web.connections import allowed_behind
        from hotpapers.web.repositories import FreshIssueReader
        from hotpapers.web.search_pages import SearchRoutes
    except ImportError as missing:
        raise UsageError("serving needs Starlette and uvicorn: pip install 'hotpapers[serve]'") from missing
    with common.open_record(home) as record:
        chosen = freeze.publication_of(record, publication)
        open_record = partial(Record, home.store, create=False)
        with _listening(host, port) as listener:
            port = listener.getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            echo(f"{chosen.title}: http://{shown}:{port}/  (Ctrl-C ends it)")
            name, issue_readers = chosen.publication, [FreshIssueReader(open_record, home.terms) for _ in range(2)]
            feeds = feed_generator.routes(issue_readers[1], name, home.settings.bluesky)
            limits = home.settings.serve
            asked = ApiConfig(home.terms, limits.rate, limits.proxies)
            api = ApiRoute(open_record, asked)
            found = SearchRoutes(open_record, name, home.site_config, asked)
            letters = mail_pages.routes(open_record)
            operator = reader_features.ReaderConfig(
                home.settings, home.folder, str(home.file), home.site_config, home.terms
            )
            forms = reader_features.ReaderFeatures(open_record, chosen, operator)
            more = [api, *feeds, *letters, *forms.routes, *found.routes]
            running = server(issue_readers[0], name, host, port, home.site_config, more, allowed_behind(limits.proxies))
            running.run(sockets=[listener])
            api.api.close()
            found.close()
            forms.close()
            for one in issue_readers:
                one.close()


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
    """Print a shell completion script.

    For bash (4.4 or newer), zsh or fish; it takes effect in the next shell.
    """
    from click.shell_completion import get_completion_class

    from hotpapers.cli import ASKED_BY_SHELL, NAME, root

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root, {}, NAME, ASKED_BY_SHELL).source())

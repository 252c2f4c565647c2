"""Commands to begin with: init, demo, serve, completion."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from hotpapers import settings
from hotpapers.cli import common
from hotpapers.errors import UsageError
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.publish.press import press
from hotpapers.ranking import words
from hotpapers.record import Record
from hotpapers.record.exchange.reading import import_lines

SAMPLE = "sample.jsonl.zst"


@click.command(
    epilog="""\b
Example:
  hotpapers init my-papers && cd my-papers && hotpapers import classic ../posts/*.md"""
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def init(folder: Path, debug: bool) -> None:
    """Write a commented hotpapers.toml and an empty store beside it. Nothing that is there is touched."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / settings.FILE
    if file.exists():
        raise UsageError(f"{file} is there already; nothing was changed.")
    with Record(str(folder / "hotpapers.db")) as record:
        file.write_text(settings.TEMPLATE, "utf-8")
        click.echo(f"{file}: edit it to taste")
        click.echo(f"{record.database.where}: an empty store")


@click.command(
    epilog="""\b
Examples:
  hotpapers demo
  hotpapers demo /tmp/demo && xdg-open /tmp/demo/site/index.html"""
)
@click.argument("folder", metavar="[DIR]", default="hotpapers-demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def demo(folder: Path, debug: bool) -> None:
    """Make five issues from the facts of 81 real papers: ranked, explained, as Markdown and as a site in a folder.

    Needs nothing but this program; the site opens from disk.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "hotpapers.db").is_file():
        raise UsageError(f"{folder}: holds something else; name another folder: hotpapers demo DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / "hotpapers.db")) as record:
        take_sample(record)
        publication = freeze.publication_of(record, None)
        days = listed_with_titles(record, publication.publication)
        for day in days:
            freeze.freeze(record, publication, day)
        for name in ("markdown", "site"):
            press(record, publication.publication, days, name, folder / name)
        _tell(record, publication.publication, days[-1], folder)


def take_sample(record: Record) -> None:
    """The sample that comes with the program, into a record. Twice is once."""
    import zstandard

    packed = files("hotpapers").joinpath("demo", SAMPLE).read_bytes()
    import_lines(record, SAMPLE, zstandard.decompress(packed, max_output_size=2**28).splitlines(keepends=True))


def listed_with_titles(record: Record, publication: str) -> list[str]:
    """The days of the sample's listings."""
    return freeze.listed_days(record, publication)


def _tell(record: Record, publication: str, day: str, folder: Path) -> None:
    issue = RecordShelf(record).issue(publication, day)
    click.echo(f"Hot Papers, {day}\n")
    for entry in issue.content.entries[:5]:
        moved = f"was {entry.then}" if entry.then != entry.place else "as then"
        click.echo(f"{entry.place:>3}  {issue.papers[entry.paper].title}")
        click.echo(f"     {entry.score:,} points, {moved}; {'; '.join(map(words.counts_sentence, entry.counts))}")
    left = len(issue.content.entries) - 5
    click.echo(f"     … and {left} more\n" if left > 0 else "")
    first = issue.content.entries[0].paper.removeprefix("arxiv:")
    click.echo(f"site      {folder / 'site' / 'index.html'}  (opens from disk)")
    click.echo(f"Markdown  {folder / 'markdown'}")
    click.echo(f"why       hotpapers explain {first} --issue {day} --store {folder / 'hotpapers.db'}")
    click.echo(f"proof     hotpapers verify --all --store {folder / 'hotpapers.db'}")


@click.command(
    epilog="""\b
Examples:
  hotpapers serve --store hotpapers-demo/hotpapers.db
  hotpapers serve --host 0.0.0.0 --port 8080"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port.")
@common.publication_option
@common.store_options
def serve(host: str, port: int, publication: str | None, store: str | None, config: Path | None, debug: bool) -> None:
    """Serve a publication's frozen issues as a web app: the same pages as the static site."""
    uvicorn, make_app = _server()
    with common.open_record(store, config) as record:
        chosen = freeze.publication_of(record, publication)
        contact = common.load_settings(config).contact
        click.echo(f"{chosen.title}: http://{host}:{port}/  (Ctrl-C ends it)")
        app = make_app(_fresh_shelf(record), chosen.publication, contact)
        uvicorn.run(app, host=host, port=port, log_level="warning")


def _fresh_shelf(record: Record) -> Callable[[], RecordShelf]:
    """The same shelf as long as nothing was written to the record."""
    kept: list[tuple[int, RecordShelf]] = []

    def shelf() -> RecordShelf:
        position = record.head.position
        if not kept or kept[0][0] != position:
            kept[:] = [(position, RecordShelf(record))]
        return kept[0][1]

    return shelf


def _server() -> tuple[Any, Callable[..., Any]]:
    try:
        import uvicorn

        from hotpapers.serve.app import app
    except ImportError as missing:
        raise UsageError("serving needs Starlette and uvicorn: pip install 'hotpapers[serve]'") from missing
    return uvicorn, app


@click.command(
    epilog="""\b
Examples:
  hotpapers completion bash >> ~/.bashrc
  hotpapers completion fish > ~/.config/fish/completions/hotpapers.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from hotpapers.cli import root

    made = get_completion_class(shell)
    if made is None:
        raise UsageError(f"{shell}: no completion for this shell")
    click.echo(made(root, {}, "hotpapers", "_HOTPAPERS_COMPLETE").source())


__all__ = ["completion", "demo", "init", "serve"]

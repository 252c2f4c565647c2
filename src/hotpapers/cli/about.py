"""Commands about the program itself: its documentation, its wings, shell completion."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from hotpapers.base import installed
from hotpapers.base.errors import NotFound
from hotpapers.base.networks import network_readers
from hotpapers.base.suggestions import did_you_mean
from hotpapers.base.text.text_tables import align_lines
from hotpapers.base.version import __version__
from hotpapers.cli import ASKED_BY_SHELL, NAME, WHOLE, common, root_command
from hotpapers.cli.terminal import print_line, print_result

PACKAGE = Path(__file__).parents[1]
FOLDERS = (PACKAGE / "docs", PACKAGE.parents[1] / "docs")
"""Where the pages are in a wheel, and in a checkout."""
SUBJECTS = ("tutorial", "how-to", "explanation", "reference", "wings")
"""The folders for users, in the order in which one needs them."""
INDEX = "README"


@common.command("""
  hotpapers docs
  hotpapers docs mailing
  hotpapers docs sources/mastodon | less""")
@click.argument("page", metavar="[PAGE]", required=False)
@common.debug_option
def docs(page: str | None) -> None:
    """Show the documentation.

    Lists the pages, or prints one as Markdown. PAGE is a name such as mailing, or a path such as wings/mailing.
    """
    pages = all_pages()
    if page is None:
        width = max(map(len, pages))
        for name, file in pages.items():
            first_line = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
            title = first_line.replace("`", "")
            print_line(f"{name:<{width}}  {title}")
        return
    text = pages[page_named(page, list(pages))].read_text("utf-8")
    if sys.stdout is not None and sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)


def all_pages() -> dict[str, Path]:
    """The pages for users, by name: `wings/mailing`, `reference/sources`, `reference/sources/arxiv`. Raises NotFound if
    the package was installed without them."""
    folder = next((folder for folder in FOLDERS if folder.is_dir()), None)
    if folder is None:
        raise NotFound("the documentation is missing from this installation; install the package again")
    pages = {}
    for file in (file for subject in SUBJECTS for file in sorted((folder / subject).rglob("*.md"))):
        path = file.relative_to(folder)
        pages[(path.parent if path.stem == INDEX else path.with_suffix("")).as_posix()] = file
    return pages


def page_named(typed: str, names: list[str]) -> str:
    """The page that is meant by a name, a path, or an address such as `docs/wings/mailing.md#bounces`. Raises
    NotFound. `sources/biorxiv` also means the page of the wing with this source."""
    wanted = typed.partition("#")[0].removeprefix("docs/").removesuffix(".md").removesuffix(f"/{INDEX}").strip("/")
    matches = [name for name in names if name == wanted] or [name for name in names if name.endswith(f"/{wanted}")]
    matches = matches or [name for name in [_wing_page(wanted.removeprefix("sources/"))] if name in names]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NotFound(f"{typed}: there are several such pages; write {' or '.join(matches)}")
    raise NotFound(f"{typed}: no such page; {did_you_mean(wanted, names) or '`hotpapers docs` lists them'}")


def _wing_page(source: str) -> str:
    """The page of the wing that reads a source; empty if none does."""
    reader = network_readers().get(source)
    module = reader.source.removeprefix("hotpapers.") if reader else ""
    return "/".join(module.split(".")[:2])


@common.add_examples("""
  hotpapers help
  hotpapers help publish""")
@click.command("help")
@click.argument("command", metavar="[COMMAND]", required=False)
@click.pass_context
def help_(context: click.Context, command: str | None) -> None:
    """Show the help of a command, or the list of all."""
    whole = context.find_root()
    if command is None:
        whole.meta[WHOLE] = True
        click.echo(whole.get_help())
        return
    _, chosen, _ = root_command.resolve_command(whole, [command])
    assert chosen is not None
    click.echo(chosen.get_help(click.Context(chosen, info_name=command, parent=whole)))


@common.command("""
  hotpapers version""")
def version() -> None:
    """Print the version."""
    print_line(f"{NAME} {__version__}")


@common.command("""
  hotpapers wings
  hotpapers wings --json | jq -r '.wings[].name'""")
@common.json_option
@common.debug_option
def wings(as_json: bool) -> None:
    """List the features that are installed besides the core.

    Other packages may bring more. One that cannot be loaded is left out, with a warning. HOTPAPERS_WINGS chooses the
    wings to load, such as mail,forms; if it is empty, none are.
    """
    listed = [(wing.name, wing.summary) for wing in installed.installed_wings()]
    value = {"wings": [{"name": name, "summary": summary} for name, summary in listed]}
    print_result(value, align_lines(listed), as_json)


@common.command("""
  hotpapers completion bash >> ~/.bashrc
  hotpapers completion zsh >> ~/.zshrc
  hotpapers completion fish > ~/.config/fish/completions/hotpapers.fish""")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@common.debug_option
def completion(shell: str) -> None:
    """Print a shell completion script.

    SHELL is bash (4.4 or newer), zsh or fish.
    """
    completion_class = get_completion_class(shell)
    assert completion_class is not None
    click.echo(completion_class(root_command, {}, NAME, ASKED_BY_SHELL).source())

"""`hotpapers find`: prints the papers that a text mentions."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import plain, print_error
from hotpapers.errors import InputError
from hotpapers.ids.mentions import PaperMention, bulk


@common.command("""
  hotpapers find page.html
  curl -s https://example.org | hotpapers find --json | jq -r .id | sort -u""")
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(readable=False))
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per mention; start and end are in code points."
)
@common.debug_option
def find(files: tuple[str, ...], as_json: bool) -> None:
    """Find the papers mentioned in a text.

    Reads files or standard input and prints one line per mention. Needs no store.
    """
    failures = 0
    for file in files or (streams.STDIN,):
        try:
            with streams.open_input(file) as stream:
                for mention in bulk.find_in_file(stream):
                    # not echo, which flushes every line: there may be millions
                    sys.stdout.write(_mention_line(mention, as_json, streams.name_of(file) if len(files) > 1 else ""))
        except InputError as problem:
            failures += 1
            print_error(str(problem))
    if failures:
        raise click.exceptions.Exit(1)


def _mention_line(mention: PaperMention, as_json: bool, file: str) -> str:
    if as_json:
        line: dict[str, Any] = {
            "id": mention.id, "version": mention.version, "start": mention.start, "end": mention.end,
            "form": mention.form,
        }  # fmt: skip
        return msgspec.json.encode({**({"file": plain(file)} if file else {}), **line}).decode() + "\n"
    version = f"v{mention.version}" if mention.version else ""
    prefix = f"{plain(file)}: " if file else ""
    return f"{prefix}{mention.id}{version}  {mention.form} at {mention.start}\n"

"""`hotpapers import`: imports exports, and formats of wings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from hotpapers.base.installed import hooks_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli import LazyGroup, common
from hotpapers.cli.hooks import Importers
from hotpapers.cli.terminal import fail_for, print_result
from hotpapers.keep.transfer.jsonl.importer import ImportResult
from hotpapers.site.importing import (
    ImportFiles,
    Outcomes,
    file_by_file,
    import_files,
    take_jsonl,
)


@common.add_examples("""
  hotpapers import jsonl record.jsonl.zst
  hotpapers import jsonl - --store hotpapers.db""")
@click.command(
    "import",
    cls=LazyGroup,
    sections={"Formats": {"jsonl": ("hotpapers.cli.import_files:import_jsonl", "Import the lines of an export.")}},
    of_wings=lambda: ({"Formats": importers.by_format} for importers in hooks_of(Importers)),
    kind="format",
    options_metavar="",
    subcommand_metavar="FORMAT FILE…",
)
def import_() -> None:
    """Import exports, listings or archives of networks.

    Each format is a command with options of its own. Files may be compressed (Zstandard, gzip); `-` is standard input.
    A missing SQLite store is created.

    A file that cannot be read is rejected with line and reason. Importing twice changes nothing. To resume an
    interrupted import, run it again with the same files.
    """


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The files, and the options that every format has."""
    path = click.Path(readable=False)
    files = click.argument("files", metavar="FILE…", nargs=-1, required=True, type=path)
    return files(common.site_options(command))


@common.add_examples("""
  hotpapers import jsonl record.jsonl.zst""")
@click.command("jsonl")
@import_options
def import_jsonl(files: tuple[str, ...], as_json: bool, site: common.Site) -> None:
    """Import the lines of an export.

    They come from `hotpapers export`. A full export is restored with its issues and its history.
    """
    run_import(files, site, file_by_file(take_jsonl), by_file(import_result_lines), as_json)


def run_import(
    files: Sequence[str],
    site: common.Site,
    take: ImportFiles,
    summary: Callable[[Outcomes], Iterable[str]],
    as_json: bool,
) -> None:
    """Imports files, and prints the results. `take`: imports them into the record; `summary`: their results, for
    people."""
    task = import_files(site, files, take)
    results = [{"file": file, **done._asdict()} | {"file": file} for file, done in task.done]
    refusals = [{"file": p.file, "line": p.line, "reason": p.reason} for p in task.refused]
    print_result({"imported": results, "refused": refusals}, [*summary(task.done), *task.notes], as_json)
    fail_for(f"refused {problem}" for problem in task.refused)


def by_file(lines: Callable[[Any], Iterable[str]]) -> Callable[[Outcomes], Iterator[str]]:
    """The lines of each file's result, after its name if there are several."""

    def summary(done: Outcomes) -> Iterator[str]:
        for file, result in done:
            prefix = f"{file}: " if len(done) > 1 else ""
            yield from (prefix + line for line in lines(result))

    return summary


def import_result_lines(result: ImportResult) -> Iterator[str]:
    """Summarizes the import of an export, in lines for people."""
    if result.restored:
        yield f"{count_noun(result.restored, 'batch', 'batches')} restored unchanged, including issues"
    if result.present:
        yield f"{count_noun(result.present, 'batch', 'batches')} already present"
    if result.added or result.known or not (result.restored or result.present):
        yield f"{count_noun(result.added, 'item')} added, {result.known:,} already present"
    if result.later:
        yield f"{count_noun(result.later, 'item')} with other values for a known moment; kept as later observations"
    if result.refused:
        yield f"{count_noun(result.refused, 'item')} skipped: forgotten in this store"
    if result.issues_left:
        yield f"{count_noun(result.issues_left, 'issue')} skipped: based on another store's batches"

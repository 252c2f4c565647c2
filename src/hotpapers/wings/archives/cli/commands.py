"""`hotpapers import FORMAT` for each format of archives."""

from __future__ import annotations

from functools import partial

import click

from hotpapers.cli import common
from hotpapers.cli.import_files import by_file, import_options, run_import
from hotpapers.wings.archives.cli import archives
from hotpapers.wings.archives.wing import FORMATS

HELP = """{line}

Unreadable lines go to quarantine.
"""


def _command(format_: str, example: str, *more: str, is_dated: bool = False) -> click.Command:
    """The command of a format. `is_dated`: whether each of its lines has its own moment."""
    lines = "".join(f"\n  {line}" for line in (f"hotpapers import {format_} {example}", *more))
    function = partial(_import, format_, seen_at=None) if is_dated else partial(_import, format_)
    options = archives.process_options(import_options(function))
    command = click.command(format_, help=HELP.format(line=FORMATS[format_]))
    return common.examples(lines)(command(options if is_dated else archives.seen_at_option(options)))


def _import(
    format_: str,
    files: tuple[str, ...],
    seen_at: int | None,
    workers: int | None,
    spark: str | None,
    staging: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    processes = archives.Processes(workers, spark, staging)
    archives.require_readable(format_, site)
    archives.check_processes(processes, files)
    take = partial(archives.take, format_, seen_at, processes)
    run_import(files, site, take, by_file(archives.result_lines), as_json, archives.total_size(files))


arxiv = _command("arxiv", "arxiv-metadata-oai-snapshot.json")
jetstream = _command(
    "jetstream", "2026-07-*.jsonl.zst", "hotpapers import jetstream 2026-*.jsonl.zst --spark local[*]", is_dated=True
)
firehose = _command("firehose", "2026-07-*.bin.zst", is_dated=True)
car = _command("car", "repositories/*.car", is_dated=True)
hackernews = _command(
    "hackernews", "hn.jsonl", "xzcat hn.jsonl.xz | hotpapers import hackernews - --seen-at 2026-07-01"
)
reddit = _command("reddit", "RS_2026-*.zst")
x = _command("x", "x-*.jsonl.gz")

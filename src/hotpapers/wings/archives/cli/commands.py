"""`hotpapers import FORMAT` for each format of archives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from hotpapers.cli import common
from hotpapers.cli.import_files import by_file, import_options, run_import
from hotpapers.wings.archives.cli import archives
from hotpapers.wings.archives.wing import FORMATS

HELP = """{line}

Unreadable lines go to quarantine.
"""


def _command(format_: str, example: str, *more: str) -> click.Command:
    """The command of a format, whose lines may have no moments of their own."""
    lines = "".join(f"\n  {line}" for line in (f"hotpapers import {format_} {example}", *more))
    command = click.command(format_, help=HELP.format(line=FORMATS[format_]))
    return common.examples(lines)(command(archives.seen_at_option(_options(partial(_import, format_)))))


def _events(format_: str, example: str, *more: str) -> click.Command:
    """The same for events, each of which has its own moment."""
    lines = "".join(f"\n  {line}" for line in (f"hotpapers import {format_} {example}", *more))
    command = click.command(format_, help=HELP.format(line=FORMATS[format_]))
    return common.examples(lines)(command(_options(partial(_import, format_, seen_at=None))))


def _options(function: Callable[..., None]) -> Callable[..., Any]:
    return archives.process_options(import_options(function))


def _import(
    format_: str,
    files: tuple[str, ...],
    seen_at: int | None,
    processes: archives.Processes,
    as_json: bool,
    site: common.Site,
) -> None:
    archives.require_readable(format_, site)
    archives.check_processes(processes, files)
    take = partial(archives.take, format_, seen_at, processes)
    run_import(files, site, take, by_file(archives.result_lines), as_json, archives.total_size(files))


arxiv = _command("arxiv", "arxiv-metadata-oai-snapshot.json")
jetstream = _events("jetstream", "2026-07-*.jsonl.zst", "hotpapers import jetstream 2026-*.jsonl.zst --spark local[*]")
firehose = _events("firehose", "2026-07-*.bin.zst")
car = _events("car", "repositories/*.car")
hackernews = _command(
    "hackernews", "hn.jsonl", "xzcat hn.jsonl.xz | hotpapers import hackernews - --seen-at 2026-07-01"
)
reddit = _command("reddit", "RS_2026-*.zst")
x = _command("x", "x-*.jsonl.gz")

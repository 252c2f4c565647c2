"""How `import` reads archives of networks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hotpapers.base.errors import InputError, require
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.import_files import by_file, import_options, run_import
from hotpapers.cli.terminal import NumberRange
from hotpapers.keep.transfer import streams
from hotpapers.record import current_time
from hotpapers.site.importing import ImportTask
from hotpapers.wings.archives.parts import LONG_WINDOW
from hotpapers.wings.archives.wing import FORMATS

if TYPE_CHECKING:
    from hotpapers.wings.archives.imported_file import ArchiveFile, ImportedFile
    from hotpapers.wings.archives.workers import Pool

NETWORKS = {
    "arxiv": "arxiv",
    "jetstream": "bluesky",
    "car": "bluesky",
    "bluesky": "bluesky",
    "hackernews": "hackernews",
    "reddit": "reddit",
    "x": "x",
}
"""Each format's network; as in `hotpapers.wings.archives`, which is imported only when needed."""


class DateParam(click.ParamType[int]):
    """A day, or a moment, as µs UTC."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Fails if it is neither, or lies in the future."""
        at = timestamps.parse_iso(str(value))
        if at is None:
            self.fail(f"{value!r} is not a date such as 2026-07-01 or a time such as 2026-07-01T12:30:00Z.", param, ctx)
        if at > current_time():
            self.fail(f"{value!r} is in the future.", param, ctx)
        return at


seen_at_option = click.option(
    "--seen-at",
    type=DateParam(),
    metavar="DATE",
    help="When a dump was made, if its lines do not say. [default: the file's date]",
)


class Processes(NamedTuple):
    """Which processes read an archive: how many on this machine, or those of Spark's master, which share the folder
    `staging`."""

    workers: int | None
    spark: str | None
    staging: str | None


workers_option = click.option(
    "--workers",
    type=NumberRange(1, 256),
    metavar="N",
    help="Number of processes that read an archive. [default: one per core; a single one for small archives]",
)
_master = click.option(
    "--spark",
    metavar="MASTER",
    help="Have Spark read an archive: local[*], spark://HOST:7077, yarn or k8s://HOST:443.",
)
_staging = click.option(
    "--staging",
    metavar="DIR",
    help="A folder that all machines of Spark's cluster have under this path.",
)


def check_processes(processes: Processes, files: Sequence[str]) -> None:
    """Raises UsageError for options that conflict with each other."""
    workers, master, staging = processes
    is_elsewhere = any("://" in file for file in files)
    require(not is_elsewhere, "archives are read from files: mount or download them (`hotpapers docs imports`)")
    require(master is not None or not staging, "--staging needs --spark")
    if master is None:
        return
    require(workers is None, "--workers is for imports without --spark")
    require(not any(map(streams.is_pipe, files)), "--spark: several processes cannot read standard input; name files")
    on_cluster = not master.startswith("local") or master.startswith("local-cluster")
    require(
        not on_cluster or bool(staging),
        f"--spark {master}: name a folder that all its machines have under the same path: --staging DIR",
    )
    require(not staging or os.path.isdir(staging), f"--staging {staging}: there is no such folder")
    from hotpapers.wings.archives import spark

    spark.check_session(master)


SMALL = 2**25
"""Bytes of files that are read faster than other processes can start."""


def import_files(format_: str, seen_at: int | None, processes: Processes, task: ImportTask) -> None:
    """Imports each file in turn; a refused file does not stop the others."""
    from hotpapers.wings.archives.file_import import import_archives  # imports all sources: not for every command

    archives = [file_of(file, seen_at, task.progress) for file in task.files]
    with _pool(processes, task.files) as pool:
        results = import_archives(
            task.record,
            format_,
            archives,
            task.site.terms[NETWORKS[format_]],
            current_time(),
            task.progress,
            pool,
            processes.staging or "",
        )
        for file, result in zip(archives, results, strict=True):
            if not isinstance(result, InputError) and result.whole and not result.before:
                task.progress(file.size)  # already imported: it was not opened
            task.take(file.name, result)


def _pool(processes: Processes, files: Sequence[str]) -> AbstractContextManager[Pool | None]:
    if processes.spark:
        from hotpapers.wings.archives.spark import spark_workers

        return spark_workers(processes.spark)
    from hotpapers.wings.archives.workers import Workers

    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    is_small = not any(map(streams.is_pipe, files)) and streams.size_of(files) < SMALL
    count = processes.workers or (1 if is_small else cores)
    return Workers(count) if count > 1 else nullcontext()


def file_of(file: str, seen_at: int | None, progress: streams.ProgressCallback | None) -> ArchiveFile:
    """A file and its known properties before it is read. An unreadable file raises its error when it is opened."""
    from hotpapers.wings.archives.imported_file import HEAD, ArchiveFile

    head = b""
    if file != streams.STDIN and os.path.isfile(file):
        status = os.stat(file)
    else:
        status = None
    with contextlib.suppress(OSError):
        if status:
            with open(file, "rb") as raw:
                head = raw.read(HEAD)
    opener = partial(streams.open_input, file, progress, LONG_WINDOW)
    moment = seen_at
    if moment is None:
        moment = status.st_mtime_ns // 1_000 if status else current_time()
    path = "" if streams.is_pipe(file) else os.path.abspath(file)  # Spark's processes are in other folders
    altered = partial(_is_altered, file, status) if head and status else bool
    size = status.st_size if status else 0
    name = streams.name_of(file)
    return ArchiveFile(name, opener, head, size, moment, altered, path, seen_at or 0)


def _is_altered(file: str, earlier: os.stat_result) -> bool:
    """Whether a file was modified since an earlier look, other than by appending. Replacing it does not count."""
    try:
        current = os.stat(file)
    except OSError:
        return False
    same = current.st_ino == earlier.st_ino and current.st_dev == earlier.st_dev
    if not same:
        return False
    return current.st_size < earlier.st_size or (
        current.st_size == earlier.st_size and current.st_mtime_ns != earlier.st_mtime_ns
    )


def result_lines(file: ImportedFile) -> Iterator[str]:
    """The result of a file, for people."""
    if file.whole:
        yield "read by an earlier import"
        return
    if file.before:
        yield f"resumed after {count_noun(file.before, 'line')}, where an earlier import stopped"
    if file.stored_until:
        yield (
            f"resumed after {timestamps.format_rfc3339(file.stored_until)}: "
            "an earlier import stored the events up to then"
        )
    if file.papers and not file.posts:
        additions = [count_noun(file.papers, "paper")]
    else:
        kinds = ("post", "mention", "reaction", "snapshot")
        additions = [count_noun(getattr(file, f"{kind}s"), kind) for kind in kinds]
    yield f"{count_noun(file.lines, 'line')} read; added: {', '.join(additions)}"
    if file.gone:
        yield f"{count_noun(file.gone, 'post')} in the record marked as gone"
    if file.unknown:
        yield f"{count_noun(file.unknown, 'mentioned paper')} not in the record"
    if file.refused:
        yield f"{count_noun(file.refused, 'item')} skipped: forgotten in this store"
    if file.quarantined:
        yield f"{file.quarantined:,} unreadable; see `hotpapers quarantine`"
    if file.cut:
        yield "the last line is cut off and was skipped"


def _command(format_: str, example: str, *more: str, is_dated: bool = False) -> click.Command:
    """The command of a format. `is_dated`: whether each of its lines has its own moment."""
    examples = (f"hotpapers import {format_} {example}", *more)
    lines = "".join(f"\n  {line}" for line in examples)
    function = partial(_import, format_, seen_at=None) if is_dated else partial(_import, format_)
    options = workers_option(_master(_staging(import_options(function))))
    command = click.command(format_, help=f"{FORMATS[format_]}\n\nUnreadable lines go to quarantine.\n")
    return common.add_examples(lines)(command(options if is_dated else seen_at_option(options)))


def _import(
    format_: str,
    files: tuple[str, ...],
    seen_at: int | None,
    as_json: bool,
    site: common.Site,
    **options: Any,
) -> None:
    processes = Processes(**options)
    network = NETWORKS[format_]
    is_allowed = site.terms[network].read != "no"
    require(is_allowed, f'{network} is disabled in your settings: [terms.{network}] read = "no"')
    check_processes(processes, files)
    take_files = partial(import_files, format_, seen_at, processes)
    run_import(files, site, take_files, by_file(result_lines), as_json)


arxiv = _command("arxiv", "arxiv-metadata-oai-snapshot.json")
jetstream = _command(
    "jetstream", "2026-07-*.jsonl.zst", "hotpapers import jetstream 2026-*.jsonl.zst --spark local[*]", is_dated=True
)
car = _command("car", "repositories/*.car", is_dated=True)
hackernews = _command(
    "hackernews", "hn.jsonl", "xzcat hn.jsonl.xz | hotpapers import hackernews - --seen-at 2026-07-01"
)
reddit = _command("reddit", "RS_2026-*.zst")
x = _command("x", "x-*.jsonl.gz")

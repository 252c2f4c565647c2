"""The part of `import` that has Spark read an archive, and imports what Spark found."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hotpapers.cli import archives, common, streams
from hotpapers.cli.terminal import fail_for, show
from hotpapers.errors import InputError, NotFound, UsageError
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now
from hotpapers.transfer.remote_files import is_remote

if TYPE_CHECKING:
    from hotpapers.ingest.archives import ArchiveFile
    from hotpapers.ingest.archives.findings import FilterJob, FindingsFolder
    from hotpapers.ingest.archives.spark_job import SparkRun

FINDINGS = "findings"
"""The format of what `--to` writes."""


class SparkOptions(NamedTuple):
    """Spark's master, and the folder for its findings: `to` to keep them, `staging` on their way into the store."""

    master: str | None
    to: str | None
    staging: str | None


def spark_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--spark`, `--to` and `--staging`; the command gets `SparkOptions`."""

    @wraps(command)
    def with_spark(*args: Any, spark: str | None, to: str | None, staging: str | None, **arguments: Any) -> Any:
        return command(*args, spark=SparkOptions(spark, to, staging), **arguments)

    return _master(_to(_staging(with_spark)))


_master = click.option(
    "--spark", metavar="MASTER",
    help="Have Spark read an archive: local[*], spark://HOST:7077, yarn or k8s://HOST:443.",
)  # fmt: skip
_to = click.option(
    "--to", metavar="DIR",
    help="Write Spark's findings to DIR as Parquet, not to the store; `import findings DIR` imports them.",
)  # fmt: skip
_staging = click.option(
    "--staging", metavar="DIR",
    help="A folder for findings that all machines of the cluster can reach. [default: a temporary folder]",
)  # fmt: skip


def check(format_: str, options: SparkOptions, workers: int | None, files: Sequence[str]) -> None:
    """Raises UsageError for options that conflict with each other or with the format."""
    master, to, staging = options
    common.require(master is not None or not (to or staging), "--to and --staging need --spark")
    if master is None:
        return
    common.require(format_ in archives.FORMATS, f"--spark is for archives, not for {format_}")
    common.require(workers is None, "--workers is for imports without --spark")
    common.require(not (to and staging), "--staging is for imports into the store, --to for findings in a folder")
    common.require(
        not any(map(streams.is_pipe, files)), "--spark: several processes cannot read standard input; name files"
    )
    common.require(not any(map(is_remote, files)), "--spark: every machine opens files by path; mount or download them")
    on_cluster = not master.startswith("local") or master.startswith("local-cluster")
    common.require(
        not on_cluster or bool(to or staging),
        f"--spark {master}: name a folder or address that all its machines can reach: --staging DIR to import into the"
        " store, or --to DIR to keep the findings",
    )
    common.require(
        not to or not os.path.isdir(to) or not os.listdir(to),
        f"--to {to}: the folder is not empty; name another one, or empty it",
    )
    from hotpapers.ingest.archives import spark_session

    spark_session.check(master)


def write_findings(
    format_: str, context: common.CommandContext, options: SparkOptions, seen_at: int | None, files: Sequence[str],
    progress: streams.ProgressCallback,
    as_json: bool,
) -> None:  # fmt: skip
    """Has Spark write its findings to a folder."""
    with _record_if_any(context) as record:
        job = _job(format_, record, seen_at, files)
    folder = options.to or ""
    run = _run(options, job, _ensure_folder(folder), None, progress)
    failures = [InputError(reason, file=files[number]) for number, reason in sorted(run.problems.items())]
    parts, problems = len(job.parts), [{"file": problem.file, "reason": problem.reason} for problem in failures]
    value = {"findings": folder, "files": len(files), "parts": parts, "lost": run.lost, "refused": problems}
    read = f"{count_noun(len(files), 'file')} read in {count_noun(parts, 'part')}; findings written to {folder}"
    show(value, [read, *_lost(run)], as_json)
    fail_for(f"findings end at this error: {problem}" for problem in failures)


@contextmanager
def _record_if_any(context: common.CommandContext) -> Iterator[Record | None]:
    try:
        with common.open_record(context) as record:
            yield record
    except NotFound:
        yield None


def take(task: archives.ImportTask, options: SparkOptions) -> None:
    """Has Spark read files, and imports what it finds in each."""
    from hotpapers.ingest.archives.findings import FindingsFolder

    job = _job(task.format, task.record, task.seen_at, task.files)
    with tempfile.TemporaryDirectory(prefix="hotpapers-") as folder:
        run = _run(options, job, options.staging, Path(folder), task.progress)
        _take_findings(task, FindingsFolder(Path(folder)))
    task.notes.extend(_lost(run))


def take_folders(task: archives.ImportTask) -> None:
    """Imports what `--to` wrote."""
    from hotpapers.ingest.archives.findings import FindingsFolder
    from hotpapers.store.paper_names import paper_aliases

    titles = sum(1 for _ in paper_aliases(task.record, now(), 0))
    for folder in task.files:
        try:
            findings = FindingsFolder(Path(folder))
        except InputError as problem:
            task.refused.append(problem)
            continue
        _take_findings(task, findings)
        task.progress(streams.size_of([folder]))
        if findings.about.titles < titles:
            task.notes.append(
                f"{folder}: made with {findings.about.titles:,} of the {titles:,} titles in this store; posts that name"
                " a paper only by one of the other titles are missing"
            )


def _take_findings(task: archives.ImportTask, findings: FindingsFolder) -> None:
    """Imports each file in turn; a refused file does not stop the others."""
    from hotpapers.ingest.archives.findings_import import FindingsImporter

    archives.require_readable(findings.about.format, task.context)
    terms = archives.terms_of(findings.about.format, task.context)
    importer = FindingsImporter(task.record, findings, terms, now())
    try:
        task.take((file.name, result) for file, result in zip(importer.files, importer.results(), strict=True))
    except InputError as problem:  # some of the findings are missing
        task.refused.append(problem)


def _lost(run: SparkRun) -> list[str]:
    """Failures on Spark that were recovered from."""
    return (
        [f"{count_noun(run.lost, 'Spark task')} failed and {'was' if run.lost == 1 else 'were'} repeated"]
        if run.lost
        else []
    )


# ---- on Spark ------------------------------------------------------------------------------------------


def _job(format_: str, record: Record | None, seen_at: int | None, files: Sequence[str]) -> FilterJob:
    from hotpapers.ingest import queries
    from hotpapers.ingest.archives.findings import FilterJob, all_parts
    from hotpapers.ingest.archives.formats import EVENTS
    from hotpapers.ingest.archives.jetstream_filter import key_in
    from hotpapers.store.paper_names import paper_aliases

    archive_files, moment = [file_of(file, seen_at) for file in files], now()
    aliases = list(paper_aliases(record, moment, 0)) if record else []
    spec = EVENTS.get(format_)
    known_posts = list(map(key_in, queries.posts_of(record, spec.network))) if record and spec else []
    return FilterJob(format_, archive_files, all_parts(format_, archive_files), aliases, known_posts, moment)


def file_of(file: str, seen_at: int | None) -> ArchiveFile:
    """A file by its absolute path, for other machines to open."""
    archive = archives.ArchiveInput(os.path.abspath(file))
    return archives.file_of(archive, seen_at, None)._replace(name=file)


def _run(
    options: SparkOptions, job: FilterJob, place: str | None, target: Path | None, progress: streams.ProgressCallback
) -> SparkRun:
    """Has Spark write to `place`; if `target` is given too, the result is then copied to that local folder."""
    from hotpapers.ingest.archives import spark_job, spark_session

    size, done = sum(file.size for file in job.files), 0

    def step(share: float) -> None:
        nonlocal done
        progress(max(int(share * size) - done, 0))
        done = max(int(share * size), done)

    with spark_session.spark_session(options.master or "") as session:
        if target is None or place is None:
            return spark_job.filter_files(session, job, place or f"file://{target}", step)
        with spark_job.staging(session, _ensure_folder(place), target) as folder:
            return spark_job.filter_files(session, job, folder, step)


def _ensure_folder(folder: str) -> str:
    """The address of a folder; a local one is created, accessible only to its owner."""
    if "://" in folder:
        return folder.rstrip("/")
    path = Path(folder).absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be created: {problem.strerror}") from problem
    return f"file://{path}"

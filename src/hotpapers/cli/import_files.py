"""`hotpapers import`: imports listings, exports and archives of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import click

from hotpapers import classic
from hotpapers.cli import archives, common, spark_import, streams
from hotpapers.cli.archives import ImportOutcome, ImportTask
from hotpapers.cli.terminal import bar, fail_for, show
from hotpapers.deliver.export_site import export_again
from hotpapers.errors import InputError
from hotpapers.moderation.author_voices import judge_authors
from hotpapers.moderation.doubtful_mentions import judge_listed_posts
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record
from hotpapers.transfer import classic_import, parquet
from hotpapers.transfer.jsonl import importer, reader

ImportFiles = Callable[[ImportTask], None]


@common.examples("""
  hotpapers import classic posts/*.md --store hotpapers.db
  hotpapers import jsonl record.jsonl.zst
  hotpapers import arxiv arxiv-metadata-oai-snapshot.json
  hotpapers import jetstream 2026-07-*.jsonl.zst
  hotpapers import jetstream 2026-*.jsonl.zst --spark local[*]
  xzcat hn.jsonl.xz | hotpapers import hackernews - --seen-at 2026-07-01""")
@click.command("import")
@click.argument(
    "format_", metavar="FORMAT",
    type=click.Choice(["classic", "jsonl", "parquet", *archives.FORMATS, spark_import.FINDINGS]),
)  # fmt: skip
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(readable=False))
@archives.seen_at_option
@archives.workers_option
@spark_import.spark_options
@common.json_option
@common.store_options
def import_(
    format_: str, files: tuple[str, ...], seen_at: int | None, workers: int | None,
    spark: spark_import.SparkOptions, as_json: bool, context: common.CommandContext,
) -> None:  # fmt: skip
    """Import listings, exports or archives of networks.

    FORMAT is classic (Markdown of 2020 to 2022); jsonl or parquet (from `hotpapers export`); an archive: arxiv (its
    metadata snapshot), jetstream or firehose (Bluesky's stream), car (AT Protocol repositories), eventdata (Crossref
    Event Data), hackernews, reddit or x (JSON lines); or findings (from `--spark … --to`). Files may be compressed
    (Zstandard, gzip); `-` is standard input; archives may also be addresses (https://, s3://). A missing SQLite store
    is created.

    A file that cannot be read is rejected with line and reason; in an archive, unreadable lines go to quarantine.
    Importing twice changes nothing. To resume an interrupted import, run it again with the same files.
    """
    archives.check(format_, context, seen_at, workers)
    spark_import.check(format_, spark, workers, files)
    inputs = archives.inputs(files, context) if format_ in archives.FORMATS else []
    size = archives.total_size(inputs) if inputs else streams.size_of(files)
    if spark.to:
        with bar("Reading", size, in_bytes=True) as progress:
            spark_import.write_findings(format_, context, spark, seen_at, files, progress, as_json)
        return
    with common.open_record(context, create=True) as record, bar("Importing", size, in_bytes=True) as progress:
        task = ImportTask(format_, files, context, record, seen_at, progress, [], [], [])
        if format_ in IMPORTERS:
            IMPORTERS[format_](task)
        elif spark.master:
            spark_import.take(task, spark)
        elif format_ == spark_import.FINDINGS:
            spark_import.take_folders(task)
        else:
            archives.take(task, inputs, workers)
        if record.database.name == "postgres":  # until then it plans queries with the statistics of an emptier store
            record.database.run("ANALYZE")
        if any(getattr(done, "forgotten", 0) for _, done in task.done):  # forgotten in the exporting store
            export_again(record, context.site_config, context.terms)
    _report(task, as_json)


def _file_by_file(take: Callable[[Record, str, streams.ProgressCallback], ImportOutcome]) -> ImportFiles:
    """Imports each file on its own. A refused file does not stop the others; of a full export, the batches before the
    refused line stay."""

    def take_all(task: ImportTask) -> None:
        for file in task.files:
            before = task.record.head.position
            try:
                task.done.append((streams.name_of(file), take(task.record, file, task.progress)))
            except InputError as problem:
                task.refused.append(problem)
                if restored := task.record.head.position - before:
                    batches = count_noun(restored, "batch", "batches")
                    task.notes.append(f"{streams.name_of(file)}: {batches} restored, up to the refused line")

    return take_all


def _import_classic(task: ImportTask) -> None:
    """Imports several files per batch, but files of the same day in separate batches."""
    size = classic_import.group_size(task.record)
    group: list[classic_import.ParsedClassicFile] = []

    def take() -> None:
        task.take((done.file, done) for done in classic_import.import_parsed(task.record, group))
        group.clear()

    for file in task.files:
        try:
            with streams.open_input(file, task.progress) as stream:
                parsed = classic_import.read_classic(streams.name_of(file), stream.read(classic.MAX_FILE + 1))
        except InputError as problem:
            task.refused.append(problem)
            continue
        if len(group) == size or any(other.issue.date == parsed.issue.date for other in group):
            take()
        group.append(parsed)
    take()
    if task.done:
        judge_listed_posts(task.record)
        judge_authors(task.record)


def _import_jsonl(record: Record, file: str, progress: streams.ProgressCallback) -> ImportOutcome:
    with streams.open_input(file, progress) as stream:
        return importer.import_lines(record, streams.name_of(file), lines_of(stream))


def lines_of(stream: streams.Reader) -> Iterator[bytes]:
    """The lines of a stream; one that is too long is cut one byte beyond the limit, so the reader refuses it."""
    while line := stream.readline(reader.LONGEST_LINE + 1):
        yield line


def _import_parquet(record: Record, file: str, progress: streams.ProgressCallback) -> ImportOutcome:
    name = streams.name_of(file)
    with streams.as_path(file) as path:
        result = importer.import_lines(record, name, parquet.parquet_lines(path, name))
        progress(streams.size_of([path]))
        return result


IMPORTERS: dict[str, ImportFiles] = {
    "classic": _import_classic,
    "jsonl": _file_by_file(_import_jsonl),
    "parquet": _file_by_file(_import_parquet),
}
"""The importer of each format."""


def _report(task: ImportTask, as_json: bool) -> None:
    results = [{"file": file, **done._asdict()} | {"file": file} for file, done in task.done]
    refusals = [{"file": p.file, "line": p.line, "reason": p.reason} for p in task.refused]
    lines = (*_classic_summary(task.done), *_import_summary(task.done), *task.notes)
    show({"imported": results, "refused": refusals}, lines, as_json)
    fail_for(f"refused {problem}" for problem in task.refused)


def _classic_summary(done: Sequence[tuple[str, ImportOutcome]]) -> Iterator[str]:
    files = [result for _, result in done if isinstance(result, classic_import.ClassicImport)]
    for file in files:
        if file.repaired:
            yield f"{file.file}: was UTF-8 misread as Mac Roman; repaired"
        if file.state == "later":
            yield f"{file.file}: {file.day} was imported before with other text or counts; kept as a later observation"
        yield from (f"{file.file}: {note}" for note in file.notes)
    if files:
        states = [result.state for result in files]
        text = [f"{states.count(state):,} {state}" for state in ("new", "later", "known") if state in states]
        places = sum(result.places for result in files)
        yield f"{count_noun(len(files), 'listing')} with {count_noun(places, 'place')}: {', '.join(text)}"


def _import_summary(done: Sequence[tuple[str, ImportOutcome]]) -> Iterator[str]:
    for file, result in done:
        if not isinstance(result, classic_import.ClassicImport):
            prefix = f"{file}: " if len(done) > 1 else ""
            lines = (
                _import_result_lines(result)
                if isinstance(result, importer.ImportResult)
                else archives.result_lines(result)
            )
            yield from (prefix + line for line in lines)


def _import_result_lines(result: importer.ImportResult) -> Iterator[str]:
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

"""`hotpapers import classic`: files of the classic format."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hotpapers.base.errors import InputError
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.import_files import import_options, run_import
from hotpapers.discussion.moderation.author_voices import judge_authors
from hotpapers.keep.transfer import streams
from hotpapers.record import tombstones
from hotpapers.site.importing import ImportTask, Outcomes
from hotpapers.wings.classic import importing
from hotpapers.wings.classic.doubtful_mentions import judge_listed_posts
from hotpapers.wings.classic.format import MAX_FILE


@common.add_examples("""
  hotpapers import classic posts/*.md --store hotpapers.db""")
@click.command("classic")
@import_options
def import_classic(files: tuple[str, ...], as_json: bool, site: common.Site) -> None:
    """Import issues of 2020 to 2022, in Markdown."""
    run_import(files, site, _take, _summary, as_json)


def _take(task: ImportTask) -> None:
    """Imports several files per batch, but files of the same day in separate batches."""
    # Refused items are reported per file
    size = 1 if tombstones.count(task.record.database) else importing.GROUP
    group: list[importing.ParsedClassicFile] = []

    def take() -> None:
        for done in importing.import_parsed(task.record, group):
            task.take(done.file, done)
        group.clear()

    for file in task.files:
        try:
            with streams.open_input(file, task.progress) as stream:
                parsed = importing.read_classic(streams.name_of(file), stream.read(MAX_FILE + 1))
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


def _summary(done: Outcomes) -> Iterator[str]:
    files = [result for _, result in done]
    for file in files:
        if file.repaired:
            yield f"{file.file}: was UTF-8 misread as Mac Roman; repaired"
        if file.state == "later":
            yield f"{file.file}: {file.day} was imported before with other text or counts; kept as a later observation"
        yield from (f"{file.file}: {note}" for note in file.notes)
    if files:
        states = [result.state for result in files]
        text = ", ".join(f"{states.count(state):,} {state}" for state in ("new", "later", "known") if state in states)
        places = count_noun(sum(result.places for result in files), "place")
        yield f"{count_noun(len(files), 'listing')} with {places}: {text}"

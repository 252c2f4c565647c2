"""`hotpapers reprocess`: reparses a source's raw payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from hotpapers.base.terms import of
from hotpapers.cli import common
from hotpapers.cli.terminal import confirm, echo, print_error, print_json
from hotpapers.collect.job_factory import ConfiguredSource
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record.batches import WrittenBatch
from hotpapers.record.reparse import ReparsePlan


@common.command("""
  hotpapers reprocess feeds""")
@click.argument("source")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@common.json_option
@common.store_options
def reprocess(source: str, yes: bool, as_json: bool, site: common.Site) -> None:
    """Reparse a source's raw payloads with this version.

    For use after an update. Shows what would change and asks first. Rows that this version no longer produces are
    closed, new rows are added, and payloads that it can parse leave quarantine. No frozen issue changes.
    """
    from hotpapers.collect import reprocessing  # imports all sources

    [choice] = site.sources([source])
    terms = of(site.terms, source)
    record = site.record
    planned = reprocessing.plan(record, choice, terms)
    if not as_json:
        for line in _planned(choice, planned):
            echo(line)
    batch = None
    if not planned.is_nothing and (yes or confirm("Apply these changes?", "change the record")):
        batch = reprocessing.reprocess(record, choice, terms)
    _report(planned, batch, as_json)


def _planned(choice: ConfiguredSource, planned: ReparsePlan) -> Iterator[str]:
    yield f"{choice.name}: {count_noun(planned.kept, 'payload')} kept, {planned.apart:,} in quarantine"
    if planned.unreadable:
        yield f"can no longer be read: {count_noun(planned.unreadable, 'payload')}; their rows stay"
    if not planned.is_nothing:
        yield f"would close    {_by_kind(planned.closed)}"
        yield f"would add      {_by_kind(planned.added)}"
        yield f"can be read    {planned.readable:,} of {planned.apart:,} in quarantine"


def _by_kind(rows: Mapping[str, int]) -> str:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in rows.items())
    return count_noun(sum(rows.values()), "row") + (f": {kinds}" if kinds else "")


def _report(planned: ReparsePlan, batch: WrittenBatch | None, as_json: bool) -> None:
    if as_json:
        print_json({"planned": planned, "done": batch is not None, "added": batch.added if batch else 0})
    elif planned.is_nothing:
        echo("nothing to change")
    elif batch:
        echo(f"done: {count_noun(sum(planned.closed.values()), 'row')} closed, {batch.added:,} added")
    else:
        print_error("nothing was changed")
    if not planned.is_nothing and not batch:
        raise click.exceptions.Exit(1)

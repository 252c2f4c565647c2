"""The commands that take care of a store: backups, unparsed payloads, data that is no longer needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import click

from hotpapers.base.errors import CorruptStore, require
from hotpapers.base.network_terms import terms_of
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import (
    NumberRange,
    ask_to_confirm,
    fail_if,
    format_size,
    print_error,
    print_json,
    print_line,
    print_result,
)
from hotpapers.keep.privacy import retention
from hotpapers.record import Record
from hotpapers.record import raw_archive as apart
from hotpapers.record.reparse import ReparsePlan
from hotpapers.record.verify import close_unusable, name_of

SHOWN = 4_000
"""Characters of a payload that are printed; `--json` prints all of it."""


@common.command("""
  hotpapers backup hotpapers-2026-11-20.db
  hotpapers backup hotpapers-2026-11-20.db --restore --replace""")
@click.argument("file", metavar="FILE", type=common.FILE)
@click.option("--restore", is_flag=True, help="Restore the store from FILE.")
@click.option("--replace", is_flag=True, help="With --restore: replace a store that is not empty.")
@click.option(
    "--as-backed-up",
    is_flag=True,
    help="With --restore: restore even if nothing records who was forgotten or unsubscribed since the backup.",
)
@click.option("--force", is_flag=True, help="Replace FILE even if it is another store.")
@common.site_options
def backup(
    file: Path,
    restore: bool,
    replace: bool,
    as_backed_up: bool,
    force: bool,
    as_json: bool,
    site: common.Site,
) -> None:
    """Back up the store to a file, or restore one.

    Safe while other processes read and write. The backup is a SQLite store, even of a PostgreSQL store. A restore
    forgets again what was forgotten since the backup, and keeps unsubscribed addresses off the lists. It learns of them
    from the store that it replaces or the file beside it (hotpapers.db.forgotten), and refuses if both are missing.
    """
    from hotpapers.keep.transfer import backup as copies

    require(restore or not replace, "--replace needs --restore")
    require(restore or not as_backed_up, "--as-backed-up needs --restore")
    require(not site.is_store_file(file), f"{file}: is the store itself; name another file")
    if restore:
        result = copies.restore_backup(file, site.store, replace=replace, as_backed_up=as_backed_up)
        lost = count_noun(result.lost_batches, "batch", "batches")
        lines = (
            f"restored: the record up to batch {result.position:,}",
            result.lost_batches and f"lost with the replaced store: {lost}",
            result.forgotten_again and f"forgotten again: {result.forgotten_again:,}",
            result.aside
            and f"the store that was there was moved to {result.aside}; delete it when you no longer need it",
        )
        texts = map(str, filter(None, lines))
        print_result({"restored": str(file), **result._asdict()}, texts, as_json)
        return
    with site.opened() as record:
        if file.exists() and file.stat().st_size and not force:  # never over anything but a backup of this store
            with Record(str(file), create=False) as backed_up:
                require(
                    backed_up.secret() == record.secret(),
                    f"{file}: is another store, not a backup of this one; name another file, or add --force to "
                    "replace it",
                )
                lacking = 0
                with suppress(CorruptStore):  # a damaged backup is replaced
                    lacking = copies.lacking_batches(backed_up, record)
                require(
                    not lacking,
                    f"{file}: has {count_noun(lacking, 'batch', 'batches')} that this store lacks; name another file, "
                    "or add --force to replace it",
                )
        position = copies.back_up_store(record, file)
    value = {"backup": str(file), "position": position}
    print_result(value, [f"{file}: the record up to batch {position:,}"], as_json)


@common.command("""
  hotpapers prune --store hotpapers.db""")
@common.site_options
def prune(as_json: bool, site: common.Site) -> None:
    """Delete data that no issue or comparison needs.

    Deletes expired raw payloads and old snapshots. No frozen issue changes.
    """
    result = retention.prune_record(site.record, allowed=site.terms if site.has_settings else None)
    text = f"{count_noun(result.snapshots, 'snapshot')} and {count_noun(result.raw_payloads, 'raw payload')} deleted"
    print_result(result, [text], as_json)


@common.command("""
  hotpapers quarantine
  hotpapers quarantine 17""")
@click.argument("number", type=NumberRange(0, 2**63 - 1), required=False)
@click.option("--source", default="", metavar="NAME", help="Only from this source.")
@click.option(
    "--last",
    "most",
    type=NumberRange(1, 10_000),
    metavar="N",
    default=20,
    show_default=True,
    help="How many to list.",
)
@common.site_options
def quarantine(number: int | None, source: str, most: int, as_json: bool, site: common.Site) -> None:
    """List payloads that could not be parsed, or show one.

    They are kept for a while, in case a later version can parse them: see `hotpapers reprocess`.
    """
    record = site.record
    if number is not None:
        _show(*apart.load(record.database, number), as_json)
        return
    totals = apart.count_by_source(record.database)
    latest = apart.latest(record.database, source, most)
    total = sum(number for name, number in totals.items() if source in ("", name))
    summary = f"nothing of {source} in quarantine, only of {', '.join(totals)}" if totals else "quarantine is empty"
    if total:
        if len(latest) < total:
            more = f", the latest {len(latest):,} shown"
        else:
            more = ""
        by_source = ", ".join(f"{number:,} of {name}" for name, number in totals.items())
        summary = (
            f"{count_noun(total, 'payload')}{more}. By source: {by_source}. `hotpapers quarantine NUMBER` shows one."
        )
    lines = []
    for payload in latest:
        key = f" {_one_line(payload.key)[:60]}" if payload.key else ""
        name = f"{payload.source} {payload.kind}{key}"
        lines.append(f"{payload.number:>6}  {minute_of(payload.seen_at)}  {name}: {_one_line(payload.reason)}")
    print_result({"sources": totals, "quarantine": latest}, [*lines, summary], as_json)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _show(payload: apart.QuarantinedPayload, body: bytes, as_json: bool) -> None:
    text = body.decode(errors="backslashreplace")
    lines = (
        f"number     {payload.number}, {payload.source} {payload.kind} {_one_line(payload.key)}",
        f"seen       {minute_of(payload.seen_at)}, kept until {minute_of(payload.keep_until)}",
        f"reason     {_one_line(payload.reason)}",
        f"payload    {format_size(len(body))}{f', its first {SHOWN:,} characters:' if len(text) > SHOWN else ':'}",
        text[:SHOWN],
    )
    print_result({**payload._asdict(), "body": text}, lines, as_json)


@common.command("""
  hotpapers reprocess feeds""")
@click.argument("source")
@common.yes_option
@common.site_options
def reprocess(source: str, yes: bool, as_json: bool, site: common.Site) -> None:
    """Reparse a source's raw payloads with this version.

    For use after an update. Shows what would change and asks first. Rows that this version no longer produces are
    closed, new rows are added, and payloads that it can parse leave quarantine. No frozen issue changes.
    """
    from hotpapers.collect import reprocessing  # imports all sources

    [choice] = site.sources([source])
    terms = terms_of(site.terms, source)
    record = site.record
    planned = reprocessing.plan(record, choice, terms)
    if not as_json:
        for line in _planned(choice.name, planned):
            print_line(line)
    batch = None
    if not planned.is_nothing and (yes or ask_to_confirm("Apply these changes?", "change the record")):
        batch = reprocessing.reprocess(record, choice, terms)
    if as_json:
        print_json({"planned": planned, "done": batch is not None, "added": batch.added if batch else 0})
    elif planned.is_nothing:
        print_line("nothing to change")
    elif batch:
        total = sum(planned.closed.values())
        print_line(f"done: {count_noun(total, 'row')} closed, {batch.added:,} added")
    else:
        print_error("nothing was changed")
    fail_if(not planned.is_nothing and not batch)


def _planned(name: str, planned: ReparsePlan) -> Iterator[str]:
    kept = count_noun(planned.kept, "payload")
    yield f"{name}: {kept} kept, {planned.apart:,} in quarantine"
    if planned.unreadable:
        yield f"can no longer be read: {count_noun(planned.unreadable, 'payload')}; their rows stay"
    if not planned.is_nothing:
        yield f"would close    {_by_kind(planned.closed)}"
        yield f"would add      {_by_kind(planned.added)}"
        yield f"can be read    {planned.readable:,} of {planned.apart:,} in quarantine"


def _by_kind(rows: Mapping[str, int]) -> str:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in rows.items())
    return count_noun(sum(rows.values()), "row") + (f": {kinds}" if kinds else "")


@common.command("""
  hotpapers verify --all
  hotpapers repair""")
@common.site_options
def repair(as_json: bool, site: common.Site) -> None:
    """Close rows with an empty key.

    `status` and `verify` list such rows. They stay in the record but are closed. No frozen issue changes. To fix a
    damaged store, restore a backup instead.
    """
    rows = close_unusable(site.record)
    lines = [f"closed: {name_of(row.label)} (row {row.id})" for row in rows]
    summary = f"{count_noun(len(rows), 'row')} closed" if rows else "nothing to repair"
    closed = [{"kind": row.label[0], "number": row.id} for row in rows]
    value = {"closed": closed}
    print_result(value, [*lines, summary], as_json)

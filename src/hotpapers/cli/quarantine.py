"""`hotpapers quarantine`: lists payloads that could not be parsed."""

from __future__ import annotations

from collections.abc import Mapping

import click

from hotpapers.base.ids.timestamps import minute_of
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, show, size
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record import quarantine as apart
from hotpapers.record.quarantine import QuarantinedPayload

SHOWN = 4_000
"""Characters of a payload that are printed; `--json` prints all of it."""


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
@common.json_option
@common.store_options
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
    empty = f"nothing of {source} in quarantine, only of {', '.join(totals)}" if totals else "quarantine is empty"
    summary = _summary(totals, total, len(latest)) if total else empty
    show({"sources": totals, "quarantine": latest}, [*map(_line, latest), summary], as_json)


def _line(payload: QuarantinedPayload) -> str:
    name = f"{payload.source} {payload.kind}" + (f" {_one_line(payload.key)[:60]}" if payload.key else "")
    return f"{payload.number:>6}  {minute_of(payload.seen_at)}  {name}: {_one_line(payload.reason)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _summary(totals: Mapping[str, int], total: int, shown_count: int) -> str:
    more = f", the latest {shown_count:,} shown" if shown_count < total else ""
    by_source = ", ".join(f"{number:,} of {name}" for name, number in totals.items())
    return f"{count_noun(total, 'payload')}{more}. By source: {by_source}. `hotpapers quarantine NUMBER` shows one."


def _show(payload: QuarantinedPayload, body: bytes, as_json: bool) -> None:
    text = body.decode(errors="backslashreplace")
    lines = (
        f"number     {payload.number}, {payload.source} {payload.kind} {_one_line(payload.key)}",
        f"seen       {minute_of(payload.seen_at)}, kept until {minute_of(payload.keep_until)}",
        f"reason     {_one_line(payload.reason)}",
        f"payload    {size(len(body))}{f', its first {SHOWN:,} characters:' if len(text) > SHOWN else ':'}",
        text[:SHOWN],
    )
    show({**payload._asdict(), "body": text}, lines, as_json)

"""From frozen issues to files, with a delivery kept for each; and again, after something was forgotten or hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from hotpapers import model
from hotpapers.errors import HotPapersError, UsageError
from hotpapers.issue.shelf import RecordShelf
from hotpapers.publish import channel
from hotpapers.publish.addresses import issue_path
from hotpapers.publish.files import Wrote, write_files
from hotpapers.record import Record, now

FOLDER = "file:"
"""How a delivery's target names a folder."""

Edition = tuple[int, str]
"""The number of a day's latest edition, and its digest."""


def press(record: Record, publication: str, days: Sequence[str], to: str, output: Path, contact: str = "") -> Wrote:
    """Renders frozen issues of some days by a channel into a folder, and keeps that it was done.

    Each delivery is written as *sending* before and as *sent* after, once per edition. So whatever a folder holds, also
    half of it after a crash, is known and rendered anew when something is forgotten.

    Raises UsageError for a folder that holds another publication's files, or cannot be written.
    """
    made = channel(to, contact)
    target = FOLDER + str(output.resolve())
    _check_folder(record, publication, to, target, output)
    fresh = _not_sent(record, publication, days, to, target)
    _keep(record, publication, to, target, fresh, "sending")
    wrote = write_files(output, made.render(RecordShelf(record), publication, days))
    _keep(record, publication, to, target, fresh, "sent")
    return wrote


def _check_folder(record: Record, publication: str, to: str, target: str, output: Path) -> None:
    """One publication a folder and channel: files of the same name would overwrite each other."""
    if not output.is_dir():
        return
    sql = "SELECT DISTINCT publication FROM delivery WHERE channel = ? AND target = ? AND until = 0"
    for (other,) in record.database.rows(sql, (to, target)):
        if other != publication:
            raise UsageError(f"{output}: holds the {to} files of {other!r}; name another folder with --output.")


def _not_sent(record: Record, publication: str, days: Sequence[str], to: str, target: str) -> dict[str, Edition]:
    where = "t.publication = ? AND t.channel = ? AND t.target = ?"
    rows = record.view().latest(model.Delivery, where, (publication, to, target))
    sent = {
        (row.item.day, row.item.edition, row.item.receipt)
        for row in rows
        if isinstance(row.item, model.Delivery) and row.item.state == "sent"
    }
    latest = _latest_editions(record, publication)
    return {day: latest[day] for day in days if day in latest and (day, *latest[day]) not in sent}


def _latest_editions(record: Record, publication: str) -> dict[str, Edition]:
    sql = 'SELECT "day", edition, digest FROM issue WHERE publication = ? AND until = 0 ORDER BY edition'
    return {day: (edition, digest) for day, edition, digest in record.database.rows(sql, (publication,))}


def _keep(
    record: Record, publication: str, to: str, target: str, fresh: Mapping[str, Edition], state: model.DeliveryState
) -> None:
    at = now()
    items = [
        model.Delivery(
            publication=publication, day=day, edition=edition, channel=to, target=target, state=state,
            receipt=digest if state == "sent" else "", observed_at=at,
        )
        for day, (edition, digest) in fresh.items()
    ]  # fmt: skip
    if items:
        record.write(items, source="publish")


class Again(NamedTuple):
    """A folder that issues were written to; whether it was rendered anew, or why not."""

    folder: Path
    publication: str
    channel: str
    rendered: bool
    reason: str = ""


def press_again(record: Record, contact: str = "") -> list[Again]:
    """Renders anew what was ever delivered to a folder: the same days, from what the record holds now."""
    sql = 'SELECT DISTINCT target, publication, channel, "day" FROM delivery WHERE until = 0'
    rows = sorted(row for row in record.database.rows(sql) if row[0].startswith(FOLDER))
    shelf = RecordShelf(record)
    return [
        _render_again(shelf, publication, to, Path(target.removeprefix(FOLDER)), [row[3] for row in group], contact)
        for (target, publication, to), group in groupby(rows, key=lambda row: row[:3])
    ]


def _render_again(
    shelf: RecordShelf, publication: str, to: str, folder: Path, days: Sequence[str], contact: str
) -> Again:
    if not folder.is_dir():
        return Again(folder, publication, to, False, "is not there any more")
    # a site also has pages of the days beside those that were delivered, and these may be others by now
    there = [day for day in shelf.days(publication) if (folder / issue_path(day)).is_file()]
    try:
        write_files(folder, channel(to, contact).render(shelf, publication, sorted({*days, *there})))
    except HotPapersError as problem:
        return Again(folder, publication, to, False, str(problem))
    return Again(folder, publication, to, True)

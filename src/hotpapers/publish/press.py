"""From frozen issues to files, with a delivery kept for each; and again, after something was forgotten or hidden."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hotpapers import model
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.publish import channel
from hotpapers.publish.files import Wrote, write_files
from hotpapers.record import Record, now

FOLDER = "file:"
"""How a delivery's target names a folder."""


def press(record: Record, publication: str, days: Sequence[str], to: str, output: Path, contact: str = "") -> Wrote:
    """Renders frozen issues of some days by a channel into a folder, and keeps that it was done."""
    made = channel(to, contact)
    wrote = write_files(output, made.render(RecordShelf(record), publication, days))
    record.write(_deliveries(record, publication, days, to, output), source="publish")
    return wrote


def _deliveries(record: Record, publication: str, days: Sequence[str], to: str, output: Path) -> list[model.Item]:
    target = FOLDER + str(output.resolve())
    sent = _sent(record, publication, to, target)
    latest = _latest_editions(record, publication)
    return [
        model.Delivery(
            publication=publication, day=day, edition=latest[day][0], channel=to, target=target, state="sent",
            receipt=latest[day][1], observed_at=now(),
        )
        for day in days
        if sent.get((day, latest[day][0])) != latest[day][1]
    ]  # fmt: skip


def _sent(record: Record, publication: str, to: str, target: str) -> dict[tuple[str, int], str]:
    where = "t.publication = ? AND t.channel = ? AND t.target = ?"
    rows = record.view().latest(model.Delivery, where, (publication, to, target))
    return {(row.item.day, row.item.edition): row.item.receipt for row in rows if isinstance(row.item, model.Delivery)}


def _latest_editions(record: Record, publication: str) -> dict[str, tuple[int, str]]:
    sql = 'SELECT "day", edition, digest FROM issue WHERE publication = ? AND until = 0 ORDER BY edition'
    return {day: (edition, digest) for day, edition, digest in record.database.rows(sql, (publication,))}


def press_again(record: Record, contact: str = "") -> list[Path]:
    """Renders anew into every folder that holds issues and is still there; which ones."""
    sql = "SELECT DISTINCT publication, channel, target FROM delivery WHERE until = 0"
    folders = []
    for publication, to, target in sorted(record.database.rows(sql)):
        folder = Path(target.removeprefix(FOLDER))
        if target.startswith(FOLDER) and folder.is_dir():
            days = freeze.frozen_days(record, publication)
            write_files(folder, channel(to, contact).render(RecordShelf(record), publication, days))
            folders.append(folder)
    return folders

"""The made-up week that `hotpapers demo` adds to its five issues: a present-day publication on seven networks.

Its record comes with the program (tools/make_week.py): nine days of the loopback internet, as the program recorded
them. Here its issues are frozen, one is corrected and an account is forgotten, with the functions the commands use.
"""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path

from hotpapers import settings
from hotpapers.deliver.export_site import export_site
from hotpapers.file_modes import open_private
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import DAY, HOUR, Publication, PublishedIssue, Quotation
from hotpapers.moderation.bots.review import OperatorVerdict, set_verdict
from hotpapers.privacy.forget import forget
from hotpapers.schedule.freezing import judge_and_freeze
from hotpapers.settings import BotSettings, publication_item
from hotpapers.store import Record
from hotpapers.transfer.jsonl.importer import import_lines

RECORD = "week.jsonl.zst"
FOLDER = "made-up-week"
NAME = "week"
MONDAY = 1_773_014_400_000_000
"""2026-03-09 in UTC, µs."""
DAYS = tuple(f"2026-03-{day:02}" for day in range(9, 14))
CORRECTED, REGRETTED = DAYS[2], DAYS[1]
"""The day whose issue is corrected, and the day whose issue quotes an account that is then forgotten."""
NOTE = "Made up: papers, people and words here are invented, to show what an issue of today looks like."
REASON = "an account that posts by itself was counted as a person"
SETTINGS = f"""# The demo's made-up week. `hotpapers init` writes a file with every setting explained.
store = "hotpapers.db"

[[publication]]
name = "{NAME}"
title = "The Made-Up Week"
note = "{NOTE}"
last_day = "{DAYS[-1]}"
"""
CHANNELS = (("markdown", "markdown"), ("site", "site"), ("feeds", "site"))


def make_week(folder: Path) -> PublishedIssue:
    """Writes settings, store and pages into a folder and returns the latest issue. An existing store is kept; pages are
    always rendered."""
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / settings.Settings().store
    if not store.exists():
        with open_private(folder / settings.FILE) as file:
            file.write(SETTINGS.encode())
        with tempfile.TemporaryDirectory(dir=folder) as scratch:  # the store appears complete or not at all
            with Record(str(Path(scratch) / store.name)) as record:
                _fill(record, publication_item(settings.load(folder / settings.FILE).publication[0], MONDAY - DAY))
            for written_file in sorted(Path(scratch).iterdir(), reverse=True):  # the store itself last
                written_file.replace(folder / written_file.name)
    with Record(str(store)) as record:
        for channel, output in CHANNELS:
            export_site(record, NAME, DAYS, channel, folder / output)
        return RecordIssueReader(record).issue(NAME, DAYS[-1])


def _fill(record: Record, publication: Publication) -> None:
    import zstandard

    compressed = files("hotpapers").joinpath("demo", RECORD).read_bytes()
    import_lines(record, RECORD, zstandard.decompress(compressed, max_output_size=2**28).splitlines(keepends=True))
    record.append([publication], source="settings", at=MONDAY)
    for number, day in enumerate(DAYS):
        judge_and_freeze(record, publication, day, BotSettings(), at=MONDAY + number * DAY + 12 * HOUR)
    _correct(record, publication)
    forget(record, _first_quoted(record, REGRETTED).post.account)


def _correct(record: Record, publication: Publication) -> None:
    """The operator marks an account as a bot; the issue that counted it gets a corrected edition with the reason."""
    word = OperatorVerdict("bot", "its profile says that a program posts", MONDAY)
    at = MONDAY + len(DAYS) * DAY
    set_verdict(record, BotSettings(), _first_quoted(record, CORRECTED).post.account, word, at=at)
    judge_and_freeze(record, publication, CORRECTED, BotSettings(), again=True, reason=REASON, at=at)


def _first_quoted(record: Record, day: str) -> Quotation:
    issue = RecordIssueReader(record).issue(NAME, day)
    quotations = (quotation for entry in issue.content.entries for quotation in issue.posts[entry.paper])
    return next(quotation for quotation in quotations if quotation.post.account and quotation.shown == "text")

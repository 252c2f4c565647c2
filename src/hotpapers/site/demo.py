"""The demo: five issues of real papers, and a made-up week of a publication of today on seven networks.

The week's record comes with the program (tools/make_week.py): a week of the loopback internet and the five weeks before
it, as the program recorded them. Here its issues are frozen, one is corrected and an account is forgotten, with the
functions the commands use.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from hotpapers.base import settings
from hotpapers.base.errors import UsageError
from hotpapers.base.file_modes import PRIVATE, write_atomically
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import DAY, HOUR, Publication, PublishedIssue, Quotation
from hotpapers.base.networks import readable_networks
from hotpapers.base.settings import BotSettings, publication_item
from hotpapers.discussion.moderation.bots.review import OperatorVerdict, set_verdict
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.judged_freezing import judge_and_freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record, batches
from hotpapers.site.hooks import DemoPart

RECORD = "week.jsonl.zst"
FOLDER = "made-up-week"
NAME = "week"
MONDAY = 1_773_014_400_000_000
"""2026-03-09 in UTC, µs."""
DAYS = tuple(f"2026-03-{day:02}" for day in range(9, 14))
QUIET_DAYS = tuple(day.isoformat() for n in range(32) if (day := date(2026, 2, 3) + timedelta(n)).weekday() < 5)
"""The days with issues in the weeks before, with which the week's topics are compared."""
CORRECTED, REGRETTED = DAYS[2], DAYS[1]
"""The day whose issue is corrected, and the day whose issue quotes an account that is then forgotten."""
NOTE = "Made up: papers, people and words here are invented."
REASON = "an automated account was counted as a person"
SETTINGS = f"""# The demo's made-up week. `hotpapers init` writes a file with every setting explained.
store = "hotpapers.db"

[[publication]]
name = "{NAME}"
title = "The Made-Up Week"
note = "{NOTE}"
papers = ["arxiv", "biorxiv"]
last_day = "{DAYS[-1]}"
"""
SITE = NOBODY._replace(feeds=True)
CHANNELS = (("markdown", "markdown"), ("site", "site"), ("feeds", "site"))


SAMPLE = "sample.jsonl.zst"
COVERAGE = b'"kind":"coverage"'
"""In lines about the reading of a network, whose wing may not be installed."""
SAMPLE_SOURCE = "sample"
"""The source of the sample's first batch, which identifies a demo's store."""


def make_demo(folder: Path) -> PublishedIssue:
    """Writes a store and pages of the sample into a folder, and returns the latest issue. Raises UsageError for a
    folder that is not the demo's."""
    has_store = (folder / "hotpapers.db").is_file()
    is_other = not has_store or (folder / settings.FILE).exists()
    if folder.exists() and any(folder.iterdir()) and is_other:
        raise UsageError(f"{folder}: not a demo folder; name another one: hotpapers demo DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / "hotpapers.db")) as record:
        if record.head.position and batches.source_of(record.database, 1) != SAMPLE_SOURCE:
            raise UsageError(
                f"{record.database.where}: contains another record; name another folder: hotpapers demo DIR"
            )
        take_sample(record)
        publication = freeze.publication_of(record, None)
        days = issues_queries.listed_days(record, publication.publication)
        for day in days:
            freeze.freeze_issue(record, publication, day)
        for name in ("markdown", "site"):
            export_site(record, publication.publication, days, name, folder / name)
        return RecordIssueReader(record).issue(publication.publication, days[-1])


def take_sample(record: Record, file: str = SAMPLE) -> None:
    """Imports the sample that comes with the program, or another `file`. Importing it twice changes nothing."""
    import zstandard

    compressed = files(__package__).joinpath("demo", file).read_bytes()
    lines = zstandard.decompress(compressed, max_output_size=2**28).splitlines(keepends=True)
    networks = readable_networks()
    readable = [line for line in lines if COVERAGE not in line or json.loads(line)["network"] in networks]
    import_lines(record, file, readable)


def make_week(folder: Path, tell: Callable[[str, str], object]) -> PublishedIssue:
    """Writes settings, store and pages into a folder and returns the latest issue. An existing store is kept; pages are
    always rendered. `tell(label, place)`: reports where to see a wing's addition. Raises UsageError if somebody's own
    settings are there without a store."""
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / settings.default_settings().store
    file = folder / settings.FILE
    if not store.exists():
        if file.exists() and file.read_bytes() != SETTINGS.encode():
            raise UsageError(f"{file}: not the demo's settings; move that file, or name another folder")
        write_atomically(file, SETTINGS.encode(), PRIVATE)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:  # the store appears complete or not at all
            with Record(str(Path(scratch) / store.name)) as record:
                observed_at = MONDAY - 50 * DAY
                _fill(record, publication_item(settings.load(file).publication[0], observed_at))
            for written_file in sorted(Path(scratch).iterdir(), reverse=True):  # the store itself last
                written_file.replace(folder / written_file.name)
    with Record(str(store)) as record:
        for part in hooks_of(DemoPart):
            for label, place in part.add(record, NAME, folder):
                tell(label, place)
        days = issues_queries.frozen_days(record, NAME)
        for channel, output in CHANNELS:
            export_site(record, NAME, days, channel, folder / output, SITE)
        return RecordIssueReader(record).issue(NAME, DAYS[-1])


def _fill(record: Record, publication: Publication) -> None:
    take_sample(record, RECORD)
    record.append([publication], source="settings", at=MONDAY)
    for day in (*QUIET_DAYS, *DAYS):
        days_later = (date.fromisoformat(day) - date.fromisoformat(DAYS[0])).days
        judge_and_freeze(record, publication, day, BotSettings(), at=MONDAY + days_later * DAY + 12 * HOUR)
    # The operator marks an account as a bot; the issue that counted it gets a corrected edition with the reason
    word = OperatorVerdict("bot", "its profile says that a program posts", MONDAY)
    at = MONDAY + len(DAYS) * DAY
    last_quoted = _last_quoted(record, CORRECTED)
    set_verdict(record, BotSettings(), last_quoted.post.account, word, at=at)
    judge_and_freeze(record, publication, CORRECTED, BotSettings(), again=True, reason=REASON, at=at)
    forget_key(record, _last_quoted(record, REGRETTED).post.account)


def _last_quoted(record: Record, day: str) -> Quotation:
    issue = RecordIssueReader(record).issue(NAME, day)
    quotations = (quotation for entry in issue.content.entries for quotation in issue.posts[entry.paper])
    return [quotation for quotation in quotations if quotation.post.account and quotation.shown == "text"][-1]

"""What there is to judge about a played site: its frozen issues, its settings, its truth."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import TAKEN_BACK, IssueContent, Notice
from hotpapers.base.model import Paper as PaperItem
from hotpapers.record import Record
from hotpapers.record.issue_contents import decode_content
from tests.sites.calendars import OwnersSettings, PublicationSettings
from tests.sites.play import Played
from tests.sites.truth import Truth
from tests.years.oracle import RecordedPosts


class Finding(NamedTuple):
    """Something that is not as it must be. `day`: of the issue or of the look at the site; empty for the whole site."""

    day: str
    text: str

    def __str__(self) -> str:
        return f"{self.day}: {self.text}" if self.day else self.text


class FrozenIssue(NamedTuple):
    """An issue as it was first frozen."""

    publication: str
    day: str
    frozen_at: int
    content: IssueContent
    digest: str

    @property
    def is_daily(self) -> bool:
        return self.content.publication.window == "daily"

    @property
    def is_made_later(self) -> bool:
        """Whether it says that it was made after its day."""
        return bool(self.content.retrospective)


class Evidence:
    """A played site, opened for the judges."""

    def __init__(self, played: Played, record: Record) -> None:
        self.played, self.record, self.site = played, record, played.site
        self.truth = Truth(played.site, played.script)
        sql = """SELECT publication, "day", observed_at, content, digest FROM issue WHERE edition = 1
            ORDER BY observed_at, "day" ASC"""
        self.issues = [
            FrozenIssue(name, day, at, decode_content(content, IssueContent), digest)
            for name, day, at, content, digest in record.database.rows(sql)
        ]

    @cached_property
    def recorded(self) -> RecordedPosts:
        """The posts of the record."""
        return RecordedPosts(self.record)

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the record's papers, by key."""
        rows = self.record.view().latest(PaperItem)
        return {row.item.paper: row.item.title for row in rows}

    @cached_property
    def withdrawn(self) -> set[str]:
        """The record's papers that are withdrawn, or taken back by a notice, by key."""
        view = self.record.view()
        taken_back = {row.item.paper for row in view.latest(Notice) if row.item.type in TAKEN_BACK}
        return taken_back | {row.item.paper for row in view.latest(PaperItem) if row.item.is_withdrawn}

    @property
    def last_settings(self) -> OwnersSettings:
        """What the settings say in the end."""
        return OwnersSettings(self.site.periods[-1].settings)

    def settings_of(self, issue: FrozenIssue) -> PublicationSettings:
        """What the owner's settings said about an issue's publication when it was frozen."""
        return self.truth.settings_at(issue.frozen_at).publications[issue.publication]

    def folder(self, publication: str, channel: str = "site") -> Path:
        """Where a publication's channel is in the end: in a folder of its own, if that exists."""
        own = self.played.public / publication / channel
        return own if own.is_dir() else self.played.public / channel

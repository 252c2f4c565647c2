"""Answers about how a site is doing."""

from __future__ import annotations

from hotpapers.base import model
from hotpapers.publish.query.schemas import Schema


class JobStatus(Schema):
    """How a job is doing. `reason`: why it fails, empty for the public; `lag`: seconds since the end of what was read
    of its network; `items`: how many it added to the record; `quarantine`: how many of its payloads are in
    quarantine."""

    job: str
    state: str
    reason: str
    failing_since: int | None
    success_at: int | None
    lag: int | None
    next_at: int | None
    items: int
    quarantine: int


class LatestIssue(Schema):
    """The latest issue of a publication; null if there is none. `age`: seconds since it was frozen."""

    publication: str
    day: str | None
    frozen_at: int | None
    age: int | None


class MissingPapers(Schema):
    """A span of time with missing arXiv papers, and which."""

    from_at: int
    until_at: int
    reason: str


class SiteStatus(Schema):
    """How the site is doing. `position`, `last_at`: the record's last batch and when it was written. `issues`: the
    number of frozen issues, counting all editions. `coverage`: how each network was read in the last 24 hours.
    `incomplete`: arXiv days of the last two weeks with missing papers."""

    version: str
    at: int
    position: int
    last_at: int | None
    issues: int
    latest: tuple[LatestIssue, ...]
    jobs: tuple[JobStatus, ...]
    coverage: tuple[model.NetworkReading, ...]
    incomplete: tuple[MissingPapers, ...]

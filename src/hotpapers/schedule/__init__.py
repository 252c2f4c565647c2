"""The schedule: issues frozen when their day is closed, published, kept true; and how all this is doing.

first_issue    the first hours of a site, and when its first issue appears
due            which issues are due: plain functions
freezing       an issue frozen, after it was judged who is a bot
publishing     the job of freezing and publishing
sending        the job of sending issues
housekeeping   the job of pruning, of learning who has standing, and of telling somebody that all is well
queries        which posts changed, and who shows them
health         how the whole is doing: figures, problems, metrics
hosts          the files that keep a publication running on somebody's machine
"""

from __future__ import annotations

from hotpapers.schedule.freezing import judge_and_freeze
from hotpapers.schedule.health import SiteHealth, health, metrics
from hotpapers.schedule.housekeeping import HousekeepingJob
from hotpapers.schedule.publishing import IssueDestination, PublishJob
from hotpapers.schedule.sending import SenderDestination, SendJob

__all__ = [
    "HousekeepingJob",
    "IssueDestination",
    "PublishJob",
    "SendJob",
    "SenderDestination",
    "SiteHealth",
    "health",
    "judge_and_freeze",
    "metrics",
]

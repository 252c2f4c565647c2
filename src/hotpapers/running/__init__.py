"""Running on schedule: issues frozen when their day is closed, published, kept true; and how all this is doing.

first          the first hours of a site, and when its first issue appears
due            which issues are due: plain functions
freezing       an issue frozen, after it was judged who is a bot
publishing     the job of freezing and publishing
sending        the job of sending issues
housekeeping   the job of pruning, and of telling somebody that all is well
health         how the whole is doing: figures, problems, metrics
"""

from hotpapers.running.freezing import freeze_judged
from hotpapers.running.health import Health, health, metrics
from hotpapers.running.housekeeping import Housekeeping
from hotpapers.running.publishing import Place, Publishing
from hotpapers.running.sending import Outlet, Sending

__all__ = [
    "Health",
    "Housekeeping",
    "Outlet",
    "Place",
    "Publishing",
    "Sending",
    "freeze_judged",
    "health",
    "metrics",
]

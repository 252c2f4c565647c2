"""What an operator may set about arXiv."""

from __future__ import annotations

import msgspec

from hotpapers.categories import KNOWN
from hotpapers.errors import SettingsError
from hotpapers.ids.timestamps import is_day
from hotpapers.settings.limits import AtLeastOne

ARCHIVES = (
    "cs", "econ", "eess", "math", "q-bio", "q-fin", "stat",
    "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th",
    "math-ph", "nlin", "nucl-ex", "nucl-th", "physics", "quant-ph",
)  # fmt: skip
"""All archives with announcements."""


class ArxivSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[source.arxiv]`.

    `archives`: which archives or categories are read. `since`: the first day to harvest into a new record, empty for
    today only. `holidays`: additional weekdays without a deadline, as arXiv dates them, so the next weekday's
    announcement is not waited for. `patience`: hours after midnight in New York when an empty feed is believed on a day
    that should have an announcement. `every`: seconds between two checks for one that is due. `batch`: papers per API
    request. `feeds`, `api`, `oai`, `listing`: base addresses; without `listing`, completeness is not checked.
    """

    archives: tuple[str, ...] = ARCHIVES
    since: str = ""
    holidays: tuple[str, ...] = ()
    patience: int = 4
    every: AtLeastOne = 1800
    batch: int = 100
    feeds: str = "https://rss.arxiv.org"
    api: str = "https://export.arxiv.org/api/query"
    oai: str = "https://oaipmh.arxiv.org/oai"
    listing: str = "https://arxiv.org/list"


def checked(settings: ArxivSettings) -> ArxivSettings:
    """The settings, if they are valid. Raises SettingsError."""
    for archive in settings.archives:
        if archive not in ARCHIVES and archive not in KNOWN:
            raise SettingsError(f"source.arxiv: archives: {archive!r} is not an archive or category; write cs or cs.LG")
    for name, day in [("since", settings.since), *(("holidays", day) for day in settings.holidays)]:
        if day and not is_day(day):
            raise SettingsError(f"source.arxiv: {name}: {day!r} is not a date; write it like 2026-12-29")
    if not 1 <= settings.batch <= 2000 or not settings.archives:
        raise SettingsError("source.arxiv: batch must be 1 to 2000, and archives needs at least one")
    return settings

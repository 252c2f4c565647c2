"""What an operator may set about arXiv."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base.errors import SettingsError
from hotpapers.base.papers.arxiv.taxonomy import GROUPS, KNOWN
from hotpapers.base.settings.limits import AtLeastOne, category_problem
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.timestamps import is_day

ARCHIVES = ("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat", *GROUPS)
"""All archives with announcements."""


class ArxivSettings(SettingsStruct):
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

    def __post_init__(self) -> None:
        if problem := next(_problems(self), ""):
            raise SettingsError(f"source.arxiv: {problem}")


def _problems(settings: ArxivSettings) -> Iterator[str]:
    for archive in settings.archives:
        if problem := category_problem(archive, KNOWN.union(ARCHIVES)):
            yield f"archives: {problem}"
    for name, day in [("since", settings.since), *(("holidays", day) for day in settings.holidays)]:
        if day and not is_day(day):
            yield f"{name}: {day!r} is not a date; write it like 2026-12-29"
    if not 1 <= settings.batch <= 2000 or not settings.archives:
        yield "batch must be 1 to 2000, and archives needs at least one"

"""The size of a site: measuring it, forecasting when it is full, and folding pages when it is.

Pages of issues are never folded. When a site is full, pages of papers are folded, oldest years first: a short page at
the same address says so and links to every issue with the paper, where all quotes remain. Nothing else is removed: all
addresses stay valid, and the record keeps the full content for `hotpapers serve`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import IssueReader, Window
from hotpapers.publish.deliver.files import WriteCounts, write_files
from hotpapers.publish.render import find_channel
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.site_config import SiteConfig

MEGABYTE = 1_000_000
FOLDED = 3_000
"""Approximate bytes of a folded page."""
WARN = 90
"""Percentage of its budget from which a site counts as nearly full."""
ROOM = 95
"""Percentage to which a full site is folded, to avoid folding with every issue."""
NEVER = "9999"
"""Later than any day: every paper's page is folded."""
MIN_FORECAST_ISSUES = 12
"""Issues from which a folder's growth is forecast."""
ISSUES_A_YEAR: Mapping[Window, int] = {"daily": 250, "weekly": 52, "monthly": 12, "listing": 0}


class SizeForecast(NamedTuple):
    """The size of a site's folder. `size`, `budget`: bytes; `growth`: bytes per year, None if unknown."""

    folder: str
    size: int
    budget: int
    growth: int | None

    @property
    def years(self) -> float | None:
        """Years until the folder is full; None if unknown."""
        if self.budget and self.growth:
            return (self.budget - self.size) / self.growth
        return None

    @property
    def is_near(self) -> bool:
        """Whether the site is nearly full."""
        if self.budget <= 0:
            return False
        return self.size * 100 >= self.budget * WARN

    @property
    def warning(self) -> str:
        """A warning for the operator; empty while there is room."""
        if not self.is_near:
            return ""
        room = f"{self.folder}: {self.size / MEGABYTE:,.0f} of {self.budget / MEGABYTE:,.0f} MB used"
        if self.size > self.budget:
            return f"{room}, although all paper pages are folded; raise publish.budget, or publish fewer years"
        return f"{room}; when the site is full, paper pages of old years are folded"


def site_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(size for _, size in _files(str(folder)))


def _files(folder: str) -> Iterator[tuple[str, int]]:
    """Path and bytes of every file; tolerates files being added or removed meanwhile."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path, entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return


def forecast_size(folder: Path, budget: int, issues: int, window: Window) -> SizeForecast:
    """The forecast for a folder with this many issues of a publication. With few, most bytes are of files that stay
    alone."""
    size = site_size(folder)
    growth = size * ISSUES_A_YEAR[window] // issues if issues >= MIN_FORECAST_ISSUES else None
    return SizeForecast(str(folder), size, budget, growth)


# ---- folding -------------------------------------------------------------------------------------------


def fold_pages(
    folder: Path, issue_reader: IssueReader, publication: str, site_config: SiteConfig, size: int
) -> WriteCounts | None:
    """Folds pages of papers until a site is within its budget; None if it already is. `size`: the folder's."""
    budget = site_config.budget
    if not budget or size <= budget:
        return None
    years = by_year(folder, issue_reader, publication)
    since = whole_since(size, years, budget * ROOM // 100)
    folded = find_channel("site", site_config._replace(whole_since=since))
    return write_files(folder, folded.render(issue_reader, publication, issue_reader.days(publication)))


class YearSize(NamedTuple):
    """The pages of papers whose last issue was in a year: their number, and bytes including their cards."""

    pages: int
    size: int


def by_year(folder: Path, issue_reader: IssueReader, publication: str) -> dict[str, YearSize]:
    """The pages and cards of papers in a folder, by the year of the last issue with the paper."""
    result: dict[str, YearSize] = {}
    for path, size in _files(str(folder / "paper")):
        file = Path(path).relative_to(folder).as_posix()
        page = site_paths.page_of_card(file) or file
        paper = site_paths.paper_of(page)
        if paper:
            appearances = issue_reader.appearances(paper)
            days = [day for name, day in appearances if name == publication]
        else:
            days = []
        if days:
            total = result.get(days[-1][:4], YearSize(0, 0))
            pages = total.pages + (page == file)
            result[days[-1][:4]] = YearSize(pages, total.size + size)
    return result


def whole_since(size: int, years: Mapping[str, YearSize], goal: int) -> str:
    """The first day from which pages of papers stay whole, to shrink a site from its size to a goal: the oldest years
    are folded first. `NEVER` if all must be folded."""
    for year in sorted(years):
        if size <= goal:
            return f"{year}-01-01"
        size -= max(years[year].size - years[year].pages * FOLDED, 0)
    return NEVER

"""How large a site may be: what it takes, how long there is room, and what is folded when there is none.

Pages of issues stay whole for ever. When a site is full, pages of papers are folded, those of the oldest years first:
at the same address a short page says so and leads to every issue that holds the paper, where all that was quoted still
stands. Nothing else goes: no address ends, and what a folded page told is in the record, whole, for `hotpapers serve`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from hotpapers.deliver.files import WriteCounts, write_files
from hotpapers.model import IssueReader, RenderedFile, Window
from hotpapers.view import site_paths

MEGABYTE = 1_000_000
FOLDED = 3_000
"""Bytes of a folded page, about."""
WARN = 90
"""Per cent of its budget from which on a site is said to be nearly full."""
ROOM = 95
"""Per cent to which a full site is folded, so that it is not folded anew with every issue."""
NEVER = "9999"
"""A day after all days: every paper's page is folded."""
ISSUES_A_YEAR: Mapping[Window, int] = {"daily": 250, "weekly": 52, "monthly": 12, "listing": 0}


class SizeForecast(NamedTuple):
    """How a site's folder is filling. `size`, `budget`: bytes; `growth`: bytes a year, None where that is not known."""

    folder: str
    size: int
    budget: int
    growth: int | None

    @property
    def years(self) -> float | None:
        """For how many years there is room; None where nobody can say."""
        return (self.budget - self.size) / self.growth if self.budget and self.growth else None

    @property
    def is_near(self) -> bool:
        """Whether the operator should look."""
        return self.budget > 0 and self.size * 100 >= self.budget * WARN

    @property
    def warning(self) -> str:
        """What the operator should know; empty while there is room."""
        if not self.is_near:
            return ""
        room = (
            f"{self.folder}: {self.size / MEGABYTE:,.0f} MB of the {self.budget / MEGABYTE:,.0f} that a site may have"
        )
        if self.size > self.budget:
            return f"{room}, although all pages of papers are folded; raise publish.budget, or publish fewer years"
        return f"{room}; when it is full, pages of papers of old years are folded"


def site_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(size for _, size in _files(str(folder)))


def _files(folder: str) -> Iterator[tuple[str, int]]:
    """Path and bytes of every file, whoever adds or removes some meanwhile."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path, entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return


def forecast(folder: Path, budget: int, issues: int, window: Window) -> SizeForecast:
    """How a folder is filling that holds so many issues of a publication."""
    size = site_size(folder)
    return SizeForecast(str(folder), size, budget, size * ISSUES_A_YEAR[window] // issues if issues else None)


# ---- folding -------------------------------------------------------------------------------------------


def fold(
    folder: Path, budget: int, issue_reader: IssueReader, publication: str, render: Callable[[str],
    Iterable[RenderedFile]],
    size: int | None = None,
) -> WriteCounts | None:  # fmt: skip
    """Folds pages of papers until a site is within its budget; None where it is already. `render`: the whole site,
    where pages are whole of papers that an issue holds since a day. `size`: the folder's, where it is known."""
    size = site_size(folder) if size is None else size
    if not budget or size <= budget:
        return None
    since = whole_since(size, by_year(folder, issue_reader, publication), budget * ROOM // 100)
    return write_files(folder, render(since))


class YearSize(NamedTuple):
    """The pages of papers that a year's issues held last: how many, and their bytes with those of their cards."""

    pages: int
    size: int


def by_year(folder: Path, issue_reader: IssueReader, publication: str) -> dict[str, YearSize]:
    """The pages and cards of papers in a folder, by the year of the last issue that holds them."""
    result: dict[str, YearSize] = {}
    papers = folder / "paper"
    for path, size in _files(str(papers)):
        file = Path(path).relative_to(folder).as_posix()
        page = site_paths.page_of_card(file) or file
        paper = site_paths.paper_of(page)
        days = [day for name, day in issue_reader.appearances(paper) if name == publication] if paper else []
        if days:
            before = result.get(days[-1][:4], YearSize(0, 0))
            result[days[-1][:4]] = YearSize(before.pages + (page == file), before.size + size)
    return result


def whole_since(size: int, years: Mapping[str, YearSize], goal: int) -> str:
    """The first day since which pages of papers stay whole, so that a site of a size comes down to a goal: years are
    folded from the oldest on. `NEVER` where all must be."""
    for year in sorted(years):
        if size <= goal:
            return f"{year}-01-01"
        size -= max(years[year].size - years[year].pages * FOLDED, 0)
    return NEVER

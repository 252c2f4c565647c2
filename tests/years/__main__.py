"""Simulate two years of the whole program, or new sites, and compare the results with the script.

The two years are also scaled to full size. New sites are checked for their first issues, and two weeks later.

python -m tests.years [--short] [--folder DIR] [--papers N]
python -m tests.years --newcomers 1-20 [--later 1-4]
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.years import figures, newcomer, outcome
from tests.years.places import Causes
from tests.years.story import Story, seventeen_days, two_years
from tests.years.years import PAPERS, Sample, lived

NEWCOMERS, LATER = range(1, 21), range(1, 5)
"""The seeds of the new sites, and of those whose issues are compared two weeks later."""


def main(words: list[str]) -> int:
    """Run the simulation and print the results; 1 if anything is wrong."""
    reader = argparse.ArgumentParser(prog="python -m tests.years", description=__doc__.splitlines()[0])
    reader.add_argument("--short", action="store_true", help="seventeen days instead of two years")
    reader.add_argument("--folder", type=Path, help="where the store is kept afterwards; a temporary one by default")
    reader.add_argument("--papers", type=int, default=PAPERS, help="a day")
    reader.add_argument("--newcomers", type=seeds, metavar="A-B", help="these newcomers alone, by their seeds")
    reader.add_argument("--later", type=seeds, metavar="A-B", help="of which of them the issues two weeks later, too")
    wanted = reader.parse_args(words)
    if wanted.newcomers:
        return newcomers(wanted.newcomers, wanted.later or ())
    story = seventeen_days() if wanted.short else two_years()
    if wanted.folder:
        wanted.folder.mkdir(parents=True, exist_ok=True)
        failed = run(story, wanted.folder, wanted.papers)
    else:
        with tempfile.TemporaryDirectory(prefix="hotpapers-years-") as folder:
            failed = run(story, Path(folder), wanted.papers)
    return failed or (0 if wanted.short else newcomers(NEWCOMERS, LATER))


def seeds(text: str) -> range:
    """Parse a range of seeds such as `1-20`."""
    least, _, most = text.partition("-")
    return range(int(least), int(most or least) + 1)


def newcomers(some: Sequence[int], later: Sequence[int]) -> int:
    """The first issues of new sites; for some sites also those two weeks later, next to the issues of older sites."""
    failed = 0
    compared = dict.fromkeys(newcomer.EARLIER, Causes())
    for seed in some:
        start = newcomer.start_of(seed)
        with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-") as folder:
            found, wrong = newcomer.first(start, Path(folder))
        day = min(found, default="no issue")
        print(
            f"{start}  {day}: {len(found[day].entries) if found else 0} entries", *wrong, sep="\n  WRONG  ", flush=True
        )
        failed += bool(wrong)
        if seed in later:
            with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-") as folder:
                for days, one in newcomer.later(start, Path(folder)).items():
                    tell_later(days, one)
                    compared[days] += one
    for days, all in compared.items():
        if all.as_they_are.places:
            print("all together:")
            tell_later(days, all)
    print(f"{len(some) - failed} of {len(some)} first issues are as they must be")
    return int(failed > 0)


def tell_later(days: int, compared: Causes) -> None:
    """Print how issues compare with those of a site that is this many days older."""
    print(f"  two weeks later, beside a site that began {days} days before", flush=True)
    print(*(f"    {line}" for line in compared.lines()), sep="\n", flush=True)


def run(story: Story, folder: Path, papers: int) -> int:
    """One run in a folder."""
    began = time.monotonic()

    def told(sample: Sample) -> None:
        at = datetime.datetime.fromtimestamp(sample.at / 1e6, datetime.UTC)
        if at.day == 1 or story.days < 100:
            spent = time.monotonic() - began
            print(
                f"{at:%Y-%m-%d}  {sample.store / 1e6:6.1f} MB  {sample.memory:4} MB of memory  {spent:5.0f} s",
                flush=True,
            )

    found = outcome.of(lived(story, folder, papers, told))
    print(f"\nlived in {time.monotonic() - began:,.0f} s\n")
    print("\n".join(found.lines()))
    print()
    print("\n".join(figures.table(figures.Store(folder / "hotpapers.db"))))
    for wrong in found.wrong:
        print(f"WRONG  {wrong}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

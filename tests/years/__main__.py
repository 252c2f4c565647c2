"""Simulate two years of the whole program, or new sites, and compare the results with the script.

The two years are also scaled to full size. New sites are checked at their first issues, and two weeks later.

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

from tests.seeds import replay_line, seed_of
from tests.years import figures, newcomer, outcome
from tests.years.places import Causes
from tests.years.scenario import Scenario, seventeen_days, two_years
from tests.years.simulation import PAPERS, Sample, simulate

NEWCOMERS, LATER = range(1, 21), range(1, 5)
"""The seeds of the new sites, and of those whose issues are compared two weeks later."""


def main(arguments: list[str]) -> int:
    """Run the simulation and print the results. Return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.years", description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="seventeen days instead of two years")
    parser.add_argument(
        "--folder", type=Path, help="folder in which the store is kept afterwards (default a temporary one)"
    )
    parser.add_argument("--papers", type=int, default=PAPERS, help="papers per day")
    parser.add_argument("--newcomers", type=seeds, metavar="A-B", help="run only new sites, with these seeds")
    parser.add_argument(
        "--later", type=seeds, metavar="A-B", help="for which of them to compare issues two weeks later, too"
    )
    options = parser.parse_args(arguments)
    if options.newcomers:
        return newcomers(options.newcomers, options.later or ())
    seed = seed_of(1)
    scenario = seventeen_days(seed) if options.short else two_years(seed)
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        exit_code = run(scenario, options.folder, options.papers)
    else:
        with tempfile.TemporaryDirectory(prefix="hotpapers-years-") as folder:
            exit_code = run(scenario, Path(folder), options.papers)
    exit_code = exit_code or (0 if options.short else newcomers(NEWCOMERS, LATER))
    if exit_code:
        print(replay_line("years", " ".join(arguments)))
    return exit_code


def seeds(text: str) -> range:
    """Parse a range of seeds such as `1-20`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def newcomers(new_seeds: Sequence[int], later_seeds: Sequence[int]) -> int:
    """Check the first issues of new sites, and for some sites also those two weeks later, against older sites."""
    failed = 0
    totals = dict.fromkeys(newcomer.HEAD_STARTS, Causes())
    for seed in new_seeds:
        start = newcomer.random_start(seed)
        with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-") as folder:
            issues, errors = newcomer.first_issues(start, Path(folder))
        day = min(issues, default="no issue")
        print(
            f"{start}  {day}: {len(issues[day].entries) if issues else 0} entries",
            *errors,
            sep="\n  WRONG  ",
            flush=True,
        )
        failed += bool(errors)
        if seed in later_seeds:
            with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-") as folder:
                for days, causes in newcomer.compare_later(start, Path(folder)).items():
                    print_later(days, causes)
                    totals[days] += causes
    for days, total in totals.items():
        if total.unchanged.places:
            print("all together:")
            print_later(days, total)
    print(f"{len(new_seeds) - failed} of {len(new_seeds)} first issues are right")
    return int(failed > 0)


def print_later(days: int, causes: Causes) -> None:
    """Print how issues compare with those of a site that is this many days older."""
    print(f"  two weeks later, beside a site that started {days} days earlier", flush=True)
    print(*(f"    {line}" for line in causes.lines()), sep="\n", flush=True)


def run(scenario: Scenario, folder: Path, papers: int) -> int:
    """Run a scenario in a folder and print what comes out."""
    start = time.monotonic()

    def print_sample(sample: Sample) -> None:
        moment = datetime.datetime.fromtimestamp(sample.at / 1e6, datetime.UTC)
        if moment.day == 1 or scenario.days < 100:
            elapsed = time.monotonic() - start
            print(
                f"{moment:%Y-%m-%d}  {sample.store / 1e6:6.1f} MB  {sample.memory:4} MB of memory  {elapsed:5.0f} s",
                flush=True,
            )

    result = outcome.evaluate(simulate(scenario, folder, papers, print_sample))
    print(f"\nfinished in {time.monotonic() - start:,.0f} s\n")
    print("\n".join(result.lines()))
    print()
    print("\n".join(figures.table(figures.Store(folder / "hotpapers.db"))))
    for error in result.errors:
        print(f"WRONG  {error}")
    return 1 if result.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run two sites through a whole week, and compare all counts that both have. Also inject lies and count those detected.

Prints the table and both results.

python -m tests.lab.comparison [--folder DIR] [--seed 5] [--days 7] [--papers 30] [--faults 200]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lab.comparison.compare import compare_collectors, text_of
from tests.lab.comparison.collectors import Week, facts_of, run_week
from tests.lab.comparison.lies import inject_lies

GOAL = 0.999
LIES = 200
"""How many lies of each kind are injected."""


def main(argv: list[str]) -> int:
    """1 if less than 99.9 % of the counts are equal or explained, or if any is unexplained."""
    defaults = Week()
    parser = argparse.ArgumentParser(prog="python -m tests.lab.comparison", description=__doc__.partition(". ")[0])
    parser.add_argument("--folder", type=Path, help="where to keep the stores; a temporary folder by default")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of the world and its faults")
    parser.add_argument("--days", type=int, default=defaults.days)
    parser.add_argument("--papers", type=int, default=defaults.papers, help="a day")
    parser.add_argument("--faults", type=int, default=defaults.faults)
    options = parser.parse_args(argv)
    week = defaults._replace(seed=options.seed, days=options.days, papers=options.papers, faults=options.faults)
    with tempfile.TemporaryDirectory(prefix="hotpapers-compare-") as scratch:
        folder = options.folder or Path(scratch)
        stores = [run_week(week, folder / name, streams=name == "stream") for name in ("stream", "poll")]
        a, b = (facts_of(store, week) for store in stores)
    comparison = compare_collectors(a, b)
    print("\n".join(text_of(comparison)))
    share = 1 - len(comparison.unexplained) / max(comparison.counts, 1)
    print(f"\n{share:.3%} the same or explained")
    for kind, counts in inject_lies((a, b), LIES, week.seed):
        print(f"{LIES} lies, {kind}: {counts.changed} counts differ by them, {counts.unexplained} are unexplained")
    return int(share < GOAL or bool(comparison.unexplained) or not comparison.counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

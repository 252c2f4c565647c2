"""Run two sites through a whole week, and compare all counts that both have. Also inject lies and count those detected.

Prints the table and both results.

python -m tests.comparison [--folder DIR] [--seed 5] [--days 7] [--papers 30] [--faults 200]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from hotpapers.comparison.compare import compare_collectors
from hotpapers.comparison.page import text_of
from tests.comparison.collectors import Week, facts_of, lived
from tests.comparison.injected import caught

GOAL = 0.999
LIES = 200
"""How many lies of each kind are injected."""


def main(words: list[str]) -> int:
    """1 if less than 99.9 % of the counts are equal or explained, or if any is unexplained."""
    usual = Week()
    reader = argparse.ArgumentParser(prog="python -m tests.comparison", description=__doc__.partition(". ")[0])
    reader.add_argument("--folder", type=Path, help="where the stores are kept; a temporary one by default")
    reader.add_argument("--seed", type=int, default=usual.seed, help="of the world and its faults")
    reader.add_argument("--days", type=int, default=usual.days)
    reader.add_argument("--papers", type=int, default=usual.papers, help="a day")
    reader.add_argument("--faults", type=int, default=usual.faults)
    wanted = reader.parse_args(words)
    week = usual._replace(seed=wanted.seed, days=wanted.days, papers=wanted.papers, faults=wanted.faults)
    with tempfile.TemporaryDirectory(prefix="hotpapers-compare-") as scratch:
        folder = wanted.folder or Path(scratch)
        stores = [lived(week, folder / name, streams=name == "stream") for name in ("stream", "poll")]
        a, b = (facts_of(store, week) for store in stores)
    comparison = compare_collectors(a, b)
    print("\n".join(text_of(comparison)))
    good = 1 - len(comparison.unexplained) / max(comparison.counts, 1)
    print(f"\n{good:.3%} the same or explained")
    for kind, one in caught((a, b), LIES, week.seed):
        print(f"{LIES} lies, {kind}: {one.changed} counts differ by them, {one.unexplained} are unexplained")
    return int(good < GOAL or bool(comparison.unexplained) or not comparison.counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

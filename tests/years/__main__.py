"""Two simulated years of the whole program, compared with the script, and the arithmetic to full size.

python -m tests.years [--short] [--folder DIR] [--papers N]
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from pathlib import Path

from tests.years import figures, outcome
from tests.years.story import Story, three_weeks, two_years
from tests.years.years import PAPERS, Sample, lived


def main(words: list[str]) -> int:
    """Lives through it, prints what came out; 1 where something is not as it must be."""
    reader = argparse.ArgumentParser(prog="python -m tests.years", description=__doc__.splitlines()[0])
    reader.add_argument("--short", action="store_true", help="three weeks instead of two years")
    reader.add_argument("--folder", type=Path, help="where the store is kept afterwards; a temporary one by default")
    reader.add_argument("--papers", type=int, default=PAPERS, help="a day")
    wanted = reader.parse_args(words)
    story = three_weeks() if wanted.short else two_years()
    if wanted.folder:
        wanted.folder.mkdir(parents=True, exist_ok=True)
        return run(story, wanted.folder, wanted.papers)
    with tempfile.TemporaryDirectory(prefix="hotpapers-years-") as folder:
        return run(story, Path(folder), wanted.papers)


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

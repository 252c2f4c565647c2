"""`python -m tests.drift`: plays the drill and prints what came of each change."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.drift.drill import play
from tests.drift.scenarios import DRILL
from tests.seeds import replay_line


def main(words: list[str]) -> int:
    """Plays the changes whose name or network contains one of some words; all by default."""
    failed = 0
    for drift in DRILL:
        if words and not any(word in f"{drift.name} {drift.network}" for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            problems = play(drift, Path(folder))
        failed += bool(problems)
        print(f"{drift.name:<36} {drift.network:<14} {'ok' if not problems else 'FAILS'}", flush=True)
        for problem in problems:
            print(f"    {problem}")
    if failed:
        print(replay_line("drift", " ".join(words)))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Makes the table of the rarity of words: `python -m tools.make_term_table shared/data/arxiv-metadata.jsonl.zst`.

Counts in how many papers of 2025 and 2026 each word is. Words in fewer than 20 are left out, and those in more than a
fifth. Nothing but these counts comes from the file.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from math import log2
from pathlib import Path

from hotpapers.keep.transfer import streams
from hotpapers.wings.personal.vectors import TABLE, VERSION, words_of
from lab.outcomes.files import json_rows
from lab.reader_trials import PaperText

FEWEST, LARGEST_SHARE = 20, 0.2
NOT_WORDS = {"http", "https", "www", "com", "org", "net", "io", "github", "gitlab", "html", "pdf", "arxiv"}
"""Parts of addresses."""


def table_of(texts: int, counts: Counter[str]) -> str:
    """The table, from the number of papers and the number of papers with each word."""
    by_level: defaultdict[int, list[str]] = defaultdict(list)
    for word, count in sorted(counts.items()):
        if FEWEST <= count <= LARGEST_SHARE * texts and word not in NOT_WORDS:
            by_level[round(8 * log2(texts / count))].append(word)
    lines = (f"{level} {' '.join(words)}\n" for level, words in sorted(by_level.items()))
    return f"version {VERSION}: {texts} papers, level round(8 log2(papers / papers with the word))\n{''.join(lines)}"


def main(file: str) -> None:
    """Writes the table into the package."""
    counts: Counter[str] = Counter()
    texts = 0
    for paper in json_rows(streams.open_input, file, PaperText):
        if paper.is_recent:
            counts.update(set(words_of(f"{paper.title} {paper.abstract}")))
            texts += 1
    Path(TABLE).write_text(table_of(texts, counts), "ascii")


if __name__ == "__main__":
    main(sys.argv[1])

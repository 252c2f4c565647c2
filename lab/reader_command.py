"""`python -m lab readers` and `python -m lab related`."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_json, print_line
from hotpapers.keep.transfer import streams
from lab.text_tables import plain_table

TEXTS = "arxiv-metadata.jsonl.zst"


@common.add_examples("""
  python -m lab readers --data ../shared/data
  python -m lab readers --data ../shared/data --seed 2""")
@click.command(short_help="Test whether an own order finds an author's next paper.")
@click.option(
    "--data", "folder", metavar="DIR", required=True, type=common.FILE_OR_FOLDER, help=f"The folder with {TEXTS}."
)
@click.option("--authors", type=NumberRange(1, 10_000), default=500, show_default=True, help="Authors in each setting.")
@click.option("--seed", type=NumberRange(0, 2**32), default=1, show_default=True, help="Which authors.")
@common.json_option
@common.debug_option
def readers(folder: Path, authors: int, seed: int, as_json: bool) -> None:
    """Star ten papers of an author, and see whether the next is among the 20 nearest of a thousand.

    Compares with TF-IDF and with a support vector machine of scikit-learn. Takes some minutes.
    """
    from lab.outcomes.files import json_rows
    from lab.reader_order import goals, measure
    from lab.reader_trials import PaperText, in_order, trials

    papers = in_order(json_rows(streams.open_input, str(folder / TEXTS), PaperText))
    chosen = trials(papers, authors, seed)
    shares = list(measure(papers, chosen))
    reached = list(goals(shares))
    if as_json:
        methods, goal_rows = [row._asdict() for row in shares], [{**g._asdict(), "met": g.is_met} for g in reached]
        print_json(
            {"trials": {name: len(rows) for name, rows in chosen.items()}, "shares": methods, "goals": goal_rows}
        )
        return
    counts = [f"{name} ({len(rows)})" for name, rows in chosen.items()]
    print_line(plain_table(["", *counts], [[row.method, f"{row.any:.3f}", f"{row.together:.3f}"] for row in shares]))
    print_line("")
    for goal in reached:
        print_line(
            f"{goal.setting}: {goal.share:.3f} ≥ {goal.least:.3f} ({goal.about}): {'yes' if goal.is_met else 'no'}"
        )


@common.add_examples("""
  python -m lab related --data ../shared/data""")
@click.command(short_help="Test whether related papers are of the same category.")
@click.option(
    "--data", "folder", metavar="DIR", required=True, type=common.FILE_OR_FOLDER, help=f"The folder with {TEXTS}."
)
@click.option("--papers", "count", type=NumberRange(1, 10_000), default=1000, show_default=True, help="Papers.")
@click.option("--seed", type=NumberRange(0, 2**32), default=1, show_default=True, help="Which papers.")
@common.json_option
@common.debug_option
def related(folder: Path, count: int, seed: int, as_json: bool) -> None:
    """Which share of a paper's ten nearest of the last 180 days has its primary category.

    Compares with TF-IDF of scikit-learn among the same papers. Takes some minutes.
    """
    from lab.outcomes.files import json_rows
    from lab.reader_trials import PaperText, in_order
    from lab.related_papers import BELOW, measure_related, recent

    papers = recent(in_order(json_rows(streams.open_input, str(folder / TEXTS), PaperText)))
    shares = measure_related(papers, count, seed)
    if as_json:
        print_json({**shares._asdict(), "met": shares.is_met})
        return
    print_line(f"{shares.queries:,} papers, each among {shares.papers:,}")
    print_line(f"ours                   {shares.share:.4f}")
    print_line(f"TF-IDF of scikit-learn {shares.peer_share:.4f}")
    print_line(
        f"{shares.share:.4f} ≥ {shares.peer_share - BELOW:.4f} (TF-IDF − {BELOW}): {'yes' if shares.is_met else 'no'}"
    )

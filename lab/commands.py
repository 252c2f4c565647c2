"""`python -m lab`: measures how well rankings and forecasts perform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_json, print_line, print_result
from hotpapers.keep.transfer import streams
from lab import curves
from lab.attack_commands import attacks
from lab.clause_command import clauses
from lab.compare_command import compare
from lab.conversation_command import conversations
from lab.outcomes.files import UpvoteCount, json_rows
from lab.reader_command import readers, related
from lab.text_tables import plain_table
from lab.topic_command import topics

CATEGORIES, PAPERS, STORIES = "arxiv-metadata.jsonl.zst", "hf-daily.jsonl.zst", "hn-frontpage.jsonl.zst"
"""The files that forecasts are compared with."""
page_option = click.option(
    "--output", metavar="FILE", type=common.FILE, help="Also write the page to FILE, in Markdown."
)


@common.add_examples("""
  python -m lab outcomes --data shared/data
  python -m lab attacks --quick""")
@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """Measure how well rankings and forecasts perform.

    Needs no store, except to attack its issues or to compare it with another.
    """


lab.add_command(attacks)
lab.add_command(clauses)
lab.add_command(compare)
lab.add_command(conversations)
lab.add_command(readers)
lab.add_command(topics)
lab.add_command(related)


@common.add_examples("""
  python -m lab outcomes --data shared/data""")
@lab.command(short_help="Compare rankings with later outcomes.")
@click.option(
    "--data",
    required=True,
    type=common.FILE_OR_FOLDER,
    metavar="DIR",
    help="The folder with archive-attention.csv, outcomes.csv, venues.csv, hf-daily.jsonl.zst, hf-papers.jsonl.zst, "
    "hn-arxiv.jsonl.zst and arxiv-metadata.jsonl.zst.",
)
@click.option(
    "--resamples",
    type=NumberRange(40, 100_000),
    metavar="N",
    default=1000,
    show_default=True,
    help="Number of resamples for the intervals.",
)
@page_option
@common.force_option
@common.json_option
@common.debug_option
def outcomes(data: Path, resamples: int, output: Path | None, force: bool, as_json: bool) -> None:
    """Compare rankings with later outcomes: citations, reviews, acceptance, attention elsewhere.

    Shows how well each ranking's order agrees with each outcome, with 95 % intervals, compared with rarity/1. Takes
    about a minute.
    """
    require(data.is_dir(), f"{data}: no such folder")
    streams.require_writable(output, own=re.compile(b"# Rankings and what came later\n"), force=force)
    from lab.outcomes.files import read_files
    from lab.outcomes.page import page_of, text_of
    from lab.outcomes.studies import measure_outcomes

    report = measure_outcomes(read_files(lambda name: streams.open_input(str(data / name))), resamples)
    if output is not None:
        streams.write_file(output, iter([page_of(report).encode()]))
    print_result(report, text_of(report), as_json)


@common.add_examples("""
  python -m lab forecast --data ../shared/data""")
@lab.command(short_help="Compare forecasts with actual votes.")
@click.option(
    "--data",
    "folder",
    metavar="DIR",
    required=True,
    type=common.FILE_OR_FOLDER,
    help=f"The folder with {CATEGORIES}, {PAPERS} and {STORIES}.",
)
@page_option
@common.force_option
@common.json_option
@common.debug_option
def forecast(folder: Path, output: Path | None, force: bool, as_json: bool) -> None:
    """Forecast the votes of held-out weeks from earlier weeks, and compare them with the actual votes.

    Shows coverage and loss by network, age and field, compared with those of the usual growth.
    """
    require(folder.is_dir(), f"{folder}: no such folder")
    streams.require_writable(output, own=re.compile(b"# Forecasts\n"), force=force)
    from lab.forecast import held_out, page, rows, scores

    forecast_scores = scores(held_out(_curves(folder)))
    if output is not None:
        streams.write_file(output, iter([page(forecast_scores).encode()]))
    if as_json:
        print_json([{**score._asdict(), "gain": score.gain, "met": score.is_met} for score in forecast_scores])
    else:
        heads, *lines = rows(forecast_scores)
        print_line(plain_table(heads, lines))


def _curves(folder: Path) -> Iterator[curves.MeasuredCurve]:
    open_input = streams.open_input
    papers = json_rows(open_input, str(folder / CATEGORIES), curves.PaperCategory)
    categories = {paper.id: paper.primary for paper in papers}
    yield from curves.hugging_face(json_rows(open_input, str(folder / PAPERS), UpvoteCount), categories)
    yield from curves.hacker_news(json_rows(open_input, str(folder / STORIES), curves.StoryVotes))

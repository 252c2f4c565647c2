"""`hotpapers evaluate`: measures how well rankings and forecasts perform."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.cli import common, streams
from hotpapers.cli.evaluate_attacks import attacks
from hotpapers.cli.evaluate_forecast import forecast
from hotpapers.cli.terminal import NumberRange, show


@common.examples("""
  hotpapers evaluate outcomes --data shared/data
  hotpapers evaluate attacks --quick""")
@click.group()
def evaluate() -> None:
    """Measure how well rankings and forecasts perform.

    Needs no store, except to attack the issues of a store.
    """


evaluate.add_command(attacks)
evaluate.add_command(forecast)


@common.examples("""
  hotpapers evaluate outcomes --data shared/data""")
@evaluate.command(short_help="Compare rankings with later outcomes.")
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
@common.page_option
@common.json_option
@common.debug_option
def outcomes(data: Path, resamples: int, output: Path | None, as_json: bool) -> None:
    """Compare rankings with later outcomes: citations, reviews, acceptance, attention elsewhere.

    Shows how well each ranking's order agrees with each outcome, with 95 % intervals, compared with rarity/1. Takes
    about a minute.
    """
    common.require(data.is_dir(), f"{data}: no such folder")
    streams.require_writable(output)
    from hotpapers.evaluation.outcomes.files import read_files
    from hotpapers.evaluation.outcomes.page import page_of, text_of
    from hotpapers.evaluation.outcomes.studies import measure_outcomes

    report = measure_outcomes(read_files(lambda name: streams.open_input(str(data / name))), resamples)
    if output is not None:
        streams.write_file(output, iter([page_of(report).encode()]))
    show(report, text_of(report), as_json)

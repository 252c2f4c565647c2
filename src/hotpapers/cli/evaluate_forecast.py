"""`hotpapers evaluate forecast`: compares forecasts of held-out weeks with the actual votes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import echo, print_json
from hotpapers.evaluation import curves
from hotpapers.evaluation.forecast import held_out, page, rows, scores
from hotpapers.evaluation.outcomes.files import UpvoteCount
from hotpapers.evaluation.text_tables import plain_table
from hotpapers.untrusted_json import decode_lines

CATEGORIES, PAPERS, STORIES = "arxiv-metadata.jsonl.zst", "hf-daily.jsonl.zst", "hn-frontpage.jsonl.zst"
T = TypeVar("T")


@common.examples("""
  hotpapers evaluate forecast --data ../shared/data""")
@click.command(short_help="Compare forecasts with actual votes.")
@click.option(
    "--data", "folder", metavar="DIR", required=True, type=common.FILE_OR_FOLDER,
    help=f"The folder with {CATEGORIES}, {PAPERS} and {STORIES}.",
)  # fmt: skip
@common.page_option
@common.json_option
@common.debug_option
def forecast(folder: Path, output: Path | None, as_json: bool) -> None:
    """Forecast the votes of held-out weeks from earlier weeks, and compare them with the actual votes.

    Shows coverage and loss by network, age and field, compared with those of the usual growth.
    """
    common.require(folder.is_dir(), f"{folder}: no such folder")
    streams.require_writable(output)
    forecast_scores = scores(held_out(_read(folder)))
    if output is not None:
        streams.write_file(output, iter([page(forecast_scores).encode()]))
    if as_json:
        print_json([{**score._asdict(), "gain": score.gain, "met": score.is_met} for score in forecast_scores])
    else:
        heads, *lines = rows(forecast_scores)
        echo(plain_table(heads, lines))


def _read(folder: Path) -> Iterator[curves.MeasuredCurve]:
    categories = {row.id: row.primary for row in _values(folder / CATEGORIES, curves.PaperCategory)}
    yield from curves.hugging_face(_values(folder / PAPERS, UpvoteCount), categories)
    yield from curves.hacker_news(_values(folder / STORIES, curves.StoryVotes))


def _values(file: Path, type: type[T]) -> Iterator[T]:
    with streams.open_input(str(file)) as lines:
        yield from decode_lines(lines, type, str(file))

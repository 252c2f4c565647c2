"""`python -m lab topics`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_line
from hotpapers.keep.transfer import streams
from lab.outcomes.files import ListedPaper, UpvoteCount, csv_rows, json_rows
from lab.reader_command import TEXTS
from lab.reader_trials import PaperText
from lab.text_tables import plain_table
from lab.topic_trials import score_of
from lab.topic_weeks import Attended, by_chance, topics_by_week, weeks_of


def _archive(folder: Path) -> Iterator[Attended]:
    for row in csv_rows(streams.open_input, str(folder / "archive-attention.csv"), ListedPaper):
        yield Attended(row.arxiv_id, row.issue, row.favorites)


def _daily(folder: Path) -> Iterator[Attended]:
    for row in json_rows(streams.open_input, str(folder / "hf-daily.jsonl.zst"), UpvoteCount):
        if row.date and row.t_ok:
            yield Attended(row.id, row.date, row.upvotes)


SETS: dict[str, Callable[[Path], Iterator[Attended]]] = {"archive": _archive, "daily": _daily}
"""The archive of 2020 to 2022, and the daily pages of Hugging Face."""


@common.add_examples("""
  python -m lab topics --seed 2
  python -m lab topics --data ../shared/data --set archive""")
@click.command(short_help="Test whether planted topics are found.")
@click.option("--data", "folder", metavar="DIR", type=common.FILE_OR_FOLDER, help="List the topics of real weeks.")
@click.option("--set", "name", type=click.Choice(sorted(SETS)), default="archive", show_default=True, help="Which.")
@click.option("--since", metavar="WEEK", default="", help="The first week of it, such as 2025-W12. [default: all]")
@click.option("--seed", type=NumberRange(0, 2**32), default=1, show_default=True, help="Of all that is random.")
@common.debug_option
def topics(folder: Path | None, name: str, since: str, seed: int) -> None:
    """Plant bursts of words in made-up weeks, and see whether they are found.

    With --data: list the topics of real weeks, and how many there are when the same papers are shuffled.
    """
    if folder is None:
        score = score_of(seed)
        print_line(f"bursts: {score.recovered} of {score.planted} found, recall {score.recall:.3f}")
        print_line(f"topics: {score.right} of {score.topics} are bursts, precision {score.precision:.3f}")
        return
    texts = json_rows(streams.open_input, str(folder / TEXTS), PaperText)
    every = weeks_of(SETS[name](folder), texts)
    weeks = {week: papers for week, papers in every.items() if week >= since}
    by_week = list(topics_by_week(weeks))
    rows = [
        [
            week,
            topic.name,
            f"{topic.groups[0].papers} of {len(weeks[week])}",
            str(topic.groups[0].before_papers),
            f"{topic.groups[0].z / 100:.2f}",
            ", ".join(paper.paper for paper in topic.papers),
        ]
        for week, of_week in by_week
        for topic in of_week
    ]
    print_line(plain_table(["week", "topic", "papers", "before", "z", "ids"], rows))
    shuffles = ", ".join(map(str, by_chance(weeks, seed)))
    print_line(f"{len(rows)} topics in {len(by_week)} weeks; {shuffles} when shuffled")

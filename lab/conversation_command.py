"""`python -m lab conversations`: measures how well conversations are made."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import print_json, print_line
from hotpapers.keep.transfer import streams
from lab.text_tables import plain_table

HEADING = "# Conversations"
PAGE = f"""{HEADING}

`python -m lab conversations --store STORE` measures how well conversations are made, without a model: on generated
networks with known trees, on pairs of texts, on labeled posts, and on the papers of a store, here the demo's made-up
week. Times: the least of five on one core.

"""


@common.add_examples("""
  python -m lab conversations --store hotpapers-demo/made-up-week/hotpapers.db""")
@click.command(short_help="Measure how well conversations are made.")
@click.option("--store", type=common.FILE, metavar="FILE", help="Also measure the papers of this store.")
@click.option("--output", metavar="FILE", type=common.FILE, help="Also write the page to FILE, in Markdown.")
@common.force_option
@common.json_option
@common.debug_option
def conversations(store: Path | None, output: Path | None, force: bool, as_json: bool) -> None:
    """Measure how well conversations are made: trees, copies, lines, quoted words, speed.

    The store is only read.
    """
    streams.require_writable(output, own=re.compile(rf"{HEADING}\n".encode()), force=force)
    from lab.conversation_figures import figures

    with tempfile.TemporaryDirectory() as scratch:
        rows = list(figures(store, Path(scratch)))
    heads = ["figure", "measured", "wanted", "met"]
    lines = [[row.what, row.measured, row.wanted, "yes" if row.is_met else "no"] for row in rows]
    if output is not None:
        table = [heads, ["---"] * len(heads), *lines]
        page = PAGE + "".join(f"| {' | '.join(line)} |\n" for line in table)
        streams.write_file(output, iter([page.encode()]))
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_line(plain_table(heads, lines))

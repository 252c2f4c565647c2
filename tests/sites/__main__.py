"""Play and judge the sites: one line per site and judgment, and a line for everything that is wrong.

python -m tests.sites [SITE…] [--folder DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.seeds import replay_line
from tests.sites.catalog import chosen
from tests.sites.judging import lines_of

PROCESSES = 2


def main(arguments: list[str]) -> int:
    """Play the sites, and print the judgments. Return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.sites", description=__doc__.partition(": ")[0])
    parser.add_argument("sites", nargs="*", metavar="SITE", help="the beginning of a site's name; all without any")
    parser.add_argument("--folder", type=Path, help="where stores and pages are kept (default: nowhere)")
    options = parser.parse_args(arguments)
    groups = [[site.name for site in sites] for sites in chosen(options.sites)]
    if not groups:
        parser.error("no such site")
    wrong = 0
    with (
        tempfile.TemporaryDirectory(prefix="hotpapers-sites-") as scratch,
        ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool,
    ):
        for lines in pool.map(partial(lines_of, options.folder or Path(scratch), bool(options.folder)), groups):
            print(*lines, sep="\n", flush=True)
            wrong += sum("WRONG" in line for line in lines)
    if wrong:
        print(replay_line("sites", " ".join(arguments)))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How much mathematics is rendered, and what a reader loads, against fixed limits.

Formulas are those in titles and abstracts of the archive's listings and of 100,000 arXiv papers: text between dollar
signs, in \\(…\\), \\[…\\] or in an environment. A formula counts as rendered if it becomes MathML that parses and
contains no TeX. A page includes script, style and icon, compressed as the app compresses it; the largest issue counts.
The benchmark is skipped without the archive and papers next to the checkout.
"""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

from bench import measure
from bench.bench_site import frozen
from hotpapers.base.model import IssueReader
from hotpapers.base.text.tex_formulas import find_formulas
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.mathml import render_formula
from hotpapers.publish.view.site_paths import issue_path
from hotpapers.record import Record
from hotpapers.serve.http_messages import LEVEL

PAPERS = measure.SHARED / "data" / "arxiv-metadata.jsonl.zst"
SEEDS = measure.SHARED / "seeds" / "restored"
ARCHIVE = measure.SHARED / "archive" / "posts"
LOADED = ("reader.js", "paper_actions.js", "style.css", "icon.svg")
SHARE, PAGE, ASSET = 0.99, 60_000, 10_000


def texts_of_papers(limit: int) -> Iterator[str]:
    """Titles and abstracts of arXiv's papers."""
    with PAPERS.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        for line in islice(io.BufferedReader(reader), limit):
            paper = json.loads(line)
            yield from (paper["title"], paper.get("abstract") or "")


def texts_of_issues(issue_reader: IssueReader, publication: str) -> Iterator[str]:
    """Titles and abstracts of the papers in issues."""
    for day in issue_reader.days(publication):
        for paper in issue_reader.issue(publication, day).papers.values():
            yield from (paper.title, paper.abstract)


def rendered(texts: Iterable[str]) -> tuple[int, int]:
    """How many formulas become valid MathML, and the total."""
    total = valid = 0
    for text in texts:
        for piece in find_formulas(text):
            total += 1
            valid += is_sound(render_formula(piece.tex))
    return valid, total


def is_sound(mathml: str | None) -> bool:
    """Whether a formula is MathML that parses, without leftover TeX."""
    if mathml is None:
        return False
    try:
        root = ET.fromstring(mathml.replace("&nbsp;", "\u00a0"))  # the only entity of HTML here that XML lacks
    except ET.ParseError:
        return False
    return root.tag == "math" and not any("\\" in text for text in root.itertext())


def share(label: str, counts: tuple[int, int]) -> dict[str, Any]:
    """A line for a share."""
    valid, total = counts
    return measure.Line(
        label, f"{valid:,}", f"{total:,}", valid / total, f"≥ {SHARE:g}", valid / total >= SHARE
    )._asdict()  # fmt: skip


def packed(page: bytes) -> int:
    """Bytes on the wire."""
    return len(gzip.compress(page, LEVEL, mtime=0))


def loaded(issue_reader: IssueReader, publication: str) -> list[dict[str, Any]]:
    """Lines for the bytes of issues and of what their pages load."""
    pages = SitePages(issue_reader, publication)
    assets = {name: packed(pages.page(name) or b"") for name in LOADED}
    issues = [packed(pages.page(issue_path(day)) or b"") for day in issue_reader.days(publication)]
    largest = max(assets, key=lambda name: assets[name])
    total = max(issues) + sum(assets.values())
    return [
        measure.limit("an issue's page with all that it loads, the largest, packed", total, PAGE, "B"),
        measure.limit(f"the largest that it loads ({largest}), packed", assets[largest], ASSET, "B"),
    ]


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    if not (PAPERS.exists() and ARCHIVE.is_dir()):
        return {"skipped": "the archive and arXiv's papers are not beside the checkout"}
    with tempfile.TemporaryDirectory(prefix="hotpapers-bench-") as folder:
        store = str(Path(folder) / "store.db")
        frozen(store, sorted([*ARCHIVE.glob("*.md"), *SEEDS.glob("*.md")]))
        with Record(store) as record:
            issue_reader = RecordIssueReader(record)
            publication = issue_reader.publications()[0].publication
            lines = [
                share(
                    "formulas of the archive's papers rendered", rendered(texts_of_issues(issue_reader, publication))
                ),
                share("formulas of arXiv's papers rendered", rendered(texts_of_papers(int(100_000 * scale)))),
                *loaded(issue_reader, publication),
            ]
    return {"lines": lines, "method": __doc__}

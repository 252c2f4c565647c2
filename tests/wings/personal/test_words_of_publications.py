"""A publication's words hold for the papers of a reader's own order: on pages, in answers and in mails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.query import QuerySession
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.record import Record
from hotpapers.wings.personal.for_me import papers_of_day, papers_up_to
from tests.issues.made import DAILY, DAY, moment, paper, posts_about, write

RECIPE = msgspec.structs.replace(DAILY, exclude=("kettle",))


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """An issue of a publication that does not want kettles, on a day with two papers about them."""
    with Record(str(tmp_path / "hotpapers.db")) as opened:
        titles = {1: "Spoons", 2: "A Kettle", 3: "Forks", 4: "The Kettle Again"}
        papers = [item for number, title in titles.items() for item in paper(number, title=title)]
        write(opened, RECIPE, papers, posts_about(1, 9, moment(DAY) + 2 * HOUR))
        freeze.freeze_issue(opened, RECIPE, DAY, at=moment(DAY) + 48 * HOUR)
        yield opened


def test_a_readers_order_has_papers_with_the_publications_words(record: Record) -> None:
    reader = RecordIssueReader(record)
    assert {item.title for item in papers_of_day(reader, RECIPE.publication, DAY)} == {"Spoons", "Forks"}
    texts = papers_up_to(QuerySession(record), DAY, RECIPE.publication, 1)
    assert {text.title for text in texts} == {"Spoons", "Forks"}
    script = (SitePages(reader, RECIPE.publication).page(f"{DAY}/papers.js") or b"").decode()
    rows = json.loads(script[len("dayPapers(") : -len(");\n")])["papers"]
    assert {row[0] for row in rows.values()} == {"Spoons", "Forks"}

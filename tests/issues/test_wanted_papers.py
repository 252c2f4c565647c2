"""Which announced papers are in a publication's fields: counted as arXiv's own feeds bring them into the record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import Announcement, AnnouncementType, Issue, Item, Paper, Publication
from hotpapers.issues import build, freeze, wanted_papers
from hotpapers.issues.freeze import check_issue
from hotpapers.issues.queries import DescribedAnnouncement
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.record.commitments import canonical_json
from hotpapers.record.record import Record
from tests.issues.made import DAILY, moment, write
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import DirectClient
from tests.loopback.reading import items_in, make_source
from tests.loopback.script import Paper as ScriptedPaper
from tests.loopback.world import World

DAY = "2026-03-10"
CUT = moment(f"{DAY}T06:00")
WORLD = World(3, "2026-02-23", papers=60)
FIELDS = [
    (), ("cs",), ("cs.CL",), ("cs.LG", "stat"), ("stat.ML", "cs.LG"), ("astro-ph.GA", "gr-qc"), ("math",), ("q-bio",),
    ("physics",), ("hep-th", "cs.CL", "econ"),
]  # fmt: skip


def publication(names: tuple[str, ...]) -> Publication:
    return msgspec.structs.replace(DAILY, publication="-".join(names) or "all", categories=names, hour=6)


def in_script(names: tuple[str, ...]) -> set[str]:
    """The papers that the script announces in these fields."""
    return {
        f"arxiv:{paper.id}" for paper in WORLD.papers(DAY)
        if not names or any(name in names or name.partition(".")[0] in names for name in paper.categories)
    }  # fmt: skip


@pytest.fixture(scope="module")
def read_items() -> list[Item]:
    """What the arXiv source reads on the morning of the day."""
    http = DirectClient(WORLD, SteppedClock(moment(f"{DAY}T05:00")))
    source = make_source("arxiv", http.bases)
    return items_in(source, source.pages(http, None))


@pytest.fixture
def record(store_url: str, read_items: list[Item]) -> Iterator[Record]:
    with Record(store_url) as opened:
        write(opened, read_items)
        yield opened


def frozen(record: Record, names: tuple[str, ...]) -> freeze.FrozenIssue:
    write(record, publication(names))
    return freeze.freeze_issue(record, publication(names), DAY, at=CUT)


def findings(record: Record) -> list[str]:
    rows = (row.item for row in record.view().latest(Issue))
    return [str(finding) for item in rows for finding in check_issue(record, item)]


@pytest.mark.parametrize("names", FIELDS, ids="+".join)
def test_the_number_the_list_and_the_page_are_of_the_papers_announced_in_the_fields(
    record: Record, names: tuple[str, ...], tmp_path: Path
) -> None:
    expected = in_script(names)
    content = frozen(record, names).content
    assert content.announced == len(expected) > 0
    assert content.counting == "categories/1"
    name = content.publication.publication
    assert {row.paper.paper for row in RecordIssueReader(record).announced(name, DAY)} == expected
    export_site(record, name, [DAY], "site", tmp_path)
    html = (tmp_path / DAY / "all" / "index.html").read_text()
    assert re.search(rf">{len(expected)} papers? announced ·", html)
    assert f"{len(expected)} announced that day" in (tmp_path / DAY / "index.html").read_text()
    assert findings(record) == []


def with_words(include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Publication:
    return msgspec.structs.replace(publication(("cs", "stat")), include=include, exclude=exclude)


def said_of(paper: ScriptedPaper) -> list[str]:
    return re.findall(r"\w+", f"{paper.title} {paper.abstract}".lower())


@pytest.mark.parametrize(("include", "exclude"), [(True, False), (False, True), (True, True)])
def test_words_hold_for_all_that_was_announced(record: Record, include: bool, exclude: bool, tmp_path: Path) -> None:
    announced = [paper for paper in WORLD.papers(DAY) if f"arxiv:{paper.id}" in in_script(("cs", "stat"))]
    wanted, unwanted = (max(sorted(set(said_of(paper))), key=len) for paper in announced[:2])
    recipe = with_words((wanted,) * include, (unwanted,) * exclude)
    expected = {
        f"arxiv:{paper.id}"
        for paper in announced
        if (not include or wanted in said_of(paper)) and not (exclude and unwanted in said_of(paper))
    }
    write(record, recipe)
    content = freeze.freeze_issue(record, recipe, DAY, at=CUT).content
    assert content.counting == "words/1" and content.announced == len(expected) < len(announced)
    reader = RecordIssueReader(record)
    assert {row.paper.paper for row in reader.announced(recipe.publication, DAY)} == expected
    export_site(record, recipe.publication, [DAY], "site", tmp_path)
    all_page = tmp_path / DAY / "all" / "index.html"
    ids = {paper.removeprefix("arxiv:") for paper in expected}
    assert all(name in all_page.read_text() for name in ids) if ids else not all_page.exists()
    assert findings(record) == []


def test_an_issue_frozen_when_words_did_not_matter_verifies(record: Record) -> None:
    recipe = with_words(exclude=("a",))
    write(record, recipe)
    old = build.IssueRecipe(recipe, DAY, 1, record.head.position, counting=wanted_papers.CATEGORIES)
    before = build.build_issue(record, old)
    assert before.content.announced == len(in_script(("cs", "stat"))) > 0
    freeze.save_issue(record, before, CUT)
    assert findings(record) == []
    reader = RecordIssueReader(record)
    assert len(reader.announced(recipe.publication, DAY)) == before.content.announced


def test_an_issue_frozen_before_rules_had_names_counts_by_feed_and_verifies(record: Record) -> None:
    write(record, publication(("cs.CL",)))
    recipe = build.IssueRecipe(publication(("cs.CL",)), DAY, 1, record.head.position, counting=wanted_papers.FEEDS)
    before = build.build_issue(record, recipe)
    assert before.content.announced == 0
    assert "counting" not in canonical_json(before.content).decode()
    freeze.save_issue(record, before, CUT)
    assert findings(record) == []
    assert RecordIssueReader(record).announced("cs.CL", DAY) == ()


def test_a_rule_that_is_not_known_is_a_finding(record: Record) -> None:
    content = msgspec.structs.replace(frozen(record, ("cs.CL",)).content, counting="moons/7")
    text = canonical_json(content).decode()
    item = Issue(
        publication="cs.CL", day=DAY, edition=1, digest=build.digest_of(content), content=text, observed_at=0
    )  # fmt: skip
    assert [str(finding) for finding in check_issue(record, item)] == [
        f"issue: cs.CL {DAY} edition 1: cannot be rebuilt: its papers were counted by 'moons/7', which this version "
        "does not know; update hotpapers"
    ]


@pytest.mark.parametrize(
    ("names", "feed", "type", "categories", "counts"),
    [
        (("cs.CL",), "cs", "new", ("cs.CL",), True),
        (("cs.CL",), "cs", "new", ("cs.LG",), False),
        (("cs.CL",), "cs", "new", ("cs.LG", "cs.CL"), True),
        (("cs.CL",), "stat", "new", ("stat.ML", "cs.CL"), True),  # the feeds of cs may not be read
        (("cs.CL",), "cs", "cross", ("stat.ML", "cs.CL"), True),
        (("stat.ML",), "cs", "cross", ("stat.ML", "cs.CL"), False),  # in stat, it was announced before
        (("stat.ML", "cs"), "cs", "cross", ("stat.ML", "cs.CL"), True),
        (("cs",), "cs.CL", "cross", ("stat.ML", "cs.CL"), True),
        (("cs.CL",), "cs", "inferred", ("cs.CL",), True),
        (("cs.CL",), "cs", "new", (), False),  # a feed of cs does not tell
        (("cs",), "cs", "new", (), True),
        (("cs",), "cs", "cross", (), True),
        (("cs.CL",), "cs.CL", "new", (), True),
        ((), "cs", "cross", (), True),
    ],
)
def test_a_paper_counts_where_it_was_announced(
    names: tuple[str, ...], feed: str, type: AnnouncementType, categories: tuple[str, ...], counts: bool
) -> None:
    announcement = Announcement(paper="arxiv:1", day=DAY, category=feed, type=type, announced_at=0, observed_at=0)
    rule = wanted_papers.FieldRule(wanted_papers.CATEGORIES, publication(names))
    assert rule.counts(DescribedAnnouncement(announcement, categories)) is counts


def test_categories_count_as_known_at_the_close(record: Record) -> None:
    """Later ones change neither the number nor the page."""
    before = frozen(record, ("cs.CL",)).content.announced
    moved = [paper for paper in WORLD.papers(DAY) if "cs.CL" in paper.categories]
    assert moved and before == len(moved)
    known = record.view().items(Paper)
    write(record, [msgspec.structs.replace(paper, categories=("cs.RO",), observed_at=CUT + 1) for paper in known])
    assert len(RecordIssueReader(record).announced("cs.CL", DAY)) == before
    assert findings(record) == []

"""Doubts about listed posts, which change neither the listing nor a frozen issue."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.model import Issue, Item, Listing, Mention, Paper, Post, Verdict
from hotpapers.discussion.moderation.queries import doubtful_pairs as doubted
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record import Record
from hotpapers.record.verify import check_record
from hotpapers.wings.classic import importing as classic_import
from hotpapers.wings.classic.channel import ClassicChannel
from hotpapers.wings.classic.doubtful_mentions import judge_listed_posts
from tests.record.made import AT

KETTLE, SOCKS, SHEEP = (f"arxiv:2103.0000{n}" for n in range(1, 4))
TITLE = "Teaching Kettles to Sing in Winter"


def paper(key: str, title: str) -> Paper:
    return Paper(paper=key, title=title, observed_at=AT)


def listed(n: int, key: str, text: str, *, form: str = "listed", at: int = AT) -> list[Item]:
    own = f"x:136665953926014976{n}"
    return [
        Post(post=own, network="x", account="x:@made_up_ada", created_at=at, text=text, observed_at=at),
        Mention(post=own, paper=key, form=form, found_in="listing", observed_at=at),
    ]


LISTING = Listing(
    publication="hot-papers", day="2021-03-02", made="2021-03-02T17:00:00", lead=0, places=1, file="ab" * 32,
    observed_at=AT,
)  # fmt: skip
DRESS = "{}\npdf: https://t.example/a\nabs: https://t.example/b"
UNKNOWN = DRESS.format("Where Unknown Drawers Hide Their Treasures")
LISTED: list[Item] = [
    LISTING,
    paper(SHEEP, "Counting Sheep by Contrastive Methods"),
    *listed(1, SHEEP, DRESS.format("Counting Sheep by Contrastive Methods")),
    *listed(2, SHEEP, DRESS.format(TITLE)),
    *listed(3, SHEEP, UNKNOWN),
    *listed(4, SHEEP, UNKNOWN), *listed(4, SOCKS, UNKNOWN)[1:],
    *listed(5, SHEEP, UNKNOWN, form="abs"),
    *listed(6, "arxiv:2103.00009", UNKNOWN),
]  # fmt: skip


def verdicts(record: Record) -> list[tuple[str, str, str, str]]:
    items = [row.item for row in record.view().latest(Verdict)]
    return [(v.subject[-1], v.about, v.judgement, v.reason) for v in items]


def test_listed_posts_with_the_words_of_another_paper(store_url: str) -> None:
    with Record(store_url) as record:
        judge_listed_posts(record)
        assert not record.head.position
        record.append(LISTED, source="test")
        judge_listed_posts(record)
        assert {(post[-1], paper) for post, paper in doubted(record.view())} == {("2", SHEEP), ("3", SHEEP)}
        unknown = "its words are the title of another paper"
        assert verdicts(record) == [("2", SHEEP, "doubtful", unknown), ("3", SHEEP, "doubtful", unknown)]
        record.append([paper(KETTLE, TITLE)], source="test")
        judge_listed_posts(record)
        position = record.head.position
        judge_listed_posts(record)
        assert record.head.position == position
        assert verdicts(record)[0] == ("2", SHEEP, "doubtful", f"its words are the title of {KETTLE}")
        [mention] = [row.item for row in record.view().latest(Mention, "t.form = 'title'")]
        assert (mention.post[-1], mention.paper) == ("2", KETTLE)


# ---- a real listing ----------------------------------------------------------------------------------


@pytest.fixture
def seeds(shared: Path) -> list[classic_import.ParsedClassicFile]:
    files = sorted((shared / "seeds" / "restored").glob("*.md"))
    return [classic_import.read_classic(file.name, file.read_bytes()) for file in files]


def test_one_of_the_seeds_embeds_such_a_post(seeds: list[classic_import.ParsedClassicFile], sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        classic_import.import_parsed(record, seeds)
        days = sorted(file.issue.date for file in seeds)
        publication = freeze.publication_of(record, None)
        for day in days:
            freeze.freeze_issue(record, publication, day)
        rendered = list(ClassicChannel().render(RecordIssueReader(record), "hot-papers", days))
        judge_listed_posts(record)
        [verdict] = [row.item for row in record.view().latest(Verdict)]
        assert verdict.judgement == "doubtful" and verdict.rule == "words"
        assert (verdict.subject, verdict.about) == ("x:1349568134399873024", "arxiv:2101.04909")
        assert list(ClassicChannel().render(RecordIssueReader(record), "hot-papers", days)) == rendered
        assert not check_record(record.database, record.hasher).findings
        issues = [row.item for row in record.view().latest(Issue)]
        assert len(issues) == 5
        assert not [f for item in issues for f in freeze.check_issue(record, item)]

"""Names from the record."""

from __future__ import annotations

from typing import Any

import pytest

from hotpapers.base import model
from hotpapers.base.model import (
    DAY,
    Announcement,
    Item,
    Mention,
    Paper,
    Post,
    TextLink,
)
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.record import Record
from hotpapers.record.paper_names import KEPT, load_names, named_by, paper_named
from tests.record.made import AT

KETTLE, SOCKS, SHEEP, OLD = (f"arxiv:2103.0000{n}" for n in range(1, 5))
TITLE = "Teaching Kettles to Sing in Winter"


def paper(key: str, title: str, at: int = AT, **more: Any) -> Paper:
    return Paper(paper=key, title=title, observed_at=at, **more)


def announced(key: str, at: int, type: model.AnnouncementType = "new") -> Announcement:
    return Announcement(paper=key, day="2021-03-02", category="cs.LG", type=type, announced_at=at, observed_at=AT)


def hugging(key: str, *targets: str) -> list[Item]:
    text = "\n".join(targets)
    starts = [text.index(target) for target in targets]
    links = tuple(TextLink(at, at + len(target), target) for at, target in zip(starts, targets, strict=True))
    own = "huggingface:" + key.removeprefix("arxiv:")
    return [
        Post(post=own, network="huggingface", account="", created_at=AT, text=text, links=links, observed_at=AT),
        Mention(post=own, paper=key, form="huggingface", found_in="listing", observed_at=AT),
    ]


ITEMS: list[Item] = [
    paper(KETTLE, "Teaching Kettles to Whistle in Winter", AT - DAY),
    paper(KETTLE, TITLE, doi="10.1000/kettle", comment="Code: https://github.com/kettle/song"),
    announced(KETTLE, AT - DAY),
    paper(SOCKS, "A Theory of Lost Socks and Where They Go", abstract="See https://github.com/socks/lost."),
    paper(OLD, "What Was Known of Tea in Olden Times"), announced(OLD, AT - 3 * KEPT),
    announced(OLD, AT - DAY, "replacement"),
    *hugging(KETTLE, "https://kettle.example", "https://github.com/socks/lost"),
]  # fmt: skip


def all_named(names: PaperIndex) -> dict[str, list[str]]:
    texts = {
        "title": TITLE, "old title": "Teaching kettles to whistle in winter", "doi": "doi:10.1000/kettle",
        "code": "https://github.com/kettle/song", "page": "https://kettle.example/", "two": "https://github.com/socks/lost",
        "socks": "A theory of lost socks and where they go", "tea": "What was known of tea in olden times",
    }  # fmt: skip
    return {name: [alias.paper for alias in names.papers_in(text)] for name, text in texts.items()}


KNOWN: dict[str, list[str]] = {
    "title": [KETTLE], "old title": [], "doi": [KETTLE], "code": [KETTLE], "page": [KETTLE], "two": [],
    "socks": [SOCKS], "tea": [],
}  # fmt: skip


def test_names_of_the_last_days(store_url: str) -> None:
    with Record(store_url) as record:
        record.append(ITEMS, source="test")
        assert all_named(load_names(record, AT)) == KNOWN
        assert all_named(load_names(record, AT, 0))["tea"] == [OLD]
        assert len(load_names(record, AT - 2 * DAY)) == 0


def test_names_learned_from_what_was_just_read() -> None:
    names = PaperIndex(named_by(ITEMS))
    assert all_named(names) == KNOWN | {"tea": [OLD]}
    assert not list(named_by([*hugging(KETTLE), ITEMS[2]]))


PREPRINT, OTHER, ARTICLE = "doi:10.1101/2021.03.01.000001", "doi:10.1101/2021.03.01.000002", "10.5555/kettle.1"
SPELLED = (ARTICLE, ARTICLE.upper(), f"doi:{ARTICLE}", f"https://doi.org/{ARTICLE}")


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([], f"doi:{ARTICLE}"),
        ([paper(PREPRINT, TITLE, doi="10.5555/Kettle.1")], PREPRINT),
        ([paper(KETTLE, TITLE, doi=ARTICLE)], KETTLE),
        ([paper(PREPRINT, TITLE), paper(PREPRINT, TITLE, AT + 1, doi=ARTICLE)], PREPRINT),
        ([paper(PREPRINT, TITLE, doi=ARTICLE), paper(PREPRINT, TITLE, AT + 1)], f"doi:{ARTICLE}"),
        ([paper(PREPRINT, TITLE, doi=ARTICLE), paper(OTHER, TITLE, doi=ARTICLE)], f"doi:{ARTICLE}"),
        ([paper(PREPRINT, TITLE, doi=ARTICLE), paper(f"doi:{ARTICLE}", TITLE)], f"doi:{ARTICLE}"),
    ],
    ids=["unknown", "a preprint", "on arXiv", "later", "no longer", "two preprints", "described itself"],
)
def test_an_article_is_the_preprint_that_became_it(store_url: str, items: list[Item], named: str) -> None:
    with Record(store_url) as record:
        for item in items:
            record.append([item], source="test")
        assert {paper_named(record, text) for text in SPELLED} == {named}
        assert paper_named(record, f"{OTHER}v2") == OTHER


def test_not_all_papers_are_read_to_find_an_article(sqlite_url: str, statements: list[str]) -> None:
    with Record(sqlite_url) as record:
        statements.clear()
        paper_named(record, ARTICLE)
        [statement] = [sql for sql in statements if "lower" in sql]
        params = [0] * statement.count("?")
        plan = " ".join(row[3] for row in record.database.rows(f"EXPLAIN QUERY PLAN {statement}", params))
    assert "INDEX paper_doi" in plan and "SCAN t" not in plan, plan

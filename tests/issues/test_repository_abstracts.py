"""Abstracts of the papers in issues, as the shelf returns them."""

from __future__ import annotations

import msgspec

from hotpapers.base.model import HOUR, Item, Paper, Place
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
from tests.issues.listed import LISTED, listing
from tests.issues.made import DAILY, DAY, background, frozen, key, moment, paper, posts_about, write

TODAY = moment(DAY)


def test_an_abstract_else_a_summary_as_known_now(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, DAILY, background(), paper(1, abstract="The first abstract."), paper(2), paper(3))
        write(
            record, posts_about(1, 90, TODAY + HOUR), posts_about(2, 60, TODAY + HOUR), posts_about(3, 40, TODAY + HOUR)
        )
        frozen(record)
        later = Paper(paper=key(1), title="Later", abstract="A better abstract.", observed_at=TODAY + 99 * HOUR)
        summed = Paper(paper=key(2), title="Summed", summary="A summary.", observed_at=TODAY + 99 * HOUR)
        write(record, [later, msgspec.structs.replace(summed, abstract="")])
        issue_reader = RecordIssueReader(record)
        texts = {(DAY, key(1)): "A better abstract.", (DAY, key(2)): "A summary."}
        assert [summary.paper for summary in issue_reader.entry_summaries("daily")] == [key(1), key(2), key(3)]
        assert issue_reader.abstracts("daily", [DAY]) == texts, "the third says nothing"
        write(
            record,
            [msgspec.structs.replace(later, abstract="Withdrawn.", withdrawn=True, observed_at=later.observed_at + 1)],
        )
        assert RecordIssueReader(record).abstracts("daily", [DAY])[DAY, key(1)] == "The first abstract."
        assert issue_reader.abstracts("daily", []) == issue_reader.abstracts("daily", ["1999-01-01"]) == {}
        assert issue_reader.abstracts("other", [DAY]) == {}


def test_a_listing_says_it_as_printed(store_url: str) -> None:
    printed = listing({7: (10, 60), 8: (10, 50)})
    with Record(store_url) as record:
        write(record, LISTED, [as_it_says(item, key(7), "As  printed.") for item in printed])
        papers = [
            Paper(paper=key(number), title="Known", abstract="Known since.", observed_at=TODAY + 99 * HOUR)
            for number in (7, 8)
        ]
        write(record, papers)
        frozen(record, LISTED)
        texts = RecordIssueReader(record).abstracts(LISTED.publication, [DAY])
        assert texts == {(DAY, key(7)): "As  printed.", (DAY, key(8)): "Known since."}


def as_it_says(item: Item, paper: str, abstract: str) -> Item:
    """The item; with this abstract if it is the paper's place in a listing."""
    is_it = isinstance(item, Place) and item.paper == paper
    return msgspec.structs.replace(item, abstract=abstract) if is_it else item

"""What an edit removes from a post or restores: verdicts on its mentions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Mention, Verdict
from hotpapers.collect.sources.paper_mentions import EDIT_RULE, edit_verdicts
from hotpapers.record import Record

POST = "bluesky:at://did:plc:anna/app.bsky.feed.post/3a"
PAPERS = st.sets(st.sampled_from([f"arxiv:2609.0000{n}" for n in range(5)]))


def mentions(*papers: str) -> list[Mention]:
    return [Mention(post=POST, paper=paper, form="abs", found_in="text", observed_at=9) for paper in papers]


@given(PAPERS, PAPERS, PAPERS)
def test_afterwards_just_what_is_named_now_is_not_doubted(
    papers: set[str], doubtful_before: set[str], named_now: set[str]
) -> None:
    doubtful_papers = papers & doubtful_before
    verdicts = edit_verdicts(POST, papers, doubtful_papers, mentions(*named_now), 9)
    assert all((v.subject, v.rule, v.observed_at) == (POST, EDIT_RULE, 9) for v in verdicts)
    judgements = {v.about: v.judgement for v in verdicts}
    assert len(judgements) == len(verdicts) and set(judgements) <= papers
    doubtful_after = {
        paper for paper in papers if judgements.get(paper, "doubtful" if paper in doubtful_papers else "") == "doubtful"
    }
    assert doubtful_after == papers - named_now
    assert edit_verdicts(POST, papers, doubtful_after, mentions(*named_now), 10) == []


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        yield record


def record_edit(record: Record, at: int, *papers: str) -> list[str]:
    """Records the post with what it names now; returns the papers that are now in doubt."""
    view = record.view()
    all_papers = {
        row.item.paper for row in view.latest(Mention, "t.post = (SELECT id FROM identity WHERE key = ?)", (POST,))
    }
    verdicts = edit_verdicts(POST, all_papers, doubtful(record), mentions(*papers), at)
    record.append([*mentions(*papers), *verdicts], source="bluesky", at=at)
    return sorted(doubtful(record))


def doubtful(record: Record) -> set[str]:
    where = "t.subject = (SELECT id FROM identity WHERE key = ?) AND t.rule = ? AND t.judgement = 'doubtful'"
    rows = record.view().latest(Verdict, where, (POST, EDIT_RULE))
    return {row.item.about for row in rows}


def test_a_paper_that_is_taken_out_and_put_back(record: Record) -> None:
    kettle, sheep = "arxiv:2609.00001", "arxiv:2609.00002"
    assert record_edit(record, 1, kettle) == []
    assert record_edit(record, 2, sheep) == [kettle]
    assert record_edit(record, 3) == [kettle, sheep]
    assert record_edit(record, 4) == [kettle, sheep]
    assert record_edit(record, 5, kettle, sheep) == []
    assert record.count(Verdict) == 4

"""Posts that a bridge cut to fit: their whole text is beside the cut one."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.sources.bluesky import parser, stream_filter
from tests.collect.sources.cases import AT

LINKED = '<p>A long note, see <a href="https://arxiv.org/abs/2602.01234">this</a></p>'


@pytest.mark.parametrize("field", ["bridgyOriginalText", "fullText"])
@pytest.mark.parametrize("text", [LINKED, "<p>A long note on arXiv:2602.01234</p>", "A long note on arXiv:2602.01234"])
def test_a_paper_in_the_part_that_was_cut_counts(field: str, text: str) -> None:
    raw = msgspec.Raw(msgspec.json.encode({"text": "A long […]", "createdAt": "2026-03-01T10:00:00Z", field: text}))
    record = stream_filter.post_record(raw)
    assert record and stream_filter.names_paper(raw, record, names=NO_NAMES)
    assert [mention.paper for mention in parser.list_mentions("bluesky:x", record, AT, names=NO_NAMES)] == [
        "arxiv:2602.01234"
    ]


@pytest.mark.parametrize("value", [None, 7, [], {}, ""])
def test_a_field_of_another_type_costs_nothing(value: object) -> None:
    raw = msgspec.Raw(msgspec.json.encode({"text": "arXiv:2602.01234", "bridgyOriginalText": value}))
    record = stream_filter.post_record(raw)
    assert record and stream_filter.names_paper(raw, record, names=NO_NAMES)

"""A record's comparison file from either database: its voices are the ones that rankings count."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.cli import streams
from hotpapers.cli.import_files import lines_of
from hotpapers.comparison import queries
from hotpapers.comparison.extract import Period, extract_lines
from hotpapers.comparison.facts import decode_file, read_facts
from hotpapers.comparison.lines import encode_line
from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.model import DAY
from hotpapers.store import Record
from hotpapers.transfer.jsonl import importer
from tests.comparison.collectors import KEY
from tests.comparison.injected import counted
from tests.conftest import ROOT

WEEK = ROOT / "src" / "hotpapers" / "demo" / "week.jsonl.zst"


@pytest.mark.long
def test_either_database_tells_the_same(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        with streams.open_input(str(WEEK)) as stream:
            importer.import_lines(record, "week", lines_of(stream))
        until = queries.last_observed(record.view())
        lines = extract_lines(record, Period(until - 30 * DAY, until), KEY)
        facts = read_facts(decode_file(map(encode_line, lines), "week"), "week")
        ranked = {
            (one.paper, one.network, one.age): one.voices
            for one in read_engagement(record.view(until), MeasurementWindow())
            if one.peer and one.announced_at > facts.header.since
        }
    assert len(ranked) > 500 and facts.bots
    assert counted(facts) == ranked

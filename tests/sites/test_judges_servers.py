"""Judges notice what is wrong about servers of papers: three days of site 10, until Crossref has shown web pages for a
day, in which one thing at a time is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from hotpapers.base import logs
from hotpapers.record import Record
from tests.loopback.clock import moment
from tests.sites.catalog import chosen
from tests.sites.evidence import Evidence
from tests.sites.judging import JUDGMENTS
from tests.sites.play import Played, played

pytestmark = pytest.mark.long

END = moment("2026-03-19T14:00")
PAGE = "site/2026-03-19/index.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    ((chemists,),) = chosen(["10"])
    short = chemists.periods[0]._replace(end=END)
    with played([chemists._replace(periods=(short,))], tmp_path_factory.mktemp("site")) as (result,):
        yield result
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


def test_nothing_is_wrong(site: Played) -> None:
    with Record(site.store, create=False) as record:
        evidence = Evidence(site, record)
        assert {name for name, judge in JUDGMENTS.items() if list(judge(evidence))} == set()
        assert [reading.state for reading in evidence.issues[-1].content.servers or ()] == ["refused"]


def call_read(evidence: Evidence) -> None:
    """The last issue calls a server read that refused."""
    content = evidence.issues[-1].content
    servers = tuple(
        msgspec.structs.replace(reading, state="complete", gaps=(), since=None) for reading in content.servers or ()
    )
    evidence.issues[-1] = evidence.issues[-1]._replace(content=msgspec.structs.replace(content, servers=servers))


def call_unread(evidence: Evidence) -> None:
    """The issue before calls a server refused that was read."""
    last, before = evidence.issues[-1].content, evidence.issues[-2].content
    content = msgspec.structs.replace(before, servers=last.servers)
    evidence.issues[-2] = evidence.issues[-2]._replace(content=content)


def name_no_server(evidence: Evidence) -> None:
    content = msgspec.structs.replace(evidence.issues[-1].content, servers=msgspec.UNSET)
    evidence.issues[-1] = evidence.issues[-1]._replace(content=content)


def count_revisions(evidence: Evidence) -> None:
    """Issues count one paper more than there are."""
    for n, issue in enumerate(evidence.issues):
        content = msgspec.structs.replace(issue.content, announced=(issue.content.announced or 0) + 1)
        evidence.issues[n] = issue._replace(content=content)


def know_no_paper(evidence: Evidence) -> None:
    evidence.truth.paper = lambda key: None  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("judgment", "change"),
    [
        ("servers", call_read), ("servers", call_unread), ("servers", name_no_server), ("recorded", call_read),
        ("recorded", know_no_paper), ("announced", count_revisions),
        ("same numbers", call_read),
    ],
)  # fmt: skip
def test_a_wrong_issue_is_noticed(site: Played, judgment: str, change: Callable[[Evidence], None]) -> None:
    with Record(site.store, create=False) as record:
        evidence = Evidence(site, record)
        change(evidence)
        assert list(JUDGMENTS[judgment](evidence))


@pytest.mark.parametrize(("old", "new"), [("at least ", "the "), ("ChemRxiv not ", "Lobsters not ")])
def test_a_wrong_page_is_noticed(site: Played, old: str, new: str) -> None:
    file = site.public / PAGE
    text = file.read_text("utf-8")
    assert old in text
    try:
        file.write_text(text.replace(old, new), "utf-8")
        with Record(site.store, create=False) as record:
            assert list(JUDGMENTS["servers"](Evidence(site, record)))
    finally:
        file.write_text(text, "utf-8")

"""Which time's reading an issue reports: since the issue before, with every gap."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import IssueError
from hotpapers.base.model import BEGAN, HOUR, Coverage, Issue, IssueContent, NetworkReading, ReadingGap
from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.networks import network_names
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.coverage import LAST_DAY, LOST, SEVERITY, SINCE_PREVIOUS, TURN, covered_ranges, reading_of
from hotpapers.issues.freeze import _recipe_of, check_issue, freeze_issue
from hotpapers.record.record import Record
from tests.issues.made import DAILY, background, issue, moment, paper, posts_about, read, write

FRIDAY, MONDAY = "2024-05-03", "2024-05-06"
CUT = moment(MONDAY) + 8 * HOUR


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def reading(content: IssueContent, network: str = "bluesky") -> NetworkReading:
    (result,) = [reading for reading in content.readings if reading.network == network]
    return result


def friday_then_break(record: Record) -> None:
    """An issue on Friday, then nothing is read from Friday at 20:00 until Sunday at 6:00."""
    friday = moment(FRIDAY)
    write(record, background(), paper(1, FRIDAY), posts_about(1, 50, friday + HOUR))
    write(record, read("bluesky", friday - 20 * DAY_LONG, friday + 8 * HOUR))
    write(record, read("bluesky", friday + 8 * HOUR, friday + 20 * HOUR))
    issue(record, day=FRIDAY)
    write(record, read("bluesky", friday + 54 * HOUR, CUT))
    write(record, paper(2, MONDAY), posts_about(2, 50, moment(MONDAY) + HOUR))


def test_an_issue_after_a_break_reports_the_time_since_the_issue_before(record: Record) -> None:
    friday_then_break(record)
    content = issue(record, day=MONDAY)
    assert (content.period, content.read_from) == (SINCE_PREVIOUS, moment(FRIDAY) + 8 * HOUR)
    gap = ReadingGap(from_at=moment(FRIDAY) + 20 * HOUR, until_at=moment(FRIDAY) + 54 * HOUR, state="unknown")
    assert reading(content).state == "partial" and reading(content).gaps == (gap,)


def test_an_issue_frozen_by_the_old_rule_still_verifies_by_it(record: Record) -> None:
    friday_then_break(record)
    recipe = IssueRecipe(DAILY, MONDAY, 1, record.head.position, period=LAST_DAY)
    content = build_issue(record, recipe).content
    assert reading(content) == NetworkReading(network="bluesky", state="complete")
    assert content.period is content.read_from is msgspec.UNSET
    assert build_issue(record, _recipe_of(content)).content == content


def test_the_first_issue_reports_the_time_since_the_earliest_announcement_of_an_entry(record: Record) -> None:
    """The site began on Sunday evening; what was said on Friday is not known, which no age of a job hides."""
    began = moment(MONDAY) - 4 * HOUR
    write(record, background(networks=("hackernews",)), paper(1, FRIDAY), paper(2, MONDAY))
    write(record, posts_about(1, 50, moment(FRIDAY) + HOUR, "hackernews"), posts_about(2, 40, began, "hackernews"))
    write(record, read("bluesky", began, began, reason=BEGAN), read("bluesky", began, CUT))
    write(record, read("hackernews", moment(FRIDAY) - 30 * DAY_LONG, CUT))
    content = issue(record, day=MONDAY)
    assert content.read_from == moment(FRIDAY)
    gap = ReadingGap(from_at=moment(FRIDAY), until_at=began, state="unknown")
    assert (reading(content).gaps, reading(content).began) == ((gap,), began)
    assert (reading(content, "hackernews").gaps, reading(content, "hackernews").state) == ((), "complete")


def test_a_correction_reports_the_time_of_the_edition_it_corrects(record: Record) -> None:
    friday_then_break(record)
    first = freeze_issue(record, DAILY, MONDAY, at=CUT + HOUR)
    second = freeze_issue(record, DAILY, MONDAY, at=CUT + 2 * HOUR, again=True, reason="a test")
    assert second.content.read_from == first.content.read_from == moment(FRIDAY) + 8 * HOUR


def test_verifying_rebuilds_it(record: Record) -> None:
    friday_then_break(record)
    issue(record, day=MONDAY)
    assert [list(check_issue(record, item)) for item in record.view().items(Issue)] == [[], []]


def test_an_unknown_rule_asks_for_a_newer_version(record: Record) -> None:
    write(record, paper(1))
    with pytest.raises(IssueError, match="update hotpapers"):
        build_issue(record, IssueRecipe(DAILY, MONDAY, 1, record.head.position, period="since-launch/9"))


reasons = st.sampled_from(("", "2 of 3 servers", LOST[0] + "then", LOST[1] + "events"))
spans_drawn = st.lists(
    st.builds(
        lambda start, length, state, reason: Coverage(
            network="bluesky", from_at=start * HOUR, until_at=(start + length) * HOUR, state=state, reason=reason,
            observed_at=(start + length) * HOUR,
        ),
        st.integers(-5, 50), st.integers(1, 9), st.sampled_from(SEVERITY), reasons,
    ),
    max_size=9,
)  # fmt: skip


@given(spans_drawn)
def test_gaps_are_just_what_was_not_read_in_full(spans: list[Coverage]) -> None:
    start, end = 0, 48 * HOUR
    result = reading_of("bluesky", spans, start, end)
    assert isinstance(result.gaps, tuple)
    assert all(start <= gap.from_at < gap.until_at <= end for gap in result.gaps)
    assert (result.state == "complete") == (not result.gaps)
    for piece in covered_ranges(spans, start, end):
        is_long = piece.by is not None or piece.end - piece.start > TURN
        covering = [gap for gap in result.gaps if gap.from_at <= piece.start and piece.end <= gap.until_at]
        if piece.severity and is_long:
            assert any(gap.state == piece.gap_state for gap in covering)
        elif not piece.severity:
            assert not covering or piece.end - piece.start < TURN


def test_every_network_has_its_own_beginning(record: Record) -> None:
    for hours, network in enumerate(network_names()):
        write(record, read(network, CUT - hours * HOUR - 3 * HOUR, CUT - hours * HOUR, "refused", "403"))
        write(record, read(network, CUT - hours * HOUR, CUT, at=CUT))
    began = {result.network: result.began for result in issue(record, day=MONDAY).readings}
    assert began == {
        network: msgspec.UNSET if hours == 0 else CUT - hours * HOUR for hours, network in enumerate(network_names())
    }

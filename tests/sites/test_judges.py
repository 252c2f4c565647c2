"""Each judge notices what is wrong: two days of a site, in which one thing at a time is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import logs
from hotpapers.base.model import HOUR, NOT_READ, ReadingGap
from hotpapers.record import Record
from tests.loopback.clock import moment
from tests.sites.catalog import chosen
from tests.sites.evidence import Evidence
from tests.sites.judging import JUDGMENTS
from tests.sites.kept import keep, kept_sites
from tests.sites.play import Played, Sample, played
from tests.years.fault_plan import Span

pytestmark = pytest.mark.long

END = moment("2026-03-19T14:00")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    ((group,),) = chosen(["1"])
    period = group.periods[0]
    short = period._replace(end=END, suspended=tuple(span for span in period.suspended if span.end < END))
    with played([group._replace(periods=(short,))], tmp_path_factory.mktemp("site")) as (result,):
        yield result
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


def wrong(evidence: Evidence) -> set[str]:
    """The judgments that find anything."""
    return {name for name, judge in JUDGMENTS.items() if list(judge(evidence))}


def test_nothing_is_wrong(site: Played) -> None:
    with Record(site.store, create=False) as record:
        assert wrong(Evidence(site, record)) == set()


def test_a_site_can_be_kept(site: Played) -> None:
    keep(site)
    (kept,) = kept_sites(site.folder.parent)
    assert kept.name == site.site.name and kept.export.stat().st_size > 10_000
    assert (kept.public / "site/index.html").is_file() and kept.settings.is_file()


# ---- what an issue says ------------------------------------------------------------------------------------


def with_content(**changes: object) -> Callable[[Evidence], None]:
    """Changes the content of the last issue."""

    def change(evidence: Evidence) -> None:
        issue = evidence.issues[-1]
        evidence.issues[-1] = issue._replace(content=msgspec.structs.replace(issue.content, **changes))

    return change


def change_voices(evidence: Evidence) -> None:
    issue = next(issue for issue in reversed(evidence.issues) if issue.content.entries)
    (entry, *others) = issue.content.entries
    counts = (msgspec.structs.replace(entry.counts[0], voices=100_000), *entry.counts[1:])
    entries = (msgspec.structs.replace(entry, counts=counts), *others)
    content = msgspec.structs.replace(issue.content, entries=entries)
    evidence.issues[evidence.issues.index(issue)] = issue._replace(content=content)


def choose_others(evidence: Evidence) -> None:
    """The issue gets a paper of other fields."""
    issue = next(issue for issue in reversed(evidence.issues) if issue.content.entries)
    other = next(paper for paper in evidence.played.script.papers("2026-03-16") if "cs.CL" not in paper.categories)
    entries = (msgspec.structs.replace(issue.content.entries[0], paper=f"arxiv:{other.id}"),)
    content = msgspec.structs.replace(issue.content, entries=entries)
    evidence.issues[evidence.issues.index(issue)] = issue._replace(content=content)


def doubt_networks(evidence: Evidence) -> None:
    readings = evidence.issues[-1].content.readings
    partial = tuple(msgspec.structs.replace(reading, state="partial", reason=NOT_READ) for reading in readings)
    with_content(readings=partial)(evidence)
    evidence.site = evidence.truth.site = evidence.site._replace(
        periods=tuple(period._replace(suspended=()) for period in evidence.site.periods)
    )


def tell_a_gap(evidence: Evidence) -> None:
    """An issue says that nothing was read for two days, in which the program ran for hours."""
    content = evidence.issues[-1].content
    gap = ReadingGap(from_at=content.as_of - 48 * HOUR, until_at=content.as_of, state="unknown")
    readings = tuple(msgspec.structs.replace(reading, gaps=(gap,)) for reading in content.readings)
    with_content(readings=readings)(evidence)


def withdraw(evidence: Evidence) -> None:
    """A paper is withdrawn, but nothing says so."""
    evidence.withdrawn.add(next(issue for issue in evidence.issues if issue.content.entries).content.entries[0].paper)


def lose_posts(evidence: Evidence) -> None:
    evidence.recorded.posts.clear()


def lose_last(evidence: Evidence) -> None:
    del evidence.issues[-2]


def freeze_late(evidence: Evidence) -> None:
    evidence.issues[-1] = evidence.issues[-1]._replace(frozen_at=evidence.issues[-1].frozen_at + 5 * HOUR)


def sleep_over_an_issue(evidence: Evidence) -> None:
    """The owner claims that the program did not run for a day and more."""
    span = Span(moment("2026-03-16T10:00"), moment("2026-03-19T13:00"))
    periods = (evidence.site.periods[0]._replace(suspended=(span,)),)
    evidence.site = evidence.truth.site = evidence.site._replace(periods=periods)


@pytest.mark.parametrize(
    ("judgment", "change"),
    [
        ("issues", lose_last), ("time", freeze_late), ("breaks", sleep_over_an_issue),
        ("announced", with_content(announced=99)), ("considered", with_content(considered=9_999)),
        ("voices", change_voices), ("chosen", choose_others), ("claims", lose_posts),
        ("claims", with_content(announced=None)), ("doubts", doubt_networks),
        ("doubts", tell_a_gap), ("claims", with_content(read_from=END)),
        ("same numbers", with_content(considered=9_999)), ("same numbers", withdraw),
    ],
)  # fmt: skip
def test_a_wrong_issue_is_found(site: Played, judgment: str, change: Callable[[Evidence], None]) -> None:
    with Record(site.store, create=False) as record:
        evidence = Evidence(site, record)
        change(evidence)
        assert list(JUDGMENTS[judgment](evidence))


# ---- what readers got --------------------------------------------------------------------------------------

PAGE = "site/2026-03-17/index.html"


def without_paper_page(public: Path) -> Path:
    return next((public / "site/paper").rglob("index.html"))


@pytest.mark.parametrize(
    ("judgment", "name", "old", "new"),
    [
        ("announced", PAGE, r"(of the )?\d+ announced that day", "of the 99 announced that day"),
        ("pages", "site/2026-03-17/issue.bib", "", None), ("links", "site/method/index.html", "", None),
        ("all papers", "site/2026-03-17/all/index.html", r"(abs|paper)/2603", r"\1/1603"),
        ("same numbers", "markdown/2026-03-17.md", r"(\w+): \d+ (people|person)", r"\1: 77 people"),
        ("same numbers", "markdown/2026-03-17.md", r"(networks? read)", r"\1; Lobsters not since 16 March 09:00 UTC"),
        ("same numbers", "markdown/2026-03-17.md", r"(?m)^(##+ 1\. )", r"\1[withdrawn] "),
        ("same numbers", "site/feeds/issues.atom", r"\d+ talked about", "9 talked about"),
    ],
)  # fmt: skip
def test_a_wrong_page_is_found(site: Played, judgment: str, name: str, old: str, new: str | None) -> None:
    file = site.public / name
    text = file.read_text("utf-8")
    try:
        if new is None:
            file.unlink()
        else:
            changed = re.sub(old, new, text)
            assert changed != text
            file.write_text(changed, "utf-8")
        with Record(site.store, create=False) as record:
            assert list(JUDGMENTS[judgment](Evidence(site, record)))
    finally:
        file.write_text(text, "utf-8")


def send_twice(site: Played) -> Played:
    site.mailbox.mails.append(site.mailbox.mails[0])
    return site


def send_to_few(site: Played) -> Played:
    del site.mailbox.mails[-1]
    return site


def lose_an_address(site: Played) -> Played:
    last = site.samples[-1]
    return site._replace(samples=[*site.samples, last._replace(addresses=last.addresses - {PAGE})])


def move_pages(site: Played) -> Played:
    moved = [
        sample._replace(addresses=frozenset(
            address.replace("site/", "elsewhere/site/", 1) if "2026-03-19" in address else address
            for address in sample.addresses
        ))
        for sample in site.samples
    ]  # fmt: skip
    return site._replace(samples=moved)


def promise_too_much(site: Played) -> Played:
    text = "The next issue, that of Sunday, 15 March 2026, will appear by 17 March 2026 at 16:00 UTC at the latest"
    sample = Sample(moment("2026-03-17T12:00"), frozenset(), {"site/": text}, "")
    return site._replace(samples=[*site.samples, sample])


def say_too_much(site: Played) -> Played:
    text = "next       The next issue of cl, for 2026-03-15, comes on Tuesday 2026-03-17 at 17:00 Europe/Berlin.\n"
    return site._replace(samples=[*site.samples, Sample(moment("2026-03-17T12:00"), frozenset(), {}, text)])


def fail(site: Played) -> Played:
    with site.log_file.open("a", encoding="utf-8") as log:
        log.write("2026-03-18 12:00:00  failing  job=issues  state=partial\n")
    return site


@pytest.mark.parametrize(
    ("judgment", "change"),
    [
        ("sent", send_twice), ("sent", send_to_few), ("addresses", lose_an_address), ("addresses", move_pages),
        ("promises", promise_too_much), ("promises", say_too_much), ("health", fail),
    ],
)  # fmt: skip
def test_a_wrong_delivery_is_found(site: Played, judgment: str, change: Callable[[Played], Played]) -> None:
    mails, log = list(site.mailbox.mails), site.log
    try:
        changed = change(site)
        with Record(site.store, create=False) as record:
            assert list(JUDGMENTS[judgment](Evidence(changed, record)))
    finally:
        site.mailbox.mails[:] = mails
        site.log_file.write_text(log, "utf-8")

"""A network of accounts run by one person does not lift a paper: scores before and after it is judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base.model import HOUR, Item, Publication
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.moderation.bots.verdicts import judge_accounts
from hotpapers.issues import freeze
from hotpapers.record import Record
from tests.discussion.moderation.bots import samples
from tests.discussion.moderation.bots.samples import MINUTE, NOW, posting
from tests.issues.made import DAY as TODAY
from tests.issues.made import background, counts, key, paper, posts_about, write

DAILY = Publication(publication="daily", title="The Daily Dozen", threshold=1, posts=0, observed_at=0)
PROMOTED, HONEST = 501, 502


def world() -> Iterator[Item]:
    """A hundred papers with 3 to 12 voices from the weeks before; one with 4 and one with 11 today."""
    yield from background()
    for number, voices in ((PROMOTED, 4), (HONEST, 11)):
        yield from paper(number, TODAY, "cs.LG", samples.title(number))
        yield from posts_about(number, voices, NOW - 7 * HOUR)


def network(accounts: int, text: str, interval: int = MINUTE) -> Iterator[Item]:
    """Machines that praise one paper in the same words, each with another number and tag."""
    for n in range(accounts):
        yield from posting(PROMOTED, f"bluesky:machine{n}", NOW - 7 * HOUR + n * interval, text.format(n=n))


def standing(record: Record) -> list[tuple[int, int, int]]:
    """(paper, voices, score) in the order of the day's issue."""
    entries = freeze.freeze_issue(record, DAILY, TODAY, at=NOW + HOUR).content.entries
    return [(int(entry.paper[-5:]), entry.voices, entry.score) for entry in entries if entry.paper > key(500)]


PRAISE = "{n}! The finest paper of the year, read it now: " + samples.title(PROMOTED) + " #tea{n} https://made.up/{n}"
FAIR = [(HONEST, 11, 686), (PROMOTED, 4, 45)]
"""How the two papers rank without the network."""


def test_without_a_network(record: Record) -> None:
    write(record, world())
    judge_accounts(record, BotSettings(), NOW)
    assert standing(record) == FAIR


def test_a_network_lifts_a_paper_without_judging(record: Record) -> None:
    write(record, world(), network(30, PRAISE))
    assert standing(record)[0] == (PROMOTED, 34, 2009)


@pytest.mark.parametrize(
    "text", [PRAISE, samples.title(PROMOTED) + " {n}"], ids=["in the same words", "with the bare title"]
)
def test_a_network_that_is_judged_lifts_nothing(record: Record, text: str) -> None:
    write(record, world(), network(30, text))
    assert judge_accounts(record, BotSettings(), NOW).added == 29, "all but the first, whom the others repeat"
    assert standing(record) == [(HONEST, 11, 686), (PROMOTED, 5, 95)]


def test_a_network_that_takes_its_time_is_not_found(record: Record) -> None:
    """The rule misses these, as docs/explanation/bots.md says; the operator can still name them."""
    write(record, world(), network(30, PRAISE, 10 * MINUTE))
    assert judge_accounts(record, BotSettings(), NOW).added == 0
    judge_accounts(record, BotSettings(bots=tuple(f"bluesky:machine{n}" for n in range(30))), NOW)
    assert standing(record) == FAIR


def test_reposts_by_a_network_are_left_out(record: Record) -> None:
    """Thirty accounts at once repost whatever one account posts; the post's count includes them."""
    write(record, world())
    for n in range(1, 61):
        at = NOW - 9 * 24 * HOUR + n * HOUR
        post = posting(600 + n, "bluesky:master", at, samples.remark(n))
        write(record, post, (samples.repost(post[0].post, f"bluesky:machine{m}", at + MINUTE) for m in range(30)))
    promoted_post = posting(PROMOTED, "bluesky:master", NOW - 7 * HOUR, samples.remark(0))
    write(record, promoted_post, counts(promoted_post[0].post, 0, NOW - 6 * HOUR, reposts=30))
    write(record, (samples.repost(promoted_post[0].post, f"bluesky:machine{m}", NOW - 7 * HOUR + m) for m in range(30)))
    judge_accounts(record, BotSettings(), NOW)
    [(_, voices, _)] = [row for row in standing(record) if row[0] == PROMOTED]
    assert voices == 5, "the master's own voice is left"

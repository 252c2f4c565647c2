"""Made-up collectors that know posts whose counts grow by a simple law, and read them at their own moments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from hotpapers.base.model import DAY, HOUR
from hotpapers.discussion.engagement.measurement import AGES
from lab.comparison.facts import CollectorFacts, read_facts
from lab.comparison.lines import (
    FORMAT,
    VERSION,
    AnnouncedLine,
    BotLine,
    ComparisonEnd,
    ComparisonHeader,
    ComparisonLine,
    CoverageLine,
    DoubtfulLine,
    PostLine,
    ReadingRow,
)

PAPER, NETWORK = "arxiv:2603.00001", "mastodon"
START = 20_000 * DAY
ANNOUNCED = START + DAY
END = ANNOUNCED + 8 * DAY
RULES = {"rate": 1, "words": 1, "operator": 1}
MINUTE = HOUR // 60


def mark(*values: object) -> str:
    """A mark derived from any values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


class SamplePost(NamedTuple):
    """A post, `minute` minutes after the announcement. In the end it has `final_likes`, half of them within `half_life`
    minutes."""

    number: int
    minute: int
    final_likes: int
    half_life: int

    @property
    def posted_at(self) -> int:
        """When it was posted."""
        return ANNOUNCED + self.minute * MINUTE

    def likes(self, moment: int) -> int:
        """Its likes at a moment."""
        age = (moment - self.posted_at) / MINUTE
        return int(self.final_likes * (1 - 2 ** (-age / self.half_life))) if age > 0 else 0


class Habits(NamedTuple):
    """How a collector reads: the minutes until it sees a post, and until it reads a due count."""

    post_delay: int
    count_delay: int


sample_posts = st.lists(
    st.builds(SamplePost, st.just(0), st.integers(0, 9000), st.integers(0, 400), st.integers(30, 3000)),
    min_size=1, max_size=5, unique_by=lambda post: post.minute,
).map(lambda posts: [post._replace(number=n) for n, post in enumerate(posts)])  # fmt: skip
habits = st.builds(Habits, st.integers(0, 100), st.integers(0, 100))


def post_line(post: SamplePost, habits: Habits, **changes: object) -> PostLine:
    """A post as a collector with these habits has it."""
    seen_at = post.posted_at + habits.post_delay * MINUTE
    due = (post.posted_at + age * HOUR + habits.count_delay * MINUTE for age in AGES)
    moments = [seen_at, *(at for at in due if seen_at < at <= END)]
    readings: list[ReadingRow] = []
    for at in moments:
        if not readings or readings[-1][2] != post.likes(at):
            readings.append((at, None, post.likes(at)))
    account = mark("account", post.number)
    fields: dict[str, object] = {
        "post": mark("post", post.number), "network": NETWORK, "account": account, "voice": account,
        "created_at": post.posted_at, "seen": [(seen_at, True, "")], "papers": [(PAPER, seen_at, "abs")],
        "readings": readings,
    }  # fmt: skip
    return PostLine(**(fields | changes))  # type: ignore[arg-type]


@cache
def hours(start: int = START, end: int = END, network: str = NETWORK) -> list[CoverageLine]:
    """Complete coverage, recorded every hour."""
    return [
        CoverageLine(network=network, from_at=at, until_at=at + HOUR, at=at + HOUR, state="complete")
        for at in range(start, end, HOUR)
    ]


def collector(
    posts: Iterable[PostLine], *, coverage: Sequence[CoverageLine] | None = None, bots: Iterable[BotLine] = (),
    doubtful: Iterable[DoubtfulLine] = (), **header: object,
) -> CollectorFacts:  # fmt: skip
    """A collector that knows these posts."""
    fields: dict[str, object] = {
        "format": FORMAT, "version": VERSION, "program": "1.0.0", "check": mark("key"), "since": START, "until": END,
        "rules": RULES, "back": {},
    }  # fmt: skip
    lines: list[ComparisonLine] = [
        ComparisonHeader(**(fields | header)),  # type: ignore[arg-type]
        *(hours() if coverage is None else coverage), *hours(network="arxiv"),
        AnnouncedLine(paper=PAPER, announced_at=ANNOUNCED), *bots, *doubtful, *posts, ComparisonEnd(),
    ]  # fmt: skip
    return read_facts(lines, "made up")

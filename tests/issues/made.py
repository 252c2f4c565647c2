"""A made-up fortnight on arXiv: numbered papers and the posts about them. Every builder returns items."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from hotpapers.base.model import (
    HOUR,
    Announcement,
    AnnouncementType,
    Coverage,
    CoverageState,
    IssueContent,
    Item,
    Judgement,
    Mention,
    Paper,
    Post,
    Publication,
    Snapshot,
    Verdict,
)
from hotpapers.base.papers.categories import archive_of
from hotpapers.issues import freeze
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.freeze import FrozenIssue
from hotpapers.issues.windows import is_label
from hotpapers.record.record import Record

DAY = "2024-05-07"
"""A Tuesday."""
DAILY = Publication(publication="daily", title="The Daily Dozen", threshold=1000, posts=2, observed_at=0)


def moment(text: str) -> int:
    """`2024-05-07T08:00` (UTC) in µs; a date without a time is its midnight."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000


def key(number: int) -> str:
    return f"arxiv:2405.{number:05}"


def paper(
    number: int,
    day: str = DAY,
    category: str = "cs.LG",
    title: str = "",
    at: int = 0,
    type: AnnouncementType = "new",
    **more: str | int,
) -> list[Item]:
    """A paper and its announcement in the feed of its archive, at the midnight that begins a day or at `at`."""
    at = at or moment(day)
    return [
        Paper(
            paper=key(number), title=title or f"Made-up paper {number}", abstract=str(more.get("abstract", "")),
            categories=(category,), observed_at=at,
        ),
        Announcement(
            paper=key(number), day=day, category=archive_of(category), type=type, announced_at=at,
            observed_at=int(more.get("observed_at", at)),
        ),
    ]  # fmt: skip


REMARK = "Tea cups boil too fast"


def remark(own: str) -> str:
    """A post's default text: worth quoting, and different for each post."""
    return f"{REMARK}, {''.join(chr(97 + ord(sign) % 26) for sign in own)}"


def post(number: int, name: str, at: int, account: str = "", text: str = "", **more: object) -> list[Item]:
    """A post `network:id` about a paper, with its mention. By default it has its own account, and words that may be
    quoted but are too few to be compared with other posts'."""
    network, _, own = name.partition(":")
    item = Post(
        post=name, network=network, account=account or f"{network}:by-{own}", created_at=at,
        text=text or remark(own), handle=own,
        observed_at=at,
    )  # fmt: skip
    return [
        msgspec.structs.replace(item, **more), Mention(post=name, paper=key(number), form="abs", observed_at=at)
    ]  # fmt: skip


def counts(name: str, likes: int, at: int, reposts: int = 0) -> Snapshot:
    return Snapshot(post=name, reposts=reposts, likes=likes, observed_at=at)


def posts_about(number: int, voices: int, at: int, network: str = "bluesky") -> list[Item]:
    """A paper's first post on a network, with enough likes to make `voices` voices."""
    name = f"{network}:{number}"
    return [*post(number, name, at), counts(name, voices - 1, at)]


def more_talk(number: int, voices: int, at: int, network: str = "bluesky") -> list[Item]:
    """The same post with more voices at a later moment."""
    return [counts(f"{network}:{number}", voices - 1, at)]


def background(
    day: str = "2024-04-15", category: str = "cs.LG", first: int = 1000, networks: Sequence[str] = ()
) -> list[Item]:
    """A hundred papers from weeks ago with 3 to 12 voices, ten papers each: the reference for the others."""
    items: list[Item] = []
    for number in range(first, first + 100):
        items += paper(number, day, category)
        for network in networks or ("bluesky",):
            items += posts_about(number, 3 + number % 10, moment(day) + HOUR, network)
    return items


def read(
    network: str, start: int, end: int, state: CoverageState = "complete", reason: str = "", at: int = 0
) -> Coverage:
    """A reading of a network, observed when it ended unless `at` says otherwise."""
    return Coverage(network=network, from_at=start, until_at=end, state=state, reason=reason, observed_at=at or end)


def judged(subject: str, judgement: Judgement, about: str = "", rule: str = "made-up", at: int = 0) -> Verdict:
    return Verdict(
        subject=subject, about=about, rule=rule, judgement=judgement, version=1, reason="made up", observed_at=at
    )


def write(record: Record, *items: Item | Iterable[Item]) -> None:
    """Writes everything as one batch."""
    record.append([i for part in items for i in ([part] if isinstance(part, Item) else part)], source="made-up")


def issue(record: Record, publication: Publication = DAILY, day: str = DAY) -> IssueContent:
    """The day's issue, frozen two days later; only built if that day cannot have an issue."""
    if not is_label(publication, datetime.date.fromisoformat(day)):
        return build_issue(record, IssueRecipe(publication, day, 1, record.head.position)).content
    return frozen(record, publication, day).content


def frozen(record: Record, publication: Publication = DAILY, day: str = DAY) -> FrozenIssue:
    return freeze.freeze_issue(record, publication, day, at=moment(day) + 48 * HOUR)


def numbers(entries: Iterable[object]) -> list[int]:
    """The numbers of the entries' papers, in order."""
    return [int(getattr(entry, "paper").rpartition(".")[2]) for entry in entries]  # noqa: B009

"""Our own made-up publication with everything its pages can show: history, announcements, versions, more posts."""

from __future__ import annotations

from itertools import count

import msgspec

from hotpapers.base.model import (
    HOUR,
    AnnouncedPaper,
    Announcement,
    AnnouncementType,
    Attention,
    ScoreComponent,
    ThreadPost,
    VoiceHistogram,
)
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.discussion.conversations.trees import conversations_of
from hotpapers.publish.view.site_config import SiteConfig
from lab.generated_conversations import network
from tests.publish.render.build import LISTED, NOON, OWN, FullEntry, PlainIssueReader, issue, own_entry, paper, post
from tests.publish.render.sample import BRIDGES, BRIDGES_ENTRY, OLD, OWN_READER, TEA

SITE_CONFIG = SiteConfig("The desk, desk@daily.example", "https://papers.example/daily/")
DAY = "2021-01-14"
STARS = paper(
    "2101.99907", 'Schr\\"odinger Stars of $M_\\odot \\sim 10^3$', "Stars, seen from $\\foo{x}$ and $10 million away.",
    authors=("Tansy Overquill", "Li Na"), categories=("astro-ph.CO", "hep-th"), doi="10.1000/stars.1",
    comment="Code: github.com/overquill/stars.", published_at=NOON,
)  # fmt: skip
SPOONS = paper("2101.99905", "Spoons of $\\ell_1$-Bounded Depth", categories=("math.IT", "cs.IT"))
UNTITLED_PAPER = paper("2101.99906", "", authors=(), categories=())

PEERS = (
    VoiceHistogram(network="bluesky", age=24, archive="cs", counts=((2, 100), (3, 4000), (20, 781), (90, 31))),
    VoiceHistogram(network="hackernews", age=24, archive="cs", counts=((3, 440), (9, 79))),
    VoiceHistogram(network="hackernews", age=24, archive="math", counts=((3, 17),)),
)


def _attention(network: str, age: int, voices: int) -> Attention:
    until = announced_at(DAY) + age * HOUR
    return Attention(network=network, until=until, age=age, voices=voices, reposts=0, likes=0)


HISTORY = {
    BRIDGES.paper: [_attention(*values) for values in (
        ("bluesky", 1, 2), ("bluesky", 3, 20), ("hackernews", 3, 4), ("bluesky", 6, 31), ("hackernews", 6, 9),
        ("bluesky", 24, 90), ("hackernews", 24, 12),
    )],
}  # fmt: skip
ANNOUNCED = {
    DAY: [
        AnnouncedPaper(TEA, "new", "cs.CL"), AnnouncedPaper(BRIDGES, "new", "cs.RO"), AnnouncedPaper(SPOONS, "cross",
        "math.IT"),
        AnnouncedPaper(UNTITLED_PAPER, "new", "math.IT"),
    ],
}  # fmt: skip


def _announcement(day: str, category: str, type: AnnouncementType, version: int) -> Announcement:
    return Announcement(
        paper=BRIDGES.paper, day=day, category=category, type=type, announced_at=announced_at(day), version=version,
        observed_at=NOON,
    )  # fmt: skip


VERSIONS = {
    BRIDGES.paper: [
        _announcement(DAY, "cs.RO", "new", 1), _announcement(DAY, "math.IT", "cross", 1),
        _announcement(DAY, "cs.LG", "cross", 1), _announcement("2021-03-02", "cs.RO", "replacement", 2),
    ],
}  # fmt: skip
WORDLESS_POST = post("38000001", " \u200b", "hackernews", handle="quill", name="")
POSTS = {
    BRIDGES.paper: [
        *BRIDGES_ENTRY.posts, post("at://did:plc:oak/app.bsky.feed.post/3kmore", "More of it.", "bluesky"),
        *(post(f"3800000{n}", "A story", "hackernews") for n in range(2, 8)),
    ],
}  # fmt: skip


def _with_wordless_post(full_entry: FullEntry) -> FullEntry:
    """The entry, announced on the day, with one more post that has no words."""
    entry = msgspec.structs.replace(full_entry.entry, announced_at=announced_at(DAY))
    return full_entry._replace(entry=entry, posts=(*full_entry.posts, WORDLESS_POST))


def _issue_reader() -> PlainIssueReader:
    empty_issue = OWN_READER.issue("daily", "2021-01-13")
    issues = [empty_issue]
    for day in OWN_READER.days("daily")[1:]:
        issues.append(OWN_READER.issue("daily", day))
    main_issue = issues[1]
    main_entry = _with_wordless_post(BRIDGES_ENTRY)
    issues[1] = msgspec.structs.replace(
        main_issue,
        content=msgspec.structs.replace(
            main_issue.content, peers=PEERS, entries=(main_entry.entry, *main_issue.content.entries[1:])
        ),
        posts={**main_issue.posts, BRIDGES.paper: main_entry.posts},
    )  # fmt: skip
    part = ScoreComponent(
        network="lobsters", rule="rarity", score=2000, voices=5, papers=999, atleast=9, among="all", age=24, until=NOON
    )
    last_issue = issue(
        OWN, "2021-01-20", [own_entry(1, STARS, [], [part]), own_entry(2, OLD, [], [part])], announced=0,
        edition=1,
    )  # fmt: skip
    return PlainIssueReader([LISTED, OWN], [*issues, last_issue], HISTORY, ANNOUNCED, VERSIONS, POSTS)


FULL_READER = _issue_reader()

MANY_POSTS = 2_000


def _with_names(number: int, post: ThreadPost) -> ThreadPost:
    named = msgspec.structs.replace(post.post, name=f"Reader Number {post.voice}", lang=("en", "de", "he")[number % 3])
    return post._replace(post=named, is_author=post.voice == 7, is_regular=post.voice % 2 == 0)


TALKED_ABOUT_READER = PlainIssueReader(
    [OWN],
    [issue(OWN, "2021-01-14", [BRIDGES_ENTRY])],
    conversations={BRIDGES.paper: conversations_of(map(_with_names, count(), network(3, MANY_POSTS).posts))},
)
"""An issue with a paper that is talked about in 2,000 posts."""

"""Two small publications with everything that pages show: made-up papers, people and posts."""

from __future__ import annotations

import msgspec

from hotpapers.base.model import NetworkReading, PrintedCount, ScoreComponent
from tests.publish.render.build import (
    LISTED,
    NOON,
    OWN,
    FullEntry,
    PlainIssueReader,
    issue,
    link_only,
    listing_entry,
    own_entry,
    paper,
    post,
)

BRIDGES = paper(
    "2101.99901",
    "Suspension Bridges for Pocket Robots",
    "We build bridges that a robot of the size of a thumb can carry. Each folds from one sheet, and bears forty times "
    "the weight of what folds it. On twelve streams of our own making the robots lost their way twice, and fell in "
    "never. We measure, for $n \\le 40$ robots, how long a queue the bridge can bear before it sways in step with "
    "them. All sheets, and the songs that we sang to the robots, are to be had from the authors.",
    authors=("Tansy Overquill", "Bram Oakhollow", "Ines Tamarisk", "Odo Fennimore", "Wilhelmina Starch"),
    categories=("cs.RO", "cs.LG", "math.IT"),
)
TEA = paper(
    "2101.99902",
    "What Does a Kettle Know?",
    summary="Asks kettles what they know of tea, and finds that most of it is about water.",
    abstract="Kettles were asked.",
    authors=("Perpetua Lindenwick", "Hob Arrowsmythe"),
    categories=("cs.CL",),
)
OLD = paper(
    "hep-th/9901999", "On the Far Side of Small Strings", "Small strings have a far side.", categories=("hep-th",)
)
LISTS = paper("2101.99904", "An Unhurried Survey of To-Do Lists", authors=())

THUMB = "New! Our bridges fit on a thumb.\n\nhttps://t.example/a and @oak"
BRIDGE_POSTS = (
    post(
        "1349700000000000001", THUMB, lang="en",
        links=(
            {"start": 34, "end": 53, "target": "https://t.example/a?b=1&c=2"},
            {"start": 58, "end": 62, "target": "javascript:alert(1)"},
        ),
    ),
    post("1349700000000000002", "גשר קטן, רובוט קטן", rtl=True, lang="iw", name="Odo Fennimore", handle="odo"),
    post("1349700000000000003", "Jembatan kecil.", lang="in", name="", handle="perpetua"),
)  # fmt: skip

LISTED_READER = PlainIssueReader(
    [LISTED, OWN],
    [
        issue(LISTED, "2021-01-13", []),
        issue(
            LISTED, "2021-01-14",
            [listing_entry(1, LISTS, 90, 70, 1, 1260), listing_entry(2, BRIDGES, 60, 60, 2, 1100, *BRIDGE_POSTS)],
        ),
        issue(
            LISTED, "2021-01-14",
            [listing_entry(1, BRIDGES, 1011, 316, 2, 2000, *BRIDGE_POSTS), listing_entry(2, TEA, 2040, 55, 1, 870)],
            edition=2, reason="The survey was of to-do lists, and not a paper.",
        ),
        issue(LISTED, "2021-01-18", [listing_entry(1, OLD, 12, 44, 1, 640), listing_entry(2, BRIDGES, 30, 30, 2, 500)]),
    ],
)  # fmt: skip


def _part(network: str, score: int, voices: int, papers: int, atleast: int, age: int = 24) -> ScoreComponent:
    return ScoreComponent(
        network=network, rule="rarity", score=score, voices=voices, papers=papers, atleast=atleast, among="cs", age=age,
        until=NOON,
    )  # fmt: skip


def _count(network: str, voices: int, reposts: int, likes: int, bots: int = 0) -> PrintedCount:
    return PrintedCount(network=network, voices=voices, reposts=reposts, likes=likes, until=NOON, bots=bots)


def _tied(full_entry: FullEntry, classic_rank: int) -> FullEntry:
    return full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, tied=True, classic_rank=classic_rank))


READINGS = (
    NetworkReading(network="bluesky", state="complete"),
    NetworkReading(network="hackernews", state="complete"),
    NetworkReading(
        network="mastodon", state="partial", reason="two servers of nine were silent", since=NOON - 3_600_000_000
    ),
    NetworkReading(network="reddit", state="refused", since=NOON - 90_000_000_000),
)
BRIDGES_ENTRY = own_entry(
    1, BRIDGES, [_count("bluesky", 40, 12, 28, bots=3), _count("hackernews", 9, 0, 9)],
    [_part("bluesky", 2177, 40, 4812, 31), _part("hackernews", 812, 9, 519, 79)],
    post("at://did:plc:quill/app.bsky.feed.post/3kfold", "A bridge!", "bluesky", handle="quill.example", lang="en-GB"),
    post(
        "112233", "Does it hold in the rain?\nAnd who folds it back?", "mastodon", handle="oak@tea.example",
        name="Oak Tansy",
    ),
    post("38000009", "A bridge of paper was folded by our school in 1987.", "hackernews", handle="quill", name=""),
    link_only(post("1349700000000000002", "Words that X keeps to itself.")),
    link_only(post("t3_kfold1", "Words that Reddit keeps to itself.", "reddit")),
    link_only(post("1349700000000000003", "More of them.")),
    link_only(post("1349700000000000002", "Words that X keeps to itself.")),
)  # fmt: skip
OLD_ENTRY = own_entry(3, OLD, [_count("lobsters", 2, 0, 2)], [_part("lobsters", 0, 2, 30, 12)])

OWN_READER = PlainIssueReader(
    [LISTED, OWN],
    [
        issue(OWN, "2021-01-13", [], announced=0, readings=READINGS[:2]),
        issue(
            OWN, "2021-01-14",
            [BRIDGES_ENTRY, _tied(own_entry(2, TEA, [_count("feeds", 5, 0, 5)], [_part("feeds", 900, 5, 79, 9)]), 3),
             _tied(OLD_ENTRY, 2)],
            announced=1204, considered=214, readings=READINGS,
        ),
        issue(OWN, "2021-01-15", [], ongoing=[BRIDGES_ENTRY], announced=311, considered=187, readings=READINGS[2:]),
        issue(OWN, "2021-01-18", [], announced=None),
    ],
)  # fmt: skip

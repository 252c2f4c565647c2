"""Made-up issues to announce, hostile texts, and expected messages stored as files."""

from __future__ import annotations

import os

from hotpapers.base.model import NetworkReading, PrintedCount, ScoreComponent
from hotpapers.publish.view.site_config import SiteConfig
from tests.conftest import DATA
from tests.publish.render.build import NOON, OWN, FullEntry, PlainIssueReader, issue, own_entry, paper

SITE_CONFIG = SiteConfig("mailto:desk@papers.example", "https://papers.example/daily/")
DAY, EMPTY, FULL = "2021-01-14", "2021-01-13", "2021-01-19"

HOSTILE = (
    "@everyone <!channel> <@U123> [press me](https://evil.example/x) **loud** `sh -c` ~~gone~~",
    "https://evil.example/a?b=1 and www.evil.example and evil.example/pay, javascript:alert(1)",
    "<script>alert(1)</script> &lt;b&gt; <https://evil.example|arXiv> <img src=x onerror=alert(1)>",
    "\u202egnorw daer\u202c \u202e #MeToo #channel @here @room @alice@evil.example",
    "1. # Heading\n> quote\n- list\n| a | b |\n```\ncode\n``` $x_1$ \\n \\u0000\x00\x07",
    "![pixel](https://evil.example/p.png) [ref]: https://evil.example [[wiki]] <t:0:R> :skull: ||spoiler||",
    "🧑‍🔬" * 80 + " ZWJ " + "é" * 400 + "\u200b\u2060\ufeff",
    "@" * 200 + "<" * 200 + "](" * 200 + "://" * 200,
)
"""Titles, names and posts that try to become markup, a mention or a link somewhere."""


def _part(network: str, score: int, voices: int, papers: int, atleast: int) -> ScoreComponent:
    return ScoreComponent(
        network=network, rule="rarity", score=score, voices=voices, papers=papers, atleast=atleast, among="cs", age=24,
        until=NOON,
    )  # fmt: skip


def sample_entry(place: int, title: str, author: str = "Tansy Overquill", id: str = "") -> FullEntry:
    """An entry of our own publication."""
    count = PrintedCount(network="bluesky", voices=40 - place, reposts=3, likes=9, until=NOON)
    entry_paper = paper(id or f"2101.9991{place}", title, authors=(author, "Somebody Else"))
    return own_entry(place, entry_paper, [count], [_part("bluesky", 2000 - place, 40 - place, 4812, 31 + place)])


TITLES = (
    r"Schr\"odinger's Kettle: On $E=mc^2$ and ``Tea''",
    "A Title of Such Length That Nobody Ever Came to Its End, " * 4,
    "Short", "Kettles of the World", "Kettles of the Moon", "Kettles Nobody Saw", "The Seventh Kettle",
)  # fmt: skip
FULL_READER = PlainIssueReader(
    [OWN],
    [
        issue(
            OWN, FULL, [sample_entry(n, title) for n, title in enumerate(TITLES, 1)], announced=1204,
            ongoing=[sample_entry(1, "Old", "Odo Fennimore", id="2101.99919")],
            readings=(NetworkReading(network="bluesky", state="complete"), NetworkReading(network="x",
            state="unknown")),
        )
    ],
)  # fmt: skip
HOSTILE_READER = PlainIssueReader(
    [OWN],
    [
        issue(
            OWN, f"2021-02-{n + 1:02}", [sample_entry(1, text), sample_entry(2, "Quiet", author=text)],
            edition=1, announced=2, readings=(NetworkReading(network=text, state="refused", reason=text),),
            reason=text,
        )
        for n, text in enumerate(HOSTILE)
    ],
)  # fmt: skip


def matches(name: str, text: str) -> None:
    """Compares with a file below tests/data/announce. HOTPAPERS_REWRITE=1 rewrites it: check the diff."""
    file = DATA / "announce" / name
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", "utf-8")
    assert text + "\n" == file.read_text("utf-8")

"""Made-up classic issues: papers, people and posts that never existed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hotpapers.base.model import TextLink
from hotpapers.record import Record
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic.format import ClassicIssue, ClassicItem, ClassicPost
from hotpapers.wings.classic.importing import ClassicImport, import_parsed, read_classic

FIRST_POST = 1366659539260149761
"""A post ID from 2 March 2021; the posts made here have this ID or a slightly later one."""
COUNTS = ((812, 1204), (40, 33), (51, 0))
"""(retweets, favorites) of each paper, in classic order."""


def item(number: int, reposts: int, likes: int, posts: int = 1, month: str = "2103", moment: str = "") -> ClassicItem:
    """A paper with counts and `posts` posts."""
    return ClassicItem(
        number=number, title=f"Kettle Number {number}:  On Steam & <Tea>", authors=("Ada Brewster", "Čeněk Šálek"),
        reposts=reposts, likes=likes, tallied=moment or "03/03/2021 10:15:09", paper=f"{month}.{90000 + number}",
        categories=("cs.LG", "stat.ML"), abstract=f"We boil water {number} times, for $n<{number}$ guests & one cat.",
        posts=tuple(post(number * 100 + n) for n in range(posts)),
    )  # fmt: skip


def import_file(record: Record, name: str, data: bytes) -> ClassicImport:
    """Imports one file."""
    return import_parsed(record, [read_classic(name, data)])[0]


def post(n: int) -> ClassicPost:
    """A post with a link in its text."""
    return ClassicPost(
        id=str(FIRST_POST + n), handle=f"made_up_{n % 7}", name=f"Person & {n % 7}", lang="en", rtl=False,
        text=f"Kettle {n} is out\nhttps://t.example/{n}", links=(TextLink(len(f"Kettle {n} is out\n"), len(
            f"Kettle {n} is out\nhttps://t.example/{n}"), f"https://t.example/{n}?a=1&b=2"),),
    )  # fmt: skip


def issue(day: str = "2021-03-02", counts: Sequence[tuple[int, int]] = COUNTS, posts: int = 1) -> ClassicIssue:
    """An issue of `day` whose papers have these (retweets, favorites)."""
    month, moment = day[2:4] + day[5:7], f"{day[5:7]}/{day[8:]}/{day[:4]} 23:15:09"
    items = tuple(item(n, r, f, posts, month, moment) for n, (r, f) in enumerate(counts, 1))
    return ClassicIssue(date=day, made=f"{day}T23:15:09", lead=0, items=items)


def text(day: str = "2021-03-02", counts: Sequence[tuple[int, int]] = COUNTS, posts: int = 1) -> str:
    """That issue as text."""
    return classic.render_classic(issue(day, counts, posts), escape=True)


def file(folder: Path, day: str = "2021-03-02", counts: Sequence[tuple[int, int]] = COUNTS, posts: int = 1) -> Path:
    """That issue, written to a file in `folder`."""
    path = folder / f"{day}---Hot-Papers.md"
    path.write_text(text(day, counts, posts), "utf-8")
    return path


def files(folder: Path, number: int, places: int = 5, posts: int = 1) -> list[Path]:
    """`number` issues as files, each of a different day."""
    days = [f"2021-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(number)]
    counts = [(900 - 10 * n, 500 - 7 * n) for n in range(places)]
    return [file(folder, day, counts, posts) for day in days]

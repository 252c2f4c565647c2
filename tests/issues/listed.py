"""Made-up imported listings: papers by number with (reposts, likes), in printed order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hotpapers.base.model import HOUR, Account, Item, Listing, Mention, Paper, Place, Post, Publication, Shown, Tally
from hotpapers.record.record import Record
from tests.issues.made import DAY, key, moment, write

LISTED = Publication(
    publication="listed",
    title="The Old Listing",
    window="listing",
    threshold=0,
    networks=("x",),
    posts=10,
    observed_at=0,
)
Printed = Mapping[int, tuple[int, int]]


def listed(record: Record, printed: Printed, day: str = DAY, **more: str | int) -> Publication:
    """Writes one listing into the record and returns its publication."""
    write(record, LISTED, listing(printed, day, **more))
    return LISTED


def listing(printed: Printed, day: str = DAY, **more: str | int) -> list[Item]:
    """A listing as an importer yields it.

    `category`: of its papers; `posts`: how many are shown under each; `later`: microseconds after the day's first
    file.
    """
    at = moment(day) + 6 * HOUR + int(more.get("later", 0))
    file = hashlib.sha256(f"{day} {printed} {more}".encode()).hexdigest()
    items: list[Item] = [
        Listing(
            publication="listed",
            day=day,
            made=f"{day}T06:00:00.Z",
            lead=0,
            places=len(printed),
            file=file,
            observed_at=at,
        )
    ]
    for place, (number, counted) in enumerate(printed.items(), 1):
        items += _place(day, place, number, counted, file, at + place - 1, str(more.get("category", "cs.LG")))
        for n in range(1, int(more.get("posts", 1)) + 1):
            items += _shown(day, place, n, number, at + place - 1)
    return items


def _place(
    day: str, place: int, number: int, counted: tuple[int, int], file: str, at: int, category: str
) -> list[Item]:
    title, authors = f"Made-up paper {number}", ("Tansy Overquill",)
    return [
        Place(
            publication="listed", day=day, place=place, paper=key(number), title=title, authors=authors, abstract="",
            categories=(category,), network="x", method="listed/1", tallied="05/07/2024 06:00:00", file=file,
            observed_at=at,
        ),
        Tally(
            paper=key(number), network="x", method="listed/1", reposts=counted[0], likes=counted[1], observed_at=at
        ),
        Paper(paper=key(number), title=title, authors=authors, categories=(category,), observed_at=at),
    ]  # fmt: skip


def _shown(day: str, place: int, n: int, number: int, at: int) -> list[Item]:
    post = f"x:{number}0{n}"
    return [
        Post(
            post=post, network="x", account="x:@quill", created_at=at - HOUR, text=f"Made-up words {n}", handle="quill",
            observed_at=at,
        ),
        Account(account="x:@quill", handle="quill", observed_at=at),
        Mention(post=post, paper=key(number), form="listed", found_in="listing", observed_at=at),
        Shown(publication="listed", day=day, edition=0, place=place, n=n, post=post, observed_at=at),
    ]  # fmt: skip

"""Import classic issues as listings, places, tallies, papers, accounts, posts and mentions.

No Markdown or HTML is stored: the classic channel renders the text from these items.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.base.errors import NotClassic, require
from hotpapers.base.keys import handle_key
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv.taxonomy import KNOWN
from hotpapers.base.text import timestamps
from hotpapers.record.record import Record, current_time
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic import queries

PUBLICATION = "hot-papers"
HOT_PAPERS = model.Publication(
    publication=PUBLICATION,
    title="Hot Papers",
    window="listing",
    threshold=0,
    networks=("x",),
    posts=10,
    observed_at=0,
)
"""The publication to which imported listings belong."""
SOURCE = "classic"
RETWEETS_ADDED_FROM = "2020-09-17"
"""The first issue for which the publication's search also returned native retweets, whose counts it added up again."""

GROUP = 8
"""Files per batch. Making a batch durable takes as long as parsing a file."""


class ClassicImport(NamedTuple):
    """The result for one file. `later`: the same listing was known with other text or counts. `notes`: messages for
    the user."""

    file: str
    state: Literal["new", "known", "later"]
    day: str
    places: int
    repaired: bool
    notes: tuple[str, ...]


class ParsedClassicFile(NamedTuple):
    """A parsed file. `sha`: SHA-256 of its text, after any repair."""

    file: str
    issue: classic.ClassicIssue
    sha: str
    repaired: bool


def read_classic(file: str, data: bytes) -> ParsedClassicFile:
    """Parse a file. Raises NotClassic with file and line."""
    try:
        text, repaired = classic.decode_file(data)
        issue = classic.parse_classic(text)
        for paper, times in Counter(item.paper for item in issue.items).items():
            if times > 1:
                raise NotClassic(f"{paper} is listed twice")
        for item, following in pairwise(issue.items):
            if following.reposts + following.likes > item.reposts + item.likes:
                raise NotClassic(f"#{following.number} has more reposts and likes than #{item.number}")
    except NotClassic as problem:
        raise NotClassic(problem.reason, file=file, line=problem.line) from problem
    return ParsedClassicFile(file, issue, hashlib.sha256(text.encode()).hexdigest(), repaired)


def import_parsed(record: Record, parsed: Sequence[ParsedClassicFile]) -> list[ClassicImport]:
    """Import files of different days in one batch."""
    done = []
    items = []
    for file in parsed:
        known = queries.known_files(record, PUBLICATION, file.issue.date)
        state: Literal["new", "known", "later"] = "later" if known else "new"
        if file.sha in known:
            state = "known"
        if state != "known":
            items += items_of(file.issue, file.sha, later=len(known))
        # Categories that arXiv does not have are kept
        unknown = {c: item.number for item in file.issue.items for c in item.categories if c not in KNOWN}
        notes = tuple(f"#{number}: unknown category {category}, kept" for category, number in sorted(unknown.items()))
        places = len(file.issue.items)
        done.append(ClassicImport(file.file, state, file.issue.date, places, file.repaired, notes))
    if items:
        publication = record.view().item(model.Publication, PUBLICATION)
        if publication is None:
            publication = msgspec.structs.replace(HOT_PAPERS, observed_at=current_time())
            items.insert(0, publication)
        require(
            publication.window == "listing",
            f"{PUBLICATION} is a publication with issues of its own in this store; import into another store",
        )
        written = record.append(items, source=SOURCE)
        if written.refused:
            note = f"{written.refused} items about forgotten posts or accounts were not imported"
            done[-1] = done[-1]._replace(notes=(*done[-1].notes, note))
    return done


def items_of(issue: classic.ClassicIssue, sha: str, later: int = 0) -> list[model.Item]:
    """All items of a classic issue. `later`: microseconds to add to its printed times, for a corrected listing."""
    items: list[model.Item] = [
        model.Listing(
            publication=PUBLICATION,
            day=issue.date,
            made=issue.made,
            lead=issue.lead,
            places=len(issue.items),
            file=sha,
            observed_at=classic.printed_moment(issue.made) + later,
        )
    ]
    posts: dict[tuple[str, int], model.Post] = {}
    shown: list[model.Item] = []
    for item in issue.items:
        at = classic.printed_moment(item.tallied) + later
        items += _paper_items(issue.date, item, sha, at)
        for n, listed_post in enumerate(item.posts, 1):
            free_at = at
            # At the next microsecond at which the post does not have other text
            while posts.setdefault((listed_post.id, free_at), post := post_item(listed_post, free_at)) != post:
                free_at += 1
            shown += _post_items(issue.date, item, n, post)
    return [*items, *dict.fromkeys(shown)]  # a post may be listed twice


def method_of(day: str) -> str:
    """The method of the listing's counts: /1, or /2 if native retweets were added up."""
    return f"{PUBLICATION}/{2 if day >= RETWEETS_ADDED_FROM else 1}"


def _paper_items(day: str, item: classic.ClassicItem, sha: str, at: int) -> Sequence[model.Item]:
    paper = arxiv.key(item.paper)
    method = method_of(day)
    return (
        model.Place(
            title=item.title,
            authors=item.authors,
            abstract=item.abstract,
            categories=item.categories,
            tallied=item.tallied,
            publication=PUBLICATION,
            day=day,
            place=item.number,
            paper=paper,
            network="x",
            method=method,
            file=sha,
            observed_at=at,
        ),
        model.Tally(paper=paper, network="x", method=method, reposts=item.reposts, likes=item.likes, observed_at=at),
        model.Paper(
            paper=paper,
            title=" ".join(item.title.split()),
            authors=item.authors,
            categories=item.categories,
            abstract=" ".join(item.abstract.split()),
            observed_at=at,
        ),
    )


def post_item(post: classic.ClassicPost, at: int) -> model.Post:
    """A shown post as an item. Its time of creation comes from its id."""
    return model.Post(
        post=f"x:{post.id}",
        network="x",
        account=handle_key("x", post.handle),
        created_at=timestamps.of_x_post(post.id),
        text=post.text,
        links=post.links,
        lang=post.lang,
        rtl=post.rtl,
        handle=post.handle,
        name=post.name,
        observed_at=at,
    )


def _post_items(day: str, item: classic.ClassicItem, n: int, post: model.Post) -> Sequence[model.Item]:
    at = post.observed_at
    key = post.post
    return (
        post,
        model.Account(account=post.account, handle=post.handle, name=post.name, observed_at=at),
        model.Mention(post=key, paper=arxiv.key(item.paper), form="listed", found_in="listing", observed_at=at),
        model.Shown(publication=PUBLICATION, day=day, edition=0, place=item.number, n=n, post=key, observed_at=at),
    )

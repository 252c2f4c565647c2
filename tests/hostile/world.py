"""A record with every hostile text, read from network formats by the sources themselves; and its frozen issue.

Each text is a paper's title, abstract, author, comment, journal and DOI, in arXiv's XML; and the words, name, handle
and link of a post about that paper, in the wire format of one of four networks in turn.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from hotpapers.errors import HotPapersError
from hotpapers.ids.mentions.paper_index import NO_NAMES
from hotpapers.issues import freeze, quotations
from hotpapers.issues.build import IssueRecipe, build
from hotpapers.model import DAY as A_DAY
from hotpapers.model import (
    HOUR,
    Announcement,
    Item,
    Mention,
    Paper,
    Post,
    Publication,
    RawPayload,
    Snapshot,
    storable,
)
from hotpapers.sources.arxiv import api, xml
from hotpapers.sources.bluesky import parser
from hotpapers.sources.feeds import FeedsSettings, FeedsSource
from hotpapers.sources.hackernews import parser as hackernews
from hotpapers.sources.mastodon import MastodonSettings, MastodonSource
from hotpapers.store import Record
from tests.issues.made import DAY, background, key, moment, write

MORNING = moment(DAY)
WHEN = datetime.datetime.fromtimestamp(MORNING // 1_000_000, datetime.UTC)
NETWORKS = ("mastodon", "bluesky", "hackernews", "feeds")
OWN = Publication(publication="daily", title="The Daily Kettle", threshold=1, posts=1, observed_at=0)
TAIL = " We introduce a kettle that never boils over, and show that tea is better with it. " * 6


def fill(record: Record, cases: Sequence[str]) -> None:
    """Write everything, and freeze the issue."""
    write(record, OWN, background(networks=NETWORKS))
    for number, case in enumerate(cases, 1):
        write(record, paper(number, case), talk(number, case))
    recipe = IssueRecipe(
        OWN, DAY, 1, record.head.position, quoting=quotations.BY_REACTIONS
    )  # even those that say too little
    freeze.save(record, build(record, recipe), moment(DAY) + 2 * A_DAY)


# ---- papers ----------------------------------------------------------------------------------------------


def title(number: int, said: str) -> str:
    """The text at the start or the end: a leading character may mean more than one further in."""
    return f"{said} paper {number}" if number % 2 else f"Paper {number} {said}"


def paper(number: int, case: str) -> list[Item]:
    """A paper with this text in every field, announced this morning."""
    announced = Announcement(
        paper=key(number), day=DAY, category="cs.LG", type="new", announced_at=MORNING, observed_at=MORNING
    )
    return [described(number, case), announced]


def described(number: int, case: str) -> Paper:
    """A paper as read from arXiv's API, or made directly if XML cannot hold its text."""
    try:
        return api.read(xml.parse(entry(number, case).encode("utf-8", "surrogatepass")), MORNING)
    except (HotPapersError, ValueError, UnicodeError):
        said = storable(case)
        return Paper(
            paper=key(number), title=title(number, said), abstract=f"{said}{TAIL}", authors=(f"Ada {said}",),
            categories=("cs.LG", said), comment=said, doi=said, journal=said, observed_at=MORNING,
        )  # fmt: skip


def entry(number: int, case: str) -> str:
    """An entry of arXiv's API."""
    said = escape(case)
    return (
        '<entry xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        f"<id>http://arxiv.org/abs/{key(number).removeprefix('arxiv:')}v1</id><title>{title(number, said)}</title>"
        f"<summary>{said}{TAIL}</summary><author><name>Ada {said}</name></author><author><name>{said}</name></author>"
        f"<arxiv:comment>{said}</arxiv:comment><arxiv:doi>{said}</arxiv:doi><arxiv:journal_ref>{said}</arxiv:journal_ref>"
        f"<published>{WHEN:%Y-%m-%dT%H:%M:%SZ}</published><updated>{WHEN:%Y-%m-%dT%H:%M:%SZ}</updated>"
        f'<arxiv:primary_category term="cs.LG"/><category term="cs.LG"/><category term={quoteattr(case)}/></entry>'
    )


# ---- posts -----------------------------------------------------------------------------------------------


def talk(number: int, case: str) -> list[Item]:
    """A post about the paper, and its likes."""
    network = NETWORKS[number % len(NETWORKS)]
    found = list(POSTS[network](number, case))
    if not any(isinstance(item, Mention) for item in found):
        raise AssertionError(f"{network} reads no paper in {case!r}")
    posts = [item for item in found if isinstance(item, Post)]
    kept = [item for item in found if not isinstance(item, Snapshot)]
    return [*kept, *(Snapshot(post=one.post, reposts=0, likes=50, observed_at=MORNING + 1) for one in posts)]


def link_of(number: int) -> str:
    """The paper's address."""
    return f"https://arxiv.org/abs/{key(number).removeprefix('arxiv:')}"


def _mastodon(number: int, case: str) -> Iterable[Item]:
    uri = f"https://toots.example/users/ada{number}/statuses/{number}"
    said = storable(case)
    html = said if number % 8 else escape(said)  # as servers let it through, or escape it
    account = {
        "id": str(number), "url": f"https://toots.example/@ada{number}", "uri": f"https://toots.example/users/ada{number}",
        "acct": f"ada{number}", "display_name": said, "note": said,
    }  # fmt: skip
    status = {
        "uri": uri, "created_at": f"{WHEN:%Y-%m-%dT%H:%M:%SZ}", "account": account, "visibility": "public",
        "content": f"<p>Tea! <a href={quoteattr(said)}>look</a> {html} <a href='{link_of(number)}'>paper</a></p>",
        "language": said, "card": {"url": link_of(number)},
    }  # fmt: skip
    reader = MastodonSource(MastodonSettings())
    return reader.read(RawPayload("post", uri, json.dumps(status).encode(), MORNING + 1))


def _bluesky(number: int, case: str) -> Iterable[Item]:
    said = storable(case)
    text = f"Tea! {said} paper"
    end = len(text.encode())
    begin = end - len("paper")
    facets = [
        {"index": {"byteStart": 5, "byteEnd": begin - 1}, "features": [link(said)]},
        {"index": {"byteStart": begin, "byteEnd": end}, "features": [link(link_of(number))]},
    ]
    did, rkey = f"did:plc:{'madeup' + 'a' * 13 + format(number, '05').translate(LETTERS)}", f"3k{number:011}"
    record = {
        "$type": "app.bsky.feed.post", "text": text, "createdAt": f"{WHEN:%Y-%m-%dT%H:%M:%SZ}", "facets": facets,
        "langs": [said],
    }  # fmt: skip
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey, "record": record, "cid": "x"}
    event = {"did": did, "time_us": MORNING, "kind": "commit", "commit": commit}
    uri = f"at://{did}/app.bsky.feed.post/{rkey}"
    found = list(parser.read(RawPayload("post", uri, json.dumps(event).encode(), MORNING + 1), NO_NAMES))
    named = {"handle": said[:100], "name": said}
    return [msgspec.structs.replace(item, **named) if isinstance(item, Post) else item for item in found]


LETTERS = str.maketrans("0123456789", "abcdefghij")


def link(uri: str) -> dict[str, Any]:
    """A feature of a facet."""
    return {"$type": "app.bsky.richtext.facet#link", "uri": uri}


def _hackernews(number: int, case: str) -> Iterable[Item]:
    said = storable(case)
    hit = {
        "author": f"ada{number}", "created_at_i": MORNING // 1_000_000, "num_comments": 0, "objectID": str(number),
        "points": 50, "title": f"Tea! {said}", "url": link_of(number),
        "story_text": f"<p>{said} <a href={quoteattr(said)}>x</a>",
    }  # fmt: skip
    return hackernews.read_hit(json.dumps(hit).encode(), MORNING + 1, NO_NAMES)


def _feeds(number: int, case: str) -> Iterable[Item]:
    said = storable(case)
    told = {
        "feed": f"https://blog{number}.example/feed",
        "entry": {
            "id": str(number), "link": said if number % 8 < 4 else link_of(number), "title": f"Tea! {said}",
            "author": said, "content": f"{said} <a href='{link_of(number)}'>paper</a>", "language": said,
        },
    }  # fmt: skip
    return FeedsSource(FeedsSettings()).read(
        RawPayload("post", f"{number:032x}", json.dumps(told).encode(), MORNING + 1)
    )


POSTS = {"mastodon": _mastodon, "bluesky": _bluesky, "hackernews": _hackernews, "feeds": _feeds}


AFTER = MORNING + 48 * HOUR
"""When the issue was frozen."""

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

from hotpapers.base.errors import HotPapersError
from hotpapers.base.model import DAY as A_DAY
from hotpapers.base.model import (
    Announcement,
    Item,
    Mention,
    Paper,
    Post,
    Publication,
    RawPayload,
    Snapshot,
    storable_text,
)
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.sources import hackernews
from hotpapers.collect.sources.arxiv import formats, xml
from hotpapers.collect.sources.bluesky import parser
from hotpapers.issues import freeze, quotations
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.record import Record
from hotpapers.wings.feeds.source import FeedsSettings, FeedsSource
from hotpapers.wings.mastodon.settings import MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource
from tests.issues.made import DAY, background, key, moment, write

MORNING = moment(DAY)
TIME = datetime.datetime.fromtimestamp(MORNING // 1_000_000, datetime.UTC)
NETWORKS = ("mastodon", "bluesky", "hackernews", "feeds")
OWN = Publication(publication="daily", title="The Daily Kettle", threshold=1, posts=1, observed_at=0)
ABSTRACT = " We introduce a kettle that never boils over, and show that tea is better with it. " * 6


def fill(record: Record, cases: Sequence[str]) -> None:
    """Write everything, and freeze the issue."""
    write(record, OWN, background(networks=NETWORKS))
    for number, case in enumerate(cases, 1):
        write(record, paper(number, case), post_items(number, case))
    recipe = IssueRecipe(
        OWN, DAY, 1, record.head.position, quoting=quotations.BY_REACTIONS
    )  # even those with too few words of their own
    freeze.save_issue(record, build_issue(record, recipe), moment(DAY) + 2 * A_DAY)


# ---- papers ----------------------------------------------------------------------------------------------


def title(number: int, text: str) -> str:
    """The text at the start or the end: a leading character may mean more than one further in."""
    return f"{text} paper {number}" if number % 2 else f"Paper {number} {text}"


def paper(number: int, case: str) -> list[Item]:
    """A paper with this text in every field, announced this morning."""
    announcement = Announcement(
        paper=key(number), day=DAY, category="cs.LG", type="new", announced_at=MORNING, observed_at=MORNING
    )
    return [paper_item(number, case), announcement]


def paper_item(number: int, case: str) -> Paper:
    """A paper as read from arXiv's API, or made directly if XML cannot hold its text."""
    try:
        return formats.read_api(xml.parse(entry(number, case).encode("utf-8", "surrogatepass")), MORNING)
    except (HotPapersError, ValueError, UnicodeError):
        text = storable_text(case)
        return Paper(
            paper=key(number), title=title(number, text), abstract=f"{text}{ABSTRACT}", authors=(f"Ada {text}",),
            categories=("cs.LG", text), comment=text, doi=text, journal=text, observed_at=MORNING,
        )  # fmt: skip


def entry(number: int, case: str) -> str:
    """An entry of arXiv's API."""
    text = escape(case)
    return (
        '<entry xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        f"<id>http://arxiv.org/abs/{key(number).removeprefix('arxiv:')}v1</id><title>{title(number, text)}</title>"
        f"<summary>{text}{ABSTRACT}</summary>"
        f"<author><name>Ada {text}</name></author><author><name>{text}</name></author>"
        f"<arxiv:comment>{text}</arxiv:comment><arxiv:doi>{text}</arxiv:doi><arxiv:journal_ref>{text}</arxiv:journal_ref>"
        f"<published>{TIME:%Y-%m-%dT%H:%M:%SZ}</published><updated>{TIME:%Y-%m-%dT%H:%M:%SZ}</updated>"
        f'<arxiv:primary_category term="cs.LG"/><category term="cs.LG"/><category term={quoteattr(case)}/></entry>'
    )


# ---- posts -----------------------------------------------------------------------------------------------


def post_items(number: int, case: str) -> list[Item]:
    """A post about the paper, and its likes."""
    network = NETWORKS[number % len(NETWORKS)]
    items = list(POSTS[network](number, case))
    if not any(isinstance(item, Mention) for item in items):
        raise AssertionError(f"{network} reads no paper in {case!r}")
    posts = [item for item in items if isinstance(item, Post)]
    items_without_counts = [item for item in items if not isinstance(item, Snapshot)]
    return [
        *items_without_counts,
        *(Snapshot(post=post.post, reposts=0, likes=50, observed_at=MORNING + 1) for post in posts),
    ]


def link_of(number: int) -> str:
    """The paper's address."""
    return f"https://arxiv.org/abs/{key(number).removeprefix('arxiv:')}"


def _mastodon(number: int, case: str) -> Iterable[Item]:
    uri = f"https://toots.example/users/ada{number}/statuses/{number}"
    text = storable_text(case)
    html = text if number % 8 else escape(text)  # some servers escape it, some don't
    account = {
        "id": str(number), "url": f"https://toots.example/@ada{number}", "uri": f"https://toots.example/users/ada{number}",
        "acct": f"ada{number}", "display_name": text, "note": text,
    }  # fmt: skip
    status = {
        "uri": uri, "created_at": f"{TIME:%Y-%m-%dT%H:%M:%SZ}", "account": account, "visibility": "public",
        "content": f"<p>Tea! <a href={quoteattr(text)}>look</a> {html} <a href='{link_of(number)}'>paper</a></p>",
        "language": text, "card": {"url": link_of(number)},
    }  # fmt: skip
    reader = MastodonSource(MastodonSettings())
    return reader.read(RawPayload("post", uri, json.dumps(status).encode(), MORNING + 1))


def _bluesky(number: int, case: str) -> Iterable[Item]:
    case_text = storable_text(case)
    text = f"Tea! {case_text} paper"
    end = len(text.encode())
    begin = end - len("paper")
    facets = [
        {"index": {"byteStart": 5, "byteEnd": begin - 1}, "features": [link(case_text)]},
        {"index": {"byteStart": begin, "byteEnd": end}, "features": [link(link_of(number))]},
    ]
    did, rkey = f"did:plc:{'madeup' + 'a' * 13 + format(number, '05').translate(LETTERS)}", f"3k{number:011}"
    record = {
        "$type": "app.bsky.feed.post", "text": text, "createdAt": f"{TIME:%Y-%m-%dT%H:%M:%SZ}", "facets": facets,
        "langs": [case_text],
    }  # fmt: skip
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey, "record": record, "cid": "x"}
    event = {"did": did, "time_us": MORNING, "kind": "commit", "commit": commit}
    uri = f"at://{did}/app.bsky.feed.post/{rkey}"
    items = list(parser.read_payload(RawPayload("post", uri, json.dumps(event).encode(), MORNING + 1), NO_NAMES))
    names = {"handle": case_text[:100], "name": case_text}
    return [msgspec.structs.replace(item, **names) if isinstance(item, Post) else item for item in items]


LETTERS = str.maketrans("0123456789", "abcdefghij")


def link(uri: str) -> dict[str, Any]:
    """A feature of a facet."""
    return {"$type": "app.bsky.richtext.facet#link", "uri": uri}


def _hackernews(number: int, case: str) -> Iterable[Item]:
    text = storable_text(case)
    hit = {
        "author": f"ada{number}", "created_at_i": MORNING // 1_000_000, "num_comments": 0, "objectID": str(number),
        "points": 50, "title": f"Tea! {text}", "url": link_of(number),
        "story_text": f"<p>{text} <a href={quoteattr(text)}>x</a>",
    }  # fmt: skip
    return hackernews.read_hit(json.dumps(hit).encode(), MORNING + 1, NO_NAMES, was_edited=False)


def _feeds(number: int, case: str) -> Iterable[Item]:
    text = storable_text(case)
    content = {
        "feed": f"https://blog{number}.example/feed",
        "entry": {
            "id": str(number), "link": text if number % 8 < 4 else link_of(number), "title": f"Tea! {text}",
            "author": text, "content": f"{text} <a href='{link_of(number)}'>paper</a>", "language": text,
        },
    }  # fmt: skip
    return FeedsSource(FeedsSettings()).read(
        RawPayload("post", f"{number:032x}", json.dumps(content).encode(), MORNING + 1)
    )


POSTS = {"mastodon": _mastodon, "bluesky": _bluesky, "hackernews": _hackernews, "feeds": _feeds}

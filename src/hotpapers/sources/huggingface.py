"""Hugging Face daily papers: a paper's page there is a post, its upvotes are reactions.

https://huggingface.co/docs/huggingface_hub (list_daily_papers, paper_info)
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers import arxiv_id
from hotpapers.model import DAY, Account, Item, Mention, Net, Page, Post, Seen, Snapshot
from hotpapers.sources.matching import decoded, gone_post, moment, own_id, unreadable

NETWORK = "huggingface"
GONE = (404, 410)


class HuggingFaceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base`: the site. `days`: how many daily lists are read each round. `every`: seconds between rounds."""

    base: str = "https://huggingface.co"
    days: int = 3
    every: int = 1800


class _Submitter(msgspec.Struct):
    id: str = msgspec.field(name="_id", default="")
    user: str = ""
    name: str = ""
    fullname: str = ""


class _Paper(msgspec.Struct, rename="camel"):
    id: str
    upvotes: int = 0
    title: str = ""
    submitted_on_daily_at: datetime.datetime | None = None
    published_at: datetime.datetime | None = None
    submitted_on_daily_by: _Submitter | None = None


class _Daily(msgspec.Struct, rename="camel"):
    paper: _Paper
    num_comments: int | None = None


class _Id(msgspec.Struct):
    id: str


class _WithId(msgspec.Struct):
    paper: _Id


class HuggingFace:
    """The connector. The lists of the last days are read each round; keys swallow repeats."""

    name = NETWORK

    def __init__(self, settings: HuggingFaceSettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self.reach: int | None = settings.days * DAY

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """The daily lists, the oldest first."""
        for back in reversed(range(self.settings.days)):
            day = datetime.datetime.fromtimestamp((net.now() - back * DAY) / 1e6, datetime.UTC).date().isoformat()
            params = {"date": day, "limit": "100"}
            answer = net.get(f"{self.settings.base}/api/daily_papers", params=params, accept=(400, 404))
            if answer.status == 200:
                yield Page([_seen(one, answer.at) for one in decoded(answer, list[msgspec.Raw])])
        yield Page()

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Each paper's upvotes now, or that its page is gone."""
        for key in keys:
            paper = key.removeprefix(f"{NETWORK}:")
            answer = net.get(f"{self.settings.base}/api/papers/{paper}", accept=GONE)
            yield Page([Seen("gone" if answer.status in GONE else "counts", paper, answer.body, answer.at)])

    def read(self, seen: Seen) -> Iterable[Item]:
        """A listed paper; a paper's upvotes; that its page is gone."""
        key = f"{NETWORK}:{seen.key}"
        if seen.kind == "gone":
            return [gone_post(NETWORK, key, seen.at, "deleted")]
        if seen.kind == "counts":
            paper = msgspec.json.decode(seen.body, type=_Paper)
            return [Snapshot(post=key, likes=paper.upvotes, observed_at=seen.at)]
        return _listed(key, msgspec.json.decode(seen.body, type=_Daily), seen.at)


def _seen(one: msgspec.Raw, at: int) -> Seen:
    own = own_id(one, _WithId)
    return Seen("post", own.paper.id if own else unreadable(one), bytes(one), at)


def _listed(key: str, daily: _Daily, at: int) -> list[Item]:
    paper, by = daily.paper, daily.paper.submitted_on_daily_by or _Submitter()
    listed_at = paper.submitted_on_daily_at or paper.published_at
    handle = by.user or by.name
    account = f"{NETWORK}:{by.id or handle}" if by.id or handle else ""
    found: list[Item] = [
        Post(
            post=key, network=NETWORK, account=account,
            created_at=moment(listed_at) if listed_at else at,
            text=" ".join(paper.title.split()), lang="en", handle=handle, name=by.fullname, observed_at=at,
        ),
        Mention(
            post=key, paper=arxiv_id.key(arxiv_id.parse(paper.id).id), form="huggingface", found_in="listing",
            observed_at=at,
        ),
        Snapshot(post=key, likes=max(paper.upvotes, 0), replies=daily.num_comments, observed_at=at),
    ]  # fmt: skip
    if account:
        found.append(Account(account=account, handle=handle, name=by.fullname, observed_at=at))
    return found

"""Hugging Face daily papers: a paper's page counts as a post, its upvotes as reactions.

https://huggingface.co/docs/huggingface_hub (list_daily_papers, paper_info)
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated

import msgspec

from hotpapers.base.errors import NetError
from hotpapers.base.model import (
    DAY,
    HttpClient,
    Item,
    Mention,
    Pages,
    PayloadPage,
    Post,
    RawPayload,
    Response,
    Snapshot,
    TextLink,
)
from hotpapers.base.papers import arxiv
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.batched_requests import GONE, PostSource, ids_in, no_overlap
from hotpapers.collect.sources.decoding import (
    Count,
    decode_entries,
    decode_entry,
    decode_response,
    microseconds_of,
)
from hotpapers.collect.sources.paper_mentions import author_of
from hotpapers.collect.sources.thread_payloads import absent_post

NETWORK = "huggingface"
MAX_PAGE_PAPERS = 100
"""Papers per page of a list, the most that the site gives."""
MAX_DAY_PAPERS = 500
"""Papers of a day's list after which no further page is read."""
NO_LIST = (400, 404)
"""Statuses of a day that has no list, or none yet."""
MAX_DAYS_BACK = 30
"""Most daily lists of a round, after nothing was read for days."""
WEEK = 7
"""At least one of this many days has a list."""
_KEY = re.compile(rf"{NETWORK}:([0-9a-z.-]{{1,20}}(?:/[0-9]{{7}})?)", re.ASCII)
MAX_ADDRESS_CHARS = 300
"""Most characters of a project page's or repository's address."""


class HuggingFaceSettings(SettingsStruct):
    """`base`: the site. `days`: how many daily lists are read each round, at least two: after midnight, the last papers
    of the day before still have to be read. `every`: seconds between rounds."""

    base: str = "https://huggingface.co"
    days: Annotated[int, msgspec.Meta(ge=2)] = 3
    every: AtLeastOne = 1800


class _Submitter(msgspec.Struct):
    id: str = msgspec.field(name="_id", default="")
    user: str = ""
    name: str = ""
    fullname: str = ""


class _Paper(msgspec.Struct, rename="camel"):
    id: str
    upvotes: Count | None = None
    title: str = ""
    submitted_on_daily_at: datetime.datetime | None = None
    published_at: datetime.datetime | None = None
    submitted_on_daily_by: _Submitter | None = None
    project_page: str | None = None
    github_repo: str | None = None


class _Daily(msgspec.Struct, rename="camel"):
    paper: _Paper
    num_comments: Count | None = None


class _PaperId(msgspec.Struct):
    id: str


class _DailyId(msgspec.Struct):
    paper: _PaperId


class HuggingFaceSource(PostSource[HuggingFaceSettings]):
    """The connector. Each round reads the lists of the last days again; keys remove duplicates. The cursor is the day
    of the newest list that had papers."""

    name = NETWORK

    def _set_up(self) -> None:
        self.reach = (MAX_DAYS_BACK - 1) * DAY  # the first of these days began at least this long ago

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The daily lists, oldest first, since the last one that was read. A single day may have none, but not a whole
        week."""
        days = self.settings.days
        if cursor:
            missed = http.now() // DAY - timestamps.start_of_day(cursor) // DAY + 1
            days = max(days, min(missed, MAX_DAYS_BACK))
        yield from self._lists(http, days, cursor)
        yield PayloadPage()

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The daily lists since a day. A list with the most papers may be incomplete."""
        complete_from = since
        days = http.now() // DAY - since // DAY + 1
        for day, page in enumerate(self._lists(http, days, cursor), since // DAY):
            if len(page.payloads) >= MAX_DAY_PAPERS:
                complete_from = (day + 1) * DAY
            yield page
        yield PayloadPage(since=min(max(complete_from, since), http.now()))

    def _lists(self, http: HttpClient, days: int, cursor: str | None) -> Pages:
        """The lists of the last `days` days, a page each."""
        any_list = any_paper = False
        for day in reversed(_days(http, 0, days)):
            payloads = self._whole_list(http, day)
            any_list = any_list or payloads is not None
            any_paper = any_paper or bool(payloads)
            yield PayloadPage(payloads or (), max(cursor or "", day) if payloads else None)
        if not any_list or (cursor and not any_paper):
            self._check_earlier_lists(http, days, cursor)

    def _whole_list(self, http: HttpClient, day: str) -> list[RawPayload] | None:
        """The papers of a day, page by page; None if it has no list."""
        payloads = list[RawPayload]()
        for number in range(MAX_DAY_PAPERS):
            response = self._list(http, day, number)
            if response.status != 200:
                return payloads if number else None
            entries = decode_response(response, list[msgspec.Raw])
            known = {payload.key for payload in payloads}
            listed = decode_entries(entries, _DailyId, lambda entry: entry.paper.id, "post", response.at)
            page = [payload for _, payload in listed if payload.key not in known]
            payloads += page
            if not page or len(payloads) >= MAX_DAY_PAPERS:
                break
        return payloads

    def _list(self, http: HttpClient, day: str, number: int = 0, accept: Sequence[int] = NO_LIST) -> Response:
        """A page of a day's list."""
        params = {"date": day, "limit": str(MAX_PAGE_PAPERS), **({"p": str(number)} if number else {})}
        return http.get(f"{self.settings.base}/api/daily_papers", params=params, accept=accept)

    def _check_earlier_lists(self, http: HttpClient, days: int, cursor: str | None) -> None:
        """Raises NetError if no earlier day has a list either: then the lists themselves have moved or are gone; and
        PartiallyRead if all lists are empty though there were papers."""
        any_list = False
        earlier_days = _days(http, days, WEEK)
        for day in earlier_days:
            response = self._list(http, day, accept=() if day == earlier_days[-1] and not any_list else NO_LIST)
            if response.status == 200:
                any_list = True
                if not cursor or decode_response(response, list[msgspec.Raw]):
                    return
        if cursor:
            raise no_overlap("the daily lists")

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Each paper's current upvotes, or that its page is gone."""
        days = _days(http, 0, WEEK)
        lists = (self._whole_list(http, day) or () for day in days)
        ids = ids_in(keys, _KEY)
        return self._removal_check.pages_one_by_one(ids, partial(self._paper, http), lists)

    def _paper(self, http: HttpClient, paper: str) -> PayloadPage:
        response = http.get(f"{self.settings.base}/api/papers/{paper}", accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", paper, b"null", response.at)])
        if decode_response(response, _PaperId).id != paper:
            raise NetError(f"{response.url}: answered with a different paper")
        return PayloadPage([RawPayload("counts", paper, response.body, response.at)])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a listed paper, a paper's upvotes, or that its page is gone."""
        key = f"{NETWORK}:{payload.key}"
        if absent := absent_post(NETWORK, payload):
            return [absent]
        if payload.kind == "counts":
            paper = decode_entry(payload.body, _Paper)
            return [Snapshot(post=key, likes=paper.upvotes, observed_at=payload.at)]
        daily = decode_entry(payload.body, _Daily)
        paper = daily.paper
        submitter = paper.submitted_on_daily_by or _Submitter()
        listed_at = paper.submitted_on_daily_at or paper.published_at
        handle = submitter.user or submitter.name
        own_id = submitter.id or handle
        text, links = _text_and_links(paper)
        post = Post(
            post=key,
            network=NETWORK,
            account=f"{NETWORK}:{own_id}" if own_id else "",
            created_at=microseconds_of(listed_at) if listed_at else payload.at,
            text=text,
            links=links,
            lang="en",
            handle=handle,
            name=submitter.fullname,
            observed_at=payload.at,
        )
        name = arxiv.key(arxiv.parse(paper.id).id)
        mention = Mention(post=key, paper=name, form="huggingface", found_in="listing", observed_at=payload.at)
        snapshot = Snapshot(post=key, likes=paper.upvotes, replies=daily.num_comments, observed_at=payload.at)
        return [post, mention, snapshot, *author_of(post)]


def _days(http: HttpClient, first: int, number: int) -> list[str]:
    """Days from so many days ago on, back in time."""
    return [timestamps.day_of(http.now() - days_ago * DAY) for days_ago in range(first, first + number)]


def _text_and_links(paper: _Paper) -> tuple[str, tuple[TextLink, ...]]:
    """The title, and below it the links on the paper's page: its project page and its code."""
    text = " ".join(paper.title.split())
    links = []
    for address in (paper.project_page, paper.github_repo):
        if address and address.startswith(("https://", "http://")) and len(address) <= MAX_ADDRESS_CHARS:
            start = len(text) + 1
            text = f"{text}\n{address}"
            links.append(TextLink(start, len(text), address))
    return text, tuple(links)

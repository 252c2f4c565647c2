"""Lobsters and Hugging Face: short lists, and single pages with their counts."""

from __future__ import annotations

import datetime
import re
from typing import Any

from hotpapers.base.model import DAY
from tests.loopback import ids, message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found, utc
from tests.loopback.preprints import DAILY
from tests.loopback.script import Message, counts, find_message, is_visible, latest_messages
from tests.loopback.threads import below

STORIES = 25
_PAGE = re.compile(r"/domains/([a-z.-]+)(?:/page/([1-9]\d?))?\.json")
_STORY = re.compile(r"/s/([0-9a-z]{1,8})\.json")
_PAPER = re.compile(r"/api/papers/(\d{4}\.\d{4,5})")
CHICAGO = datetime.timezone(datetime.timedelta(hours=-6))


# ---- Lobsters --------------------------------------------------------------------------------------------


def lobsters(state: NetworkState, request: Request) -> Reply:
    """The newest stories of a domain, page by page; and a story by its short id. Those of arxiv.org may link to its
    mirrors: they are all that link to none of the other servers."""
    story = _STORY.fullmatch(request.path)
    if story:
        at = ids.creation_time("lobsters", story[1])
        message = find_message(state.script, "lobsters", story[1], at) if at is not None else None
        if message is None or message.parent or not is_visible(message, state.now):
            return json({"error": "not found"}, 404)
        comments = [_comment(state, *pair) for pair in below(state.script, message, state.now)]
        return json(_story(state, message) | {"comments": comments})
    page = _PAGE.fullmatch(request.path)
    if not page:
        return not_found()
    start = (int(page[2] or 1) - 1) * STORIES
    stories = [
        message
        for message in latest_messages(state.script, "lobsters", state.now, 60)
        if is_visible(message, state.now) and not message.parent and _is_of(message, page[1])
    ]
    return json(state.reorder(_story(state, message) for message in stories[start : start + STORIES]))


def _is_of(message: Message, domain: str) -> bool:
    address = message_text.targets(message)[0]
    others = (f"{server}.org" for server in DAILY)
    return domain in address if domain != "arxiv.org" else not any(other in address for other in others)


def score(message: Message, now: int) -> int:
    """A story's score: its likes and one from its submitter."""
    return 1 + counts(message, now).likes


def _story(state: NetworkState, message: Message) -> dict[str, Any]:
    created_at = utc(state.network_time(message.at)).astimezone(CHICAGO)
    return {
        "short_id": message.id, "created_at": created_at.isoformat(timespec="milliseconds"), "title": message.title,
        "url": message_text.targets(message)[0], "score": score(message, state.now), "flags": 0,
        "comment_count": counts(message, state.now).replies, "description": f"<p>{message.words}</p>",
        "description_plain": message.words, "submitter_user": message.author.name, "user_is_author": False,
        "tags": ["math"], "short_id_url": f"{state.base}/s/{message.id}",
    }  # fmt: skip


def _comment(state: NetworkState, message: Message, parent: Message) -> dict[str, Any]:
    created_at = utc(state.network_time(message.at)).astimezone(CHICAGO)
    is_shown = is_visible(message, state.now)
    return {
        "short_id": message.id, "created_at": created_at.isoformat(timespec="milliseconds"),
        "is_deleted": not is_shown, "is_moderated": False, "score": score(message, state.now), "flags": 0,
        "parent_comment": parent.id if parent.parent else None, "commenting_user": message.author.name,
        "comment": f"<p>{message.words}</p>" if is_shown else "", "comment_plain": message.words if is_shown else "",
    }  # fmt: skip


# ---- Hugging Face ----------------------------------------------------------------------------------------


def huggingface(state: NetworkState, request: Request) -> Reply:
    """The list of a day, most liked first; and a paper's page."""
    page = _PAPER.fullmatch(request.path)
    if page:
        message = _page(state, page[1])
        return json(_paper(state, message)) if message else json({"error": "Paper not found"}, 404)
    if request.path != "/api/daily_papers":
        return not_found()
    try:
        date = datetime.date.fromisoformat(request.param("date") or utc(state.now).date().isoformat())
    except ValueError:
        return json({"error": "Invalid date"}, 400)
    if date > utc(state.now).date():
        return json({"error": "No such day yet"}, 400)
    day = date.toordinal() - datetime.date(1970, 1, 1).toordinal()
    messages = [message for message in state.script.messages("huggingface", day) if is_visible(message, state.now)]
    messages.sort(key=lambda message: -counts(message, state.now).likes)
    limit = request.number("limit", 50, 100)
    start = request.number("p", 0, 100) * limit
    return json(state.reorder(_daily(state, message) for message in messages[start : start + limit]))


def _page(state: NetworkState, paper: str) -> Message | None:
    """A paper's page, which is created within two days of the announcement."""
    paper_details = state.script.paper(paper)
    if paper_details is None:
        return None
    first_day = paper_details.versions[0].submitted_at // DAY
    pages = (
        message for day in range(first_day, first_day + 12) for message in state.script.messages("huggingface", day)
    )
    return next((message for message in pages if message.id == paper and is_visible(message, state.now)), None)


def _daily(state: NetworkState, message: Message) -> dict[str, Any]:
    paper = _paper(state, message)
    totals = counts(message, state.now)
    return {
        "paper": paper,
        "publishedAt": paper["publishedAt"],
        "title": message.title,
        "numComments": totals.replies,
    }


def _paper(state: NetworkState, message: Message) -> dict[str, Any]:
    details = state.script.paper(message.id)
    submitter = {
        "_id": message.author.id,
        "user": message.author.name,
        "name": message.author.name,
        "fullname": message.author.display_name,
        "type": "user",
    }
    return {
        "id": message.id, "title": message.title, "summary": details.abstract if details else "",
        "authors": [{"name": name, "hidden": False} for name in (details.authors if details else ())],
        "publishedAt": iso(details.versions[0].submitted_at if details else message.at),
        "upvotes": counts(message, state.now).likes,
        "submittedOnDailyAt": iso(state.network_time(message.at)), "submittedOnDailyBy": submitter,
    }  # fmt: skip

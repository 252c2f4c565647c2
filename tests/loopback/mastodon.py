"""Two Mastodon servers, one and two, and what each knows of the other's posts; and the servers of `relatives`.

Each post has a home server, which knows its counts. The other server gets two out of three posts, ten minutes late,
under a number derived from its creation time, and knows a third of its likes.
https://docs.joinmastodon.org/methods/timelines/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from hotpapers.base.model import DAY
from tests.loopback import ids, message_text, relatives
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found
from tests.loopback.script import (
    MINUTE,
    SECOND,
    Account,
    Message,
    account_exists,
    counts,
    final_counts,
    find_message,
    is_visible,
    reaction_time,
)
from tests.loopback.threads import below

TAG = "arxiv"
TOKEN = "made-up-access"
"""An account's token, on either server: required to listen to streams."""
DELIVERY_DELAY = 10 * MINUTE
MAX_STATUSES = 40
HISTORY_DAYS = 14
"""How many days a server's timelines go back."""
_TIMELINE = re.compile(r"/api/v1/timelines/(?:tag/(\w+)|(public))")
_LIST = re.compile(r"/api/v1/lists/(\d+)/accounts")
_STATUS = re.compile(r"/api/v1/statuses/(\d{1,20})")
_CONTEXT = re.compile(r"/api/v1/statuses/(\d{1,20})/context")


class Row(NamedTuple):
    """An entry of a timeline: its number there, the message, and whether it is a boost."""

    id: int
    message: Message
    boost: bool = False


def answer(state: NetworkState, request: Request) -> Reply:
    """Timelines, single posts, accounts, and the server's description of itself."""
    timeline, status = _TIMELINE.fullmatch(request.path), _STATUS.fullmatch(request.path)
    if context := _CONTEXT.fullmatch(request.path):
        return _context(state, context[1])
    if timeline:
        return _timeline(state, request, timeline[1] or "")
    if status:
        return _status(state, status[1])
    if members := _LIST.fullmatch(request.path):
        return _members(state, request, members[1])
    if request.path == "/api/v1/accounts/lookup":
        return _lookup(state, request.param("acct"))
    return json(_instance(state)) if request.path == "/api/v2/instance" else not_found()


def _members(state: NetworkState, request: Request, name: str) -> Reply:
    """The accounts on a list, which only its owner can read; without pagination, as `limit=0` asks for."""
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return json({"error": "The access token is invalid"}, 401)
    return json([_account(state, account) for account in state.lists.get(name, ())])


def server(state: NetworkState) -> str:
    """The name of the server: one or two."""
    return state.host.rpartition(".")[2]


def uri(state: NetworkState, message: Message) -> str:
    """A post's own address, at its home server: the same on all servers."""
    if message.author.home in relatives.RELATIVES:
        return relatives.uri(state.bases, message)
    return f"{state.bases[f'mastodon.{message.author.home}']}/users/{message.author.name}/statuses/{message.id}"


def has_tag(message: Message) -> bool:
    """Whether a post has the hashtag: three out of four that name a paper do."""
    return bool(message.references) and message.at // SECOND // 16 % 4 != 0


def reaches(message: Message, name: str) -> bool:
    """Whether a server ever gets a post."""
    return message.author.home == name or message.at // SECOND // 16 % 3 != 0


# ---- timelines -------------------------------------------------------------------------------------------


def _timeline(state: NetworkState, request: Request, tag: str) -> Reply:
    """A page, newest first: the oldest entries after `min_id`, or the newest before `max_id`."""
    if server(state) in relatives.RELATIVES:
        posts = (message for message in relatives.messages(state) if has_tag(message) or not tag)
        page = relatives.page(state, request, posts if tag in (TAG, "") else iter(()))
        return json(state.reorder(status_json(state, message) for message in page))
    limit = request.number("limit", 20, MAX_STATUSES)
    after, before = request.number("min_id", 0, 2**63), request.number("max_id", 2**63, 2**63)
    oldest = max((after >> 16) * 1000, state.now - HISTORY_DAYS * DAY)
    rows = [row for row in _rows(state, tag, oldest) if after < row.id < before]
    selected = rows[:limit] if after else rows[-limit:]
    statuses = state.reorder(_entry(state, row) for row in reversed(selected))
    link = f"{state.base}{request.path}?limit={limit}"
    limits = {"x_ratelimit_limit": "300", "x_ratelimit_remaining": "299"}
    if not selected:
        return json(statuses, 200, **limits)
    neighbors = f'<{link}&max_id={selected[0].id}>; rel="next", <{link}&min_id={selected[-1].id}>; rel="prev"'
    return json(statuses, 200, **limits, link=neighbors)


def _rows(state: NetworkState, tag: str, oldest: int) -> list[Row]:
    """A timeline's entries from a moment on, oldest first."""
    rows = []
    for day in range(oldest // DAY, state.now // DAY + 1):
        for message in state.script.messages("mastodon", day):
            if _has_arrived(state, message) and (has_tag(message) and tag == TAG if tag else True):
                rows.append(Row(number(state, message), message))
                rows += [] if tag else _boosts(state, message)
    return sorted(rows)


def _has_arrived(state: NetworkState, message: Message) -> bool:
    return (
        is_visible(message, state.now) and reaches(message, server(state)) and arrives_at(state, message) <= state.now
    )


def arrives_at(state: NetworkState, message: Message) -> int:
    """When a post reaches this server, if it does."""
    return message.at if message.author.home == server(state) else message.at + DELIVERY_DELAY


def number(state: NetworkState, message: Message) -> int:
    """A post's number on this server, made from its creation time."""
    return int(message.id) + (message.author.home != server(state))


def _boosts(state: NetworkState, message: Message) -> Iterator[Row]:
    """On the public timeline of server two, somebody boosts each post that was shared three times."""
    shares = final_counts(message).reposts
    if server(state) == "two" and shares >= 3 and reaction_time(message, 3, shares) <= state.now:
        yield Row((reaction_time(message, 3, shares) // 1000 << 16) | 3, message, True)


def _entry(state: NetworkState, row: Row) -> dict[str, Any]:
    """An entry of a timeline. A boost has no words and no counts of its own."""
    status = status_json(state, row.message)
    if not row.boost:
        return status
    empty = {"content": "", "replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "card": None}
    base_address = f"{state.base}/users/echo/statuses/{row.id}"
    return (
        status
        | empty
        | {"id": str(row.id), "uri": f"{base_address}/activity", "url": f"{base_address}/activity", "reblog": status}
    )


# ---- a post ----------------------------------------------------------------------------------------------


def _status(state: NetworkState, id: str) -> Reply:
    """A post on this server by its number, or 404."""
    message = _own_message(state, id)
    return json(status_json(state, message)) if message else json({"error": "Record not found"}, 404)


def _own_message(state: NetworkState, id: str) -> Message | None:
    at = ids.creation_time("mastodon", id)
    message = find_message(state.script, "mastodon", id, at) if at is not None else None
    if message is None or message.author.home != server(state) or not is_visible(message, state.now):
        return None
    return message


def _context(state: NetworkState, id: str) -> Reply:
    """What answers a post on this server, without what no longer exists."""
    message = _own_message(state, id)
    if message is None:
        return json({"error": "Record not found"}, 404)
    known = [answer for answer, _ in below(state.script, message, state.now) if is_visible(answer, state.now)]
    return json({"ancestors": [], "descendants": [status_json(state, answer) for answer in known]})


def _answered_id(state: NetworkState, message: Message) -> str | None:
    """The number on this server of the post that a post answers."""
    at = ids.creation_time("mastodon", message.parent) if message.parent else None
    parent = find_message(state.script, "mastodon", message.parent, at) if at is not None else None
    return str(number(state, parent)) if parent else None


def status_json(state: NetworkState, message: Message) -> dict[str, Any]:
    """A post as a server shows it now: its home server knows the counts."""
    is_home, home_counts = message.author.home == server(state), counts(message, state.now)
    counts_here = home_counts if is_home else type(home_counts)(*(count // 3 for count in home_counts))
    is_edited = message.edited_at <= state.now
    cards = message_text.cards(message)
    status = {
        "id": str(number(state, message)), "uri": uri(state, message),
        "url": uri(state, message).replace("users/", "@"), "created_at": iso(state.network_time(message.at)),
        "edited_at": iso(state.network_time(message.edited_at)) if is_edited else None,
        "in_reply_to_id": _answered_id(state, message), "visibility": "public",
        "language": message.lang, "content": content(state, message),
        "sensitive": "sensitive" in message.limits,
        "spoiler_text": "mind" if "content warning" in message.limits else "",
        "replies_count": counts_here.replies, "reblogs_count": counts_here.reposts,
        "favourites_count": counts_here.likes,
        "quotes_count": counts_here.quotes, "reblog": None, "quote": None, "account": _account(state, message.author),
        "card": {"url": cards[0], "title": "A paper"} if cards else None, "media_attachments": [], "mentions": [],
        "tags": [{"name": TAG, "url": f"{state.base}/tags/{TAG}"}] if has_tag(message) else [],
    }  # fmt: skip
    name = server(state)
    return relatives.as_shown(name, status, message) if name in relatives.RELATIVES else status


def _lookup(state: NetworkState, name: str) -> Reply:
    """An account of this server by its name."""
    for account in state.script.accounts("mastodon"):
        if (account.home, account.name) == (server(state), name) and account_exists(account, state.now):
            return json(_account(state, account))
    return json({"error": "Record not found"}, 404)


def content(state: NetworkState, message: Message) -> str:
    """A post in HTML. The beginning and the end of an address are hidden."""
    parts = [_piece(piece) for piece in message_text.pieces(message, state.now)]
    if message.author.home in relatives.RELATIVES and message.author.home != server(state):
        parts.append(" …")  # a copy that the receiving server shortened
    if has_tag(message):
        parts.append(f' <a href="{state.base}/tags/{TAG}" class="mention hashtag" rel="tag">#<span>{TAG}</span></a>')
    return f"<p>{''.join(parts)}</p>"


def _piece(piece: message_text.Piece) -> str:
    if not piece.target:
        return html.escape(piece.text)
    scheme, _, bare_address = piece.target.partition("://")
    middle, ending = bare_address[: message_text.SHOWN_LENGTH], bare_address[message_text.SHOWN_LENGTH :]
    return (
        f'<a href="{html.escape(piece.target)}" target="_blank" rel="nofollow noopener"><span class="invisible">'
        f'{scheme}://</span><span class="{"ellipsis" if ending else ""}">{middle}</span>'
        f'<span class="invisible">{ending}</span></a>'
    )


def account_uri(state: NetworkState, account: Account) -> str:
    """An account's own address."""
    if account.home in relatives.RELATIVES:
        return relatives.account_uri(state.bases, account.name, account.home)
    return f"{state.bases[f'mastodon.{account.home}']}/users/{account.name}"


def _account(state: NetworkState, account: Account) -> dict[str, Any]:
    address = account_uri(state, account)
    is_local, page = account.home == server(state), address.replace("users/", "@")
    if account.home in relatives.RELATIVES:
        page = relatives.page_of(state.bases, account.name, account.home)
    return {
        "id": account.id, "username": account.name,
        "acct": account.name if is_local else f"{account.name}@{address.split('/')[2]}",
        "display_name": account.display_name, "bot": account.bot, "url": page, "uri": address,
        "note": _note(account, state.profiles.get(account.id, "")), "noindex": "noindex" in account.labels,
    }  # fmt: skip


def _note(account: Account, profile: str) -> str:
    """A profile's text in HTML."""
    lines = [*(["#nobot"] if "nobot" in account.labels else []), *([profile] if profile else [])]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _instance(state: NetworkState) -> dict[str, Any]:
    feeds = {
        "live_feeds": {"local": "public", "remote": "public"},
        "hashtag_feeds": {"local": "public", "remote": "public"},
    }
    return {"domain": state.base, "version": "4.6.4", "configuration": {"timelines_access": feeds}}

"""Mastodon and compatible servers: hashtag and public timelines of the servers that the operator names.

A post is the same post on every server; its counts are fetched from its home server.
https://docs.joinmastodon.org/methods/timelines/ · https://docs.joinmastodon.org/entities/Status/ ·
https://docs.joinmastodon.org/methods/streaming/ ·
https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import datetime
import re
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from hotpapers.errors import InputError, NetError, PartiallyRead
from hotpapers.http.address_guard import require_address
from hotpapers.ids.html_text import plain
from hotpapers.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.model import LARGEST, Account, HttpClient, Item, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.model.keys import own_id
from hotpapers.settings.limits import AtLeastOne
from hotpapers.sources.batched_requests import GONE
from hotpapers.sources.decoding import decode_or_none, decode_response, microseconds_of, unreadable_key
from hotpapers.sources.endpoint_rotation import EndpointRotation, raise_failures, soonest_retry
from hotpapers.sources.paper_mentions import gone_post, mentions_of, title_verdicts

LONGEST = 4_000_000
"""Most bytes of an event; longer ones are skipped."""


class ServerEvent(NamedTuple):
    """An event; `name` is `message` if the server gave none."""

    name: str
    data: bytes


def events(lines: Iterable[bytes | None]) -> Iterator[ServerEvent | None]:
    """The events of a stream; None for a comment (a keep-alive), and after a while without data.

    An event that is unfinished when the stream ends is dropped.
    """
    name, data, size = "", list[bytes](), 0
    for line in lines:
        if not line:
            if line is None:
                yield None
            elif data and size <= LONGEST:
                yield ServerEvent(name or "message", b"\n".join(data))
            if line is not None:
                name, data, size = "", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"":
            yield None
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            size += len(value) + 1
            if size <= LONGEST:
                data.append(value)


NETWORK = "mastodon"
PAGE = 40
MOST_PAGES = 50
CATCH_UP = 60.0
"""Seconds until reading continues on a timeline that had more pages than a round reads."""
SLOW = 10
"""Seconds after which the answer of a home server counts as slow."""
LOST_ON_HOMES = 900
"""Seconds lost on failing and slow home servers after which a round of counts ends: they must not delay all others."""
PUBLIC = ("public", "unlisted")
SECOND = 1_000_000
REMEMBERED = 10_000
"""How many posts of a streaming server are remembered by the server's own number, which its deletions name; and how
many posts by the server that told of them."""
OVERLAP = 3_600_000 << 16
"""An hour in Mastodon's identifiers, which is read again for hashtags: posts of other servers arrive late."""
_SNOWFLAKE = re.compile(r"[0-9]{17,19}")
_HOME = re.compile(r"(https?://[\w.:-]+)/(?:users/[^/?#]+|ap/users/[0-9]+)/statuses/([0-9]{1,19})")
"""Only Mastodon's own addresses contain the post id that its API uses: elsewhere a 404 would mean nothing."""


class MastodonServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server to read. `base`: its address. `tags`: which hashtags; `public`: its public timeline too. `token`: the
    operator's own, if the server shows timelines only to its users. `streaming`: the address of its event streams, to
    listen to one between rounds; most servers require a token."""

    base: str
    tags: tuple[str, ...] = ("arxiv",)
    public: bool = False
    token: str = ""
    streaming: str = ""

    def __post_init__(self) -> None:
        require_address(self.base)
        if not self.paths:
            raise ValueError(f'{self.base}: no timeline; write tags = ["arxiv"] or public = true')

    @property
    def headers(self) -> dict[str, str]:
        """The headers for this server, and for no other."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def paths(self) -> list[str]:
        return [*(f"tag/{tag}" for tag in self.tags), *(["public"] if self.public else [])]

    @property
    def stream(self) -> str:
        """The address of the stream to listen to: the public timeline, or the first hashtag."""
        if self.public:
            return f"{self.streaming}/api/v1/streaming/public"
        return f"{self.streaming}/api/v1/streaming/hashtag?{urlencode({'tag': self.tags[0]})}"


class MastodonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`servers`: none by default. `every`: seconds between rounds."""

    servers: tuple[MastodonServer, ...] = ()
    every: AtLeastOne = 300


class _Account(msgspec.Struct):
    url: str | None = ""
    uri: str | None = ""
    acct: str = ""
    display_name: str | None = ""
    note: str | None = ""
    bot: bool | None = False
    noindex: bool | None = False
    limited: bool | None = False
    suspended: bool | None = False


class _Card(msgspec.Struct):
    url: str | None = ""


class _QuotedStatus(msgspec.Struct):
    uri: str = ""


class _Quote(msgspec.Struct):
    quoted_status: _QuotedStatus | None = None


class _Status(msgspec.Struct):
    uri: str
    created_at: datetime.datetime
    account: _Account
    content: str | None = ""
    visibility: str = "public"
    sensitive: bool | None = False
    spoiler_text: str | None = ""
    language: str | None = None
    replies_count: int | None = None
    reblogs_count: int | None = None
    favourites_count: int | None = None
    quotes_count: int | None = None
    card: _Card | None = None
    quote: _Quote | None = None


class _TimelineEntry(msgspec.Struct):
    id: str
    uri: str
    visibility: str = "public"
    created_at: datetime.datetime | None = None
    edited_at: str | None = None
    reblog: msgspec.Raw = msgspec.Raw(b"null")


class MastodonSource:
    """The connector. The cursor keeps the creation time of the newest entry read from each timeline."""

    name = NETWORK

    def __init__(self, settings: MastodonSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        self.reach: int | None = None
        self._rotation = EndpointRotation()
        self._failing_homes: set[str] = set()
        self._read_since: dict[str, int] = {}
        self._uris_by_id: OrderedDict[str, str] = OrderedDict()
        self._tellers: OrderedDict[str, str] = OrderedDict()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """The new entries of each timeline. A failing timeline doesn't stop the others; its error is raised last."""
        newest = msgspec.json.decode(cursor, type=dict[str, str]) if cursor else {}
        parts = ((name, self._timeline(http, server, path, newest)) for name, server, path in self._timelines())
        yield from self._rotation.pages(http, parts, final_pages=self._stream_pages(http))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """The same, but each timeline is first read back to a moment, as far as its server goes; again in a new
        process, which cannot know how far an earlier one came."""
        newest = msgspec.json.decode(cursor, type=dict[str, str]) if cursor else {}

        def read(name: str, server: MastodonServer, path: str) -> Iterator[PayloadPage]:
            if name in self._read_since:
                return self._timeline(http, server, path, newest)
            return self._timeline_since(http, server, path, newest, since)

        timelines = list(dict.fromkeys(self._timelines()))
        yield from self._rotation.pages(http, ((timeline[0], read(*timeline)) for timeline in timelines))
        if self._read_since.keys() >= {name for name, _, _ in timelines}:
            yield PayloadPage(since=max(self._read_since.values()))

    def _timelines(self) -> list[tuple[str, MastodonServer, str]]:
        return [(f"{server.base}/{path}", server, path) for server in self.settings.servers for path in server.paths]

    def _timeline_since(
        self, http: HttpClient, server: MastodonServer, path: str, newest: dict[str, str], since: int
    ) -> Iterator[PayloadPage]:  # fmt: skip
        """A timeline backwards from its newest page, until a page is empty or older than a moment."""
        name, before, ids, oldest = f"{server.base}/{path}", "", list[str](), http.now()
        for _ in range(MOST_PAGES):
            size, entries, payloads = self._page(http, server, path, {"max_id": before} if before else {})
            ids += [entry.id for entry in entries]
            oldest = min([oldest, *map(_created_at, entries)])
            next_id = min(ids, key=_id_order, default="")
            yield PayloadPage(payloads)
            if not size or oldest < since or next_id == before:
                oldest = since
                break
            before = next_id
        newest[name] = max([newest.get(name, ""), *ids], key=_id_order)
        self._read_since[name] = oldest
        yield PayloadPage((), _cursor(newest))

    def _timeline(
        self, http: HttpClient, server: MastodonServer, path: str, newest: dict[str, str]
    ) -> Iterator[PayloadPage]:
        """The pages after the last one read, until one brings nothing newer; the first time only the newest page.

        A short page is not the end: servers have their own limits, and leave out what they hide.
        """
        name = f"{server.base}/{path}"
        last_id = newest.get(name, "")
        after = _with_overlap(last_id) if path != "public" else last_id
        for _ in range(MOST_PAGES):
            size, entries, payloads = self._page(http, server, path, {"min_id": after} if after else {})
            newest_id = max([after, *(entry.id for entry in entries)], key=_id_order)
            newest[name] = max(newest.get(name, ""), newest_id, key=_id_order)
            yield PayloadPage(payloads, _cursor(newest))
            if not last_id or not size or newest_id == after:
                return
            after = newest_id
        raise PartiallyRead(f"{name}: more than {MOST_PAGES} pages since it was last read", again=CATCH_UP)

    def _page(
        self, http: HttpClient, server: MastodonServer, path: str, more_params: Mapping[str, str]
    ) -> tuple[int, list[_TimelineEntry], list[RawPayload]]:
        """A page of a timeline: how many entries it has, those with a readable id, and the payloads of all."""
        params = {"limit": str(PAGE), **more_params}
        response = http.get(f"{server.base}/api/v1/timelines/{path}", params=params, headers=server.headers)
        entries = [
            (decode_or_none(raw, _TimelineEntry), bytes(raw)) for raw in decode_response(response, list[msgspec.Raw])
        ]
        payloads = [
            payload for entry, body in entries for payload in self._payloads_of(entry, body, server, response.at)
        ]
        return len(entries), [entry for entry, _ in entries if entry], payloads

    def _payloads_of(
        self, entry: _TimelineEntry | None, body: bytes, server: MastodonServer, at: int
    ) -> Sequence[RawPayload]:
        """The payloads of a timeline's entry, or of a boost's original. Counts are trusted only from the home server;
        edits too, if the home server can be asked, else from the server that told of the post."""
        if entry is None:
            return [RawPayload("post", unreadable_key(body), body, at)]
        if bytes(entry.reblog) != b"null":
            return self._payloads_of(decode_or_none(entry.reblog, _TimelineEntry), bytes(entry.reblog), server, at)
        if entry.visibility not in PUBLIC:
            return []
        at_home = _host(entry.uri) == _host(server.base)
        if at_home and server.streaming:
            _remember(self._uris_by_id, f"{server.base} {entry.id}", entry.uri)
        payload = RawPayload("home" if at_home else "post", entry.uri, body, at)
        if f"{NETWORK}:{entry.uri}" not in self.known:
            _remember(self._tellers, entry.uri, server.base)
            return [payload]
        # servers' copies differ: with several, each round would record several versions
        if not at_home and (_HOME.fullmatch(entry.uri) or self._tellers.get(entry.uri, server.base) != server.base):
            return []
        return [payload, *_edit(entry, payload)]

    # ---- event streams ---------------------------------------------------------------------------------

    def _stream_pages(self, http: HttpClient) -> Iterator[PayloadPage]:
        """Listen to one server until the next round is due. If its stream fails, the rounds alone must do."""
        server = next((server for server in self.settings.servers if server.streaming), None)
        if server is None:
            return
        payloads: list[RawPayload] = []
        started_at = last_page_at = http.now()
        is_due = False
        try:
            for event in events(http.lines(server.stream, headers=server.headers)):
                now = http.now()
                payloads += self._event_payloads(event, server, now) if event else ()
                if now - last_page_at >= SECOND and (payloads or event is None):
                    yield PayloadPage(payloads)
                    payloads, last_page_at = [], now
                is_due = now - started_at >= self.settings.every * SECOND
                if is_due:
                    break
        except NetError:
            pass
        yield PayloadPage(payloads, next_at=http.now() if is_due else None)

    def _event_payloads(self, event: ServerEvent, server: MastodonServer, at: int) -> Sequence[RawPayload]:
        """A new or edited post, or the deletion of a tracked post, if its own server reports it."""
        if event.name in ("update", "status.update"):
            return self._payloads_of(decode_or_none(event.data, _TimelineEntry), event.data, server, at)
        if event.name == "delete":
            uri = self._uris_by_id.pop(f"{server.base} {event.data.decode('utf-8', 'replace')}", "")
            return [RawPayload("gone", uri, b"null", at)] if f"{NETWORK}:{uri}" in self.known else []
        return []

    # ---- home servers ----------------------------------------------------------------------------------

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each post as its home server has it now, or that it is gone. A failing server is not asked again. It is asked
        last the next time, as is a slow one. When these have cost too much time, raises PartiallyRead, or a failure if
        nobody answered."""
        failed: dict[str, NetError] = {}
        homes = [home for key in keys if (home := _HOME.fullmatch(key.removeprefix(f"{NETWORK}:")))]
        homes.sort(key=lambda home: home[1] in self._failing_homes)
        time_lost, any_answer = 0, False
        for position, home in enumerate(homes):
            if home[1] in failed:
                continue
            if time_lost >= LOST_ON_HOMES * SECOND:
                raise _unfinished(homes[position:], failed) if any_answer else soonest_retry(list(failed.values()))
            asked_at = http.now()
            try:
                response = http.get(f"{home[1]}/api/v1/statuses/{home[2]}", accept=GONE)
            except NetError as problem:
                time_lost += http.now() - asked_at
                failed[home[1]] = problem
                self._failing_homes.add(home[1])
                continue
            any_answer, seconds = True, (http.now() - asked_at) / SECOND
            if seconds > SLOW:
                time_lost += http.now() - asked_at
                self._failing_homes.add(home[1])
            else:
                self._failing_homes.discard(home[1])
            payload = RawPayload("gone" if response.status in GONE else "counts", home[0], response.body, response.at)
            yield PayloadPage([payload, *_edit(decode_or_none(response.body, _TimelineEntry), payload)])
        raise_failures(list(failed.values()), len({home[1] for home in homes}))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a public post with its papers, and its counts if they come from its home server; or that it is gone.

        A post without papers yields nothing unless it is known: then an edit removed them.
        """
        known = payload.kind in ("counts", "edit")
        if payload.kind == "gone":
            return [gone_post(NETWORK, f"{NETWORK}:{payload.key}", payload.at, "deleted")]
        status = msgspec.json.decode(payload.body, type=_Status)
        if status.uri != payload.key:
            raise InputError(f"expected {payload.key[:200]}, found {status.uri[:200]}")
        key = f"{NETWORK}:{status.uri}"
        # only the server's claim: it could say 2099
        created_at = min(microseconds_of(status.created_at), payload.at)
        if status.visibility not in PUBLIC:
            return [gone_post(NETWORK, key, payload.at, "withdrawn", created_at)] if known else []
        text, links = plain(status.content or "")
        card = [status.card.url] if status.card and status.card.url else []
        mentions = mentions_of(key, payload.at, text, [*links, *card], self.names)
        if not (mentions or known):
            return []
        author_account = _account(status.account, payload.at)
        if known and _HOME.fullmatch(status.uri) and _host(own_id(author_account.account)) != _host(status.uri):
            raise InputError(f"{status.uri[:200]}: its account is of another server")  # no other server checked that
        quoted = status.quote.quoted_status.uri if status.quote and status.quote.quoted_status else ""
        post = Post(
            post=key, network=NETWORK, account=author_account.account, created_at=created_at, text=text, links=links,
            lang=status.language or "und", handle=author_account.handle, name=author_account.name,
            quotes=f"{NETWORK}:{quoted}" if quoted else "", limits=_limits(status), observed_at=payload.at,
        )  # fmt: skip
        counts = [_snapshot(key, status, payload.at)] if payload.kind in ("home", "counts") else []
        return [
            post,
            author_account,
            *mentions,
            *title_verdicts(mentions, text, self.names, was_edited=payload.kind == "edit"),
            *counts,
        ]


def _remember(values: OrderedDict[str, str], name: str, value: str) -> None:
    """Adds a value, and drops the oldest if there are too many."""
    values[name] = value
    if len(values) > REMEMBERED:
        values.popitem(last=False)


def _host(address: str) -> str:
    """The host and port in an address; empty if it is not one: other servers can send any text."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _unfinished(homes: Sequence[re.Match[str]], failed: Container[str]) -> PartiallyRead:
    """The error for a round of counts that ends before these posts."""
    unasked = frozenset(f"{NETWORK}:{home[0]}" for home in homes if home[1] not in failed)
    reason = f"{len(unasked)} posts are left for the next round, as some home servers hang"
    return PartiallyRead(reason, again=CATCH_UP, unasked=unasked)


def _id_order(id: str) -> tuple[int, str]:
    """Sort key of ascending identifiers: numbers on Mastodon, elsewhere texts of equal length."""
    return len(id), id


def _created_at(entry: _TimelineEntry) -> int:
    """When a timeline's entry was created; LARGEST for boosts and entries without a date."""
    is_own = entry.created_at is not None and bytes(entry.reblog) == b"null"
    return microseconds_of(entry.created_at) if entry.created_at is not None and is_own else LARGEST


def _edit(entry: _TimelineEntry | None, payload: RawPayload) -> list[RawPayload]:
    """A second payload of kind `edit` for an edited tracked post: papers it no longer names were edited out."""
    return [payload._replace(kind="edit")] if entry and entry.edited_at and payload.kind != "gone" else []


def _with_overlap(id: str) -> str:
    return str(max(1, int(id) - OVERLAP)) if _SNOWFLAKE.fullmatch(id) else id


def _cursor(newest: Mapping[str, str]) -> str:
    """Mastodon's identifiers begin with a timestamp. Only that is kept, so no cursor names a post; posts of that
    millisecond are read again. Other servers' identifiers are kept whole."""
    return msgspec.json.encode({name: _moment_of(id) for name, id in newest.items()}).decode()


def _moment_of(id: str) -> str:
    return str(int(id) >> 16 << 16) if _SNOWFLAKE.fullmatch(id) else id


def _account(account: _Account, at: int) -> Account:
    """The author. A name without a server belongs to the server of the account's own address."""
    address = account.uri or account.url
    if not address:
        raise InputError("an account without an address")
    handle = account.acct if "@" in account.acct else f"{account.acct}@{urlsplit(address).netloc}"
    return Account(
        account=f"{NETWORK}:{address}", handle=handle, name=account.display_name or "", automated=bool(account.bot),
        observed_at=at,
    )  # fmt: skip


def _limits(status: _Status) -> tuple[str, ...]:
    """Why a post may not be quoted, according to its author or servers."""
    account = status.account
    limits = {
        "sensitive": status.sensitive,
        "content warning": bool(status.spoiler_text),
        "noindex": account.noindex,
        "limited": account.limited,
        "suspended": account.suspended,
        "nobot": "#nobot" in plain(account.note or "")[0].casefold(),
    }
    return tuple(name for name, holds in limits.items() if holds)


def _snapshot(key: str, status: _Status, at: int) -> Snapshot:
    return Snapshot(
        post=key, reposts=status.reblogs_count, likes=status.favourites_count, replies=status.replies_count,
        quotes=status.quotes_count, observed_at=at,
    )  # fmt: skip

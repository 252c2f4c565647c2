"""The connector of Mastodon, and the format of its event streams."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.keys import own_id
from hotpapers.base.model import HttpClient, Item, Pages, PayloadPage, RawPayload, ThreadPayloads
from hotpapers.collect.sources.batched_requests import (
    GONE,
    REMEMBERED,
    PostSource,
    RemovalCheck,
    one_by_one,
    raise_failures,
    soonest_retry,
)
from hotpapers.collect.sources.decoding import Flag, decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload
from hotpapers.wings.mastodon import status_parser
from hotpapers.wings.mastodon.author_addresses import address_host
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.status_parser import HOME, NETWORK, PlacedStatus, TimelineEntry, edit_payloads, is_public
from hotpapers.wings.mastodon.timelines import Timeline

SECOND = 1_000_000
SLOW = 10
"""Seconds after which the answer of a home server counts as slow."""
LOST_ON_HOMES = 900
"""Seconds lost on failing and slow home servers after which a round of counts ends: they must not delay all others."""
CATCH_UP = 60.0
"""Seconds until the next round then."""
HIDDEN = (401, 403, 422)
"""Statuses of a timeline that a server does not show to strangers."""
MAX_REMEMBERED_SERVERS = 10_000
"""How many servers' posts returned last are remembered."""
MAX_REMEMBERED_POSTS = 10_000
"""How many posts of a streaming server are remembered by the server's own number, which its deletions name; and how
many posts by the server that reported them."""


class MastodonSource(PostSource[MastodonSettings]):
    """The connector. The cursor keeps the creation time of the newest entry read from each timeline."""

    name = NETWORK

    def _set_up(self) -> None:
        self._failing = set[str]()  # home servers, as of the last round
        self._removal_checks = OrderedDict[str, RemovalCheck]()
        hosts = (address_host(server.base) for server in self.settings.servers)
        self._hosts = frozenset(hosts)
        self._read_since: dict[str, int] = {}
        self._uris_by_id = OrderedDict[str, str]()
        self._tellers = OrderedDict[str, str]()

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The new entries of each timeline. A failing timeline doesn't stop the others; its error is raised last."""
        timelines = self._timelines(http, cursor)
        parts = ((timeline.name, timeline.new_pages()) for timeline in timelines)
        yield from self._rotation.pages(http, parts, final_pages=self._stream_pages(http))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The new entries of each timeline, which is first read back to a moment, as far as its server goes; again in a
        new process, which cannot know how far an earlier one came."""
        timelines = {timeline.name: timeline for timeline in self._timelines(http, cursor)}
        yield from self._rotation.pages(
            http, ((name, self._pages_back(timeline, since)) for name, timeline in timelines.items())
        )
        if self._read_since.keys() >= timelines.keys():
            yield PayloadPage(since=max(self._read_since.values()))

    def _pages_back(self, timeline: Timeline, since: int) -> Pages:
        if timeline.name in self._read_since:
            yield from timeline.new_pages()
            return
        complete_from = yield from timeline.pages_back(since)
        self._read_since[timeline.name] = since if complete_from is None else complete_from
        yield PayloadPage((), timeline.cursor())

    def _timelines(self, http: HttpClient, cursor: str | None) -> Iterator[Timeline]:
        if cursor:
            newest = msgspec.json.decode(cursor, type=dict[str, str])
        else:
            newest = {}
        for server in self.settings.servers:
            for path in server.paths:
                yield Timeline(http, server, path, newest, partial(self._payloads_of, server))

    def _payloads_of(
        self, server: MastodonServer, entry: TimelineEntry | None, body: bytes, at: int
    ) -> Sequence[RawPayload]:
        """The payloads of a timeline's entry, or of a boost's original. Counts are trusted only from the home server;
        edits too, if it is read or can be asked, else from the server that reported the post."""
        if entry is None:
            return [RawPayload("post", unreadable_key(body), body, at)]
        if entry.boosted:
            return self._payloads_of(server, decode_or_none(entry.boosted, TimelineEntry), entry.boosted, at)
        if isinstance(entry.visibility, str) and not is_public(entry.visibility, entry.local_only):
            return []
        at_home = address_host(entry.uri) == address_host(server.base)
        if at_home and server.streaming:
            _remember(self._uris_by_id, f"{server.base} {entry.id}", entry.uri)
        payload = RawPayload("home" if at_home else "post", entry.uri, body, at)
        is_known = f"{NETWORK}:{entry.uri}" in self.known
        if is_known and not at_home and not self._tells_edits(server, entry):
            return []
        if not at_home:
            _remember(self._tellers, entry.uri, server.base)
        return [payload, *(edit_payloads(entry, payload) if is_known else [])]

    def _tells_edits(self, server: MastodonServer, entry: TimelineEntry) -> bool:
        """Whether a server that is not a known post's home is believed about its words: only one server is, or each
        round would record several versions, as servers' copies differ. In a new process, which cannot know the
        reporting server, it is the first server that shows an edit."""
        if HOME.fullmatch(entry.uri) or address_host(entry.uri) in self._hosts:
            return False
        default_teller = "" if len(self._hosts) > 1 else server.base
        teller = self._tellers.get(entry.uri, default_teller)
        return teller == server.base or (not teller and bool(entry.edited_at))

    # ---- event streams ---------------------------------------------------------------------------------

    def _stream_pages(self, http: HttpClient) -> Pages:
        """Listen to one server until the next round is due. If its stream fails, the rounds alone must do."""
        server = next((server for server in self.settings.servers if server.streaming), None)
        if server is None:
            return
        payloads: list[RawPayload] = []
        started_at = last_page_at = http.now()
        is_due = False
        try:
            for event in stream_events(http.lines(server.stream, headers=server.headers)):
                now = http.now()
                payloads += self._event_payloads(event, server, now) if event else ()
                if now - last_page_at >= SECOND and (payloads or event is None):
                    yield PayloadPage(payloads)
                    payloads = []
                    last_page_at = now
                is_due = now - started_at >= self.settings.every * SECOND
                if is_due:
                    break
        except NetError:
            pass
        yield PayloadPage(payloads, next_at=http.now() if is_due else None)

    def _event_payloads(self, event: ServerEvent, server: MastodonServer, at: int) -> Sequence[RawPayload]:
        """A new or edited post, or the deletion of a tracked post, if its own server reports it."""
        if event.name in ("update", "status.update"):
            return self._payloads_of(server, decode_or_none(event.data, TimelineEntry), event.data, at)
        if event.name == "delete":
            id = event.data.decode("utf-8", "replace")
            uri = self._uris_by_id.pop(f"{server.base} {id}", "")
            if f"{NETWORK}:{uri}" in self.known:
                return [RawPayload("gone", uri, b"null", at)]
            return []
        return []

    # ---- known posts ---------------------------------------------------------------------------------------

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Each post as its home server has it now, or that it is gone if the server still has others. A failing server
        is not asked again. It is asked last the next time, as is a slow one. When these have cost too much time, raises
        PartiallyRead, or a failure if nobody answered."""
        failed: dict[str, NetError] = {}
        homes = [home for key in keys if (home := HOME.fullmatch(key.removeprefix(f"{NETWORK}:")))]
        homes.sort(key=lambda home: home[1] in self._failing)
        checks = {home[1]: self._check_of(home[1]) for home in homes}
        time_lost = 0
        any_answer = False
        for position, home in enumerate(homes):
            if home[1] in failed:
                continue
            if time_lost >= LOST_ON_HOMES * SECOND:
                if not any_answer:
                    raise soonest_retry(list(failed.values()))
                unasked = frozenset(f"{NETWORK}:{home[0]}" for home in homes[position:] if home[1] not in failed)
                reason = f"{len(unasked)} posts are left for the next round, as some home servers hang"
                raise PartiallyRead(reason, again=CATCH_UP, unasked=unasked)
            asked_at = http.now()
            try:
                payloads = _status(http, home)
            except NetError as problem:
                failed[home[1]] = problem
            elapsed = http.now() - asked_at
            is_bad = home[1] in failed or elapsed > SLOW * SECOND
            time_lost += elapsed if is_bad else 0
            (self._failing.add if is_bad else self._failing.discard)(home[1])
            if home[1] not in failed:
                any_answer = True
                yield PayloadPage(checks[home[1]].believed(payloads))
        for base, check in checks.items():  # the reports of missing posts that were held back
            if check.held and base not in failed:
                try:
                    yield PayloadPage(check.settle(partial(_statuses, http), partial(_listed, http, base)))
                except NetError as problem:  # they are not believed
                    failed[base] = problem
        raise_failures(list(failed.values()), len(checks))

    def _check_of(self, base: str) -> RemovalCheck:
        """The check of a server's reports, without those held back in a round that failed: they are requested again."""
        check = self._removal_checks[base] = self._removal_checks.pop(base, RemovalCheck())
        check.release()
        if len(self._removal_checks) > MAX_REMEMBERED_SERVERS:
            self._removal_checks.popitem(last=False)
        return check

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        """The answers to a post as its home server has them. Those from other servers are believed only if the
        operator named the home server: any other might make them up."""
        home = HOME.fullmatch(own_id(post))
        if home is None:
            return [None]
        response = http.get(f"{home[1]}/api/v1/statuses/{home[2]}/context", accept=GONE)
        if response.status in GONE:
            return [None]
        answers = decode_response(response, Context).descendants
        hosts = {address_host(home[1])}
        return list(reply_payloads(answers, home, response.at, None if hosts <= self._hosts else hosts))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a public post with its papers, and its counts if they come from its home server; or that it is gone."""
        return status_parser.read_payload(payload, self.names)


def _statuses(http: HttpClient, uris: Sequence[str]) -> Pages:
    homes = [home for uri in uris if (home := HOME.fullmatch(uri))]
    return one_by_one(homes, lambda home: PayloadPage(_status(http, home)))


def _status(http: HttpClient, home: re.Match[str]) -> list[RawPayload]:
    """A post as its home server has it, or that the server does not have it."""
    address = f"{home[1]}/api/v1/statuses/{home[2]}"
    response = http.get(address, accept=GONE)
    kind = "gone" if response.status in GONE else "counts"
    payload = RawPayload(kind, home[0], response.body, response.at)
    return [payload, *edit_payloads(decode_or_none(response.body, TimelineEntry), payload)]


def _listed(http: HttpClient, base: str) -> list[str] | None:
    """Own posts of a server that its public timeline shows; None if it shows no timeline to strangers."""
    params = {"local": "true", "limit": str(REMEMBERED)}
    accept = (*HIDDEN, *GONE)
    response = http.get(f"{base}/api/v1/timelines/public", params=params, accept=accept)
    if response.status in HIDDEN:
        return None
    if response.status in GONE:
        raws = []
    else:
        raws = decode_response(response, list[msgspec.Raw])
    entries = [entry for raw in raws if (entry := decode_or_none(raw, TimelineEntry))]
    return [entry.uri for entry in entries if address_host(entry.uri) == address_host(base)]


def _remember(values: OrderedDict[str, str], name: str, value: str) -> None:
    """Adds a value, and drops the oldest if there are too many."""
    values[name] = value
    if len(values) > MAX_REMEMBERED_POSTS:
        values.popitem(last=False)


# ---- server-sent events: the format of streams --------------------------------------------------------


MAX_EVENT_BYTES = 4_000_000
"""Most bytes of an event; longer ones are skipped."""


class ServerEvent(NamedTuple):
    """An event; `name` is `message` if the server gave none."""

    name: str
    data: bytes


def stream_events(lines: Iterable[bytes | None]) -> Iterator[ServerEvent | None]:
    """The events of a stream; None for a comment (a keep-alive), and after a while without data.

    An event that is unfinished when the stream ends is dropped.
    """
    name = ""
    data = list[bytes]()
    size = 0
    for line in lines:
        if line is None or line.startswith(b":"):
            yield None
            continue
        if not line:
            if data and size <= MAX_EVENT_BYTES:
                yield ServerEvent(name or "message", b"\n".join(data))
            name = ""
            data = []
            size = 0
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            size += len(value) + 1
            if size <= MAX_EVENT_BYTES:
                data.append(value)


# ---- the answers to a post ---------------------------------------------------------------------------

# As its home server has them: https://docs.joinmastodon.org/methods/statuses/#context

MAX_ANSWERS = 60
"""Answers that a server shows to those who have no account there."""
MAX_DEPTH = 19
"""How far below the post the last of these are."""


class Context(msgspec.Struct):
    """The answers to a post."""

    descendants: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    number_or_id: str | int = msgspec.field(name="id")
    uri: str
    in_reply_to_id: str | int | None = None
    visibility: str = "public"
    local_only: Flag = False


def reply_payloads(
    answers: Sequence[msgspec.Raw], home: re.Match[str], at: int, hosts: Collection[str] | None
) -> Iterator[RawPayload | str | None]:
    """The answers, those that can be seen by everybody. `hosts`: those whose posts are believed; None for all. An
    answer to one that is not among them is placed below a gap. If some are believed and the list is whole, ends with
    how the ids on the home server begin."""
    decoded = ((raw, decode_or_none(raw, _Answer)) for raw in answers[:MAX_REPLIES])
    listed = [(raw, answer) for raw, answer in decoded if answer]
    uris = {str(answer.number_or_id): answer.uri for _, answer in listed} | {home[2]: home[0]}
    depths = {home[2]: 0}
    for raw, answer in listed:
        above = str(answer.in_reply_to_id)
        depths[str(answer.number_or_id)] = depths.get(above, 0) + 1
        parent = uris.get(above, "")
        if not parent:
            parent = f"{home[1]}/statuses/{answer.in_reply_to_id}"
            yield gap_payload(parent, home[0], at)
        is_believed = hosts is None or address_host(answer.uri) in hosts
        if not (is_public(answer.visibility, answer.local_only) and is_believed):
            yield gap_payload(answer.uri, parent, at)
        else:
            is_local = address_host(answer.uri) == address_host(home[1])
            placed = PlacedStatus(raw, parent, is_local)
            yield RawPayload(REPLY, answer.uri, msgspec.json.encode(placed), at)
    if len(answers) >= MAX_ANSWERS or len(listed) < len(answers) or max(depths.values()) >= MAX_DEPTH:
        yield None
    elif hosts is not None:
        yield f"{home[1]}/"

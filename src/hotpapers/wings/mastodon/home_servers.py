"""Posts as their home servers have them: counts, edits, and whether they still exist."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.model import HttpClient, PayloadPage, RawPayload
from hotpapers.collect.sources import removals
from hotpapers.collect.sources.batched_requests import GONE, one_by_one
from hotpapers.collect.sources.decoding import decode_or_none, decode_response
from hotpapers.collect.sources.endpoint_rotation import raise_failures, soonest_retry
from hotpapers.collect.sources.removals import RemovalCheck
from hotpapers.wings.mastodon.entities import TimelineEntry
from hotpapers.wings.mastodon.status_parser import HOME, NETWORK, edits, host

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
SECOND = 1_000_000


class HomeServers:
    """Asks home servers. Remembers which failed, and which posts each returned last."""

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._checks: OrderedDict[str, RemovalCheck] = OrderedDict()

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each post as its home server has it now, or that it is gone if the server still has others. A failing server
        is not asked again. It is asked last the next time, as is a slow one. When these have cost too much time, raises
        PartiallyRead, or a failure if nobody answered."""
        failed: dict[str, NetError] = {}
        homes = [home for key in keys if (home := HOME.fullmatch(key.removeprefix(f"{NETWORK}:")))]
        homes.sort(key=lambda home: home[1] in self._failing)
        checks = {home[1]: self._check_of(home[1]) for home in homes}
        time_lost, any_answer = 0, False
        for position, home in enumerate(homes):
            if home[1] in failed:
                continue
            if time_lost >= LOST_ON_HOMES * SECOND:
                raise _unfinished(homes[position:], failed) if any_answer else soonest_retry(list(failed.values()))
            asked_at = http.now()
            try:
                payloads = _status(http, home)
            except NetError as problem:
                time_lost += http.now() - asked_at
                failed[home[1]] = problem
                self._failing.add(home[1])
                continue
            any_answer, is_slow = True, http.now() - asked_at > SLOW * SECOND
            time_lost += http.now() - asked_at if is_slow else 0
            (self._failing.add if is_slow else self._failing.discard)(home[1])
            yield PayloadPage(checks[home[1]].believed(payloads))
        yield from _settled(http, checks, failed)
        raise_failures(list(failed.values()), len(checks))

    def _check_of(self, base: str) -> RemovalCheck:
        """The check of a server's reports, without those held back in a round that failed: they are requested again."""
        check = self._checks[base] = self._checks.pop(base, RemovalCheck())
        check.release()
        if len(self._checks) > MAX_REMEMBERED_SERVERS:
            self._checks.popitem(last=False)
        return check


def _settled(
    http: HttpClient, checks: Mapping[str, RemovalCheck], failed: dict[str, NetError]
) -> Iterator[PayloadPage]:
    """The reports of missing posts that were held back, server by server. Adds those that are not believed to
    `failed`."""
    for base, check in checks.items():
        if check.held and base not in failed:
            try:
                yield PayloadPage(check.settle(partial(_statuses, http), partial(_listed, http, base)))
            except NetError as problem:
                failed[base] = problem


def _statuses(http: HttpClient, uris: Sequence[str]) -> Iterator[PayloadPage]:
    homes = [home for uri in uris if (home := HOME.fullmatch(uri))]
    return one_by_one(homes, lambda home: PayloadPage(_status(http, home)))


def _status(http: HttpClient, home: re.Match[str]) -> list[RawPayload]:
    """A post as its home server has it, or that the server does not have it."""
    response = http.get(f"{home[1]}/api/v1/statuses/{home[2]}", accept=GONE)
    payload = RawPayload("gone" if response.status in GONE else "counts", home[0], response.body, response.at)
    return [payload, *edits(decode_or_none(response.body, TimelineEntry), payload)]


def _listed(http: HttpClient, base: str) -> list[str] | None:
    """Own posts of a server that its public timeline shows; None if it shows no timeline to strangers."""
    params = {"local": "true", "limit": str(removals.REMEMBERED)}
    response = http.get(f"{base}/api/v1/timelines/public", params=params, accept=(*HIDDEN, *GONE))
    if response.status in HIDDEN:
        return None
    raws = [] if response.status in GONE else decode_response(response, list[msgspec.Raw])
    entries = [entry for raw in raws if (entry := decode_or_none(raw, TimelineEntry))]
    return [entry.uri for entry in entries if host(entry.uri) == host(base)]


def _unfinished(homes: Sequence[re.Match[str]], failed: Container[str]) -> PartiallyRead:
    """The error for a round of counts that ends before these posts."""
    unasked = frozenset(f"{NETWORK}:{home[0]}" for home in homes if home[1] not in failed)
    reason = f"{len(unasked)} posts are left for the next round, as some home servers hang"
    return PartiallyRead(reason, again=CATCH_UP, unasked=unasked)

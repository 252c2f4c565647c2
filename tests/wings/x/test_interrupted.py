"""X: a search that fails at a later page continues there, and pays for no page twice."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import msgspec

from hotpapers.base.errors import RetryLater
from hotpapers.base.model import DAY, HOUR
from hotpapers.wings.x.source import XSource
from tests.collect.sources.net import Reply, ScriptedClient, reply
from tests.wings.x.test_x import NOW, SETTINGS, id_at


class Search:
    """A search over posts, newest first. One request fails. Records the requests' parameters and the billed posts."""

    def __init__(self, ids: Sequence[str], *, failing_request: int = 0) -> None:
        self.ids, self.failing_request = list(ids), failing_request
        self.requests: list[dict[str, str]] = []
        self.billed_ids: list[str] = []

    def __call__(self, url: str) -> Reply:
        params = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.requests.append(params)
        if len(self.requests) == self.failing_request:
            return reply(503, retry_after="60")
        since, until = int(params.get("since_id", 0)), int(params.get("until_id", 2**63))
        matches = sorted((id for id in self.ids if since < int(id) < until), key=int, reverse=True)
        start, size = int(params.get("next_token", 0)), int(params["max_results"])
        page = matches[start : start + size]
        self.billed_ids += page
        meta = {"next_token": str(start + size)} if start + size < len(matches) else {}
        return msgspec.json.encode({"data": [{"id": id, "text": ""} for id in page], "meta": meta})

    def read(self, cursor: str | None, now: int = NOW) -> str | None:
        """Runs a round; returns the last cursor."""
        try:
            for page in XSource(SETTINGS).pages(ScriptedClient(self, now=now), cursor):
                cursor = page.cursor
        except RetryLater:
            pass
        return cursor


def ids_before(count: int, end: int) -> list[str]:
    return [id_at(end - n * HOUR // 100) for n in range(1, count + 1)]


def test_each_post_is_paid_for_once() -> None:
    search = Search(ids_before(350, NOW), failing_request=3)
    cursor = search.read(None)
    assert len(search.billed_ids) == 200
    new_ids = ids_before(20, NOW + HOUR)
    search.ids += new_ids
    cursor = search.read(cursor, NOW + HOUR)
    assert sorted(search.billed_ids, key=int) == sorted(search.ids, key=int)
    assert [("until_id" in params, "since_id" in params) for params in search.requests[3:]] == [
        (True, False), (True, False), (True, False), (False, True),
    ]  # fmt: skip
    search.read(cursor, NOW + 2 * HOUR)
    assert len(search.billed_ids) == len(search.ids) and "until_id" not in search.requests[-1]


def test_a_second_failure_continues_at_the_new_place() -> None:
    search = Search(ids_before(350, NOW), failing_request=2)
    cursor = search.read(None)
    search.failing_request = 4
    cursor = search.read(cursor, NOW + HOUR)
    search.read(cursor, NOW + 2 * HOUR)
    assert sorted(search.billed_ids, key=int) == sorted(search.ids, key=int)


def test_what_has_become_too_old_to_search_is_left() -> None:
    search = Search(ids_before(150, NOW), failing_request=2)
    cursor = search.read(None)
    search.ids = []
    search.read(cursor, NOW + 7 * DAY)
    assert [params.keys() & {"until_id", "since_id"} for params in search.requests[2:]] == [set()]


def test_cursors_name_no_posts() -> None:
    ids = [id_at(NOW - n * HOUR // 100, 7) for n in range(1, 150)]
    cursor = Search(ids, failing_request=2).read(None)
    assert cursor and not any(id in cursor for id in ids)

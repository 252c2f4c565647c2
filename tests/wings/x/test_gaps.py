"""Posts of X that the budget does not pay for are a gap in the coverage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.base.errors import PartiallyRead, Stopped
from hotpapers.base.model import HOUR, HttpClient, PayloadPage
from hotpapers.base.text.timestamps import X_EPOCH_MS as EPOCH
from hotpapers.wings.x.source import XSettings, XSource
from tests.collect.job_setup import collect_setup
from tests.collect.sources.net import START, Reply
from tests.collect.test_gaps import run_rounds, state


class KilledSource(XSource):
    """The program is killed when the last page within the budget is stored."""

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        try:
            yield from super().pages(http, cursor)
        except PartiallyRead:
            raise Stopped("killed") from None


@pytest.mark.parametrize("kind", [XSource, KilledSource])
@pytest.mark.parametrize("hour", [2, 23.5])
def test_posts_of_x_that_were_not_paid_for_stay_missing(sqlite_url: str, hour: float, kind: type[XSource]) -> None:
    """Also when the day's money runs out shortly before the next day."""
    spending_hour, known = 9 * 24 + hour, set[str]()

    def respond(url: str) -> Reply:
        now = setup.http.now()
        is_busy = abs(now - START - spending_hour * HOUR) < HOUR
        params = parse_qs(urlsplit(url).query)
        limit, since = int(params["max_results"][0]), int(params.get("since_id", ["0"])[0])
        posts = [{"id": str((now // 1000 - n * 30_000 - EPOCH) << 22), "text": ""} for n in range(limit * is_busy)]
        known.update(post["id"] for post in posts)
        if not is_busy:
            posts = [{"id": id, "text": ""} for id in known if int(id) > since][:limit]
        return json.dumps({"data": posts, "meta": {"next_token": "more"} if is_busy else {}}).encode()

    source = kind(XSettings(token="t", budget=31.0, counts=0.0, price=0.1, author_price=0.0))
    with collect_setup(sqlite_url, respond, source=source) as setup:
        run_rounds(setup, spending_hour - 24, spending_hour - 23)
        with nullcontext() if kind is XSource else pytest.raises(Stopped):
            run_rounds(setup, spending_hour)
        run_rounds(setup, spending_hour + 24, spending_hour + 25)
        assert state(setup, "x", spending_hour - 23, spending_hour - 2) == "partial"
        assert state(setup, "x", spending_hour, spending_hour + 24) == "complete"

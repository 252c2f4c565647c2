"""The pages that messages link to: GET changes nothing, POST acts, and nobody learns an address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette

from hotpapers.base.errors import BusyStore
from hotpapers.base.model import DAY
from hotpapers.record import Record
from hotpapers.serve.backend import Backend
from hotpapers.wings.mail import mail_pages, subscribers, tokens
from hotpapers.wings.mail.mail_pages import link_routes
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.tokens import MailToken, Purpose
from tests.issues.made import DAILY
from tests.publish.render.html import Page
from tests.serve.asgi import fetch, scope_of
from tests.wings.mail.samples import BEFORE, join

Response = tuple[int, dict[str, str], Page]


class Site:
    """The app's routes on a store, and a clock."""

    def __init__(self, store: Path) -> None:
        self.record, self.store = Record(str(store)), store
        self.record.append([DAILY], source="settings")
        self.clock = BEFORE
        self.app = Starlette(routes=list(link_routes(Backend(partial(Record, str(store))), lambda: self.clock)))

    def token(self, mark: str, purpose: Purpose = "unsubscribe", moment: int = 0) -> str:
        return tokens.encode_token(self.record.hasher.secret, MailToken(purpose, mark, moment))

    def ask(self, address: str = "some@moth.example") -> str:
        """Requests a subscription; returns the token of the message."""
        subscriber = subscribers.ask(self.record, "daily", address, BEFORE)
        assert subscriber is not None
        return self.token(subscriber.mark, "confirm", BEFORE // 1_000_000)

    def reader(self, token: str) -> Subscriber:
        subscriber = subscribers.find(self.record, token[1:33])
        assert subscriber is not None
        return subscriber

    def get(self, path: str) -> Response:
        return ask(self.app, "GET", path)

    def post(self, path: str, body: bytes = b"") -> Response:
        return ask(self.app, "POST", path, body)


def ask(app: Starlette, method: str, path: str, body: bytes = b"") -> Response:
    """One request: status, headers, page."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "server": ("a.example", 443),
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }  # fmt: skip
    messages: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    head, data = messages[0], b"".join(part["body"] for part in messages[1:] if isinstance(part["body"], bytes))
    assert isinstance(head["status"], int) and isinstance(head["headers"], list | tuple)
    headers = {name.decode(): value.decode() for name, value in head["headers"]}
    return head["status"], headers, Page(data)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    new_site = Site(tmp_path / "hotpapers.db")
    with new_site.record:
        yield new_site


def buttons(page: Page) -> Sequence[str]:
    """The targets of the page's forms, all of them POST."""
    assert all(form.attributes["method"] == "post" for form in page.all("form"))
    return [form.attributes["action"] for form in page.all("form")]


def test_a_button_confirms(site: Site) -> None:
    token = site.ask()
    status, _, page = site.get(f"/mail/confirm/{token}")
    assert status == 200 and "Get The Daily Dozen by mail?" in page.text and buttons(page) == [""]
    assert site.reader(token).state == "asked"
    status, _, page = site.post(f"/mail/confirm/{token}")
    assert status == 200 and "You are subscribed to The Daily Dozen" in page.text and buttons(page) == []
    assert site.reader(token).state == "confirmed"
    assert "already confirmed." in site.get(f"/mail/confirm/{token}")[2].text


def test_a_confirmation_that_came_too_late_or_was_ended(site: Site) -> None:
    token = site.ask()
    site.clock = BEFORE + 8 * DAY
    assert site.post(f"/mail/confirm/{token}")[0] == 404 and site.reader(token).state == "asked"
    status, _, page = site.get(f"/mail/confirm/{token}")
    assert status == 404 and buttons(page) == [], "no button that would not work"
    subscribers.end(site.record, token[1:33], BEFORE)
    site.clock = BEFORE
    for response in (site.get(f"/mail/confirm/{token}"), site.post(f"/mail/confirm/{token}")):
        assert response[0] == 404 and "Invalid or expired link" in response[2].text
    assert site.reader(token).state == "ended"


def test_one_click_unsubscribes(site: Site) -> None:
    """RFC 8058 §3.2: a POST with this body, from a program, without cookies or redirects."""
    token = site.token(join(site.record, "some@moth.example"))
    status, headers, page = site.get(f"/mail/unsubscribe/{token}")
    assert status == 200 and "Unsubscribe from The Daily Dozen?" in page.text
    assert buttons(page) == ["", f"../skip/{token}"] and site.reader(token).state == "confirmed"
    status, headers, page = site.post(f"/mail/unsubscribe/{token}", b"List-Unsubscribe=One-Click")
    assert status == 200 and "location" not in headers and "set-cookie" not in headers
    assert "your address has been deleted" in page.text
    assert (site.reader(token).state, site.reader(token).address) == ("ended", "")
    assert site.post(f"/mail/unsubscribe/{token}")[0] == 200
    assert "You are not subscribed to The Daily Dozen" in site.get(f"/mail/unsubscribe/{token}")[2].text


def test_days_are_chosen(site: Site) -> None:
    token = site.token(join(site.record, "some@moth.example"))
    assert "Issues with papers" in site.post(f"/mail/skip/{token}")[2].text
    assert site.reader(token).skip_empty
    assert buttons(site.get(f"/mail/unsubscribe/{token}")[2]) == ["", f"../all/{token}"]
    assert "All issues of The Daily Dozen" in site.post(f"/mail/all/{token}")[2].text
    assert not site.reader(token).skip_empty
    assert "Unsubscribe from" in site.get(f"/mail/skip/{token}")[2].text
    subscribers.end(site.record, token[1:33], BEFORE)
    assert "You are not subscribed to" in site.post(f"/mail/skip/{token}")[2].text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["confirm", "unsubscribe", "skip", "all"])
def test_a_token_that_is_none_does_nothing(site: Site, method: str, name: str) -> None:
    mark = join(site.record, "some@moth.example")
    other_purpose: Purpose = "unsubscribe" if name == "confirm" else "confirm"
    tokens = [
        site.token(mark, other_purpose),
        site.token("0" * 32),
        site.token(mark)[:-1] + "x",
        "x" * 5000,
        "%00",
        "é",
    ]
    for token in tokens:
        status, _, page = ask(site.app, method, f"/mail/{name}/{token}")
        assert status == 404 and "Invalid or expired link" in page.text
    assert site.reader(site.token(mark)).state == "confirmed"


def test_a_page_tells_no_address_and_is_guarded(site: Site) -> None:
    confirm_token, unsubscribe_token = (
        site.ask("asked@moth.example"),
        site.token(join(site.record, "some@moth.example")),
    )
    for path in (f"confirm/{confirm_token}", f"unsubscribe/{unsubscribe_token}", "confirm/x"):
        for method in ("GET", "POST"):
            _, headers, page = ask(site.app, method, f"/mail/{path}")
            assert "moth.example" not in page.text
            assert headers["content-security-policy"] == (
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            )
            assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
            assert [link.attributes["href"] for link in page.all("link")] == ["../../style.css"]
            assert not page.all("script") and not page.all("img")


def test_other_methods_are_refused(site: Site) -> None:
    assert raw_status(site.app, "DELETE", "/mail/unsubscribe/x") == 405


def raw_status(app: Starlette, method: str, path: str) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        statuses.extend([message["status"]] if "status" in message else [])

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "root_path": "", "http_version": "1.1", "scheme": "https", "server": ("a.example", 443),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return statuses[0]


def test_a_store_that_is_busy_asks_for_patience() -> None:
    def fail() -> Record:
        raise BusyStore("busy")

    status, headers, page = ask(Starlette(routes=list(link_routes(Backend(fail)))), "POST", "/mail/unsubscribe/x")
    assert (status, headers["retry-after"]) == (503, "60") and "try again" in page.text


def test_a_store_that_is_held_holds_up_nobody_else(site: Site, tmp_path: Path) -> None:
    """While one request waits for the write lock, the event loop answers others."""
    token = site.token(join(site.record, "some@moth.example"))

    async def fetch_both() -> tuple[bool, int]:
        with site.record.database.write():  # nobody else can write
            task = asyncio.create_task(fetch_status(site.app, "POST", f"/mail/unsubscribe/{token}"))
            status = await fetch_status(site.app, "GET", f"/mail/unsubscribe/{token}")
            is_waiting = not task.done()
        return is_waiting and await task == 200, status

    assert asyncio.run(fetch_both()) == (True, 200)
    assert site.reader(token).state == "ended"


def test_more_pages_than_can_be_made_at_once_are_told_to_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_pages, "MAX_PAGES_AT_ONCE", 2)
    app = Starlette(routes=list(link_routes(Backend(partial(Record, str(site.store))), lambda: site.clock)))
    path = f"/mail/unsubscribe/{site.token(join(site.record, 'some@moth.example'))}"

    async def fetch_three() -> list[int]:
        return sorted(await asyncio.gather(*(fetch_status(app, "GET", path) for _ in range(3))))

    assert asyncio.run(fetch_three()) == [200, 200, 503]
    assert ask(app, "GET", path)[0] == 200, "there is room again"


async def fetch_status(app: Starlette, method: str, path: str) -> int:
    """The status of one request, in the running event loop."""
    return (await fetch(app, scope_of(path, method))).status

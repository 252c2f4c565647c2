"""Subscribing by mail: a message goes out, and nobody learns who is already subscribed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from starlette.applications import Starlette

from hotpapers.base.model import HOUR
from hotpapers.record import Record
from hotpapers.wings.forms.form_router import MAX_PENDING_FORMS, SUBMITS_AN_HOUR
from hotpapers.wings.mail import join_page, mail_pages, subscribers
from tests.issues.made import DAILY, DAY
from tests.serve.asgi import get
from tests.wings.forms.form_client import BASE, FormResponse, finish_work, form_router, open_page, submit
from tests.wings.mail.reading import read
from tests.wings.mail.samples import BEFORE, mail_config
from tests.wings.mail.samples import join as add_subscriber
from tests.wings.mail.server import Box, serving


class Site:
    """The app's routes on a store, a mail server, and a clock. `finish_work` waits until all messages are sent."""

    def __init__(self, store: Path, box: Box) -> None:
        self.record, self.clock, self._store, self._box = Record(str(store)), BEFORE, store, box
        self.record.append([DAILY], source="settings")
        self.begin()

    def begin(self) -> None:
        open_record = partial(Record, str(self._store))
        self.router = form_router(DAILY.title, open_record=open_record)
        config = mail_config(self._box.port, base=BASE)
        page = join_page.JoinPage(self.router, config, "daily", lambda: self.clock)
        self.app = Starlette(
            routes=[
                *page.routes(),
                *mail_pages.link_routes(self.router.backend, lambda: self.clock),
            ]
        )

    def ask(self, address: str, **fields: str) -> FormResponse:
        return submit(self.app, "/mail/join", {"publication": "daily", "address": address, **fields})

    def finish_work(self) -> None:
        """Finishes all pending work, then restarts the app, which also resets the rate limits."""
        finish_work(self.router)
        self.begin()


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, box: Box) -> Iterator[Site]:
    new_site = Site(tmp_path / "hotpapers.db", box)
    with new_site.record:
        yield new_site
    new_site.router.backend.close()


def test_whoever_asks_gets_a_message_whose_link_confirms(site: Site, box: Box) -> None:
    response = open_page(site.app, "/mail/join?publication=daily")
    assert response.status == 200 and "The Daily Dozen by mail" in response.text
    assert response.hidden == {"publication": "daily"} and [
        element.attributes["action"] for element in response.page.all("form")
    ] == ["join"]
    response = site.ask(" Some@Moth.Example ", skip="yes")
    assert response.status == 200 and "Check your inbox" in response.text and "moth" not in response.text.lower()
    site.finish_work()
    assert box.recipients == ["Some@moth.example"]
    link = re.search(rf"{BASE}(mail/confirm/\S+)>", read(box.mails[0].data).get_content())
    assert link is not None
    assert "You are subscribed to The Daily Dozen" in submit(site.app, f"/{link[1]}", b"").text
    [reader] = subscribers.all_subscribers(site.record)
    assert (reader.state, reader.skip_empty, reader.publication) == ("confirmed", True, "daily")


def test_the_publication_is_the_app_s_own_where_none_is_named(site: Site, box: Box) -> None:
    assert open_page(site.app, "/mail/join").hidden == {"publication": "daily"}
    assert submit(site.app, "/mail/join", {"address": "some@moth.example"}).status == 200
    site.finish_work()
    assert [subscriber.publication for subscriber in subscribers.all_subscribers(site.record)] == ["daily"] and len(
        box.mails
    ) == 1
    for name in ("weekly", "../daily", "x" * 500):
        assert open_page(site.app, f"/mail/join?publication={name}").status == 404
        assert submit(site.app, "/mail/join", {"publication": name, "address": "a@b.example"}).status == 404


def test_an_ended_publication_takes_no_readers(site: Site, box: Box) -> None:
    site.record.append([msgspec.structs.replace(DAILY, last_day=DAY, observed_at=1)], source="settings")
    assert open_page(site.app, "/mail/join").status == 200, "its last issue is of today"
    site.clock += 24 * HOUR
    response = open_page(site.app, "/mail/join")
    assert "The Daily Dozen has ended" in response.text and not response.page.all("form")
    assert "has ended" in site.ask("some@moth.example").text
    site.finish_work()
    assert not box.mails


def test_the_answer_is_the_same_for_whomever_it_is_about(site: Site, box: Box) -> None:
    """For a subscriber, a former one, one whose mail bounced, one who asked before, a stranger, and one whose mail
    server refuses; and before any message is sent."""
    mark = add_subscriber(site.record, "reads@moth.example", skip_empty=False)
    subscribers.end(site.record, add_subscriber(site.record, "left@moth.example"), BEFORE)
    subscribers.bounce(site.record, add_subscriber(site.record, "bounced@moth.example"), "5.1.1", BEFORE)
    box.on("no@moth.example", "550 5.1.1 none")
    responses = set()
    for name in ("reads", "left", "bounced", "no", "new", "new"):
        response = site.ask(f"{name}@moth.example", skip="yes")
        responses.add((response.status, response.text, tuple(sorted(response.headers.items()))))
    assert len(responses) == 1
    site.finish_work()
    assert box.recipients == ["left@moth.example", "bounced@moth.example", "new@moth.example"]
    reader = subscribers.find(site.record, mark)
    assert reader is not None and reader.state == "confirmed" and not reader.skip_empty, "a stranger changes nothing"


def test_what_is_no_address_is_told(site: Site, box: Box) -> None:
    for address in (
        "",
        "some",
        "a@b.example, c@d.example",
        "some@moth.example\r\nBcc: all@moth.example",
        "<b>@x.example",
    ):
        response = site.ask(address)
        assert response.status == 400 and "Write it like somebody@example.org." in response.text
    [field] = [element for element in response.page.all("input") if element.attributes["name"] == "address"]
    assert field.attributes["value"] == "<b>@x.example" and field.attributes["autocomplete"] == "email"
    site.finish_work()
    assert box.connections == 0 and not subscribers.all_subscribers(site.record)


def test_a_message_that_cannot_be_sent_is_logged_without_its_address(
    site: Site, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.on("RCPT", "550 5.7.1 <some@moth.example> is not welcome")
    assert site.ask("some@moth.example").status == 200
    site.finish_work()
    log = str([vars(line)["fields"] for line in caplog.records])
    assert "the confirmation request was not sent" in log and "5.7.1" in log
    assert "moth" not in log and not subscribers.all_subscribers(site.record)
    assert site.ask("some@moth.example").status == 200
    site.finish_work()
    assert box.recipients == ["some@moth.example"]


def test_no_more_messages_an_hour_whoever_asks(site: Site, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_page, "MAX_SUBMISSIONS_AN_HOUR", 2)
    site.begin()
    for name in ("a", "b", "c"):
        response = site.ask(f"{name}@moth.example")
    assert response.status == 429 and "Please try again in 30 minutes." in response.text
    [field] = [element for element in response.page.all("input") if element.attributes["name"] == "address"]
    assert field.attributes["value"] == "c@moth.example", "what was typed is not lost"
    assert response.text == site.ask("a@moth.example").text, "nor does the page tell who is subscribed"
    site.finish_work()
    assert site.ask("c@moth.example").status == 200
    site.finish_work()
    assert box.recipients == ["a@moth.example", "b@moth.example", "c@moth.example"]


@pytest.mark.parametrize("account", ["reads", "left", "asked", "new"])
def test_the_limit_of_an_hour_tells_nothing_of_an_address(
    site: Site, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    """Any request uses up the last place of the hour, even that of a subscriber, who gets no message."""
    monkeypatch.setattr(join_page, "MAX_SUBMISSIONS_AN_HOUR", 1)
    site.begin()
    add_subscriber(site.record, "reads@moth.example")
    subscribers.end(site.record, add_subscriber(site.record, "left@moth.example"), BEFORE)
    subscribers.ask(site.record, "daily", "asked@moth.example", BEFORE)
    assert site.ask(f"{account}@moth.example").status == 200
    assert [site.ask(f"{name}@moth.example").status for name in ("probe", "reads", account)] == [429, 429, 429]


@pytest.mark.parametrize("waiting", [MAX_PENDING_FORMS - 1, MAX_PENDING_FORMS])
def test_how_many_requests_wait_tells_nothing_of_an_address(
    site: Site, box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, waiting: int
) -> None:
    """A subscriber's request ends at once and a stranger's waits for the relay, so a full queue told them apart."""
    monkeypatch.setattr("hotpapers.wings.forms.form_router.SUBMITS_AN_HOUR", 1000)
    site.finish_work()
    add_subscriber(site.record, "reads@moth.example")
    event, responses = threading.Event(), set[tuple[int, str]]()
    for _ in range(waiting):
        site.router.run_later(partial(event.wait, 30))
    for name in ("new", "reads", "another", "reads", "third"):
        response = site.ask(f"{name}@moth.example")
        responses.add((response.status, response.text))
    event.set()
    [(status, text)] = responses
    assert status == 200 and "try again tomorrow" in text
    site.finish_work()
    assert len(box.mails) == (MAX_PENDING_FORMS - waiting)
    assert caplog.messages.count("confirmation request dropped") == 5 - (MAX_PENDING_FORMS - waiting)
    assert "moth" not in str([vars(line)["fields"] for line in caplog.records])


def test_who_asks_too_often_keeps_what_they_typed(site: Site) -> None:
    for n in range(SUBMITS_AN_HOUR // join_page.COST + 1):
        response = site.ask(f"a{n}@moth.example", skip="yes")
    fields = {element.attributes["name"]: element.attributes for element in response.page.all("input")}
    assert response.status == 429 and "Too many requests in a short time." in response.text
    assert fields["address"]["value"] == f"a{n}@moth.example" and "checked" in fields["skip"]
    assert response.hidden == {"publication": "daily"}
    assert get(site.app, "/mail/join/?publication=daily").headers["location"] == "../join?publication=daily"


def test_a_form_of_another_site_asks_for_nothing(site: Site, box: Box) -> None:
    response = submit(site.app, "/mail/join", {"address": "some@moth.example"}, sec_fetch_site="cross-site")
    site.finish_work()
    assert response.status == 403 and box.connections == 0 and not subscribers.all_subscribers(site.record)

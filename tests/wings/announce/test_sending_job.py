"""Scheduled sending: each fresh issue goes once to each destination, with retries, and a slow one delays no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hotpapers.base import network_terms
from hotpapers.base.errors import SettingsError
from hotpapers.base.model import HOUR
from hotpapers.base.settings import PublicationSettings, settings_type
from hotpapers.base.settings.announce import ChatSettings, WebhookSettings
from hotpapers.issues import freeze
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.publish.schedule.sending import SendJob
from hotpapers.record import Record
from hotpapers.site.sending import all_destinations
from hotpapers.site.site import Site
from hotpapers.wings.mail.settings import MailingSettings
from tests.base.http.server import FakeTime, Server, answer, client, serving
from tests.deliveries import deliveries, receipts, recorded
from tests.issues.made import DAILY, DAY, background, moment, paper, posts_about, write
from tests.wings.mail.samples import join
from tests.wings.mail.server import serving as mail_server

SECRET = "sixteen owls sit in a tree"
FROZEN = moment(DAY) + 23 * HOUR
NO_MAIL = MailingSettings()


class SendingSetup(NamedTuple):
    """The job, its loop, the store, the clock, the receiving server."""

    job: SendJob
    rounds: JobLoop
    record: Record
    time: FakeTime
    server: Server

    def round(self, hours: float = 0.0) -> str:
        """Runs a round this many hours after the issue was frozen; returns its state."""
        self.time.seconds = FROZEN / 1e6 + hours * 3600
        next_attempt = self.rounds.attempt()
        assert next_attempt is not None
        return next_attempt.state

    @property
    def paths(self) -> list[str]:
        """Which destinations were contacted, in order."""
        return [request.path.strip("/") for request in self.server.requests]


@pytest.fixture
def sending(sqlite_url: str, tmp_path: Path) -> Iterator[SendingSetup]:
    with serving() as server, Record(sqlite_url) as record:
        write(record, background(), paper(1), posts_about(1, 60, moment(f"{DAY}T02:00")))
        freeze.freeze_issue(record, DAILY, DAY, at=FROZEN)
        for path in ("/one", "/two", "/room"):
            server.on(path, answer(200))
        job, rounds, time = _rounds(server, sqlite_url, tmp_path)
        try:
            yield SendingSetup(job, rounds, record, time, server)
        finally:
            rounds._close_store()


def _rounds(
    server: Server, store: str, folder: Path, mailing: MailingSettings = NO_MAIL
) -> tuple[SendJob, JobLoop, FakeTime]:
    time = FakeTime(FROZEN / 1e6)
    whole: Any = settings_type()
    settings = whole(
        publication=(PublicationSettings(name="daily"),),
        mailing=mailing,
        webhook=tuple(
            WebhookSettings(name=name, publication="daily", url=f"{server.base}/{name}", secret=SECRET)
            for name in ("one", "two")
        ),
        chat=(ChatSettings(name="lab", publication="daily", url=f"json://127.0.0.1:{server.port}/room"),),
    )
    home = Site(store, settings=settings, file=folder / "hotpapers.toml")

    def open_client(own: tuple[str, ...], secrets: tuple[str, ...]) -> Connection:
        http = client(None, time, base_addresses=own, secrets=secrets)
        return Connection(http, close=http.close)

    open_record = partial(Record, store)
    job = SendJob(["daily"], partial(all_destinations, home, open_client), allowed=network_terms.TERMS, with_pages=())
    clock = Clock(time.now, lambda seconds: None)
    return job, JobLoop(job.name, lambda: job, open_record, Leases(open_record, "one"), clock), time


def test_a_fresh_issue_goes_to_each_destination_once(sending: SendingSetup) -> None:
    assert sending.round(1) == "idle" and sorted(sending.paths) == ["one", "room", "two"]
    assert sending.round(2) == "idle" and len(sending.paths) == 3


def test_the_record_gets_one_delivery_a_channel_when_all_its_destinations_are_done(sending: SendingSetup) -> None:
    head = sending.record.head.position
    sending.server.on("/two", answer(500), answer(404))
    assert sending.round() == "partial"
    assert recorded(sending.record, "chat") == [(DAY, 1, "everybody", "sent", "1 sent, 0 failed")]
    assert deliveries(sending.record, "webhook") == {"one": "sent", "two": "sending"}
    assert not recorded(sending.record, "webhook") and sending.record.head.position == head + 1
    assert sending.round(0.1) == "partial" and sending.round(0.2) == "idle"
    assert recorded(sending.record, "webhook") == [(DAY, 1, "everybody", "sent", "1 sent, 1 failed")]
    assert sending.record.head.position == head + 2 and sending.paths.count("one") == 1


def test_a_waiting_destination_is_not_counted_as_done(sending: SendingSetup) -> None:
    sending.server.on("/one", answer(429, retry_after="7200"), answer(200))
    sending.round()
    assert sending.round(1) == "idle" and not recorded(sending.record, "webhook"), (
        "one destination was skipped in this round"
    )
    sending.round(2.1)
    assert recorded(sending.record, "webhook") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]


def test_a_channel_with_an_unopened_destination_is_not_counted_as_done(sending: SendingSetup) -> None:
    open_destinations, job = sending.job._open, sending.job

    def first_then_fail(destinations: Iterable[SenderDestination]) -> Iterator[SenderDestination]:
        for destination in destinations:
            yield destination
            raise SettingsError("room 2: cannot be read")

    job._open = lambda record: map(first_then_fail, open_destinations(record))
    assert sending.round() == "partial" and sorted(sending.paths) == ["one", "room"], (
        "only the first destination of each channel"
    )
    assert not recorded(sending.record, "webhook") and not recorded(sending.record, "chat")
    job._open = open_destinations
    assert sending.round(0.1) == "idle" and sending.paths.count("one") == 1
    assert recorded(sending.record, "webhook") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]
    assert recorded(sending.record, "chat") == [(DAY, 1, "everybody", "sent", "1 sent, 0 failed")]


def test_an_old_issue_is_not_sent(sending: SendingSetup) -> None:
    assert sending.round(49) == "idle" and sending.paths == []


def test_a_busy_destination_delays_no_other(sending: SendingSetup) -> None:
    sending.server.on("/one", answer(429, retry_after="7200"), answer(200))
    assert sending.round() == "partial" and sorted(sending.paths) == ["one", "room", "two"]
    assert sending.round(1) == "idle" and len(sending.paths) == 3
    assert sending.round(2.1) == "idle" and sending.paths[3:] == ["one"]


def test_no_room_waits_for_thousands_of_messages(sending: SendingSetup, sqlite_url: str, tmp_path: Path) -> None:
    join(sending.record, "a@moth.example")
    with mail_server() as mail_box:
        paths_before: list[list[str]] = []

        def accept() -> str:
            paths_before.append(sorted(sending.paths))
            return "250 fine"

        mail_box.on("MAIL", accept)
        mailing = MailingSettings(relay="127.0.0.1", port=mail_box.port, address="papers@owls.example")
        _, rounds, _ = _rounds(sending.server, sqlite_url, tmp_path, mailing)
        rounds.attempt()
        rounds._close_store()
        assert paths_before == [["one", "room", "two"]] and mail_box.recipients == ["a@moth.example"]


def test_a_failing_destination_is_tried_again_and_reported(sending: SendingSetup) -> None:
    sending.server.on("/two", answer(500), answer(500), answer(200))
    for hours in (0.0, 0.1):
        assert sending.round(hours) == "partial"
        status = jobs_queries.load_state(sending.record, "sending")
        assert f"webhook two {DAY}: 1 not sent" in status.reason and SECRET not in status.reason
        assert sending.server.base not in status.reason
    assert sending.round(0.2) == "idle"
    assert sorted(sending.paths) == ["one", "room", "two", "two", "two"]


def test_a_room_that_may_have_it_is_not_sent_it_again_and_its_receipt_says_so(sending: SendingSetup) -> None:
    sending.server.on("/room", answer(500), answer(200))
    assert sending.round() == "partial" and sending.round(0.1) == "idle"
    assert sending.paths.count("room") == 1
    assert deliveries(sending.record, "chat") == {"lab": "sent"}
    assert "cannot be asked" in receipts(sending.record, "chat")["lab"]


def test_a_room_that_surely_lacks_it_is_sent_it_again(sending: SendingSetup) -> None:
    sending.server.on("/room", answer(429), answer(200))
    assert sending.round() == "partial"
    assert deliveries(sending.record, "chat") == {"lab": "sending"}
    assert receipts(sending.record, "chat")["lab"].startswith("not arrived: JSON answered 429")
    assert sending.round(0.1) == "idle" and sending.paths.count("room") == 2

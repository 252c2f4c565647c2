"""Scheduled sending: each fresh issue goes once to each destination, with retries, and a slow one delays no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from hotpapers.cli.common import CommandContext
from hotpapers.cli.sending import ClientHandle, all_destinations
from hotpapers.errors import SettingsError
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.model import HOUR
from hotpapers.schedule import SenderDestination, SendJob
from hotpapers.settings import PublicationSettings, Settings
from hotpapers.settings.announce import ChatSettings, WebhookSettings
from hotpapers.settings.mail import MailingSettings
from hotpapers.store import Record
from tests.deliver.email.made import join
from tests.deliver.email.server import serving as mail_server
from tests.deliveries import deliveries, receipts, recorded
from tests.http.server import FakeTime, Server, answer, client, serving
from tests.issues.made import DAY, background, frozen, moment, paper, talk, write

SECRET = "sixteen owls sit in a tree"
FROZEN = moment(DAY) + 48 * HOUR
NO_MAIL = MailingSettings()


class Made(NamedTuple):
    """The job, its loop, the store, the clock, the receiving server."""

    job: SendJob
    rounds: JobLoop
    record: Record
    time: FakeTime
    server: Server

    def round(self, hours: float = 0.0) -> str:
        """Runs a round this many hours after the issue was frozen; returns its state."""
        self.time.seconds = FROZEN / 1e6 + hours * 3600
        following = self.rounds.attempt()
        assert following is not None
        return following.state

    @property
    def asked(self) -> list[str]:
        """Which destinations were contacted, in order."""
        return [asked.path.strip("/") for asked in self.server.requests]


@pytest.fixture
def made(sqlite_url: str, tmp_path: Path) -> Iterator[Made]:
    with serving() as server, Record(sqlite_url) as record:
        write(record, background(), paper(1), talk(1, 60, moment(f"{DAY}T02:00")))
        frozen(record)
        for path in ("/one", "/two", "/room"):
            server.on(path, answer(200))
        job, rounds, time = _rounds(server, sqlite_url, tmp_path)
        try:
            yield Made(job, rounds, record, time, server)
        finally:
            rounds._close_store()


def _rounds(
    server: Server, store: str, folder: Path, mailing: MailingSettings = NO_MAIL
) -> tuple[SendJob, JobLoop, FakeTime]:
    time = FakeTime(FROZEN / 1e6)
    settings = Settings(
        publication=(PublicationSettings(name="daily"),),
        mailing=mailing,
        webhook=tuple(
            WebhookSettings(name=name, publication="daily", url=f"{server.base}/{name}", secret=SECRET)
            for name in ("one", "two")
        ),
        chat=(ChatSettings(name="lab", publication="daily", url=f"json://127.0.0.1:{server.port}/room"),),
    )
    home = CommandContext(settings, folder / "hotpapers.toml", store)

    def open_client(own: tuple[str, ...], secrets: tuple[str, ...]) -> ClientHandle:
        http = client(None, time, base_addresses=own, secrets=secrets)
        return ClientHandle(http, http.close)

    open_record = partial(Record, store)
    job = SendJob(["daily"], partial(all_destinations, home, open_client))
    clock = Clock(time.now, lambda seconds: None)
    return job, JobLoop(job.name, lambda: job, open_record, Leases(open_record, "one"), clock), time


def test_a_fresh_issue_goes_to_each_place_once(made: Made) -> None:
    assert made.round(1) == "idle" and sorted(made.asked) == ["one", "room", "two"]
    assert made.round(2) == "idle" and len(made.asked) == 3


def test_the_record_gets_one_delivery_a_channel_when_all_its_places_are_done(made: Made) -> None:
    head = made.record.head.position
    made.server.on("/two", answer(500), answer(404))
    assert made.round() == "partial"
    assert recorded(made.record, "chat") == [(DAY, 1, "everybody", "sent", "1 sent, 0 failed")]
    assert deliveries(made.record, "webhook") == {"one": "sent", "two": "sending"}
    assert not recorded(made.record, "webhook") and made.record.head.position == head + 1
    assert made.round(0.1) == "partial" and made.round(0.2) == "idle"
    assert recorded(made.record, "webhook") == [(DAY, 1, "everybody", "sent", "1 sent, 1 failed")]
    assert made.record.head.position == head + 2 and made.asked.count("one") == 1


def test_what_is_waited_for_is_not_taken_for_done(made: Made) -> None:
    made.server.on("/one", answer(429, retry_after="7200"), answer(200))
    made.round()
    assert made.round(1) == "idle" and not recorded(made.record, "webhook"), "one place was left out in this round"
    made.round(2.1)
    assert recorded(made.record, "webhook") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]


def test_a_channel_of_which_a_place_could_not_be_opened_is_not_taken_for_done(made: Made) -> None:
    opened, job = made.job._open, made.job

    def first(destinations: Iterable[SenderDestination]) -> Iterator[SenderDestination]:
        for destination in destinations:
            yield destination
            raise SettingsError("room 2: cannot be read")

    job._open = lambda record: map(first, opened(record))
    assert made.round() == "partial" and sorted(made.asked) == ["one", "room"], "of each channel one, whichever failed"
    assert not recorded(made.record, "webhook") and not recorded(made.record, "chat")
    job._open = opened
    assert made.round(0.1) == "idle" and made.asked.count("one") == 1
    assert recorded(made.record, "webhook") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]
    assert recorded(made.record, "chat") == [(DAY, 1, "everybody", "sent", "1 sent, 0 failed")]


def test_an_old_issue_goes_nowhere(made: Made) -> None:
    assert made.round(49) == "idle" and made.asked == []


def test_one_that_is_busy_delays_no_other(made: Made) -> None:
    made.server.on("/one", answer(429, retry_after="7200"), answer(200))
    assert made.round() == "partial" and sorted(made.asked) == ["one", "room", "two"]
    assert made.round(1) == "idle" and len(made.asked) == 3
    assert made.round(2.1) == "idle" and made.asked[3:] == ["one"]


def test_no_room_waits_for_thousands_of_messages(made: Made, sqlite_url: str, tmp_path: Path) -> None:
    join(made.record, "a@moth.example")
    with mail_server() as box:
        before: list[list[str]] = []

        def taken() -> str:
            before.append(sorted(made.asked))
            return "250 fine"

        box.on("MAIL", taken)
        mailing = MailingSettings(relay="127.0.0.1", port=box.port, address="papers@owls.example")
        _, rounds, _ = _rounds(made.server, sqlite_url, tmp_path, mailing)
        rounds.attempt()
        rounds._close_store()
        assert before == [["one", "room", "two"]] and box.recipients == ["a@moth.example"]


def test_one_that_fails_is_tried_again_and_seen_to_be_failing(made: Made) -> None:
    made.server.on("/two", answer(500), answer(500), answer(200))
    for hours in (0.0, 0.1):
        assert made.round(hours) == "partial"
        status = jobs_queries.load_state(made.record, "sending")
        assert f"webhook {DAY}: 1 not sent" in status.reason and SECRET not in status.reason
        assert made.server.base not in status.reason
    assert made.round(0.2) == "idle"
    assert sorted(made.asked) == ["one", "room", "two", "two", "two"]


def test_a_room_that_may_have_it_is_not_asked_again_and_its_receipt_says_so(made: Made) -> None:
    made.server.on("/room", answer(500), answer(200))
    assert made.round() == "partial" and made.round(0.1) == "idle"
    assert made.asked.count("room") == 1
    assert deliveries(made.record, "chat") == {"lab": "sent"}
    assert "cannot be asked" in receipts(made.record, "chat")["lab"]


def test_a_room_that_surely_has_nothing_is_asked_again(made: Made) -> None:
    made.server.on("/room", answer(429), answer(200))
    assert made.round() == "partial"
    assert deliveries(made.record, "chat") == {"lab": "sending"}
    assert receipts(made.record, "chat")["lab"].startswith("not arrived: JSON answered 429")
    assert made.round(0.1) == "idle" and made.asked.count("room") == 2

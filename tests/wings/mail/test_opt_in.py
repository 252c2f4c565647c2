"""Subscribing: the confirmation request, and what happens when it cannot be sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.errors import RequestRefused, RetryLater, UsageError
from hotpapers.base.model import DAY
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers, tokens
from hotpapers.wings.mail.plain_mailer import ask_to_confirm
from hotpapers.wings.mail.settings import MailConfig
from hotpapers.wings.mail.smtp_replies import Deferred
from tests.issues.made import DAILY
from tests.wings.mail.reading import read
from tests.wings.mail.samples import BEFORE, mail_config
from tests.wings.mail.server import HANG_UP, Box, serving


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as mail_server:
        yield mail_server


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "hotpapers.db")) as opened_record:
        yield opened_record


def request_subscription(record: Record, config: MailConfig, address: str, at: int = BEFORE) -> bool:
    return ask_to_confirm(record, config, DAILY, address, at)


def test_one_message_asks_and_its_token_confirms(record: Record, box: Box) -> None:
    assert request_subscription(record, mail_config(box.port), " Some@Moth.Example ")
    assert not request_subscription(record, mail_config(box.port), "some@moth.example", BEFORE + 1)
    [mail] = box.mails
    assert mail.recipients == ("Some@moth.example",)
    match = tokens.TOKEN.search(str(read(mail.data)["Reply-To"]))
    assert match is not None
    token = tokens.decode_token(record.hasher.secret, match[0])
    assert token is not None and f"/mail/confirm/{match[0]}" in read(mail.data).get_content()
    assert subscribers.confirm(record, token, BEFORE + DAY).address == "Some@moth.example"


def test_an_invalid_address_gets_no_request(record: Record, box: Box) -> None:
    for address in ("some", "some@moth.example\r\nBcc: all@moth.example", "a@b.example, c@d.example"):
        with pytest.raises(UsageError, match="is not a mail address"):
            request_subscription(record, mail_config(box.port), address)
    assert not subscribers.all_subscribers(record) and box.connections == 0


def test_a_request_that_cannot_be_sent_is_not_stored(record: Record, box: Box) -> None:
    box.on("RCPT", "550 5.1.1 <some@moth.example> none", "450 later", HANG_UP)
    with pytest.raises(RequestRefused, match=r"^refused by the relay: 550 5\.1\.1$"):
        request_subscription(record, mail_config(box.port), "some@moth.example")
    for config in (mail_config(box.port), mail_config(box.port), mail_config(1)):
        with pytest.raises((RetryLater, Deferred)):
            request_subscription(record, config, "some@moth.example")
    assert not subscribers.all_subscribers(record)
    assert request_subscription(record, mail_config(box.port), "some@moth.example")


def test_a_message_that_may_have_arrived_may_be_answered(record: Record, box: Box) -> None:
    box.on("DATA", HANG_UP)
    assert request_subscription(record, mail_config(box.port), "some@moth.example")
    assert [subscriber.state for subscriber in subscribers.all_subscribers(record)] == ["asked"]

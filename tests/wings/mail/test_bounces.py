"""Incoming mail: bounces, complaints, people who leave or confirm, and messages that only look like these."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.text import timestamps
from hotpapers.issues import freeze
from hotpapers.publish.deliver import delivery_states
from hotpapers.record import Record
from hotpapers.wings.mail import bounces, subscribers, tokens
from hotpapers.wings.mail import queries as email_queries
from hotpapers.wings.mail.bounces import (
    BounceReport,
    MailboxSummary,
    parse_message,
    process_mailbox,
    split_mailbox,
)
from hotpapers.wings.mail.messages import address_message, issue_message
from hotpapers.wings.mail.queries import message_key
from hotpapers.wings.mail.tokens import MailToken, SentMessage
from tests.issues.made import DAILY, DAY
from tests.publish.render.sample import OWN_READER
from tests.wings.mail.samples import (
    BEFORE,
    FROZEN,
    MARK,
    SECRET,
    SITE_CONFIG,
    fill,
    join,
    mail_config,
    mark_sent,
    reader,
)

MESSAGE = address_message(
    issue_message(OWN_READER.issue("daily", "2021-01-14"), mail_config(), SITE_CONFIG),
    mail_config(),
    reader(),
    SECRET,
    BEFORE,
)
SENT = SentMessage("2021-01-14", 1, MARK)
REPORT = """\
From: MAILER-DAEMON@moth.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="line"

--line
Content-Type: text/plain

We could not deliver this.

{state}--line
Content-Type: {original}

"""
STATE = """\
--line
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.moth.example

Final-Recipient: rfc822; reader@moth.example
Action: {action}
Status: {status}
{diagnostic}
"""


def sent(mark: str = MARK, day: str = "2021-01-14", secret: bytes = SECRET) -> bytes:
    """The message of a day for a reader, as a store with this secret sends it."""
    own_id, other_id = (
        tokens.message_id(key, message, "owls.example").encode()
        for key, message in ((SECRET, SENT), (secret, SentMessage(day, 1, mark)))
    )
    assert own_id in MESSAGE
    return MESSAGE.replace(own_id, other_id)


def report(
    status: str = "5.1.1", diagnostic: str = "", action: str = "failed", is_full: bool = True, message: bytes = MESSAGE
) -> bytes:
    """A delivery report as servers write it; `is_full`: with the full message instead of its headers."""
    state = STATE.format(action=action, status=status, diagnostic=diagnostic)
    original = "message/rfc822" if is_full else "text/rfc822-headers"
    head = REPORT.format(kind="delivery-status", state=state, original=original).encode()
    return head + (message if is_full else message.partition(b"\r\n\r\n")[0]) + b"\n--line--\n"


FEEDBACK = """\
--line
Content-Type: message/feedback-report

User-Agent: Made-Up/1.0
Version: 1
Feedback-Type: {type}

"""


def complaint(message: bytes, encoding: str = "8bit", type: str = "abuse") -> bytes:
    """An abuse report that contains the message."""
    original = f"text/rfc822-headers\nContent-Transfer-Encoding: {encoding}"
    head = REPORT.format(kind="feedback-report", state=FEEDBACK.format(type=type), original=original)
    return head.encode() + message + b"\n--line--\n"


def note(subject: str, body: str = "", **headers: str) -> bytes:
    """A message from a person."""
    message = EmailMessage()
    message["From"] = "Somebody <some@moth.example>"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


# ---- reading -------------------------------------------------------------------------------------------

REPORTS = [
    ("5.1.1", "", BounceReport(SENT, "5.1.1", True)),
    ("5.7.1", "", BounceReport(SENT, "5.7.1", False)),
    ("5.2.2", "", BounceReport(SENT, "5.2.2", False)),
    ("5.0.0", "Diagnostic-Code: smtp; 550 5.1.1 no such user\n", BounceReport(SENT, "5.1.1", True)),
    ("5.0.0", "Diagnostic-Code: smtp; 550 no such user\n", BounceReport(SENT, "5.0.0", True)),
    ("5.0.0", "Diagnostic-Code: smtp; 554 go away\n", BounceReport(SENT, "5.0.0", False)),
    ("5.0.0", "", BounceReport(SENT, "5.0.0", False)),
    ("4.4.7", "", BounceReport(SENT, "4.4.7", False)),
    ("4.4.1", "Diagnostic-Code: smtp; 550 5.1.1 later\n", BounceReport(SENT, "4.4.1", False)),
    ("4.0.0", "Diagnostic-Code: smtp; 450 4.2.2 full\n", BounceReport(SENT, "4.2.2", False)),
    ("2.0.0", "", None),
    ("5.0.0", "Diagnostic-Code: smtp; 550 DMARC check failed\n", BounceReport(SENT, "5.0.0 policy", False)),
    ("5.4.1", "Diagnostic-Code: smtp; 550 5.4.1 Recipient address\n rejected: Access denied.\n",
     BounceReport(SENT, "5.4.1", True)),
    ("5.0.0", "Diagnostic-Code: smtp; 550 <reader@moth.example>:\nno such user here\n",
     BounceReport(SENT, "5.0.0", True)),
]  # fmt: skip


@pytest.mark.parametrize("is_full", [True, False])
@pytest.mark.parametrize(("status", "diagnostic", "expected"), REPORTS)
def test_a_report_of_delivery(status: str, diagnostic: str, expected: BounceReport | None, is_full: bool) -> None:
    assert parse_message(report(status, diagnostic, is_full=is_full), SECRET) == expected


def test_a_report_whose_fields_are_in_one_block_or_not_folded() -> None:
    joined = report().replace(b"mail.moth.example\n\nFinal", b"mail.moth.example\nFinal")
    assert joined != report() and parse_message(joined, SECRET) == BounceReport(SENT, "5.1.1", True)
    first = report().replace(b"Reporting-MTA: dns; mail.moth.example\n\n", b"")
    assert first != report() and parse_message(first, SECRET) == BounceReport(SENT, "5.1.1", True)
    torn = report("5.0.0").replace(
        b"Action: failed\n",
        b"Diagnostic-Code: smtp; 550 5.1.1 <reader@moth.example>:\nhttp://a.example: none\nAction: failed\n",
    )
    assert parse_message(torn, SECRET) == BounceReport(SENT, "5.1.1", True)
    commented = report().replace(b"Action: failed", b"Action: failed (gone)")
    assert parse_message(commented, SECRET) == BounceReport(SENT, "5.1.1", True)


def test_a_delayed_message_did_not_bounce() -> None:
    assert parse_message(report(action="delayed"), SECRET) is None
    assert parse_message(report(action="relayed"), SECRET) is None


def test_a_report_without_our_message_is_ignored() -> None:
    assert parse_message(report(message=MESSAGE.replace(b"Message-ID", b"X")), SECRET) is not None
    assert parse_message(report(message=MESSAGE.replace(b"<2021-01-14.1.", b"<")), SECRET) is None
    assert parse_message(report().replace(b"message/delivery-status", b"text/plain"), SECRET) is None


@pytest.mark.parametrize("returned", [report, complaint])
def test_a_report_of_a_message_that_was_not_sent_is_ignored(returned: Callable[..., bytes]) -> None:
    """Each message shows its reader's mark, also in the link that unsubscribes: whoever got one passed on could report
    those of all other days."""
    for message in (
        MESSAGE.replace(b"<2021-01-14.1.", b"<2021-01-15.1."),
        MESSAGE.replace(b"<2021-01-14.1.", b"<2021-01-14.2."),
        MESSAGE.replace(f".1.{MARK}".encode(), f".1.{'cd' * 16}".encode()),
        sent(secret=bytes(32)),
    ):
        assert message != MESSAGE and parse_message(returned(message=message), SECRET) is None
    forged_first = MESSAGE.replace(b"<2021-01-14.1.", b"<2021-01-15.1.") + b"\r\n" + MESSAGE
    assert parse_message(returned(message=forged_first), SECRET) is not None


def test_a_message_returned_encoded_is_recognized() -> None:
    data = complaint(base64.encodebytes(MESSAGE), "base64")
    assert b"<2021-01-14" not in data
    assert parse_message(data, SECRET) == BounceReport(SENT)
    assert parse_message(data.replace(b"feedback-report", b"something-else"), SECRET) is None


def test_a_complaint_without_the_message_is_nobodys() -> None:
    assert parse_message(complaint(b"This is abuse."), SECRET) is None


@pytest.mark.parametrize("form", ["unsubscribe {}", "Re: AW: Confirm The Daily Dozen: {} !", "{}", "Bestätigt: {}"])
@pytest.mark.parametrize("purpose", ["confirm", "unsubscribe"])
def test_a_token_in_the_subject(form: str, purpose: tokens.Purpose) -> None:
    token = MailToken(purpose, MARK, 0x67F00000)
    text = tokens.encode_token(SECRET, token)
    assert parse_message(note(form.format(text)), SECRET) == token
    assert parse_message(note(form.format(text)), b"another store") is None
    assert parse_message(note("Hello", body=text), SECRET) is None


@pytest.mark.parametrize(
    "form", ["{} <papers@owls.example>", '"{}" <papers@owls.example>', "x@y.example, {} <a@b.example>"]
)
def test_a_token_in_the_name_that_is_answered(form: str) -> None:
    token = MailToken("confirm", MARK, 0x67F00000)
    answer = note(
        "Re: Confirm: a daily mail of papers (The Daily Dozen)", To=form.format(tokens.encode_token(SECRET, token))
    )
    assert parse_message(answer, SECRET) == token
    automatic = note("Away", To=form.format(tokens.encode_token(SECRET, token)), Auto_Submitted="auto-replied")
    assert parse_message(automatic, SECRET) is None


AUTOMATIC = [
    {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"Return_Path": "<>"},
    {"X_Auto_Response_Suppress": "All"},
]  # fmt: skip


@pytest.mark.parametrize("headers", AUTOMATIC, ids=str)
def test_a_program_that_answers_by_itself_confirms_nothing_and_may_leave(headers: dict[str, str]) -> None:
    confirm = tokens.encode_token(SECRET, MailToken("confirm", MARK, 7))
    leave = tokens.encode_token(SECRET, MailToken("unsubscribe", MARK))
    assert parse_message(note(f"Away: {confirm}", **headers), SECRET) is None
    assert parse_message(note(f"unsubscribe {leave}", **headers), SECRET) == MailToken("unsubscribe", MARK)
    assert parse_message(note(f"Re: {confirm}", Auto_Submitted="no"), SECRET) == MailToken("confirm", MARK, 7)


@pytest.mark.parametrize("kind", ["", "; report-type=disposition-notification"])
def test_no_report_confirms_what_its_subject_repeats(kind: str) -> None:
    confirm = tokens.encode_token(SECRET, MailToken("confirm", MARK, 7))
    data = f"Subject: Undeliverable: {confirm}\nContent-Type: multipart/report{kind}; boundary=b\n\n--b--\n"
    assert parse_message(data.encode(), SECRET) is None


@pytest.mark.long
@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00" * 100, b"Subject: =?no-such-charset?b?AAAA?=\n\n", b"Content-Type: multipart/report; report-type=",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n" * 200, b"x" * 5_000_000,
        report().replace(b"Status: 5.1.1", b"Status: " + b"9" * 5000), note("x " * 5000),
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
    ],
    ids=range(9),
)  # fmt: skip
def test_unreadable_messages_are_ignored(data: bytes) -> None:
    assert parse_message(data, SECRET) is None


def test_a_report_of_a_thousand_parts_is_not_read_further() -> None:
    padding = b"--line\n\nx\n" * bounces.MAX_PARTS
    assert (
        parse_message(
            report().replace(b"--line\nContent-Type: message", padding + b"--line\nContent-Type: message", 1), SECRET
        )
        is None
    )


NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(300))


@pytest.mark.parametrize(
    "data",
    [b'Content-Type: multipart/report; a="' + b";" * 300_000 + b"\n\n", NESTED + b"\n" * 2_000_000],
    ids=["parameters", "nested"],
)
def test_no_message_takes_minutes(data: bytes) -> None:
    start = time.process_time()
    assert parse_message(data, SECRET) is None
    assert time.process_time() - start < 10


def test_the_reason_of_a_report_is_a_status_and_nothing_else() -> None:
    """PostgreSQL refuses texts with U+0000, and what follows in the mailbox would never be read."""
    assert parse_message(report("5\x00"), SECRET) is None
    assert parse_message(report("5.1.1\x00\x1b]0;owls"), SECRET) == BounceReport(SENT, "5.1.1", True)


@settings(max_examples=100)
@given(st.binary(max_size=300), st.integers(0, 4000), st.integers(0, 300))
def test_a_damaged_report_is_read_or_ignored(noise: bytes, at: int, length: int) -> None:
    data = report()
    result = parse_message(data[:at] + noise + data[at + length :], SECRET)
    assert result is None or (isinstance(result, BounceReport) and len(result.mark) == 32)


def test_a_mailbox_is_read_message_by_message() -> None:
    first_note, second_note = note("one", "From here on\nall is well."), note("two")
    box = (
        b"From a@b Thu Jan 14 12:00:00 2021\n"
        + first_note
        + b"\n\nFrom c@d Thu Jan 14 12:00:01 2021\n"
        + second_note
        + b"\n"
    )
    mailbox_messages = list(split_mailbox(box))
    assert [
        b"Subject: one" in mailbox_messages[0][0],
        b"Subject: two" in mailbox_messages[1][0],
        len(mailbox_messages),
    ] == [True, True, 2]
    assert mailbox_messages[1][1] - mailbox_messages[0][1] == 1_000_000
    assert list(split_mailbox(first_note)) == [(first_note, 0)]


@pytest.mark.parametrize(
    ("line", "delivered"),
    [
        ("a@b Thu Jan  4 12:00:00 2024", "2024-01-04T12:00:00Z"),
        ("a@b Thu Jan 4 12:00:00 +0100 2024", "2024-01-04T12:00:00Z"),
        ("MAILER-DAEMON Thu Jan 14 12:00:00 CET 2024 remote from b", "2024-01-14T12:00:00Z"),
        ("a@b Thu Jan 34 12:00:00 2024", "1970-01-01T00:00:00Z"),
        ("a@b 14 Jan 12:00:00 2024", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_mailbox_says_when_a_message_came(line: str, delivered: str) -> None:
    [(_, moment)] = split_mailbox(b"From " + line.encode() + b"\n" + note("x"))
    assert timestamps.format_rfc3339(moment) == delivered


# ---- acting --------------------------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "hotpapers.db")) as opened_record:
        yield opened_record


def test_a_mailbox_is_processed_once(record: Record) -> None:
    secret = record.hasher.secret
    unreachable, full_mailbox, former, complainer = (
        join(record, f"{name}@moth.example") for name in ("gone", "full", "leaver", "angry")
    )
    subscriber = subscribers.ask(record, "daily", "new@moth.example", FROZEN)
    assert subscriber is not None
    for mark in (unreachable, full_mailbox):
        delivery_states.claim_delivery(record, message_key("daily", "2021-01-14", mark), BEFORE)
        mark_sent(record, message_key("daily", "2021-01-14", mark), "250", BEFORE)
    confirming = MailToken("confirm", subscriber.mark, FROZEN // 1_000_000)
    abuse = complaint(sent(complainer, secret=secret))
    box = b"\n\n".join(
        b"From x@y Thu May  9 12:00:00 2024\n" + message
        for message in (
            report(message=sent(unreachable, secret=secret)),
            report("5.2.2", message=sent(full_mailbox, secret=secret)),
            report(message=sent("cd" * 16, secret=secret)), abuse,
            note(f"unsubscribe {tokens.encode_token(secret, MailToken('unsubscribe', former))}"),
            note(f"Re: Confirm: {tokens.encode_token(secret, confirming)}"),
            note(f"Re: {tokens.encode_token(secret, MailToken('confirm', former, 7))}"),
            note("Lovely message, thank you"),
        )
    )  # fmt: skip
    assert process_mailbox(record, box, FROZEN + 1) == MailboxSummary(
        bounced=1, came_back=1, confirmed=1, left=2, other=3
    )
    states = {entry.mark: entry.state for entry in subscribers.all_subscribers(record)}
    assert [states[mark] for mark in (unreachable, full_mailbox, former, complainer, subscriber.mark)] == [
        "bounced", "confirmed", "ended", "ended", "confirmed",
    ]  # fmt: skip
    assert (
        email_queries.count_failed_messages(record, "daily", "2021-01-14") == 2
        and email_queries.count_failed_messages(record, "daily", DAY) == 0
    )
    assert process_mailbox(record, box, FROZEN + 2) == MailboxSummary(came_back=1, confirmed=1, other=6)
    assert {entry.mark: entry.state for entry in subscribers.all_subscribers(record)} == states


def test_an_address_that_fails_at_several_issues_in_a_row_gets_no_more_mail(record: Record) -> None:
    """Whatever the code, but not for a policy, and not if a message arrived between them."""
    secret = record.hasher.secret
    names = ("gone", "blocked", "between", "new")
    marks = dict(zip(names, (join(record, f"{name}@moth.example") for name in names), strict=True))
    days = [f"2021-01-{day}" for day in range(11, 11 + subscribers.IN_A_ROW)]
    for number, day in enumerate(days):
        for mark in marks.values():
            mark_sent(record, message_key("daily", day, mark), "250", BEFORE + number)
        statuses = {"gone": "5.4.6", "blocked": "5.7.1", "between": "5.4.6" if number != 1 else "", "new": "5.4.6"}
        box = b"\n\n".join(
            b"From x@y Thu May  9 12:00:00 2024\n" + report(status, message=sent(marks[name], day, secret))
            for name, status in statuses.items()
            if status and (name != "new" or number)
        )
        states = {entry.mark: entry.state for entry in subscribers.all_subscribers(record)}
        assert set(states.values()) == {"confirmed"}, day
        process_mailbox(record, box, FROZEN + number)
    entries = {name: subscribers.find(record, mark) for name, mark in marks.items()}
    assert {name: entry.state for name, entry in entries.items() if entry} == {
        "gone": "bounced", "blocked": "confirmed", "between": "confirmed", "new": "confirmed",
    }  # fmt: skip
    assert entries["gone"] and entries["gone"].reason == "4 issues in a row failed: 5.4.6"
    assert process_mailbox(record, box, FROZEN + 9).bounced == 0, "read again"


def test_a_mailbox_read_again_ends_no_new_subscription(tmp_path: Path) -> None:
    """A mailbox is never changed: the messages in it predate the new subscription."""
    with Record(str(tmp_path / "hotpapers.db")) as record:
        unreachable, complainer, former = fill(
            record, *(f"{name}@moth.example" for name in ("gone", "angry", "leaver"))
        )
        secret = record.hasher.secret
        leave = note(f"unsubscribe {tokens.encode_token(secret, MailToken('unsubscribe', former))}")
        bounce, abuse = report(message=sent(unreachable, DAY, secret)), complaint(sent(complainer, DAY, secret))
        messages_ = (bounce, abuse, leave)
        box = b"\n\n".join(b"From x@y Fri May 10 12:00:00 2024\n" + message for message in messages_)
        assert process_mailbox(record, box, FROZEN + DAY_LONG) == MailboxSummary(bounced=1, left=2)
        assert process_mailbox(record, box, FROZEN + DAY_LONG) == MailboxSummary(other=3)
        new_marks = [
            join(record, f"{name}@moth.example", FROZEN + 9 * DAY_LONG) for name in ("gone", "angry", "leaver")
        ]
        assert process_mailbox(record, box, FROZEN + 10 * DAY_LONG) == MailboxSummary(other=3)
        freeze.freeze_issue(record, DAILY, DAY, again=True, reason="corrected", at=FROZEN + 11 * DAY_LONG)
        assert process_mailbox(record, box, FROZEN + 12 * DAY_LONG) == MailboxSummary(other=3), "of the first edition"
        states = {entry.mark: entry.state for entry in subscribers.all_subscribers(record)}
        assert [states[mark] for mark in new_marks] == ["confirmed"] * 3
        assert process_mailbox(record, leave, FROZEN + 10 * DAY_LONG) == MailboxSummary(left=1), "it arrives only now"

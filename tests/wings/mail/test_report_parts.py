"""Reports about messages, as the RFCs of reports allow them: the part that decides is read, and no other."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.wings.mail.bounces import BounceReport, parse_message
from tests.wings.mail.samples import SECRET
from tests.wings.mail.test_bounces import MESSAGE, SENT, complaint, report

FEEDBACK_TYPES = {
    "abuse": True, "fraud": True, "opt-out": True, "opt-out-list": True, "Abuse": True, "abuse (the junk button)": True,
    "not-spam": False, "auth-failure": False, "virus": False, "other": False, "miscategorized": False, "x-new": False,
    "": False,
}  # fmt: skip
"""All types of IANA's registry and of the drafts before; whether a reader wants no more mail."""


@pytest.mark.parametrize(("type", "ends"), FEEDBACK_TYPES.items())
def test_only_a_complaint_ends_a_subscription(type: str, ends: bool) -> None:
    for data in (complaint(MESSAGE, type=type), complaint(MESSAGE, type=type).replace(b"report-type=", b"x=")):
        assert parse_message(data, SECRET) == (BounceReport(SENT) if ends else None)
    quoting = complaint(MESSAGE + b"\r\nFeedback-Type: abuse\r\n", type=type)
    assert (parse_message(quoting, SECRET) is not None) == ends
    no_report = complaint(MESSAGE, type=type).replace(b"message/feedback-report", b"text/plain")
    assert parse_message(no_report, SECRET) is None


def test_a_report_within_a_returned_message_says_nothing() -> None:
    """A reader whose own mailbox returns reports: only the outer one is about our message."""
    inner = complaint(MESSAGE)
    outer = complaint(inner, type="not-spam").replace(b"text/rfc822-headers", b"message/rfc822")
    outer = outer.replace(b'"line"', b'"outer"', 1).replace(b"--line", b"--outer", 3)
    assert parse_message(outer, SECRET) is None
    passed_on = b"Subject: Fwd\nContent-Type: message/rfc822\n\n" + inner
    assert parse_message(passed_on, SECRET) is None


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable", "7bit"])
@pytest.mark.parametrize("original", ["message/global", "message/global-headers", "message/rfc822"])
@pytest.mark.parametrize("named", [True, False])
def test_a_report_in_utf_8_is_read_like_others(encoding: str, original: str, named: bool) -> None:
    """RFC 6533: other types for the parts, which may be encoded."""
    state = (
        "Reporting-MTA: dns; mail.moth.example\n\nFinal-Recipient: utf-8; \u03bb@moth.example\nAction: failed\n"
        "Status: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no such user, as far as can be seen by this server at all\n"
    ).encode()
    encode = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)
    header = f"Content-Transfer-Encoding: {encoding}\n\n".encode()
    data = b"Subject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=line"
    data += b"; report-type=delivery-status" * named + b"\n\n--line\nContent-Type: text/plain\n\nSorry\n\n--line\n"
    data += b"Content-Type: message/global-delivery-status\n" + header + encode(state) + b"\n--line\n"
    data += f"Content-Type: {original}\n".encode() + header + encode(MESSAGE) + b"\n--line--\n"
    assert parse_message(data, SECRET) == BounceReport(SENT, "5.1.1", True)


@given(st.lists(st.sampled_from(["failed 5.1.1", "failed 5.2.2", "failed 5.7.1", "delayed 4.4.1", "delivered 2.0.0",
                                 "relayed 2.0.0", "expanded 2.0.0"]), min_size=1, max_size=4))  # fmt: skip
def test_a_report_about_several_recipients_is_about_one_reader(outcomes: list[str]) -> None:
    """A reader's address may forward to several."""
    blocks = "\n".join(
        f"Final-Recipient: rfc822; r{n}@moth.example\nAction: {action}\nStatus: {status}\n"
        for n, (action, status) in enumerate(outcome.split() for outcome in outcomes)
    )
    data = report().replace(
        b"Final-Recipient: rfc822; reader@moth.example\nAction: failed\nStatus: 5.1.1\n", blocks.encode()
    )
    result = parse_message(data, SECRET)
    arrived = any(outcome.startswith(("delivered", "relayed", "expanded")) for outcome in outcomes)
    failures = {outcome for outcome in outcomes if outcome.startswith("failed")}
    if arrived or not failures:
        assert result is None
    else:
        assert isinstance(result, BounceReport) and result.no_such_address == (failures == {"failed 5.1.1"})

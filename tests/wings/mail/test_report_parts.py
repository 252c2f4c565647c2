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


FIELDS = (
    "Arrival-Date", "Auth-Failure", "Authentication-Results", "Delivery-Result", "DKIM-ADSP-DNS",
    "DKIM-Canonicalized-Body", "DKIM-Canonicalized-Header", "DKIM-Domain", "DKIM-Identity", "DKIM-Selector",
    "DKIM-Selector-DNS", "Identity-Alignment", "Incidents", "Original-Envelope-Id", "Original-Mail-From",
    "Original-Rcpt-To", "Received-Date", "Reported-Domain", "Reported-URI", "Reporting-MTA", "Source-IP", "Source-Port",
    "SPF-DNS", "User-Agent", "Version", "Removal-Recipient", "DSN-Gateway", "Received-From-MTA", "Original-Recipient",
    "Final-Recipient", "Remote-MTA", "Diagnostic-Code", "Last-Attempt-Date", "Final-Log-ID", "Will-Retry-Until",
    "Localized-Diagnostic", "X-Of-The-Future", "Later-Field",
)  # fmt: skip
"""IANA's registry of feedback report fields, those of RFC 3464, RFC 6533 and drafts, and fields that may come."""
COMMENTS = st.sampled_from(["", " ", "(x) ", "(by us (or them)) ", "(a \\) b)", "() (two) "])


@given(st.sampled_from(FIELDS), st.sampled_from(FIELDS), st.sampled_from([": ", ":", " : "]), COMMENTS, COMMENTS)
def test_other_fields_and_comments_change_no_report(
    first: str, second: str, colon: str, before: str, after: str
) -> None:
    fields = [f"{name}{colon}1 <x@moth.example>; or (other words)\n".encode() for name in (first, second)]
    plain, loud = fields[0], fields[1].upper()
    angry = complaint(MESSAGE).replace(b"Feedback-Type: abuse", f"Feedback-Type: {before}abuse {after}".encode())
    for place in (b"Feedback-Type", b"\n--line\nContent-Type: text/rfc822"):
        assert parse_message(angry.replace(place, plain + loud + place), SECRET) == BounceReport(SENT)
    apart = angry.replace(b"Feedback-Type", plain + b"\nFeedback-Type")
    assert parse_message(apart, SECRET) == BounceReport(SENT)
    gone = report().replace(b"Action: failed\nStatus: 5.1.1", f"Action:{before}failed{after}\n".encode() + plain
                            + f"Status: {before}5.1.1{after}".encode())  # fmt: skip
    result = parse_message(gone, SECRET)
    assert isinstance(result, BounceReport) and result.reason.startswith("5.1.1")


@given(st.recursive(st.just("REPORT"), lambda inner: st.tuples(inner, st.booleans()), max_leaves=4))
def test_a_report_that_gateways_wrapped(nesting: object) -> None:
    """Forwarders and gateways add notes, signatures and footers around it, not to the returned message."""
    for whole, expected in ((report(), BounceReport(SENT, "5.1.1", True)), (complaint(MESSAGE), BounceReport(SENT))):
        data, depth, inner = whole, 0, nesting
        while isinstance(inner, tuple):
            inner, is_after = inner
            depth += 1
            footer = b"Content-Type: text/plain\n\nScanned.\n"
            both = [data, footer] if is_after else [footer, data]
            head = b'Subject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed (gateway); boundary="g%d"\n\n'
            data = (head + b"--g%d\n%s\n--g%d\n%s\n--g%d--\n") % (depth, depth, both[0], depth, both[1], depth)
        assert parse_message(data, SECRET) == expected
        passed_on = b"Content-Type: multipart/mixed; boundary=f\n\n--f\nContent-Type: message/rfc822\n\n" + data
        assert parse_message(passed_on + b"\n--f--\n", SECRET) is None


@pytest.mark.parametrize(
    "status", ["", "Status: \n", "Status: unknown\n", "Status: 550\n", "Status: 5.1\n", "Status: (none)\n"]
)
def test_a_failure_without_a_status_is_told_by_its_diagnosis(status: str) -> None:
    for words, reason, is_gone in (
        ("smtp; 550 no such user", "5.0.0", True), ("x-unix; user unknown", "5.0.0", True),
        ("smtp; 550 5.1.1. None", "5.1.1", True), ("smtp; 552 5.2.2 Mailbox full", "5.2.2", False),
        ("smtp; 550 blocked as spam", "5.0.0 policy", False), ("smtp; 450 try later", "4.0.0", False),
    ):  # fmt: skip
        data = report("5.1.1", f"Diagnostic-Code: {words}\n").replace(b"Status: 5.1.1\n", status.encode())
        assert parse_message(data, SECRET) == BounceReport(SENT, reason, is_gone)
    assert parse_message(report().replace(b"Status: 5.1.1\n", status.encode()), SECRET) is None


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

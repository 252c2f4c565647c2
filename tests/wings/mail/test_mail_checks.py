"""Checks of the setup: the relay and the records to look at; and of messages as they arrived."""

from __future__ import annotations

import socket

import pytest

from hotpapers.base.errors import InputError
from hotpapers.wings.mail.mail_checks import MailFinding, aligned, check_message, check_setup, tags
from hotpapers.wings.mail.messages import address_message, issue_message
from hotpapers.wings.mail.smtp import SmtpClient
from tests.render.sample import OWN_READER
from tests.wings.mail.samples import BEFORE, SECRET, SITE_CONFIG, mail_config, reader
from tests.wings.mail.server import serving


def finding_on(findings: list[MailFinding], topic: str) -> MailFinding:
    [finding] = [finding for finding in findings if finding.topic == topic]
    return finding


# ---- the setup -----------------------------------------------------------------------------------------


def test_a_relay_that_accepts_us_and_the_records_to_look_at() -> None:
    with serving() as box:
        config = mail_config(box.port)
        assert list(check_setup(config, "owl", SmtpClient(config))) == [
            MailFinding("relay", "good", "127.0.0.1 accepts connection and login"),
            MailFinding(
                "SPF", "unknown", "`dig +short TXT owls.example` should show v=spf1 with the address it sends from"
            ),
            MailFinding(
                "DKIM", "unknown",
                "`dig +short TXT owl._domainkey.owls.example` should show the key with which the relay signs, p=…",
            ),
            MailFinding("DMARC", "unknown", "`dig +short TXT _dmarc.owls.example` should show v=DMARC1 with p="),
            MailFinding(
                "bounces", "unknown", "`dig +short MX owls.example` should show a server that accepts your mail"
            ),
            MailFinding(
                "unsubscribe", "good", "one click at https://app.owls.example/, or a mail to papers@owls.example"
            ),
        ]  # fmt: skip
        assert not box.mails


def refuse(address: tuple[str, int], wait: float) -> socket.socket:
    raise ConnectionRefusedError(111, "Connection refused")


def test_a_relay_that_is_not_there_and_a_setup_without_selector_and_web_address() -> None:
    config = mail_config(25, relay="mail.owls.example", bounces="b@bounces.owls.example", base="")
    findings = list(check_setup(config, "", SmtpClient(config, dial=refuse)))
    assert findings[0] == MailFinding("relay", "bad", "mail.owls.example, port 25: Connection refused")
    assert finding_on(findings, "SPF").text == (
        "`dig +short TXT bounces.owls.example` should show v=spf1 with a:mail.owls.example"
    )
    assert "SELECTOR._domainkey.owls.example" in finding_on(findings, "DKIM").text
    assert finding_on(findings, "unsubscribe").outcome == "bad"


def test_small_parts() -> None:
    assert tags(" v = DKIM1 ; p=a b; nonsense; k=") == {"v": "DKIM1", "p": "a b", "k": ""}
    assert aligned("a.owls.example", "owls.example") and aligned("owls.example.", "OWLS.example")
    assert not aligned("owls.example", "example") and not aligned("a.owls.example", "b.owls.example")
    assert not aligned("evilowls.example", "owls.example")


# ---- a message that arrived -----------------------------------------------------------------------------

MESSAGE = address_message(
    issue_message(OWN_READER.issue("daily", "2021-01-14"), mail_config(), SITE_CONFIG), mail_config(), reader(), SECRET,
    BEFORE,
)  # fmt: skip
SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=owl;\r\n h=From:To:{signed_headers}; bh=x; b=y\r\n"
BOTH = "List-Unsubscribe:List-Unsubscribe-Post"


def arrived_message(
    domain: str = "owls.example",
    signed_headers: str = BOTH,
    return_path: str = "b@owls.example",
    results: str = "spf=pass dkim=pass dmarc=pass",
) -> bytes:
    head = (
        f"Return-Path: <{return_path}>\r\nAuthentication-Results: mx.moth.example; {results}\r\n" if return_path else ""
    )
    return (
        head.encode()
        + (SIGNED.format(domain=domain, signed_headers=signed_headers).encode() if domain else b"")
        + MESSAGE
    )


def test_a_message_that_arrived_well() -> None:
    assert check_message(arrived_message()) == [
        MailFinding("DKIM", "good", "signed by d=owls.example, s=owl"),
        MailFinding("SPF", "good", "sent in the name of owls.example, which aligns with owls.example"),
        MailFinding("DMARC", "good", "the receiver found spf=pass, dkim=pass, dmarc=pass"),
        MailFinding("unsubscribe", "good", "one click"),
    ]


@pytest.mark.parametrize(
    ("message", "topic", "outcome", "message_text"),
    [
        (arrived_message(domain=""), "DKIM", "bad", "the relay did not sign it"),
        (arrived_message(domain="relay.example"), "DKIM", "bad", "no signature aligns with owls.example"),
        (arrived_message(signed_headers="List-Unsubscribe"), "DKIM", "bad",
         "the signature does not cover list-unsubscribe-post, so mail programs show no button"),
        (arrived_message(return_path="b@relay.example"), "SPF", "unknown",
         "it was sent in the name of relay.example, not owls.example: DKIM must align"),
        (arrived_message(return_path=""), "SPF", "unknown", "the message has no Return-Path"),
        (arrived_message(return_path=""), "DMARC", "unknown", "the receiver reports no results"),
        (arrived_message(results="spf=pass; dkim=fail; dmarc=fail"), "DMARC", "bad",
         "the receiver found spf=pass, dkim=fail, dmarc=fail"),
        (arrived_message().replace(b"List-Unsubscribe-Post", b"X"), "unsubscribe", "bad", "only by mail"),
        (arrived_message().replace(b"List-Unsubscribe: ", b"X: "), "unsubscribe", "bad", "the headers are missing"),
    ],
)  # fmt: skip
def test_a_message_that_did_not_arrive_well(message: bytes, topic: str, outcome: str, message_text: str) -> None:
    finding = finding_on(check_message(message), topic)
    assert (finding.outcome, finding.text) == (outcome, message_text)


def test_files_that_are_no_message() -> None:
    for data in (b"", b"\xff\x00", b"Subject: x\n\nno sender"):
        with pytest.raises(InputError, match="not a mail message: it has no sender"):
            check_message(data)

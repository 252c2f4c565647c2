"""What domains and messages declare about mail: SPF case by case, DKIM, DMARC, and the records to add."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.deliver.email import spf
from hotpapers.deliver.email.dns import DnsResolver
from hotpapers.deliver.email.dns_checks import DnsFinding, aligned, check_domain, check_message, parents, tags
from hotpapers.deliver.email.messages import address_message, issue_message
from hotpapers.errors import InputError, NetError
from tests.deliver.email.nameserver import NameServer, Zone, serving_dns
from tests.deliver.email.samples import SECRET, SITE_CONFIG, mail_config, reader
from tests.render.sample import OWN_READER


class Table(DnsResolver):
    """A DNS in memory."""

    def __init__(self, texts: dict[str, list[str]], addresses: dict[str, list[str]] | None = None) -> None:
        super().__init__()
        self._texts, self._addresses = texts, addresses or {}

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._texts.get(name, ()))

    def addresses(self, name: str) -> tuple[str, ...]:
        return tuple(self._addresses.get(name, ()))

    def exchangers(self, name: str) -> tuple[str, ...]:
        return tuple(f"mx{n}.{name}" for n in (1, 2))


HOSTS = {"owls.example": ["192.0.2.1"], "mail.example": ["192.0.2.7", "2001:db8::7"], "mx2.owls.example": ["192.0.2.9"]}

RULES: list[tuple[str, str, spf.Verdict]] = [
    ("v=spf1 -all", "192.0.2.7", "fail"),
    ("v=spf1", "192.0.2.7", "neutral"),
    ("v=spf1 ~all", "192.0.2.7", "softfail"),
    ("v=spf1 ?all", "192.0.2.7", "neutral"),
    ("v=spf1 +all", "192.0.2.7", "pass"),
    ("V=SPF1 A -ALL", "192.0.2.1", "pass"),
    ("v=spf1 a -all", "192.0.2.2", "fail"),
    ("v=spf1 a/30 -all", "192.0.2.2", "pass"),
    ("v=spf1 a:mail.example -all", "2001:db8::7", "pass"),
    ("v=spf1 a:mail.example/24//64 -all", "2001:db8::99", "pass"),
    ("v=spf1 mx -all", "192.0.2.9", "pass"),
    ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.200", "pass"),
    ("v=spf1 ip4:192.0.2.0/24 -all", "2001:db8::7", "fail"),
    ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::7", "pass"),
    ("v=spf1 -ip4:192.0.2.7 +all", "192.0.2.7", "fail"),
    ("v=spf1 include:inner.example -all", "192.0.2.7", "pass"),
    ("v=spf1 include:inner.example -all", "192.0.2.8", "fail"),
    ("v=spf1 include:none.example -all", "192.0.2.7", "broken"),
    ("v=spf1 redirect=inner.example", "192.0.2.7", "pass"),
    ("v=spf1 redirect=none.example", "192.0.2.7", "broken"),
    ("v=spf1 redirect=inner.example -all", "192.0.2.7", "fail"),
    ("v=spf1 exp=why.example a:mail.example -all", "192.0.2.7", "pass"),
    ("v=spf1 exists:%{i}.owls.example ptr -all", "192.0.2.7", "fail"),
    ("v=spf1 ipv4:192.0.2.7 -all", "192.0.2.7", "broken"),
    ("v=spf1 ip4 -all", "192.0.2.7", "broken"),
    ("v=spf1 ip4:owls -all", "192.0.2.7", "broken"),
    ("v=spf1 all:x -all", "192.0.2.7", "broken"),
    ("v=spf1 include:loop.example -all", "192.0.2.7", "broken"),
    ("v=spf1 redirect=round.example", "192.0.2.7", "broken"),
    ("v=spf1 " + "a:x.example " * 11 + "-all", "192.0.2.7", "broken"),
    ("v=spf1 " + "exists:x.example " * 11 + "-all", "192.0.2.7", "broken"),
    ("v=spf1 " + "a:x.example " * 10 + "-all", "192.0.2.7", "fail"),
    ("v=spf10 +all", "192.0.2.7", "none"),
    ("something else", "192.0.2.7", "none"),
]


@pytest.mark.parametrize(("rule", "address", "expected"), RULES)
def test_spf_verdicts(rule: str, address: str, expected: spf.Verdict) -> None:
    texts = {
        "owls.example": [rule], "inner.example": ["v=spf1 a:mail.example ?ip4:192.0.2.8 -all"],
        "loop.example": ["v=spf1 include:loop.example -all"], "round.example": ["v=spf1 redirect=round.example"],
    }  # fmt: skip
    assert spf.verdict(address, "owls.example", Table(texts, HOSTS)) == expected


def test_two_rules_are_none() -> None:
    assert spf.verdict("192.0.2.7", "a.example", Table({"a.example": ["v=spf1 +all", "v=spf1 +all"]})) == "broken"


@given(st.text(alphabet="ainmxclude:ip46/0159.=%~?+-redt ", max_size=80))
def test_any_rule_has_a_verdict(rule: str) -> None:
    texts = {name: [f"v=spf1 {rule}"] for name in ("owls.example", "a", "x")}
    assert spf.verdict("192.0.2.7", "owls.example", Table(texts, HOSTS)) in (
        "pass", "fail", "softfail", "neutral", "broken",
    )  # fmt: skip


# ---- a domain ------------------------------------------------------------------------------------------

GOOD = {
    "owls.example": {"TXT": ["v=spf1 a:mail.owls.example -all", "other"], "MX": ["mx.owls.example"]},
    "mail.owls.example": {"A": ["192.0.2.7"]},
    "owl._domainkey.owls.example": {"TXT": ["v=DKIM1; k=rsa; p=MIIB"]},
    "_dmarc.owls.example": {"TXT": ["v=DMARC1; p=reject; aspf=s"]},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[NameServer]:
    with serving_dns(GOOD) as name_server:
        yield name_server


def findings_of(
    server: NameServer, zone: Zone | None = None, ip: str = "", selector: str = "owl", **changes: Any
) -> list[DnsFinding]:
    server.zone = GOOD if zone is None else zone
    config = mail_config(**{"relay": "mail.owls.example", **changes})
    return list(check_domain(config, selector, DnsResolver([("127.0.0.1", server.port)], 5), ip))


def finding_on(findings: list[DnsFinding], topic: str) -> DnsFinding:
    [finding] = [finding_on for finding_on in findings if finding_on.topic == topic]
    return finding


def test_a_domain_that_is_ready(server: NameServer) -> None:
    assert findings_of(server) == [
        DnsFinding("SPF", "good", "owls.example lets 192.0.2.7 send in its name"),
        DnsFinding(
            "DKIM", "good", "owl._domainkey.owls.example has a key; signatures by d=owls.example align with From"
        ),
        DnsFinding("DMARC", "good", "_dmarc.owls.example: p=reject; owls.example aligns with From at owls.example"),
        DnsFinding("bounces", "good", "owls.example accepts mail"),
        DnsFinding("unsubscribe", "good", "one click at https://app.owls.example/, or a mail to papers@owls.example"),
    ]


def test_no_rule_is_proposed_for_a_local_relay_of_unknown_address(server: NameServer) -> None:
    finding = finding_on(findings_of(server, {}, relay="127.0.0.1"), "SPF")
    assert finding.outcome == "bad" and "pass --ip" in finding.text and not finding.add
    finding = finding_on(findings_of(server, {}, relay="127.0.0.1", ip="192.0.2.7"), "SPF")
    assert finding.add == 'owls.example. IN TXT "v=spf1 ip4:192.0.2.7 ~all"'


def test_a_domain_without_records_gets_the_records_to_add(server: NameServer) -> None:
    zone = {"mail.owls.example": {"A": ["192.0.2.7"]}}
    assert findings_of(server, zone, base="") == [
        DnsFinding(
            "SPF", "bad", "owls.example has no SPF record", 'owls.example. IN TXT "v=spf1 a:mail.owls.example ~all"'
        ),
        DnsFinding(
            "DKIM", "bad", "owl._domainkey.owls.example has no key",
            'owl._domainkey.owls.example. IN TXT "v=DKIM1; k=rsa; p=…"  (the relay\'s operator has the key)',
        ),
        DnsFinding(
            "DMARC", "bad", "_dmarc.owls.example does not exist",
            '_dmarc.owls.example. IN TXT "v=DMARC1; p=none; rua=mailto:papers@owls.example"',
        ),
        DnsFinding(
            "bounces", "bad", "owls.example accepts no mail, so bounces are lost",
            "owls.example. IN MX 10 mail.example.org.",
        ),
        DnsFinding(
            "unsubscribe", "bad",
            "readers can unsubscribe only by mail; mail programs show their own button only for a web address",
            'base = "https://…/" in [mailing], where `hotpapers serve` is public',
        ),
    ]  # fmt: skip


def with_texts(name: str, *texts: str) -> dict[str, dict[str, list[str]]]:
    return {**GOOD, name: {**GOOD.get(name, {}), "TXT": list(texts)}}


def test_spf_that_does_not_name_the_relay_is_mended(server: NameServer) -> None:
    zone = with_texts("owls.example", "v=spf1 include:owls.example -all")
    assert finding_on(findings_of(server, zone), "SPF").outcome == "bad"
    zone = with_texts("owls.example", "v=spf1 mx -all")
    assert finding_on(findings_of(server, zone), "SPF") == DnsFinding(
        "SPF", "bad", "owls.example gives fail for 192.0.2.7: v=spf1 mx -all",
        'instead: owls.example. IN TXT "v=spf1 a:mail.owls.example mx -all"',
    )  # fmt: skip
    assert finding_on(findings_of(server, zone, ip="2001:db8::5"), "SPF").add == (
        'instead: owls.example. IN TXT "v=spf1 ip6:2001:db8::5 mx -all"'
    )


def test_spf_that_allows_every_server(server: NameServer) -> None:
    finding = finding_on(findings_of(server, with_texts("owls.example", "v=spf1 +all")), "SPF")
    assert finding == DnsFinding("SPF", "bad", "owls.example lets any server send in its name: v=spf1 +all")


def test_two_rules_of_spf(server: NameServer) -> None:
    finding = finding_on(findings_of(server, with_texts("owls.example", "v=spf1 -all", "v=spf1 +all")), "SPF")
    assert finding.text == "owls.example has 2 SPF records; only one is allowed: merge them"


def test_a_relay_on_this_machine_needs_its_address(server: NameServer) -> None:
    assert finding_on(findings_of(server, relay="127.0.0.1"), "SPF") == DnsFinding(
        "SPF",
        "unknown",
        "owls.example has an SPF record; pass --ip with the address your mail is sent from to check it",
    )
    assert finding_on(findings_of(server, relay="127.0.0.1", ip="192.0.2.7"), "SPF").outcome == "good"
    assert finding_on(findings_of(server, {}, relay="127.0.0.1", ip="192.0.2.8"), "SPF").add == (
        'owls.example. IN TXT "v=spf1 ip4:192.0.2.8 ~all"'
    )


def test_dkim_without_a_selector_and_with_a_withdrawn_key(server: NameServer) -> None:
    assert finding_on(findings_of(server, selector=""), "DKIM").outcome == "unknown"
    zone = with_texts("owl._domainkey.owls.example", "v=DKIM1; p=")
    assert finding_on(findings_of(server, zone), "DKIM").text == "owl._domainkey.owls.example: the key was revoked"


def test_dmarc_of_a_parent_and_bounces_that_do_not_align(server: NameServer) -> None:
    findings = findings_of(server, address="papers@desk.owls.example", bounces="b@desk.owls.example")
    assert finding_on(findings, "DMARC").text == (
        "_dmarc.owls.example: p=reject; desk.owls.example aligns with From at desk.owls.example"
    )
    strict_finding = finding_on(findings_of(server, bounces="b@bounces.owls.example"), "DMARC")
    assert (
        strict_finding.outcome == "unknown"
        and "which does not align with From at owls.example, so DKIM must" in strict_finding.text
    )
    zone = with_texts("_dmarc.owls.example", "v=DMARC1; p=none")
    assert finding_on(findings_of(server, zone, bounces="b@bounces.owls.example"), "DMARC").outcome == "good"
    for texts in (["v=DMARC1; rua=mailto:a@b.example"], ["v=DMARC1; p=none", "v=DMARC1; p=reject"]):
        assert finding_on(findings_of(server, with_texts("_dmarc.owls.example", *texts)), "DMARC").outcome == "bad"


def test_a_domain_that_refuses_mail(server: NameServer) -> None:
    assert finding_on(findings_of(server, {"owls.example": {"MX": [""]}}), "bounces").outcome == "bad"


def test_a_resolver_that_does_not_answer_is_reported(server: NameServer) -> None:
    server.alter = lambda answer: []
    config = mail_config(relay="mail.owls.example")
    findings = list(check_domain(config, "owl", DnsResolver([("127.0.0.1", server.port)], 0.01)))
    assert [finding.outcome for finding in findings] == ["unknown"] * 4 + ["good"]
    assert findings[0].text.startswith("owls.example: its records cannot be read")
    with pytest.raises(NetError):
        DnsResolver([("127.0.0.1", server.port)], 0.01).texts("owls.example")


def test_small_parts() -> None:
    assert parents("a.b.example") == ["a.b.example", "b.example"] and parents("example") == ["example"]
    assert tags(" v = DKIM1 ; p=a b; nonsense; k=") == {"v": "DKIM1", "p": "a b", "k": ""}
    assert aligned("a.owls.example", "owls.example") and aligned("owls.example.", "OWLS.example")
    assert not aligned("a.owls.example", "owls.example", strict=True)
    assert not aligned("owls.example", "example") and not aligned("a.owls.example", "b.owls.example")
    assert not aligned("evilowls.example", "owls.example")


# ---- a message that arrived -----------------------------------------------------------------------------

MESSAGE = address_message(
    issue_message(OWN_READER.issue("daily", "2021-01-14"), mail_config(), SITE_CONFIG), mail_config(), reader(), SECRET
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
        DnsFinding("DKIM", "good", "signed by d=owls.example, s=owl"),
        DnsFinding("SPF", "good", "sent in the name of owls.example, which aligns with owls.example"),
        DnsFinding("DMARC", "good", "the receiver found spf=pass, dkim=pass, dmarc=pass"),
        DnsFinding("unsubscribe", "good", "one click"),
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

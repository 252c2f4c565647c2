"""Pure functions of mail: addresses, tokens, replies, settings."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import RetryLater, SettingsError, UsageError
from hotpapers.base.text.domains import is_mail_address
from hotpapers.wings.mail import tokens
from hotpapers.wings.mail.addresses import MAX_REASON_CHARS, normalize_address, without_address
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.sender import TRIES, interleave_domains, most_failures, wait_after
from hotpapers.wings.mail.settings import (
    PASSWORD,
    MailingSettings,
    Secret,
    is_loopback,
    mail_config_of,
    preview_config,
)
from hotpapers.wings.mail.smtp_replies import (
    RETRY_SECONDS,
    Deferred,
    Rejected,
    Step,
    code_and_status,
    failure_reason,
    is_bad_address,
    may_be_address,
    refusal_error,
    status_of,
)
from hotpapers.wings.mail.tokens import MailToken
from tests.wings.mail.samples import MARK, SECRET, reader

# ---- addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a@b.example", "first.last+papers@sub.moth.example", "o'hara@moth.example", "x" * 64 + "@moth.example",
     "a@xn--bcher-kva.example", "{a}=b@moth.example", "a@bücher.example"],
)  # fmt: skip
def test_what_is_an_address(text: str) -> None:
    assert is_mail_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "@b.example", "a@", "a@b@c.example", "a b@c.example", "a@b.example\r\nBcc: c@d.example",
     "a@b.example>", "<a@b.example>", '"a b"@c.example', "a@[127.0.0.1]", ".a@b.example", "a.@b.example",
     "a..b@c.example", "ä@b.example", "a@-ü.example",
     "a@ü..example", "a@" + "ü" * 300 + ".example", "a@-b.example", "a@b.1", "x" * 65 + "@b.example",
     "a@" + "b" * 64 + ".example", "a@" + "b.example." * 30 + "example", "a,c@b.example", "a@b.example\x00"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert not is_mail_address(text)
    with pytest.raises(UsageError, match="is not a mail address; write it like somebody@"):
        normalize_address(text)


def test_case_does_not_matter_in_domains() -> None:
    assert normalize_address("  Some.Body@Moth.EXAMPLE\n") == "Some.Body@moth.example"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("reader@bücher.example", "reader@xn--bcher-kva.example"), ("A@BÜCHER.Example", "A@xn--bcher-kva.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"), ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@b。example", "a@b.example"), ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_domains_of_any_letters_are_stored_as_in_dns(text: str, address: str) -> None:
    assert normalize_address(text) == address == normalize_address(address)


def test_letters_beyond_ascii_before_the_at_sign_are_refused_in_plain_words() -> None:
    with pytest.raises(UsageError, match=r"with only ASCII characters before the @$"):
        normalize_address("jürgen@moth.example")


def test_a_relay_s_reply_is_reported_without_the_address() -> None:
    reply = "550 5.1.1 <Some.Body@moth.example>: user Some.Body unknown\r\nsee https://moth.example/\x07"
    assert without_address(reply, "some.body@moth.example") == "550 5.1.1 <…>: user … unknown see https://moth.example/"
    assert len(without_address("x" * 999, "a@b.example")) == MAX_REASON_CHARS


# ---- tokens --------------------------------------------------------------------------------------------


@given(st.sampled_from(["confirm", "unsubscribe"]), st.binary(min_size=16, max_size=16), st.integers(0, 2**36))
def test_a_token_holds_what_was_signed_and_nothing_else(purpose: tokens.Purpose, mark: bytes, moment: int) -> None:
    token = MailToken(purpose, mark.hex(), moment)
    text = tokens.encode_token(SECRET, token)
    assert tokens.decode_token(SECRET, text) == token
    assert tokens.decode_token(b"another secret", text) is None
    for position in range(len(text)):
        changed_text = text[:position] + ("0" if text[position] != "0" else "1") + text[position + 1 :]
        assert tokens.decode_token(SECRET, changed_text) is None
    assert tokens.decode_token(SECRET, text + "0") is None and tokens.TOKEN.fullmatch(text)


def test_a_token_stays_valid_for_ever() -> None:
    """Messages already sent contain them."""
    text = "uabababababababababababababababab-0-a6f5417335945b20d55ea4da"
    assert tokens.encode_token(SECRET, MailToken("unsubscribe", MARK)) == text


def test_one_purpose_does_not_serve_another() -> None:
    text = tokens.encode_token(SECRET, MailToken("unsubscribe", MARK))
    assert tokens.decode_token(SECRET, "c" + text[1:]) is None


@given(st.text(max_size=100))
def test_any_other_text_is_none(text: str) -> None:
    assert tokens.decode_token(SECRET, text) is None


# ---- replies -------------------------------------------------------------------------------------------

REPLIES: list[tuple[int, str, Step, Deferred | Rejected | RetryLater]] = [
    (550, "5.1.1 no such user", "recipient", Rejected("550 5.1.1", no_such_address=True)),
    (550, "5.7.1 we do not like you", "recipient", Rejected("550 5.7.1")),
    (550, "no such user here", "recipient", Rejected("550", no_such_address=True)),
    (554, "no", "recipient", Rejected("554")),
    (552, "5.2.2 mailbox full", "recipient", Rejected("552 5.2.2")),
    (556, "5.1.10 domain takes no mail", "recipient", Rejected("556 5.1.10", no_such_address=True)),
    (554, "5.7.1 spam", "message", Rejected("554 5.7.1")),
    (550, "content refused", "message", Rejected("550 after DATA")),
    (550, "your server is on our blocklist", "recipient", Rejected("550 policy")),
    (550, "5.4.1 Recipient address rejected: Access denied.", "recipient", Rejected("550 5.4.1", True)),
    (550, "5.4.1 no answer from host", "recipient", Rejected("550 5.4.1")),
    (550, "mailbox is full", "recipient", Rejected("550")),
    (550, "", "recipient", Rejected("550", no_such_address=True)),
    (550, "5.1.1 no such user after all", "message", Rejected("550 5.1.1", no_such_address=True)),
    (501, "5.1.3 bad recipient address syntax", "recipient", Rejected("501 5.1.3", no_such_address=True)),
    (501, "5.5.4 helo refused", "recipient", RetryLater(RETRY_SECONDS, "501 5.5.4")),
    (450, "4.2.1 greylisted", "recipient", Deferred("450 4.2.1")),
    (452, "too many", "message", Deferred("452")),
    (421, "4.3.0 closing", "recipient", RetryLater(RETRY_SECONDS, "421 4.3.0")),
    (530, "5.7.0 log in first", "recipient", RetryLater(RETRY_SECONDS, "530 5.7.0")),
    (550, "5.1.8 your address is none", "sender", RetryLater(RETRY_SECONDS, "550 5.1.8")),
    (451, "not now", "sender", RetryLater(RETRY_SECONDS, "451")),
    (250, "what?", "message", RetryLater(RETRY_SECONDS, "250")),
]


@pytest.mark.parametrize(("code", "text", "step", "expected"), REPLIES)
def test_what_a_reply_means(code: int, text: str, step: Step, expected: Deferred | Rejected | RetryLater) -> None:
    error = refusal_error(code, text, step)
    assert (type(error), vars(error)) == (type(expected), vars(expected))


def test_a_status_is_found_and_words_are_not_repeated() -> None:
    assert status_of("smtp; 550 5.1.1 <a@b.example>") == "5.1.1"
    assert status_of("see RFC 5321 and 15.1.12") == ""
    assert code_and_status(550, "5.1.1 <a@b.example> unknown") == "550 5.1.1"
    assert (
        is_bad_address(0, "5.1.1")
        and not is_bad_address(0, "5.7.26")
        and is_bad_address(551, "")
        and not is_bad_address(0, "")
    )


MISSING = [
    "550 User unknown", "550 Requested action not taken: mailbox unavailable",
    "550 sorry, no mailbox here by that name",
    "550 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table", "550 unrouteable address",
    "554 delivery error: dd This user doesn't have a b.example account (a@b.example) [0]", "551 User not local",
    "550 5.5.0 Requested action not taken: mailbox unavailable", "553 5.3.0 <a@b.example>... No such user here",
    "550 The email account that you tried to reach does not exist", "550 Account has been disabled", "551",
    "550 mailbox not found (see https://b.example/policy)", "550 This address no longer exists", "x-unix; user unknown",
    "550 Unknown recipient", "550 a@b.example is not a valid mailbox", "550 5.1.0 Address rejected.",
    "550 Invalid user",
    "550 5.4.1 [spam@b.example]: Recipient address rejected: Access denied", "550 Benutzer unbekannt",
]  # fmt: skip
POLICIES = [
    "550 DMARC check failed for your domain", "550 Your server is on our blocklist", "550 virus found",
    "550 Access denied",
    "550 Message rejected as spam", "550 rejected: sender address not found", "550 Sender verify failed",
    "550 mailbox unavailable: blocked using spamhaus", "550 Relaying denied", "550 SPF check failed",
    "550 Banned content",
    "550 rejected because 192.0.2.1 is in a black list at zen.b.example", "550 Recipient rejected by local policy",
    "550 Unauthenticated email is not accepted", "553 sorry, your envelope sender has been denied",
    "550 5.1.0 sender rejected: SPF", "550 This account is not allowed to receive mail from outside",
    "550 The recipient's mailbox is not accepting mail from this sender",
    "550 unverified sender: user unknown", "550 Recipient does not accept mail from unknown senders",
    "550 5.1.1 blocked using zen.b.example", "550 5.2.1 receives mail at a rate that prevents delivery",
    "550 Your account has been suspended for sending spam", "550 Mail from this address is not known to be good",
]  # fmt: skip
SURE = [
    "user unknown", "no such user!", "this mailbox is disabled", "the recipient does not exist", "account disabled",
    "this user doesn't have a b.example account", "unknown or illegal alias: a@b.example", "not our customer",
    "mailbox for a@b.example has been closed", "RecipientNotFound", "invalid mailbox", "user a@b.example not found",
    "the account that you are sending to is inactive", "she is no longer here: user is no longer with us",
    "the mail account that you tried to reach has been discontinued", "Benutzer unbekannt", "no mailbox by that name",
]  # fmt: skip
"""Clauses about a recipient that can mean nothing else."""
ASIDES = [
    "your message cannot be delivered", "rejected by the security gateway", "see the policy", "content filter",
    "contact the sender", "spam is never welcome", "our server blocks abuse", "limit of tries: 3", "access denied",
    "please check the full address and try again", "the message size was 3 kB", "TLS is required for other mail",
]  # fmt: skip
"""Weak words, which alone may tell of a policy or of a full mailbox."""
UNCLEAR = ["550 we don't like you", "550 mailbox full", "554 5.4.1 no answer from host", "554 permanent failure"]


ABROAD = [
    "Utente sconosciuto", "Destinatario sconosciuto o mailbox disattivata", "Indirizzo inesistente",
    "la casella di posta non esiste", "casella non attiva", "Account non esistente", "utente non trovato",
    "Usuario desconocido", "el usuario no existe", "Buzón inexistente", "la cuenta de correo no existe",
    "Dirección no válida", "usuario no encontrado", "buzón deshabilitado", "destinatario desconocido",
    "Empfänger unbekannt", "Empfaenger ist unbekannt", "unbekannter Empfänger", "Das Postfach existiert nicht",
    "Benutzer nicht gefunden", "Adresse ungültig", "Kein solcher Benutzer", "keine solche Mailbox", "Konto deaktiviert",
    "Utilisateur inconnu", "Adresse d un destinataire invalide", "La boîte n'existe plus", "compte désactivé",
    "Aucun destinataire valide", "Usuário inexistente", "Caixa postal desativada", "a conta não existe",
    "Gebruiker onbekend", "onbekende ontvanger", "Dit adres bestaat niet",
]  # fmt: skip
"""Missing addresses in Italian, Spanish, German, French, Portuguese, Dutch."""
NOT_GONE_ABROAD = [
    "Absender unbekannt", "Mittente sconosciuto", "El remitente no existe", "expéditeur inconnu",
    "remetente desconhecido",
    "Ihre Adresse ist unbekannt", "votre domaine n'existe pas", "su dirección IP desconocida", "Postfach voll",
    "casella piena", "buzón lleno", "La boîte du destinataire est pleine", "vorübergehend deaktiviert: Konto",
    "utente temporaneamente disabilitato", "bloccato", "bloqueado por política", "als Spam abgelehnt",
    "rejeté: liste noire",
    "Afzender onbekend", "Richtlinie verletzt",
]  # fmt: skip
NOT_THE_ADDRESS = [
    "Sender address rejected: User unknown", "Sender verify failed. No such user", "unknown sender",
    "Return path unknown",
    "the domain of the sender does not exist", "your domain does not exist", "Your mail server has no reverse DNS",
    "HELO name not found", "invalid EHLO", "no PTR record", "client host rejected: cannot find your hostname",
    "MAIL FROM address does not exist", "from address unknown", "reverse lookup failed", "rDNS missing",
    "greylisted, come back later", "Graylisting in action", "temporarily unavailable", "temporary failure",
    "Mailbox temporarily disabled", "rate limit exceeded", "receives mail at too high a rate", "too many messages",
    "throttled", "blocked", "Blocked by our filter", "bulk mail refused", "unsolicited mail", "listed on a blocklist",
    "message looks like junk", "rejected for policy reasons", "try again later", "not at this time",
    "connecting host unknown",
    "your address is unknown", "the originator does not exist", "Deferred", "Verify failed for sender", "DMARC",
    "quota exceeded", "relaying forbidden",
]  # fmt: skip
"""Words that say that it is not the recipient's address, whatever the status."""
GONE = [
    "550 5.4.310 DNS domain moth.example does not exist [Message=NoSuchDomain] [LastAttemptedServerName=moth.example]",
    "550 5.1.2 DNS says: no such domain", "550 5.4.4 Domain moth.example not found in DNS", "556 5.1.10 null MX in DNS",
    "550 5.4.4 Host or domain name not found. Name service error", "550 5.1.2 DNS: NXDOMAIN",
    "550 5.1.2 El dominio no existe",
    "550 Account blocked due to inactivity", "550 5.2.1 mailbox disabled due to inactivity, see policy",
    "554 5.7.1 The account was disabled because it has not been used", "550 5.1.1 mailbox blocked: abandoned",
    "550 5.2.1 Mailbox disabled, not accepting messages", "550 5.1.1 Your message could not be delivered",
    "550 5.1.1 Recipient address rejected: Access denied",
    "550 5.1.1 user unknown (in reply to RCPT TO). See our policy",
    "550 5.1.1. user unknown",
]  # fmt: skip


def is_ended(reply: str) -> bool:
    return is_bad_address(int(reply[:3]) if reply[:3].isdigit() else 0, status_of(reply), reply)


@pytest.mark.parametrize("reply", MISSING)
def test_words_that_say_that_an_address_does_not_exist(reply: str) -> None:
    assert is_ended(reply) and may_be_address(failure_reason("550", status_of(reply), reply))


@pytest.mark.parametrize("reply", GONE)
def test_neither_dns_nor_weak_words_outweigh_that_it_is_gone(reply: str) -> None:
    assert is_ended(reply)


@pytest.mark.parametrize("words", ABROAD)
def test_missing_addresses_in_other_languages(words: str) -> None:
    for text in (words, words.upper(), normalize("NFD", words)):
        assert all(is_ended(f"550 {status}{text}") for status in ("", "5.0.0 ", "5.1.1 ", "5.7.1 "))
        assert not is_ended(f"550 5.2.2 {text}")


@pytest.mark.parametrize("words", NOT_THE_ADDRESS + NOT_GONE_ABROAD)
def test_words_about_something_else_outweigh_a_status_about_the_address(words: str) -> None:
    for status in ("5.1.1 ", "5.1.2 ", "5.1.3 ", "5.1.6 ", "5.2.1 ", "5.0.0 ", "5.7.1 ", ""):
        for text in (words, words.upper(), f"<a@moth.example>: {words}"):
            assert not is_ended(f"550 {status}{text}"), (status, text)


@given(st.sampled_from(SURE), st.lists(st.sampled_from(ASIDES), max_size=3), st.integers(0, 3), st.data())
def test_no_weak_words_outweigh_a_sure_sentence(sure: str, asides: list[str], at: int, data: st.DataObject) -> None:
    clauses = [*asides[:at], sure, *asides[at:]]
    status = data.draw(st.sampled_from(["", "5.0.0 ", "5.1.0 ", "5.1.351 ", "5.4.1 ", "5.5.0 ", "5.7.1 "]))
    reply = f"{data.draw(st.sampled_from([550, 552, 554]))} {status}" + data.draw(
        st.sampled_from([".", ";", "!"])
    ).join(f"{clause} " for clause in clauses)
    assert is_ended(reply), reply
    error = refusal_error(int(reply[:3]), reply, data.draw(st.sampled_from(["recipient", "message"])))
    assert isinstance(error, Rejected) and error.no_such_address


@given(st.sampled_from(["Sender address rejected: ", "Sender verify failed: ", "MAIL FROM: ", "from your server: "]),
       st.sampled_from(SURE), st.sampled_from(["", "5.0.0 ", "5.7.1 "]))  # fmt: skip
def test_a_sure_sentence_about_the_sender_ends_nothing(about: str, sure: str, status: str) -> None:
    assert not is_ended(f"550 {status}{about}{sure.replace('!', '')}")


@given(st.sampled_from(SURE), st.sampled_from(["5.1.7", "5.1.8", "5.2.2", "5.3.4", "5.6.1", "4.2.1"]))
def test_a_specific_status_outweighs_words(sure: str, status: str) -> None:
    assert not is_ended(f"550 {status} {sure}")


@pytest.mark.parametrize("reply", POLICIES)
def test_words_of_policy_end_no_subscription_even_if_repeated(reply: str) -> None:
    kept = code_and_status(550, reply)
    assert not is_ended(reply) and not may_be_address(failure_reason(kept, status_of(reply), reply))


@pytest.mark.parametrize("reply", UNCLEAR)
def test_unclear_words_end_a_subscription_only_if_repeated(reply: str) -> None:
    kept = code_and_status(550, reply)
    assert not is_ended(reply) and may_be_address(failure_reason(kept, status_of(reply), reply))


def test_which_failures_say_nothing_about_the_address() -> None:
    for reason in (
        "given up: 450 4.2.1",
        "550 after DATA",
        "550 5.7.1",
        "552 5.3.4",
        "unsubscribed before",
        "",
        "4.2.2",
    ):
        assert not may_be_address(reason)


# ---- the rest ------------------------------------------------------------------------------------------


def test_how_many_failures_stop_an_issue() -> None:
    assert [most_failures(n) for n in (1, 10, 150, 151, 1000, 1001)] == [3, 3, 3, 4, 20, 21]


def test_waits_grow_and_end_within_a_day() -> None:
    waits = [wait_after(n) for n in range(1, TRIES)]
    assert waits[:3] == [300, 600, 1200] and max(waits) == 4 * 3600 and sum(waits) < 24 * 3600


def test_domains_take_turns() -> None:
    names = ["a@x.example", "b@x.example", "c@x.example", "d@y.example", "e@z.example"]
    readers = [reader()._replace(address=name) for name in names]
    assert [reader_in_turn.address[0] for reader_in_turn in interleave_domains(readers)] == ["a", "d", "e", "b", "c"]
    assert interleave_domains([]) == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), unique=True))
def test_nobody_is_left_out_or_doubled(names: list[tuple[str, str]]) -> None:
    readers = [reader(name, f"{domain}.example") for name, domain in names]
    in_turn = interleave_domains(readers)
    assert sorted(in_turn, key=address) == sorted(readers, key=address)


def address(subscriber: Subscriber) -> str:
    return subscriber.address


# ---- settings ----------------------------------------------------------------------------------------

OPEN = MailingSettings(relay="mail.owls.example", address="papers@owls.example", user="papers")


def test_a_password_is_in_the_environment_or_in_a_file_and_never_shown(tmp_path: Path) -> None:
    config = mail_config_of(OPEN, tmp_path, {PASSWORD: "hush"})
    assert config.password.value == "hush" and "hush" not in repr(config) and "[secret]" in repr(config)
    file = MailingSettings(relay="x.example", address="a@b.example", user="papers", password_file="secret")
    (tmp_path / "secret").write_text("hush\n")
    assert mail_config_of(file, tmp_path, {}).password.value == "hush"
    assert repr(Secret()) == "[none]"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file or directory"), (b"", "does not contain a password"),
     (b"\xff", "not UTF-8"), (b"x" * 2000, "does not contain a password")],
)  # fmt: skip
def test_a_password_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SettingsError) as error:
        mail_config_of(MailingSettings(relay="x.example", user="papers", password_file="secret"), tmp_path, {})
    assert str(error.value) == f"mailing.password_file: {tmp_path / 'secret'}: {message}"


def test_a_user_without_a_password_and_a_table_without_a_relay(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="has no password; set HOTPAPERS_MAIL_PASSWORD"):
        mail_config_of(OPEN, tmp_path, {})
    with pytest.raises(SettingsError, match="mail is not set up: set relay and address in"):
        mail_config_of(MailingSettings(), tmp_path, {})


def test_what_is_not_set_follows_from_the_address() -> None:
    config = preview_config(MailingSettings(address="papers@owls.example", bounces="b@owls.example"))
    assert (config.reply_to, config.bounces) == ("papers@owls.example", "b@owls.example")
    assert preview_config(MailingSettings()).address == "preview@example.invalid"
    config = preview_config(MailingSettings(address="a@bücher.example", relay="mail.bücher.example"))
    assert config.bounces == config.address == "a@xn--bcher-kva.example"
    assert config.relay == "mail.xn--bcher-kva.example"


def test_what_is_this_machine() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.8.9.1", "::1")] == [True] * 3
    assert [is_loopback(host) for host in ("localhost.example", "10.0.0.1", "mail.example", "")] == [False] * 4

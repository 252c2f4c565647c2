"""The format of mail: any input gives one message with the intended headers."""

from __future__ import annotations

from email import charset, message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import UsageError
from hotpapers.publish.view import phrases
from hotpapers.wings.mail import mime

TEXTS = st.text(max_size=300).map(phrases.one_line).filter(bool)


def read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def header(data: bytes, name: str) -> str:
    """A header, unfolded and decoded by the older, simpler parser of the standard library."""
    value = message_from_bytes(data)[name]
    return str(make_header(decode_header(str(value).replace("\r\n", "").replace("\n", ""))))


def lines_of(data: bytes) -> list[bytes]:
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    return data.split(b"\r\n")


@given(TEXTS)
def test_a_subject_of_any_characters_comes_back_and_adds_no_header(text: str) -> None:
    data = mime.build_message([("Subject", mime.encode_words("Subject", text))], {"plain": "Hello\n"})
    assert data.isascii() and max(map(len, lines_of(data))) <= 78
    message = read(data)
    assert message.keys() == ["Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
    assert not message.defects
    assert header(data, "Subject").split() == text.split()


@given(st.text(max_size=60).map(phrases.one_line))
def test_a_sender_of_any_name_is_still_that_address(text: str) -> None:
    data = mime.build_message([("From", mime.format_mailbox("From", text, "papers@owls.example"))], {"plain": "x\n"})
    message = read(data)
    assert message.keys()[:2] == ["From", "MIME-Version"]
    [address] = message["From"].addresses
    assert address.addr_spec == "papers@owls.example"
    name_shown = header(data, "From").rpartition("<")[0].strip()
    if data.startswith(b'From: "'):
        name_shown = name_shown[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert name_shown.split() == text.split()


@given(st.text(max_size=2000).map(lambda text: text.replace("\r", "")), st.text(max_size=500).map(phrases.one_line))
def test_parts_of_any_characters_come_back(plain: str, html: str) -> None:
    parts = {"plain": plain + "\n", "html": html + "\n"}
    data = mime.build_message([("Subject", "x")], parts, "2024-05-07.1")
    assert data.isascii() and max(map(len, lines_of(data))) <= 78
    message = read(data)
    assert message.get_content_type() == "multipart/alternative" and not message.defects
    for part, subtype, text in zip(message.iter_parts(), ("plain", "html"), (plain, html), strict=True):
        assert part.get_content_type() == f"text/{subtype}"
        body = part.get_payload(decode=True)
        assert isinstance(body, bytes)
        expected = (text + "\n").encode("utf-8", "replace")
        assert body.replace(b"\r\n", b"\n") == expected


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nBcc: everybody@example.org",
        "a\nb",
        "a\rb",
        "a\r\n\r\nbody",
        "a\x00b",
        "ä",
        "a\r\n b\r\nc",
        "",
        " a",
        "x" * 999,
    ],
)
def test_characters_that_would_end_a_header_are_refused_and_not_shown(value: str) -> None:
    with pytest.raises(UsageError) as error:
        mime.build_message([("Subject", value)], {"plain": "x"})
    assert str(error.value) == "the header Subject contains characters that are not allowed, such as a line break"


def test_a_list_is_folded_between_its_members() -> None:
    pieces = [f"<https://papers.example/{'x' * 60}>", "<mailto:papers@owls.example>"]
    assert mime.address_list("List-Unsubscribe", pieces) == f"{pieces[0]},\r\n {pieces[1]}"
    assert mime.address_list("List-Unsubscribe", pieces[1:]) == pieces[1]


def test_text_that_looks_encoded_is_shown_as_it_is() -> None:
    text = "=?utf-8?q?Free_Tea?= for all"
    data = mime.build_message([("Subject", mime.encode_words("Subject", text))], {"plain": "x\n"})
    assert header(data, "Subject") == text


def test_a_date_is_in_english_and_utc() -> None:
    assert mime.format_date(1_610_625_600_999_999) == "Thu, 14 Jan 2021 12:00:00 +0000"


def test_libraries_that_change_character_sets_change_no_header() -> None:
    """Some libraries, when imported, change how the whole process encodes UTF-8."""
    encoding_before = charset.CHARSETS["utf-8"]
    try:
        plain = (
            mime.encode_words("Subject", "Café “Dozen”"),
            mime.format_mailbox("From", "Café “Dozen”", "papers@owls.example"),
        )
        charset.add_charset("utf-8", charset.QP, charset.QP, "utf-8")
        assert plain == (
            mime.encode_words("Subject", "Café “Dozen”"),
            mime.format_mailbox("From", "Café “Dozen”", "papers@owls.example"),
        )
    finally:
        charset.CHARSETS["utf-8"] = encoding_before

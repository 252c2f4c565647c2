"""The format of mail: headers, parts and lines, the same bytes on every Python version.

`email.message` writes a long List-Unsubscribe as encoded words, which no mail program reads, and other bytes from
Python 3.13 on.

RFC 5322 (messages), RFC 2045–2047 (MIME, quoted-printable, encoded words). RFC 3676 (flowed text) is not used. All
bytes are 7-bit, so any server accepts them; lines have at most 78 characters unless they contain one long word, and
never more than 998. Header values that could end a header early are rejected.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime

from hotpapers.base.errors import UsageError
from hotpapers.base.text import timestamps

LINE = 76
MAX_LINE_BYTES = 998
CRLF = "\r\n"

_VALUE = re.compile(r"[\x21-\x7e][\x20-\x7e]*(?:\r\n [\x20-\x7e]+)*")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


Headers = Sequence[tuple[str, str]]

# Some libraries change the standard library's table of character sets for the whole process, so use our own instance.
_UTF_8 = Charset("utf-8")
_UTF_8.header_encoding = SHORTEST


def build_message(headers: Headers, versions: Mapping[str, str], boundary: str = "") -> bytes:
    """A whole message. `versions`: its text by subtype, `plain` or `html`, with lines that end with `\\n`; the last of
    several is the best (multipart/alternative). `boundary`: a word that none contains. Raises UsageError for an invalid
    header value."""
    head = _head([*headers, ("MIME-Version", "1.0")])
    parts = [_part(subtype, text) for subtype, text in versions.items()]
    if len(parts) > 1:
        # `=_` never occurs in quoted-printable text (RFC 2045 §6.7)
        mark = f"=_{boundary}"
        kind = _head([("Content-Type", f'multipart/alternative;{CRLF} boundary="{mark}"')])
        framed = (f"--{mark}{CRLF}{part}{CRLF}" for part in parts)
        parts = [kind, CRLF, *framed, f"--{mark}--{CRLF}"]
    return "".join([head, *parts]).encode("ascii")


def _part(subtype: str, text: str) -> str:
    head = _head(
        [("Content-Type", f"text/{subtype}; charset=utf-8"), ("Content-Transfer-Encoding", "quoted-printable")]
    )
    # quoted-printable, in lines of at most 76 characters
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True).decode("ascii")
    return head + CRLF + encoded.replace(CRLF, "\n").replace("\n", CRLF)


def _head(headers: Headers) -> str:
    return "".join(f"{name}: {_checked_value(name, value)}{CRLF}" for name, value in headers)


def _checked_value(name: str, value: str) -> str:
    """The value, if valid. Raises UsageError without showing the value, which may be an injected header."""
    if not _VALUE.fullmatch(value) or any(len(line) > MAX_LINE_BYTES - len(name) - 2 for line in value.split(CRLF)):
        raise UsageError(f"the header {name} contains characters that are not allowed, such as a line break")
    return value


# ---- values of headers ---------------------------------------------------------------------------------


def encode_words(name: str, text: str) -> str:
    """The value of a plain text header such as Subject, folded at spaces."""
    if _PLAIN.fullmatch(text) and "=?" not in text and all(len(word) < LINE - 6 for word in text.split(" ")):
        return _fold(name, text.split(" "))
    return _encoded_words(name, text)


def _encoded_words(name: str, text: str) -> str:
    return Header(text, _UTF_8, maxlinelen=LINE, header_name=name).encode(linesep=CRLF)


def _fold(name: str, pieces: Iterable[str]) -> str:
    lines = [""]
    room = LINE - len(name) - 2
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > room:
            lines.append(piece)
            room = LINE - 1
        else:
            lines[-1] = f"{lines[-1]} {piece}" if lines[-1] else piece
    return f"{CRLF} ".join(lines)


def address_list(name: str, pieces: Sequence[str]) -> str:
    """The value of a list header, such as addresses in angle brackets, folded between items."""
    beginnings = [f"{piece}," for piece in pieces[:-1]]
    return _fold(name, [*beginnings, pieces[-1]])


def format_mailbox(name: str, label: str, address: str) -> str:
    """A name and an address for a header such as From; the name plain, quoted or encoded."""
    if not label:
        return address
    is_short = "=?" not in label and len(label) < LINE - 20
    if is_short and _ATOMS.fullmatch(label):
        phrase = label
    elif is_short and _PLAIN.fullmatch(label):
        phrase = '"' + re.sub(r'(["\\])', r"\\\1", label) + '"'
    else:
        phrase = _encoded_words(name, label)
    last = phrase.rpartition(CRLF)[2]
    if len(last) + len(address) + len(name) + 5 > LINE:
        blank = CRLF + " "
    else:
        blank = " "
    return f"{phrase}{blank}<{address}>"


def format_date(moment: int) -> str:
    """µs UTC in the format of RFC 5322 §3.3."""
    return format_datetime(timestamps.as_utc(moment))

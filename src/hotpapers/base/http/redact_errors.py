"""Error messages say where and why, but never contain a token, a password or a query."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import unquote, unquote_plus

import httpx2

from hotpapers.base.model import printable_line, storable_text
from hotpapers.base.networks import all_networks
from hotpapers.base.text.patterns import lazy_pattern

MAX_ERROR_CHARS = 300
"""Most characters of an error's text: part of it may be a server's words."""
HIDDEN = "[secret]"
MIN_PART_CHARS = 4
"""Fewest characters of a part of a secret address that is hidden on its own: shorter ones guard nothing."""


class SecretRedactor:
    """Removes secrets from texts, in whatever way addresses and messages escape them. An address may be a secret, too:
    then all its parts are, its host included, since some services have the token there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part for secret in secrets if (text := secret.strip()) for part in {text, *_parts_of_address(text)}}
        forms = parts | {unquote(part) for part in parts} | {unquote_plus(part) for part in parts}
        # longest first: one secret may be a prefix of another
        pattern = "|".join("".join(map(_any_form, form)) for form in sorted(forms, key=len, reverse=True))
        self._pattern = re.compile(pattern, re.IGNORECASE) if pattern else None

    def __call__(self, text: str) -> str:
        """The text on one line, without secrets and passwords, at most MAX_ERROR_CHARS characters."""
        if self._pattern:
            text = self._pattern.sub(HIDDEN, text)
        text = re.sub(r"(?<=://)[^\s/]*@", "", text)
        line = printable_line(storable_text(text))
        return line if len(line) <= MAX_ERROR_CHARS else line[: MAX_ERROR_CHARS - 1] + "…"


def _parts_of_address(text: str) -> Iterator[str]:
    """The parts of an address that may hold a token, as written and as requested; none if it is not an address."""
    try:
        url = httpx2.URL(text)
        if not (url.scheme and url.raw_host):
            return
        parts = [
            str(url),
            public_url(url),
            url.netloc.decode("ascii"),
            url.raw_host.decode("ascii"),
            url.host,
            *url.userinfo.decode("ascii").split(":", 1),
            url.raw_path.decode("ascii"),
            url.fragment,
        ]
    except (httpx2.InvalidURL, UnicodeError):
        return
    written = text.partition("://")[2].partition("/")[2]
    parts += [piece for part in (*parts[-2:], written) for piece in re.split(r"[/?#&;=]", part)]
    yield from (part for part in parts if len(part) >= MIN_PART_CHARS)


def _any_form(character: str) -> str:
    """A pattern of a character as it is, and as addresses, JSON, HTML and Python escape it."""
    octets = character.encode("utf-8", "surrogatepass")
    code = ord(character)
    forms = {
        re.escape(character),
        "".join(f"%(?:25)*{octet:02x}" for octet in octets),
        rf"\\+(?:u{code:04x}|x{code:02x}|{re.escape(character)})",
        f"&#(?:0*{code}|x0*{code:x});",
        re.escape(html.escape(character)),
        *([r"\+"] if character == " " else []),
        re.escape(octets.decode("latin-1")),
        re.escape(repr(character)[1:-1]),
    }
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def hosts_alone(text: str) -> str:
    """An error's text with its addresses cut to their hosts: a path may name a post, which must not be kept forever;
    and without the operator's proxy, which no reader needs to know."""
    return _ADDRESS.sub(r"\1", _PROXY.sub("", text))


HIDDEN_NAME = "[name]"
"""The replacement for a word that may be the name or the address of an account or a post."""
_SCHEME = "(?:http|ws)s?://"
_ORIGIN = lazy_pattern(rf"{_SCHEME}[^\s/@]+")
_ESCAPED = lazy_pattern(r"%[0-9A-Fa-f]{2}|&#|&[A-Za-z]+;|\\[ux/]|xn--", re.IGNORECASE)
_NUMBER = lazy_pattern(r"\d{7}|_")
_MIXED = lazy_pattern(r"[a-z]\d|\d[a-z]", re.IGNORECASE)
MIN_MIXED_CHARS = 7
"""Fewest characters of a word of letters and digits that may be the number of a post; `30s` is none."""
_DOMAIN = lazy_pattern(r"(?:[\w-]+\.)+[^\W\d_]{2,}")
_AROUND = ".,;()[]<>{}'\"`‘’“”"


def for_the_record(text: str) -> str:
    """An error's text as the record keeps it forever: with hosts, but without anything that may name an account or a
    post, since no later `forget` can take it out of a row that is hashed."""
    return " ".join(HIDDEN_NAME if _may_name_somebody(word) else word for word in hosts_alone(text).split())


def _may_name_somebody(written: str) -> bool:
    word = "".join(sign for sign in unicodedata.normalize("NFKC", written) if unicodedata.category(sign) != "Cf")
    bare = word.strip(_AROUND)
    if _ORIGIN.fullmatch(bare.removesuffix(":")):
        return False
    return bool(
        "@" in bare
        or "://" in bare
        or ("/" in bare and "." in bare)
        or any(pattern.search(bare) for pattern in (_ESCAPED, _NUMBER))
        or _key_pattern().match(bare)
        or (len(bare) >= MIN_MIXED_CHARS and _MIXED.search(bare))
        or _DOMAIN.fullmatch(bare)  # a server before its failure ends in a colon: `social.example: timed out`
    )


_PROXY = lazy_pattern(rf" through the proxy {_SCHEME}\S+(?=: )")
_ADDRESS = lazy_pattern(rf"(\b{_SCHEME}[^\s/]+)/\S*?(?=[:,;]?(?:\s|$))")


def public_url(url: httpx2.URL) -> str:
    """An address as errors show it: without user, password, query and fragment."""
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"


@cache
def _key_pattern() -> re.Pattern[str]:
    names = "|".join(all_networks())
    return re.compile(rf"(?:did|at|acct|{names}):[^\s:]|/?(?:u|users?|profile)/", re.IGNORECASE)

"""Error messages say where and why, but never contain a token, a password or a query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import httpx2

from hotpapers.model import storable

LONGEST = 300
"""Most characters of an error's text: part of it may be a server's words."""
HIDDEN = "[secret]"


class SecretRedactor:
    """Removes secrets from texts, also in the escaped forms that addresses and messages use."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret.strip()) if form}
        # longest first: one secret may be a prefix of another
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None

    def __call__(self, text: str) -> str:
        """The text on one line, without secrets and passwords, at most LONGEST characters."""
        if self._pattern:
            text = self._pattern.sub(HIDDEN, text)
        text = re.sub(r"(?<=://)[^\s/]*@", "", text)
        line = " ".join("".join(c if c.isprintable() else " " for c in storable(text)).split())
        return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}


def hosts_alone(text: str) -> str:
    """An error's text with its addresses cut to their hosts: a path may name a post, which must not be kept forever."""
    return _ADDRESS.sub(r"\1", text)


_ADDRESS = re.compile(r"(\bhttps?://[^\s/]+)/\S*?(?=[:,;]?(?:\s|$))")


def public_url(url: httpx2.URL) -> str:
    """An address as errors show it: without user, password, query and fragment."""
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"

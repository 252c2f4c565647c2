"""No error about settings quotes a secret: whatever shape a setting has, and however an address is misspelled."""

from __future__ import annotations

import json
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import settings
from hotpapers.base.credentials import is_secret_name, without_credentials
from hotpapers.base.errors import SettingsError
from hotpapers.collect.job_factory import chosen_sources
from hotpapers.collect.sources import SOURCES
from tests.base.settings.test_settings import EVERYTHING

SECRETS = st.builds("Zq7w{}w7qZ".format, st.text(string.ascii_letters + string.digits + "!$%*+-.;,'\"\\ü", min_size=2))
BEFORE = (
    "https://",
    "http://",
    "htps://",
    "https//",
    "https:/",
    "//",
    "",
    "postgresql://",
    "smtp+tls://",
    "HTTPS:\\\\",
)
PARAMETERS = ("token", "access_token", "key", "api-key", "X-Amz-Signature", "password", "client_secret", "PWD")
NAMED = ("token", "password", "secret", "api_key", "client_secret", "app_password", "feedToken")


@st.composite
def addresses(draw: st.DrawFn, secret: str) -> str:
    """An address with a secret in it."""
    before, parameter = draw(st.sampled_from(BEFORE)), draw(st.sampled_from(PARAMETERS))
    shape = draw(st.sampled_from(["{0}ada:{1}@host.example/{2}", "{0}:{1}@host.example", "{0}host.example/?a=b&{3}={1}",
                                  "{0}host.example/x#{3}={1}", "{3}={1}", "{0}host.example:80?{3}={1}"]))  # fmt: skip
    if shape.startswith("{0}:") and before.endswith(":/"):
        before = ""
    address = shape.format(before, secret.replace("@", ""), draw(st.sampled_from(["", "path", "a@b"])), parameter)
    return quote(address, safe="") if draw(st.booleans()) else address


def fields(cls: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a file may have a value: all settings of all tables, those of wings and sources, and tables as a whole."""
    for name, hint in get_type_hints(cls).items():
        yield (*path, name)
        inner = [hint, *get_args(hint)]
        structs = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
        yield from (place for struct in structs for place in fields(struct, (*path, name)))


PLACES = [
    *fields(settings.settings_type()),
    *(("source", name, *place) for name in SOURCES for place in [(), *fields(SOURCES[name][1])]),
    *(("terms", "bluesky", name) for name in ("shown", "keep")),
    ("unknown",), ("publish", "unknown"), ("unknown", "inner"),
]  # fmt: skip


def shaped(draw: st.DrawFn, value: object) -> object:
    """A value, perhaps within lists and tables."""
    for shape in draw(st.lists(st.sampled_from(["list", "pair", "table", "key"]), max_size=2)):
        whole = {"list": [value], "pair": ["x", value], "table": {"on": value}, "key": {str(value): value}}
        value = whole[shape]
    return value


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A secret, and settings that have it anywhere."""
    secret = draw(SECRETS)
    is_address = draw(st.booleans())
    place = draw(st.sampled_from(PLACES))
    value: object = shaped(draw, draw(addresses(secret)) if is_address else secret)
    if not is_address and not any(map(is_secret_name, place)):
        value = {draw(st.sampled_from(NAMED)): value}
    table: dict[str, Any] = tomllib.loads(EVERYTHING) if draw(st.booleans()) else {}
    inner: Any = table
    for name in place[:-1]:
        inner = inner.setdefault(name, {})
        inner = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else inner
        if not isinstance(inner, dict):
            inner = table
    inner[place[-1]] = value
    return secret, table


@given(files())
def test_no_error_quotes_a_secret(drawn: tuple[str, dict[str, Any]]) -> None:
    secret, table = drawn
    message = message_of(toml(table))
    assert "Zq7w" not in message and "w7qZ" not in message, (secret, message)


def message_of(text: str) -> str:
    """What is wrong with a file, in all its forms."""
    try:
        loaded = settings.check_text(text, Path("hotpapers.toml"))
        chosen_sources(loaded.source, file="hotpapers.toml")
    except SettingsError as problem:
        return "\n".join([str(problem), *problem.mistakes])
    return ""


def toml(value: Any) -> str:
    """A table as a file."""
    return "".join(f"{json.dumps(name)} = {_inline(part)}\n" for name, part in value.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_inline(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "write accounts as network:id or network:@handle, not 'bluesky:@ada.example'",
        "'https://social.example/@ada/123' is not the address of a list; copy it from the list's page",
        "contact: 'mailto:ada@papers.example' is not usable",
        "serve.listen: '127.0.0.1:80' is not an address; write it like 127.0.0.1:9464",
        "webhook 1: url: 'https://receiver.example:8443/@x?page=2' cannot be used",
        'token: is missing; write token = …, or token="…"',
        "bluesky:at://did:plc:moss/app.bsky.feed.post/1 is in /srv/papers@home",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_credentials(text) == text

"""Finds possible secrets in text that an error would quote: addresses with credentials, even misspelled ones, and the
values of keys whose names suggest a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from hotpapers.base.text.patterns import lazy_pattern

HIDDEN = "[secret]"
MIN_CHARS = 4
"""Fewest characters of a value that is hidden: shorter ones guard nothing."""
_NAME = lazy_pattern(r"secret|token|passw|pwd|credential|client_id|keys?\Z|\Aurl\Z", re.IGNORECASE)
_FILE = lazy_pattern(r"_(?:file|path)\Z")
_ENVIRONMENT = lazy_pattern(r"env:\w+")
_IN_ADDRESS = lazy_pattern(r"//(?:[^\s/?#@]*|[^\s/?#:@]*:(?!\d{1,5}(?:[/?#]|\Z))[^@]*)@")
"""A user or a password in an address, even if the password has signs that end a host."""
_WITHOUT_SLASHES = lazy_pattern(r"(?<!\Amailto):(?!\s)[^@]+@")
"""A password where the slashes are missing; not a name such as `network:@handle`."""
_PARAMETER = lazy_pattern(r"(?<![\w.-])([\w.-]+)=(?=[^\s&…])")
_PARAMETER_NAME = lazy_pattern(r"secret|token|passw|pwd|key|auth|sig|code|credential|session", re.IGNORECASE)
_QUOTED_OR_WORD = lazy_pattern(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(?:[^\s'\"\\]|\\.)+")


def is_secret_name(name: str) -> bool:
    """Whether a setting of that name holds a secret, and not the file with one."""
    return bool(_NAME.search(name)) and not _FILE.search(name)


def has_credentials(value: str) -> bool:
    """Whether a text is like an address with a user, a password or a token, also percent-encoded."""
    from urllib.parse import unquote

    return any(map(_has_credentials, {value, unquote(value), unquote(unquote(value))}))


def _has_credentials(value: str) -> bool:
    start = value.partition("//")[0]
    return bool(
        _IN_ADDRESS.search(value)
        or _WITHOUT_SLASHES.search(start)
        or any(map(_PARAMETER_NAME.search, _PARAMETER.findall(value)))
    )


def without_credentials(message: str) -> str:
    """A message in which each quoted text or word that is like an address with credentials is hidden."""

    def shown(match: re.Match[str]) -> str:
        inner = match[1] or match[2]
        if inner is None:
            return HIDDEN if has_credentials(match[0]) else match[0]
        return match[0].replace(inner, HIDDEN) if has_credentials(inner) else match[0]

    return _QUOTED_OR_WORD.sub(shown, message)


def without_values(message: str, settings: object) -> str:
    """A message in which no secret of these settings is quoted, whole or in part. `settings`: tables and lists as they
    are in a file."""
    pieces = {piece for value in _secrets(settings) for piece in (value, *re.split(r"\s*,\s*", value))}
    for piece in sorted(pieces, key=len, reverse=True):
        forms = {piece, repr(piece)[1:-1], json.dumps(piece)[1:-1], json.dumps(piece, ensure_ascii=False)[1:-1]}
        for form in sorted(forms, key=len, reverse=True) if len(piece) >= MIN_CHARS else ():
            message = message.replace(form, HIDDEN)
    return message


def _secrets(value: object, is_named: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _secrets(name)
            yield from _secrets(part, is_named or is_secret_name(str(name)))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _secrets(part, is_named)
    elif (is_named and not _ENVIRONMENT.fullmatch(str(value))) or (isinstance(value, str) and has_credentials(value)):
        yield str(value)

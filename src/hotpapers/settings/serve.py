"""The table of hotpapers.toml on the app that readers and programs meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from hotpapers.settings.mail import BASE, BASE_REMEDY


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[serve]`, for `hotpapers serve`.

    `base`: its public address, such as https://papers.example/; then pages lead to its forms. `rate`: simple questions
    that one client may ask the API in a minute; 0: any number. `proxies`: how many of your own stand in front and write
    X-Forwarded-For.
    """

    base: str = ""
    rate: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 300
    proxies: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0


def serve_problems(serve: ServeSettings) -> Iterator[tuple[str, str]]:
    """What cannot be used in this table, as key, and reason with remedy."""
    if serve.base and not BASE.fullmatch(serve.base):
        yield "base", BASE_REMEDY

"""The app: `[serve]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

from hotpapers.base.settings.limits import BASE_REMEDY, is_app_address
from hotpapers.base.struct_types import SettingsStruct

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@*\s,]+)(?::[0-9]{1,5})?", re.ASCII)


class ServeSettings(SettingsStruct):
    """`[serve]`, for `hotpapers serve`.

    `base`: its public address, such as https://papers.example/; pages then link to its forms. `rate`: simple
    requests per client and minute, 0 for no limit. `hosts`: other names by which it is asked, such as papers.lan or
    that of a container. `proxies`: the number of your own proxies in front of the server
    that set X-Forwarded-For.
    """

    base: str = ""
    hosts: tuple[str, ...] = ()
    rate: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 300
    proxies: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0


def serve_problems(serve: ServeSettings) -> Iterator[tuple[str, str]]:
    """Problems in `[serve]`, as (key, reason and remedy)."""
    if not is_app_address(serve.base):
        yield "base", BASE_REMEDY
    for host in serve.hosts:
        if not _HOST.fullmatch(host):
            yield "hosts", f"{host!r} is no host; write papers.lan, papers.lan:8000 or [fd00::7], without https://"

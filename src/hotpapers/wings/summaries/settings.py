"""The table `[summary]` of hotpapers.toml: machine-written summaries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hotpapers.base.settings.paths import is_address
from hotpapers.base.wings import SettingsTable

_API = re.compile(r"(?:https|http)://[^\s/?#\"<>@]+(?:/[^\s?#\"<>]*)?")


class SummarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[summary]`: a sentence for each entry, written by a language model; off without a `url`.

    `url`: the address of an OpenAI-compatible API, up to /v1, such as http://127.0.0.1:11434/v1. `model`: the model's
    name there. `key`: your API key, or env:NAME; a server of your own may need none.
    """

    url: str = ""
    model: str = ""
    key: str = ""


def summary_problems(summary: SummarySettings) -> Iterator[tuple[str, str]]:
    """Problems in `[summary]`, as (key, reason and remedy)."""
    if not summary.url:
        for key in ("model", "key"):
            if getattr(summary, key):
                yield key, "has no effect without a url; set url to the API's address, or remove it"
        return
    if not (_API.fullmatch(summary.url) and is_address(summary.url)):
        yield "url", "write a full address, such as http://127.0.0.1:11434/v1"
    if not summary.model.strip():
        yield "model", "is missing; write the model's name on that server"


TABLE = SettingsTable(
    "summary",
    SummarySettings,
    SummarySettings(),
    summary_problems,
    template=Path(__file__).with_name("template.toml"),
)

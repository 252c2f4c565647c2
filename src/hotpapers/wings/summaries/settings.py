"""The table `[summary]` of hotpapers.toml: machine-written summaries."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.settings.limits import model_problems
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable


class SummarySettings(SettingsStruct):
    """`[summary]`: a sentence for each entry, written by a language model; off without a `url`.

    `url`: the address of an OpenAI-compatible API, up to /v1, such as http://127.0.0.1:11434/v1. `model`: the model's
    name there. `key`: your API key, or env:NAME; a server of your own may need none.
    """

    url: str = ""
    model: str = ""
    key: str = ""


TABLE = SettingsTable(
    "summary",
    SummarySettings,
    SummarySettings(),
    lambda table: model_problems(table.url, table.model, table.key),
    template=Path(__file__).with_name("template.toml"),
)

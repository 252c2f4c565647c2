"""The settings of summaries."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.base.errors import SettingsError
from hotpapers.site.hooks import Trials
from hotpapers.site.publishing import before_freezing
from hotpapers.site.site import Site
from hotpapers.wings.summaries.wing import WING


def load(tmp_path: Path, text: str) -> settings.Settings:
    file = tmp_path / "hotpapers.toml"
    file.write_text(text)
    return settings.load(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[summary]\nmodel = "tea-7b"', "summary.model: has no effect without a url"),
        ('[summary]\nurl = "localhost:11434"', "summary.url: write a full address"),
        ('[summary]\nurl = "http://me@127.0.0.1/v1"', "summary.url: write a full address"),
        ('[summary]\nurl = "http://127.0.0.1:11434/v1"', "summary.model: is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as problem:
        load(tmp_path, text)
    assert message in str(problem.value), problem.value


@pytest.mark.parametrize(("url", "is_on"), [("http://127.0.0.1:11434/v1", True), ("", False)])
def test_it_is_off_without_an_address(tmp_path: Path, url: str, *, is_on: bool) -> None:
    model = "tea-7b" if url else ""
    setup = load(tmp_path, f'[summary]\nurl = "{url}"\nmodel = "{model}"\n')
    site = Site(tmp_path / "hotpapers.db", settings=setup)
    assert setup.table("summary").model == model and bool(before_freezing(site)) == is_on
    [trials] = [hook for hook in WING.hooks if isinstance(hook, Trials)]
    assert bool(list(trials.list(site))) == is_on

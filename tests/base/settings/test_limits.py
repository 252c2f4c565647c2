"""Limits of settings, as errors and docs/reference/settings.md name them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_type_hints

import pytest
from msgspec import Meta

from hotpapers.base.network_terms import TermsOverride
from hotpapers.base.settings import PublicationSettings
from hotpapers.base.settings.limits import AnyNumber, Name, limit_of
from tests.base.settings.test_settings import refusal
from tools.make_docs import settings_page


@pytest.mark.parametrize(
    ("hint", "limit"),
    [
        (int, ""), (tuple[str, ...], ""), (AnyNumber, "0 or more"), (Name, "up to 64 characters"),
        (Annotated[int, Meta(ge=1, le=65_535)], "1 to 65,535"), (Annotated[int, Meta(ge=2)] | None, "2 or more"),
    ],
)  # fmt: skip
def test_a_limit_in_words(hint: Any, limit: str) -> None:
    assert limit_of(hint) == limit


@pytest.mark.parametrize("table", [PublicationSettings, TermsOverride])
def test_the_page_of_settings_names_each_limit(table: type) -> None:
    limits = {name: limit_of(hint) for name, hint in get_type_hints(table, include_extras=True).items()}
    page = settings_page().splitlines()
    for name, limit in limits.items():
        if limit not in ("", "0 or more"):
            assert any(f"`{name}" in line and f"({limit})" in line for line in page), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[[publication]]\nname = 'a'\nnote = '{'x' * 201}'",
         "publication 1: note: must be text, up to 200 characters"),
        (f"[[publication]]\nname = '{'a' * 65}'", "publication 1: name: must be text, up to 64 characters"),
        (f"[[publication]]\nname = 'a'\nthreshold = {2**53}",
         "publication 1: threshold: must be a whole number, 0 or more"),
        (f"contact = 'https://a.example/{'x' * 200}'", "contact: must be text, up to 200 characters"),
        ("[publish]\nbudget = -1", "publish.budget: must be a whole number, 0 or more"),
        ("[run]\nread_back = 31", "run.read_back: must be a whole number, 0 to 30"),
        ("[bots.rules]\nshare = 101", "bots.rules.share: must be a whole number, 0 to 100"),
    ],
)  # fmt: skip
def test_a_value_beyond_its_limit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)

"""The table `[mailing]`."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base import settings
from hotpapers.wings.mail.settings import mailing_settings


def test_letters_lead_to_the_app_unless_they_are_told_where(tmp_path: Path) -> None:
    file = tmp_path / "hotpapers.toml"
    file.write_text('[serve]\nbase = "https://owls.example/"\n', "utf-8")
    assert mailing_settings(settings.load(file)).base == "https://owls.example/"
    file.write_text('[serve]\nbase = "https://owls.example/"\n[mailing]\nbase = "https://mail.example/"\n', "utf-8")
    assert mailing_settings(settings.load(file)).base == "https://mail.example/"

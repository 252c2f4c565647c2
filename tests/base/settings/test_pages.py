"""The tables `[quote]` and `[summary]`."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.base.errors import SettingsError
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.record import Record
from tests.cli.run import good
from tests.record import made


def load(folder: Path, text: str) -> settings.Settings:
    file = folder / "hotpapers.toml"
    file.write_text(text)
    return settings.load(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[quote]\nblock_accounts = ["somebody"]', "quote.block_accounts: write accounts as network:id"),
        ('[quote]\nblock_accounts = ["x:@"]', "quote.block_accounts: write accounts as network:id"),
        ('[quote]\nblock_words = ["tea", " "]', "quote.block_words: contains an empty word"),
        ('[quote]\nblock_servers = ["https://rude.example"]', "quote.block_servers: write servers like"),
        ('[quote]\nblock_word = ["tea"]', "quote: block_word: no such setting; did you mean block_words?"),
        ("[publish]\nbudget = -1", "publish.budget: must be a whole number, 0 or more"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as problem:
        load(tmp_path, text)
    assert message.split(": ", 1)[1] in str(problem.value), problem.value


def test_what_can_be_used(tmp_path: Path) -> None:
    setup = load(
        tmp_path,
        '[quote]\nblock_accounts = ["x:@Name"]\nblock_words = ["tea party"]\nblock_servers = ["rude.example"]\n'
        "[publish]\nbudget = 0\n",
    )
    assert setup.quote.block_words == ("tea party",) and setup.publish.budget == 0
    assert load(tmp_path, "").publish.budget == 800


def test_the_store_knows_what_is_never_quoted_whoever_renders_from_it(tmp_path: Path) -> None:
    home, store = tmp_path / "hotpapers.toml", tmp_path / "hotpapers.db"
    with Record(str(store)) as record:
        made.listings(record)
    for words in (["tea"], ["tea", "kettle"], []):
        home.write_text(f'contact = "x@tea.example"\n[quote]\nblock_words = {words}\n'.replace("'", '"'))
        good("status", "--config", home)
        good("status", "--store", store)  # nothing is forgotten when the settings are missing
        with Record(str(store)) as record:
            assert quotation_policy.load_blocklist(record.database) == quotation_policy.Blocklist(words=tuple(words))

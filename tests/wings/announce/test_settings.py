"""The tables of destinations: each mistake is reported with file, key and remedy, and never reveals a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings import load
from hotpapers.base.settings.announce import read_secret

DID = "did:plc:aaaabbbbccccddddeeee2345"
CHAT = {"name": '"lab"', "publication": '"daily"', "url": '"slack://hush"'}
WEBHOOK = {
    "name": '"lab"', "publication": '"daily"', "url": '"https://hush.example/"', "secret": '"hush, hush, hush"'
}  # fmt: skip
ACCOUNT = {"publication": '"daily"', "account": f'"{DID}"', "password": '"hush"'}
TABLES = {"chat": CHAT, "webhook": WEBHOOK, "bluesky": ACCOUNT}


def error_of(folder: Path, *tables: str) -> str:
    """The error message for settings with these tables; empty if they are valid."""
    file = folder / "hotpapers.toml"
    file.write_text('[[publication]]\nname = "daily"\n' + "".join(tables), "utf-8")
    try:
        load(file)
    except SettingsError as problem:
        return str(problem).removeprefix(f"{file}: ")
    return ""


def table(kind: str, **changes: str) -> str:
    values = {**TABLES[kind], **changes}
    return f"\n[[{kind}]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value)


def test_valid_tables(tmp_path: Path) -> None:
    tables = (
        table("chat", url='"env:ROOM"'), table("chat", name='"two"'), table("webhook", url='"env:A"', secret='"env:B"'),
        table("webhook", name='"two"', url='"http://127.0.0.1:8080"'),
        table("bluesky", account='"did:web:papers.example"'),
        table("bluesky", thread="false", password="", feed='"http://localhost:8000"'),
    )  # fmt: skip
    assert error_of(tmp_path, *tables) == ""


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("chat", {"name": '"our lab"'}, "chat 1: name: use letters, digits and hyphens, such as"),
        ("chat", {"publication": '"nightly"'}, "chat 1: publication: 'nightly' is not in this file, which has daily"),
        ("chat", {"url": '"hush"'}, "chat 1: url: write the room's address in Apprise's format, such as \"slack://…\""),
        ("chat", {"url": ""}, "chat 1: url: is missing; write url = …"),
        ("chat", {"members": '[" "]'}, "chat 1: members: contains an empty name; remove it"),
        ("chat", {"members": '["x:@"]'}, "chat 1: members: write accounts as network:id or network:@handle, not 'x:"),
        ("chat", {"room": '"x"'}, "chat 1: room: "),
        ("webhook", {"url": '"ftp://hush"'}, "webhook 1: url: write a full address"),
        ("webhook", {"url": '"https://hush:hush@a.example/"'}, "webhook 1: url: write a full address"),
        ("webhook", {"secret": '"hush"'}, "webhook 1: secret: write 16 random characters or more"),
        ("bluesky", {"account": '"@papers.example"'}, "bluesky 1: account: write its DID, which stays when its "
         "handle changes; https://bsky.social/xrpc/com.atproto.identity.resolveHandle?handle=papers.example gives it"),
        ("bluesky", {"account": '"papers"'}, "bluesky 1: account: write its DID, which stays when its handle changes"),
        ("bluesky", {"password": '" "'}, "bluesky 1: password: is missing; create an app password"),
        ("bluesky", {"host": '"https://pds.example/xrpc"'}, 'bluesky 1: host: write it like "https://bsky.social"'),
        ("bluesky", {"feed": '"http://papers.example"'}, "bluesky 1: feed: write the public address of"),
    ],
)  # fmt: skip
def test_invalid_tables(tmp_path: Path, name: str, changes: dict[str, str], message: str) -> None:
    error = error_of(tmp_path, table(name, **changes))
    assert error.startswith(message) and "hush" not in error.replace("nobody guesses", "")


@pytest.mark.parametrize("name", ["chat", "webhook"])
def test_names_differ(tmp_path: Path, name: str) -> None:
    error = error_of(tmp_path, table(name), table(name))
    assert error == f"{name} 2: name: is taken by an earlier table; names must differ"


def test_an_account_has_one_table_a_publication(tmp_path: Path) -> None:
    error = error_of(tmp_path, table("bluesky"), table("bluesky"))
    assert error == "bluesky 2: account: already has a table for this publication"


def test_the_account_that_posts_is_the_publications_own(tmp_path: Path) -> None:
    file = tmp_path / "hotpapers.toml"
    publications = f'[[publication]]\nname = "daily"\nown = ["bluesky:{DID}"]\n[[publication]]\nname = "other"\n'
    file.write_text(publications + table("bluesky") + table("bluesky", publication='"other"'), "utf-8")
    assert [publication.own for publication in load(file).publication] == [(f"bluesky:{DID}",)] * 2


def test_secrets_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOM", " slack://hush\n")
    assert read_secret("env:ROOM", "chat 1: url") == "slack://hush"
    assert read_secret("slack://env:ROOM", "chat 1: url") == "slack://env:ROOM"
    monkeypatch.setenv("ROOM", " ")
    with pytest.raises(SettingsError, match=r"^chat 1: url: the environment variable ROOM is not set; set it"):
        read_secret("env:ROOM", "chat 1: url")

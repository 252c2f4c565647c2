"""Settings as people write them: all mistakes are told, each with what was meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.base.errors import SettingsError
from hotpapers.base.settings.zones import zone_problem
from hotpapers.wings.check.settings_trial import try_settings
from tests.cli.run import good, misuse, run

WRONG = """
contact = "me"
stroe = "x.db"

[[publication]]
name = "daily"
hour = 25
zone = "UTC-3"
include = ["tea, coffee"]
tilte = "x"
categories = ["cs.LG", 7]

[[publication]]
name = "daily"
window = "dayly"

[mail]
host = "relay.example"

[terms.myspace]
shown = "text"

[run]
read_back = 99
log = 5
"""


def mistakes_in(text: str, tmp_path: Path) -> list[str]:
    file = tmp_path / "hotpapers.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as excinfo:
        settings.load(file)
    return [mistake.removeprefix(f"{file}: ") for mistake in excinfo.value.mistakes]


def test_all_mistakes_of_a_file_are_told(tmp_path: Path) -> None:
    mistakes = mistakes_in(WRONG, tmp_path)
    keys = sorted(mistake.partition(": ")[0] + ": " + mistake.split(": ")[1] for mistake in mistakes)
    beginnings = (
        "contact: 'me'", "mail: no such setting", "publication 'daily': include", "publication 'daily': name",
        "publication 'daily': zone", "publication 1: categories 2", "publication 1: hour", "publication 1: tilte",
        "publication 2: window", "run.log: must", "run.read_back: must", "stroe: no such", "terms.myspace: no such",
    )  # fmt: skip
    assert len(keys) == len(beginnings), mistakes
    for key, beginning in zip(keys, beginnings, strict=True):
        assert key.startswith(beginning)


def test_a_file_that_is_nested_too_deeply_is_invalid(tmp_path: Path) -> None:
    assert mistakes_in(f"a = {'[' * 3000}{']' * 3000}\n", tmp_path)[0].startswith("invalid TOML")


def test_a_command_prints_them_on_a_line_each_and_check_in_a_row_each(tmp_path: Path) -> None:
    mistakes = mistakes_in(WRONG, tmp_path)
    file = tmp_path / "hotpapers.toml"
    result = run("status", "--config", file)
    head, *lines = result.err.splitlines()
    assert result.status == 2 and head == f"hotpapers: {file}: 13 mistakes"
    assert lines == [f"  {mistake}" for mistake in mistakes]
    assert [part.finding for part in try_settings(file, None)] == [f"{file}: {mistake}" for mistake in mistakes]


def test_something_needed_that_is_missing_or_wrong_is_told_once(tmp_path: Path) -> None:
    several = mistakes_in("[[publication]]\ntitle = 'x'\n[run]\nlog = 5\n", tmp_path)
    assert [mistake.partition(": must")[0] for mistake in several] == [
        "publication 1: name: is missing; write name = …", "run.log",
    ]  # fmt: skip
    assert mistakes_in("[[publication]]\nname = 5\n", tmp_path) == [
        'publication 1: name: must be text in quotation marks, such as "this", not 5'
    ]


def test_a_table_suggests_a_table(tmp_path: Path) -> None:
    [table] = mistakes_in('[mail]\nhost = "relay.example"\n', tmp_path)
    assert table.startswith("mail: no such setting; did you mean mailing?")
    [nothing_alike] = mistakes_in("[hackernews]\nevery = 5\n", tmp_path)
    assert nothing_alike == "hackernews: no such setting here; it belongs in [source], as [source.hackernews]"


@pytest.mark.parametrize(
    ("zone", "remedy"),
    [
        ("UTC-3", "write a place there, such as America/Sao_Paulo or Etc/GMT+3, which has the opposite sign"),
        ("UTC+1", "write a place there, such as Europe/Zurich or Etc/GMT-1, which has the opposite sign"),
        ("+05:30", "write a place there, such as Asia/Kolkata"),
        ("GMT+0930", "write a place there, such as Australia/Adelaide"),
        ("UTC+23", "write a place, such as Europe/Zurich"),
    ],
)
def test_a_distance_from_utc_is_no_zone(zone: str, remedy: str) -> None:
    assert zone_problem(zone) == f"{zone!r} is not a time zone but a distance from UTC; {remedy}"
    assert remedy in misuse("init", "x", "--zone", zone)


@pytest.mark.parametrize("key", ["include", "exclude"])
def test_a_comma_within_a_word(tmp_path: Path, key: str) -> None:
    [mistake] = mistakes_in(f'[[publication]]\nname = "a"\n{key} = ["green tea, coffee"]\n', tmp_path)
    remedy = "'green tea, coffee' is one word with a comma; write each in its own quotation marks"
    assert mistake == f'publication \'a\': {key}: {remedy}: ["green tea", "coffee"]'
    file = tmp_path / "hotpapers.toml"
    file.write_text(f'[[publication]]\nname = "a"\n{key} = ["1,000 genomes"]\n')
    settings.load(file)


@pytest.mark.parametrize("contact", ["https://example.org/", "you@example.com", "yourname@somewhere.org"])
def test_a_placeholder_is_no_contact(tmp_path: Path, contact: str) -> None:
    folder = tmp_path / "site"
    result = run("init", folder, "--contact", contact)
    file = folder / "hotpapers.toml"
    assert result.err == f"hotpapers: the contact {contact} is a placeholder; write your own in {file}\n"
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    file.write_text(file.read_text() + off + '[source.lobsters]\nbase = "http://127.0.0.1:9"\n')
    assert "settings: set contact to your own" in good_or_bad("check", file)
    assert f"contact {contact} is a placeholder" in good_or_bad("run", file)
    assert not settings.is_placeholder("https://library.example/")


def good_or_bad(command: str, file: Path) -> str:
    result = run(command, *(["--once"] if command == "run" else []), "--config", file)
    return result.out + result.err


def test_init_writes_first_what_people_change(tmp_path: Path) -> None:
    good("init", tmp_path, "--contact", "https://library.example/")
    lines = (tmp_path / "hotpapers.toml").read_text("utf-8").splitlines()
    keys = [line.removeprefix("# ").partition(" = ")[0] for line in lines if " = " in line]
    assert keys[0] == "contact"
    first = keys[keys.index("title") :]
    assert first[:6] == ["title", "categories", "include", "exclude", "hour", "zone"]
    assert next(number for number, line in enumerate(lines, 1) if line.startswith("# zone = ")) < 40


@pytest.mark.parametrize("contact", ["two\nlines", "a bell \a", "x" * 201])
def test_a_contact_that_nobody_could_read(contact: str) -> None:
    problem = settings.contact_problem(contact)
    assert problem == "write a web or mail address on one line, at most 200 characters"


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.load(tmp_path / "hotpapers.toml")
    assert str(refused.value) == f"{tmp_path / 'hotpapers.toml'}: no such file; `hotpapers init` creates one"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{tmp_path}: cannot be read: Is a directory")):
        settings.load(tmp_path)

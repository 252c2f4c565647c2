"""What `hotpapers compare` refuses, and its messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.record import Record
from lab.comparison.lines import ComparisonEnd, encode_line
from lab.comparison.shared_key import write_key
from tests.cli.run import good, misuse, run
from tests.lab.comparison.test_lines import ENCODED
from tests.publish.query import query_stores


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    file = tmp_path / "empty.db"
    with Record(str(file)):
        return file


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "shared.key"
    write_key(file, b"k" * 32)
    return file


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    """A comparison file made with another key."""
    file = tmp_path / "theirs.jsonl"
    file.write_bytes(b"".join(ENCODED))
    return file


def test_each_run_does_one_thing(store: Path, key: Path) -> None:
    assert "name two collectors" in misuse("lab", "compare")
    assert "name two collectors" in misuse("lab", "compare", store)
    assert "name two collectors" in misuse("lab", "compare", store, store, "--new-key", "another.key")
    assert "--new-key" in misuse("lab", "compare", "--extract", "ours.jsonl", "--store", store)
    assert "already exists" in misuse("lab", "compare", "--new-key", key)
    assert "is the store itself" in misuse("lab", "compare", "--extract", store, "--key", key, "--store", store)


def test_moments_and_files_are_named(store: Path, other_file: Path, key: Path, tmp_path: Path) -> None:
    assert "yesterday: not a date" in misuse("lab", "compare", store, store, "--since", "yesterday")
    result = run("lab", "compare", store, tmp_path / "nowhere.jsonl")
    assert result.status == 1 and "nowhere.jsonl: cannot be read" in result.message
    poem = tmp_path / "poem.txt"
    poem.write_text("roses are red\n")
    assert "poem.txt:1:" in run("lab", "compare", poem, other_file).message


def test_other_keys_and_missing_ones(store: Path, other_file: Path, key: Path) -> None:
    assert "add --key FILE" in misuse("lab", "compare", other_file, store)
    assert "the period is empty" in misuse("lab", "compare", other_file, store, "--key", key)


def test_a_damaged_file_is_refused_with_its_line(other_file: Path) -> None:
    other_file.write_bytes(b"".join(ENCODED[:-1]))
    assert f"theirs.jsonl:{len(ENCODED)}: unexpected end" in run("lab", "compare", other_file, other_file).message
    other_file.write_bytes(b"".join([*ENCODED, encode_line(ComparisonEnd())]))
    assert "there are lines after the end line" in run("lab", "compare", other_file, other_file).message


def test_no_password_is_printed(postgres_url: str, tmp_path: Path) -> None:
    with Record(postgres_url) as record:
        query_stores.add_talk(record)
    store = f"{postgres_url}{'&' if '?' in postgres_url else '?'}password=sesame"
    page = tmp_path / "comparison.md"
    output = good("lab", "compare", store, store, "--output", page, "--json")
    assert '"b": "postgresql://' in output and "sesame" not in output + page.read_text()


def test_a_file_beside_itself_is_the_same(other_file: Path) -> None:
    assert " 0 explained, 0 unexplained" in good("lab", "compare", other_file, other_file)
    other_file.write_bytes(b"".join([*ENCODED[:-3], *ENCODED[-1:]]))
    assert "Nothing to compare" in good("lab", "compare", other_file, other_file)

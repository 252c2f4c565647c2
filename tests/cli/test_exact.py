"""Real files survive import and publishing byte for byte, also through the exchange format, in both databases."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.record import Record
from hotpapers.record.item_rows import SPECS
from tests.cli.run import good

pytestmark = pytest.mark.long


@pytest.fixture(scope="session")
def real_files(shared: Path) -> list[Path]:
    """The five seeds as given, and 229 more issues."""
    seeds = sorted((shared / "seeds" / "as-given").iterdir())
    archive = sorted((shared / "archive" / "posts").glob("*.md"))
    assert (len(seeds), len(archive)) == (5, 229)
    return [*seeds, *archive]


@pytest.fixture(scope="session")
def expected(shared: Path) -> dict[str, bytes]:
    """The expected files, by name."""
    files = [*(shared / "seeds" / "restored").iterdir(), *(shared / "archive" / "posts").glob("*.md")]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="session")
def full_store(real_files: list[Path], tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A store of all real files, with each issue frozen and published to `out` beside it; tests must not change it.

    Created once, by the first worker to need it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "real"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            output = good("import", "classic", *real_files, "--store", folder / "all.db")
            assert output.count(": was UTF-8 misread as Mac Roman; repaired\n") == 3
            assert output.endswith("234 listings with 2,675 places: 234 new\n")
            good("publish", "--all", "--to", "classic", "--output", folder / "out", "--store", folder / "all.db")
            (folder / "made").touch()
    return folder / "all.db"


@pytest.fixture(scope="session")
def seeds_store(real_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the five seeds, with each issue frozen."""
    folder = tmp_path_factory.mktemp("seeds")
    good("import", "classic", *real_files[:5], "--store", folder / "seeds.db")
    good("publish", "--all", "--to", "classic", "--output", folder / "out", "--store", folder / "seeds.db")
    return folder / "seeds.db"


def publish_all(store: str | Path, folder: Path) -> dict[str, bytes]:
    good("publish", "--all", "--to", "classic", "--output", folder, "--store", store)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_of_them_come_back(full_store: Path, expected: dict[str, bytes]) -> None:
    files = {file.name: file.read_bytes() for file in (full_store.parent / "out").iterdir()}
    assert files.keys() == expected.keys()
    assert [name for name in expected if files[name] != expected[name]] == []


def test_all_of_them_verify(full_store: Path) -> None:
    assert good("verify", "--all", "--store", full_store).startswith("verified: 234 issues rebuilt, ")


def test_importing_them_again_changes_nothing(full_store: Path, real_files: list[Path]) -> None:
    status = good("status", "--store", full_store)
    assert good("import", "classic", *real_files[:30], "--store", full_store).endswith(": 30 known\n")
    assert good("status", "--store", full_store) == status


@pytest.mark.long
def test_all_of_them_come_back_by_way_of_a_full_export(
    full_store: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    good("export", "--output", tmp_path / "all.jsonl.zst", "--store", full_store)
    output = good("import", "jsonl", tmp_path / "all.jsonl.zst", "--store", tmp_path / "new.db")
    assert output.endswith("batches restored unchanged, including issues\n")
    assert publish_all(tmp_path / "new.db", tmp_path / "out") == expected


@pytest.mark.long
def test_all_of_them_come_back_by_way_of_what_was_observed(
    full_store: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    good("export", "--records", "--output", tmp_path / "records.jsonl", "--store", full_store)
    good("import", "jsonl", tmp_path / "records.jsonl", "--store", tmp_path / "new.db")
    assert publish_all(tmp_path / "new.db", tmp_path / "out") == expected


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.zst", "all.parquet"])
@pytest.mark.parametrize("records", [[], ["--records"]], ids=["full", "records"])
def test_the_seeds_come_back_in_every_form(
    seeds_store: Path, expected: dict[str, bytes], tmp_path: Path, name: str, records: list[str]
) -> None:
    kind = "parquet" if name.endswith("parquet") else "jsonl"
    good("export", "--format", kind, *records, "--output", tmp_path / name, "--store", seeds_store)
    good("import", kind, tmp_path / name, "--store", tmp_path / "new.db")
    files = publish_all(tmp_path / "new.db", tmp_path / "out")
    assert len(files) == 5 and all(expected[name] == data for name, data in files.items())


@pytest.mark.long
def test_all_of_them_come_back_on_a_server(
    full_store: Path, expected: dict[str, bytes], tmp_path: Path, postgres_url: str
) -> None:
    good("export", "--output", tmp_path / "all.jsonl", "--store", full_store)
    good("import", "jsonl", tmp_path / "all.jsonl", "--store", postgres_url)
    assert publish_all(postgres_url, tmp_path / "out") == expected
    assert good("verify", "--all", "--store", postgres_url).startswith("verified: 234 issues rebuilt, ")


def test_the_seeds_go_straight_to_a_server(
    real_files: list[Path], expected: dict[str, bytes], tmp_path: Path, postgres_url: str
) -> None:
    good("import", "classic", *real_files[:5], "--store", postgres_url)
    files = publish_all(postgres_url, tmp_path / "out")
    assert len(files) == 5 and all(expected[name] == data for name, data in files.items())
    full = good("export", "--store", postgres_url).encode()
    good("import", "jsonl", "-", "--store", tmp_path / "new.db", input=full)
    assert publish_all(tmp_path / "new.db", tmp_path / "again") == files


def test_one_changed_count_changes_order_and_text_and_nothing_else(
    seeds_store: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """The last paper of 2021-01-14 gets enough favorites to come first."""
    name = "2021-01-14---Hot-Papers.md"
    text = expected[name].decode()
    *_, last_item = items_of(text)
    paper = last_item.split("arxiv.org/abs/")[1].split(")")[0]
    lines = good("export", "--records", "--store", seeds_store).splitlines()
    changed_lines = [with_likes(line, f"arxiv:{paper}", 99_999) for line in lines]
    assert sum(old_line != new_line for old_line, new_line in zip(lines, changed_lines, strict=True)) == 1
    input_text = "".join(f"{line}\n" for line in changed_lines).encode()
    good("import", "jsonl", "-", "--store", tmp_path / "new.db", input=input_text)
    files = publish_all(tmp_path / "new.db", tmp_path / "out")
    assert len(files) == 5 and {n for n in files if files[n] != expected[n]} == {name}
    head, *other_items = text.partition("\n# 1. ")[0], *items_of(text)
    count = last_item.split("favorites: ")[1].split(" ")[0]
    items = [last_item.replace(f"favorites: {count} ", "favorites: 99999 "), *other_items[:-1]]
    assert files[name].decode() == head + "".join(renumber(item, n) for n, item in enumerate(items, 1))


def items_of(text: str) -> list[str]:
    """The items of a classic issue, each including the empty line before it."""
    starts = [text.index(f"\n# {n}. ") for n in range(1, text.count("- retweets: ") + 1)]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def renumber(item: str, number: int) -> str:
    return f"\n# {number}. {item.partition('. ')[2]}"


def with_likes(line: str, paper: str, likes: int) -> str:
    item = json.loads(line)
    if item["kind"] == "tally" and item["paper"] == paper:
        return json.dumps({**item, "likes": likes}, ensure_ascii=False)
    return line


def test_nothing_is_kept_as_markdown_or_html(full_store: Path) -> None:
    """No text in the store contains the format's own tags, entities or link syntax."""
    marks = ("<blockquote", "<br>", "</p>", "<a href", "<script", "&amp;", "&quot;", "&#39;", "&gt;", "&lt;", "](http")
    findings = []
    with Record(str(full_store), create=False) as record:
        for spec in SPECS.values():
            if spec.type is model.Issue:
                continue  # JSON of figures and hashes
            for row in record.database.iterate(f"SELECT * FROM {spec.kind}"):
                findings += [(spec.kind, m, v) for v in row if isinstance(v, str) for m in marks if m in v]
        keys = record.database.rows("SELECT key FROM identity")
    findings += [("identity", m, key) for (key,) in keys for m in marks if m in key]
    assert findings == []

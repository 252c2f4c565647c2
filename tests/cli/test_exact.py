"""Real files survive import and publishing byte for byte, also through the exchange format, in both databases."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from hotpapers import model
from hotpapers.store import Record
from hotpapers.store.item_rows import SPECS
from tests.cli.run import good

pytestmark = pytest.mark.long


@pytest.fixture(scope="session")
def real(shared: Path) -> list[Path]:
    """The five seeds as given, and 229 more issues."""
    seeds = sorted((shared / "seeds" / "as-given").iterdir())
    more = sorted((shared / "archive" / "posts").glob("*.md"))
    assert (len(seeds), len(more)) == (5, 229)
    return [*seeds, *more]


@pytest.fixture(scope="session")
def expected(shared: Path) -> dict[str, bytes]:
    """The expected files, by name."""
    files = [*(shared / "seeds" / "restored").iterdir(), *(shared / "archive" / "posts").glob("*.md")]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="session")
def all_in(real: list[Path], tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A store of all real files, with each issue frozen and published to `out` beside it; tests must not change it.

    Created once, by the first worker to need it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "real"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            said = good("import", "classic", *real, "--store", folder / "all.db")
            assert said.count(": was UTF-8 misread as Mac Roman; repaired\n") == 3
            assert said.endswith("234 listings with 2,675 places: 234 new\n")
            good("publish", "--all", "--to", "classic", "--output", folder / "out", "--store", folder / "all.db")
            (folder / "made").touch()
    return folder / "all.db"


@pytest.fixture(scope="session")
def seeds_in(real: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the five seeds, with each issue frozen."""
    folder = tmp_path_factory.mktemp("seeds")
    good("import", "classic", *real[:5], "--store", folder / "seeds.db")
    good("publish", "--all", "--to", "classic", "--output", folder / "out", "--store", folder / "seeds.db")
    return folder / "seeds.db"


def published(store: str | Path, folder: Path) -> dict[str, bytes]:
    good("publish", "--all", "--to", "classic", "--output", folder, "--store", store)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_of_them_come_back(all_in: Path, expected: dict[str, bytes]) -> None:
    found = {file.name: file.read_bytes() for file in (all_in.parent / "out").iterdir()}
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def test_all_of_them_verify(all_in: Path) -> None:
    assert good("verify", "--all", "--store", all_in).startswith("verified: 234 issues rebuilt, ")


def test_importing_them_again_changes_nothing(all_in: Path, real: list[Path]) -> None:
    before = good("status", "--store", all_in)
    assert good("import", "classic", *real[:30], "--store", all_in).endswith(": 30 known\n")
    assert good("status", "--store", all_in) == before


@pytest.mark.long
def test_all_of_them_come_back_by_way_of_a_full_export(
    all_in: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    good("export", "--output", tmp_path / "all.jsonl.zst", "--store", all_in)
    said = good("import", "jsonl", tmp_path / "all.jsonl.zst", "--store", tmp_path / "new.db")
    assert said.endswith("batches restored unchanged, including issues\n")
    assert published(tmp_path / "new.db", tmp_path / "out") == expected


@pytest.mark.long
def test_all_of_them_come_back_by_way_of_what_was_observed(
    all_in: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    good("export", "--records", "--output", tmp_path / "records.jsonl", "--store", all_in)
    good("import", "jsonl", tmp_path / "records.jsonl", "--store", tmp_path / "new.db")
    assert published(tmp_path / "new.db", tmp_path / "out") == expected


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.zst", "all.parquet"])
@pytest.mark.parametrize("records", [[], ["--records"]], ids=["full", "records"])
def test_the_seeds_come_back_in_every_form(
    seeds_in: Path, expected: dict[str, bytes], tmp_path: Path, name: str, records: list[str]
) -> None:
    kind = "parquet" if name.endswith("parquet") else "jsonl"
    good("export", "--format", kind, *records, "--output", tmp_path / name, "--store", seeds_in)
    good("import", kind, tmp_path / name, "--store", tmp_path / "new.db")
    found = published(tmp_path / "new.db", tmp_path / "out")
    assert len(found) == 5 and all(expected[name] == data for name, data in found.items())


@pytest.mark.long
def test_all_of_them_come_back_on_a_server(
    all_in: Path, expected: dict[str, bytes], tmp_path: Path, postgres_url: str
) -> None:
    good("export", "--output", tmp_path / "all.jsonl", "--store", all_in)
    good("import", "jsonl", tmp_path / "all.jsonl", "--store", postgres_url)
    assert published(postgres_url, tmp_path / "out") == expected
    assert good("verify", "--all", "--store", postgres_url).startswith("verified: 234 issues rebuilt, ")


def test_the_seeds_go_straight_to_a_server(
    real: list[Path], expected: dict[str, bytes], tmp_path: Path, postgres_url: str
) -> None:
    good("import", "classic", *real[:5], "--store", postgres_url)
    found = published(postgres_url, tmp_path / "out")
    assert len(found) == 5 and all(expected[name] == data for name, data in found.items())
    full = good("export", "--store", postgres_url).encode()
    good("import", "jsonl", "-", "--store", tmp_path / "new.db", input=full)
    assert published(tmp_path / "new.db", tmp_path / "again") == found


def test_one_changed_count_changes_order_and_text_and_nothing_else(
    seeds_in: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """The last paper of 2021-01-14 gets enough favorites to come first."""
    name = "2021-01-14---Hot-Papers.md"
    old = expected[name].decode()
    *_, last = items_of(old)
    paper = last.split("arxiv.org/abs/")[1].split(")")[0]
    lines = good("export", "--records", "--store", seeds_in).splitlines()
    changed = [with_likes(line, f"arxiv:{paper}", 99_999) for line in lines]
    assert sum(one != other for one, other in zip(lines, changed, strict=True)) == 1
    text = "".join(f"{line}\n" for line in changed).encode()
    good("import", "jsonl", "-", "--store", tmp_path / "new.db", input=text)
    found = published(tmp_path / "new.db", tmp_path / "out")
    assert len(found) == 5 and {n for n in found if found[n] != expected[n]} == {name}
    head, *first = old.partition("\n# 1. ")[0], *items_of(old)
    count = last.split("favorites: ")[1].split(" ")[0]
    moved = [last.replace(f"favorites: {count} ", "favorites: 99999 "), *first[:-1]]
    assert found[name].decode() == head + "".join(numbered(item, n) for n, item in enumerate(moved, 1))


def items_of(text: str) -> list[str]:
    """The items of a classic issue, each including the empty line before it."""
    starts = [text.index(f"\n# {n}. ") for n in range(1, text.count("- retweets: ") + 1)]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def numbered(item: str, number: int) -> str:
    return f"\n# {number}. {item.partition('. ')[2]}"


def with_likes(line: str, paper: str, likes: int) -> str:
    found = json.loads(line)
    if found["kind"] == "tally" and found["paper"] == paper:
        return json.dumps({**found, "likes": likes}, ensure_ascii=False)
    return line


def test_nothing_is_kept_as_markdown_or_html(all_in: Path) -> None:
    """No text in the store contains the format's own tags, entities or link syntax."""
    marks = ("<blockquote", "<br>", "</p>", "<a href", "<script", "&amp;", "&quot;", "&#39;", "&gt;", "&lt;", "](http")
    found = []
    with Record(str(all_in), create=False) as record:
        for spec in SPECS.values():
            if spec.type is model.Issue:
                continue  # JSON of figures and hashes
            for row in record.database.iterate(f"SELECT * FROM {spec.kind}"):
                found += [(spec.kind, m, v) for v in row if isinstance(v, str) for m in marks if m in v]
        keys = record.database.rows("SELECT key FROM identity")
    found += [("identity", m, key) for (key,) in keys for m in marks if m in key]
    assert found == []

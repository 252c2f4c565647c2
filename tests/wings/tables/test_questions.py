"""The questions that docs/examples answers by SQL alone: on made-up tables with known answers, and on an export."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.run import good
from tests.conftest import ROOT
from tests.wings.tables.recounts import ask

QUESTIONS = ("early_posts", "fields", "overlap", "survival")


def sql_of(name: str) -> str:
    return (ROOT / "docs" / "examples" / f"{name}.sql").read_text("utf-8")


def make(folder: Path, table: str, columns: str, *rows: tuple[Any, ...]) -> None:
    """Writes a table's columns that a question needs: `name TYPE, …`."""
    types = dict(column.split(" ") for column in columns.split(", "))
    lines = folder / f"{table}.jsonl"
    lines.write_text("\n".join(json.dumps(dict(zip(types, row, strict=True))) for row in rows), "utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{lines}', columns = {types})) TO '{folder / table}.parquet'")


def answer(folder: Path, name: str) -> list[dict[str, Any]]:
    with duckdb.connect(config={"file_search_path": str(folder)}) as connection:
        result = connection.execute(sql_of(name))
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def demo_tables(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the demo's made-up week."""
    folder = tmp_path_factory.mktemp("questions") / "tables"
    store = demo_folder / "made-up-week" / "hotpapers.db"
    good("export", "--format", "tables", "--output", folder, "--store", store)
    return folder


COUNTS = "paper VARCHAR, network VARCHAR, age INTEGER, voices BIGINT, reading VARCHAR"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_short_and_can_be_asked_of_an_export(name: str, demo_tables: Path) -> None:
    assert len(sql_of(name).splitlines()) <= 40
    ask(demo_tables, sql_of(name))


def test_what_a_day_says_of_a_week(tmp_path: Path) -> None:
    """Nobody stays nobody in three of four; the order of the others turns around; an unread network says nothing."""
    pairs = [(0, 0), (0, 0), (0, 0), (0, 5), (1, 9), (2, 8), (3, 7), (4, 6)]
    rows = [
        (f"p{n}", network, age, voices, "complete" if network == "bluesky" else "partial")
        for n, pair in enumerate(pairs) for age, voices in zip((24, 168), pair, strict=True)
        for network in ("bluesky", "lobsters")
    ]  # fmt: skip
    make(tmp_path, "counts", COUNTS, *rows)
    early, late = [2.5] * 4 + [5, 6, 7, 8], [2, 2, 2, 4, 8, 7, 6, 5]
    mean = 4.5
    both = sum((a - mean) * (b - mean) for a, b in zip(early, late, strict=True))
    expected = both / math.sqrt(sum((a - mean) ** 2 for a in early) * sum((b - mean) ** 2 for b in late))
    [row] = answer(tmp_path, "early_posts")
    assert row == {
        "network": "bluesky", "papers": 8, "rank_correlation": round(expected, 3), "stayed_at_nobody": 0.75,
        "doubled": 0.75,
    }  # fmt: skip


def test_whether_networks_talk_about_the_same(tmp_path: Path) -> None:
    there = {"bluesky": {0, 1, 2, 3}, "mastodon": {2, 3, 4}}
    rows = [(f"p{n}", name, 168, int(n in papers), "complete") for n in range(10) for name, papers in there.items()]
    make(
        tmp_path,
        "counts",
        COUNTS,
        *rows,
        ("p11", "mastodon", 168, None, "none"),
        ("p11", "bluesky", 168, 1, "complete"),
    )
    assert answer(tmp_path, "overlap") == [{
        "one": "bluesky", "other": "mastodon", "papers": 10, "on_both": 2, "on_one": 4, "on_other": 3, "expected": 1.2,
        "overlap": 0.4,
    }]  # fmt: skip


def test_how_long_posts_stay(tmp_path: Path) -> None:
    make(tmp_path, "coverage", "network VARCHAR, until_at TIMESTAMP", ("bluesky", "2026-03-31"))
    posts = [
        (1, "a", "bluesky", "2026-03-01", "2026-03-01 12:00"), (1, "b", "bluesky", "2026-03-01", "2026-03-01 12:00"),
        (2, "a", "bluesky", "2026-03-01", "2026-03-05"), (3, "a", "bluesky", "2026-03-10", None),
        (4, "a", "bluesky", "2026-03-30", None), (5, "a", "bluesky", None, "2026-03-05"),
    ]  # fmt: skip
    columns = "post_number BIGINT, paper VARCHAR, network VARCHAR, created_at TIMESTAMP, gone_at TIMESTAMP"
    make(tmp_path, "mentions", columns, *posts)
    assert [(row["days"], row["posts"], row["stayed"]) for row in answer(tmp_path, "survival")] == [
        (1, 4, 0.75), (7, 3, 0.3333), (30, 2, 0.0)
    ]  # fmt: skip


def made_fields(folder: Path, chance: random.Random, rates: dict[str, float]) -> None:
    """Twenty days of a publication with 400 papers in each field, of which a share gets a place."""
    days = [f"2026-03-{day:02}" for day in range(1, 21)]
    papers = [
        (f"{field}{n}", field, days[n % 20], chance.random() < rates[field]) for field in rates for n in range(400)
    ]
    lists = ", ".join(f"{name} VARCHAR[]" for name in ("categories", "include", "exclude"))
    columns = (
        f"publication VARCHAR, day DATE, edition INTEGER, latest BOOLEAN, window VARCHAR, {lists}, as_of TIMESTAMP"
    )
    make(folder, "issues", columns,
         *(("daily", day, 1, True, "daily", [], [], [], f"{day} 20:00") for day in days))  # fmt: skip
    make(folder, "announcements", "paper VARCHAR, day DATE, type VARCHAR, observed_at TIMESTAMP",
         *((paper, day, "new", day) for paper, _, day, _ in papers))  # fmt: skip
    make(folder, "papers", "paper VARCHAR, primary_category VARCHAR, categories VARCHAR[]",
         *((paper, f"{field}.XX", [f"{field}.XX"]) for paper, field, _, _ in papers))  # fmt: skip
    make(folder, "entries", "publication VARCHAR, day DATE, edition INTEGER, lane VARCHAR, paper VARCHAR",
         *(("daily", day, 1, "entries", paper) for paper, _, day, has_place in papers if has_place))  # fmt: skip
    make(folder, "counts", COUNTS,
         *((paper, "bluesky", 168, 3 * has_place, "complete") for paper, _, _, has_place in papers))  # fmt: skip


def wilson(places: int, papers: int) -> tuple[float, float]:
    """The interval as Wilson (1927) has it."""
    share, z = places / papers, 1.96
    middle, half = share + z * z / (2 * papers), z * math.sqrt(share * (1 - share) / papers + (z / papers) ** 2 / 4)
    return tuple(round(1000 * (middle + sign * half) / (1 + z * z / papers), 1) for sign in (-1, 1))  # type: ignore[return-value]


def test_a_muted_field_is_noticed(tmp_path: Path) -> None:
    made_fields(tmp_path, random.Random(7), {"cs": 0.1, "math": 0.1, "astro-ph": 0.1, "q-bio": 0.02})
    rows = {row["field"]: row for row in answer(tmp_path, "fields")}
    for row in rows.values():
        assert (row["papers"], row["low"], row["high"]) == (400, *wilson(row["places"], 400))
        assert row["anybody"] == row["three_people"] == pytest.approx(row["places"] / 400, abs=0.0006)
        assert row["read_in_full"] == 1
    assert {field for field, row in rows.items() if row["high"] < row["all_fields"]} == {"q-bio"}


@pytest.mark.long
def test_equal_fields_are_rarely_noticed(tmp_path: Path) -> None:
    noticed = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        made_fields(folder, random.Random(seed), dict.fromkeys(("cs", "math", "astro-ph", "q-bio", "stat"), 0.1))
        noticed += sum(not row["low"] <= row["all_fields"] <= row["high"] for row in answer(folder, "fields"))
    assert noticed <= 0.05 * 200

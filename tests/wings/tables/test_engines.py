"""The tables in folders by day, as engines for larger data read them: each counts as many rows of every day."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hotpapers.wings.tables.schema import TABLES
from tests.wings.tables.test_questions import answer, demo_tables

__all__ = ["demo_tables"]

Counts = dict[str, list[tuple[str, int]]]
"""By table, how many rows each day has, ascending."""


@pytest.fixture(scope="module")
def by_day(demo_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's tables by day, those that have rows."""
    folder = tmp_path_factory.mktemp("by_day")
    for table in TABLES:
        shutil.copy(demo_tables / f"{table.name}.parquet", folder)
    (folder / "by_day").mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        answer(folder, "by_day")
    finally:
        os.chdir(before)
    assert {path.name for path in (folder / "by_day").iterdir()} == {table.name for table in TABLES}
    return folder / "by_day"


def tables_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if any(path.iterdir()))


def library(name: str, target: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not there: `make {target}` fetches it, and runs this test")


def with_duckdb(folder: Path, tables: Sequence[str]) -> Counts:
    with duckdb.connect() as connection:
        sql = "SELECT day::VARCHAR, count(*) FROM read_parquet('{}/*/*.parquet', hive_partitioning = true) GROUP BY day"
        return {table: sorted(connection.execute(sql.format(folder / table)).fetchall()) for table in tables}


def with_polars(folder: Path, tables: Sequence[str]) -> Counts:
    polars = library("polars", "test-tables")
    days_of = {table: polars.scan_parquet(folder / table).group_by("day").len().collect().rows() for table in tables}
    return {table: sorted((str(day), rows) for day, rows in days) for table, days in days_of.items()}


def with_clickhouse(folder: Path, tables: Sequence[str]) -> Counts:
    chdb = library("chdb", "test-tables")
    sql = "SELECT toString(day), toUInt32(count()) FROM file('{}/*/*.parquet') GROUP BY day"
    days_of = {table: chdb.query(sql.format(folder / table), "JSONCompact") for table in tables}
    return {table: sorted(map(tuple, json.loads(answer.bytes())["data"])) for table, answer in days_of.items()}


def with_spark(folder: Path, tables: Sequence[str]) -> Counts:
    """On a cluster of two workers, each a process of its own."""
    sql = library("pyspark.sql", "test-spark")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java, which is not installed")
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1",
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000",
    }  # fmt: skip
    builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]")
    spark = builder.config(map=settings).getOrCreate()
    try:
        days_of = {table: spark.read.parquet(str(folder / table)).groupBy("day").count().collect() for table in tables}
    finally:
        spark.stop()
    return {table: sorted((str(day), rows) for day, rows in days) for table, days in days_of.items()}


ENGINES: dict[str, Callable[[Path, Sequence[str]], Counts]] = {
    "duckdb": with_duckdb, "polars": with_polars, "clickhouse": with_clickhouse, "spark": with_spark,
}  # fmt: skip


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Spark's client leaves sockets open
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_counts_the_same(by_day: Path, engine: str) -> None:
    tables = tables_in(by_day)
    assert len(tables) >= 14
    counts = ENGINES[engine](by_day, tables)
    with duckdb.connect() as connection:
        for table in tables:
            [whole] = connection.execute(f"SELECT count(*) FROM '{by_day.parent / table}.parquet'").fetchall()
            assert (sum(rows for _, rows in counts[table]),) == whole
    assert counts == with_duckdb(by_day, tables)

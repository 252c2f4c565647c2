"""How large a site may be: what it uses, what is folded when it is full, and that every address stays valid."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.issues.freeze import publication_of
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import delivery_states, size_budget
from hotpapers.publish.deliver.export_site import export_again, export_site, site_forecasts, target_of
from hotpapers.publish.deliver.queries import DeliveryKey
from hotpapers.publish.deliver.size_budget import (
    FOLDED,
    MEGABYTE,
    NEVER,
    SizeForecast,
    YearSize,
    site_size,
    whole_since,
)
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import is_folded
from hotpapers.record import Record
from tests.cli.run import good, run
from tests.conftest import needs_wings
from tests.hostile.active_content import active_parts
from tests.issues.made import DAILY, write
from tests.publish.render.html import Page
from tests.wings.classic import classic_issues

# ---- deciding --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "since"),
    [(500_000, "2021-01-01"), (470_000, "2022-01-01"), (380_000, "2023-01-01"), (361_000, "2023-01-01"), (1, NEVER)],
)
def test_the_oldest_years_are_folded_first(goal: int, since: str) -> None:
    """Each folded year leaves ten pages of 3,000 bytes: 100,000 bytes become 30,000."""
    years = {"2021": YearSize(10, 100_000), "2022": YearSize(10, 100_000), "2023": YearSize(10, 50_000)}
    assert whole_since(500_000, years, goal) == since


@given(
    st.dictionaries(st.sampled_from(["2020", "2021", "2022"]), st.tuples(st.integers(0, 99), st.integers(0, 10**6))),
    st.integers(0, 10**6), st.integers(0, 10**7),
)  # fmt: skip
def test_folding_is_enough_or_folds_everything(years: dict[str, tuple[int, int]], other_size: int, goal: int) -> None:
    pages = {year: YearSize(*pair) for year, pair in years.items()}
    size = other_size + sum(year_size.size for year_size in pages.values())
    since = whole_since(size, pages, goal)
    saved = sum(
        max(year_size.size - year_size.pages * FOLDED, 0)
        for year, year_size in pages.items()
        if f"{year}-12-31" < since
    )
    assert since == NEVER or size - saved <= goal


def test_a_page_is_folded_by_the_last_issue_that_holds_the_paper() -> None:
    assert is_folded("2021-12-31", "2022-01-01") and not is_folded("2022-01-01", "2022-01-01")
    assert not is_folded("2021-12-31", "") and is_folded("2099-12-31", NEVER)


@pytest.mark.parametrize(
    ("size", "limit", "growth", "years", "warning"),
    [
        (700, 800, 50, 2.0, ""),
        (730, 800, 50, 1.4, "730 of 800 MB used"),
        (900, 800, None, None, "although all paper pages are folded"),
        (900, 0, 50, None, ""),
        (1, 800, None, None, ""),
    ],
)
def test_a_forecast_warns_in_time(size: int, limit: int, growth: int | None, years: float | None, warning: str) -> None:
    forecast = SizeForecast("public/site", size * MEGABYTE, limit * MEGABYTE, growth and growth * MEGABYTE)
    assert forecast.years == years and warning in forecast.warning and bool(forecast.warning) == bool(warning)


def test_a_folder_that_goes_away_meanwhile_is_empty(tmp_path: Path) -> None:
    assert site_size(tmp_path / "none") == 0
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert site_size(tmp_path) == 5


# ---- folding ---------------------------------------------------------------------------------------------

DAYS = ("2020-12-30", "2021-03-02", "2022-03-02")
FIRST = 30
"""Papers on the first day; the other days have three."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three listings from three years; the second year's papers are in no other listing."""
    folder = tmp_path_factory.mktemp("store")
    counts = [(900 - n, 500 - n) for n in range(FIRST)]
    files = [classic_issues.file(folder, day, counts if day == DAYS[0] else counts[:3]) for day in DAYS]
    good("import", "classic", *files, "--store", folder / "hotpapers.db")
    good("publish", "--all", "--to", "markdown", "--output", folder / "text", "--store", folder / "hotpapers.db")
    return folder / "hotpapers.db"


@pytest.fixture
def store_copy(store: Path, tmp_path: Path) -> Path:
    """A folder with its own copy of the store."""
    shutil.copy(store, tmp_path / "hotpapers.db")
    return tmp_path


@pytest.fixture
def record(store_copy: Path) -> Iterator[Record]:
    with Record(str(store_copy / "hotpapers.db")) as opened_record:
        yield opened_record


def site_files(record: Record, output: Path, budget: int) -> dict[str, bytes]:
    """The files of a site with a size budget."""
    name = publication_of(record, None).publication
    export_site(record, name, list(DAYS), "site", output, SiteConfig(budget=budget))
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_full_site_folds_papers_of_old_years_and_keeps_every_address(record: Record, tmp_path: Path) -> None:
    all_files = site_files(record, tmp_path / "whole", 0)
    size = sum(map(len, all_files.values()))
    assert size == site_size(tmp_path / "whole")
    assert site_files(record, tmp_path / "roomy", size) == all_files
    folded_site = site_files(record, tmp_path / "tight", size - 1)
    assert folded_site.keys() == all_files.keys() and sum(map(len, folded_site.values())) < size
    folded = {path for path, data in folded_site.items() if b"This page was shortened" in data}
    assert folded == {f"paper/2012.{90000 + number}/index.html" for number in range(1, FIRST + 1)}
    assert {path for path in folded_site if folded_site[path] != all_files[path]} == folded
    smallest_site = site_files(record, tmp_path / "smallest", 1)
    assert sum(b"This page was shortened" in data for data in smallest_site.values()) == FIRST + 6
    second_export = site_files(record, tmp_path / "tight", 0)
    assert second_export == all_files


@needs_wings
@pytest.mark.long
def test_the_cards_of_folded_papers_go(record: Record, tmp_path: Path) -> None:
    name = publication_of(record, None).publication
    output, public = tmp_path / "public", SiteConfig(base="https://papers.example/")
    export_site(record, name, list(DAYS), "site", output, public)
    cards = {path.relative_to(output).as_posix() for path in output.rglob("*.png")}
    assert len(cards) == len(DAYS) + FIRST + 6
    size = site_size(output)
    years = size_budget.by_year(output, RecordIssueReader(record), name)
    assert years["2020"].pages == FIRST and sum(year_size.pages for year_size in years.values()) == FIRST + 6
    papers = [path for path in (output / "paper").rglob("*/*") if path.is_file()]
    assert sum(year_size.size for year_size in years.values()) == sum(path.stat().st_size for path in papers)
    export_site(record, name, list(DAYS), "site", output, public._replace(budget=size - 1))
    cards_left = {path.relative_to(output).as_posix() for path in output.rglob("*.png")}
    assert cards - cards_left == {f"paper/2012.{90000 + number}/card.png" for number in range(1, FIRST + 1)}
    export_site(record, name, list(DAYS), "site", output, public)
    assert {path.relative_to(output).as_posix() for path in output.rglob("*.png")} == cards


def test_a_folded_page_leads_to_the_issues_that_hold_the_paper(record: Record, tmp_path: Path) -> None:
    files = site_files(record, tmp_path / "site", 1)
    data = files["paper/2012.90001/index.html"]
    page = Page(data)
    assert active_parts(page) == [] and len(data) < FOLDED
    target = next(link.attributes["href"] for link in page.all("a") if "#2012.90001" in link.attributes["href"])
    assert target == "../../2020-12-30/index.html#2012.90001"
    assert 'id="2012.90001"' in files["2020-12-30/index.html"].decode()
    assert any(link.attributes["href"] == "https://arxiv.org/abs/2012.90001" for link in page.all("a"))


# ---- what is reported --------------------------------------------------------------------------------------


def test_status_and_publish_report_how_full_a_site_is(store_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path = store_copy
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotpapers.toml").write_text('[publish]\nbudget = 2\noutput = "site"\nchannels = ["site"]\n')
    good("publish", "--all")
    output = good("status")
    assert "\nsites      " in output and " of 2 MB\n" in output
    [site] = json.loads(good("status", "--json"))["sites"]
    assert site["budget"] == 2 * MEGABYTE and site["growth"] is None and site["size"] == site_size(tmp_path / "site")
    (tmp_path / "site" / "large").write_bytes(b"x" * 2 * MEGABYTE)
    result = run("publish", "--all")
    assert result.status == 0 and "although all paper pages are folded; raise publish.budget" in result.err
    assert "although all" in good("status")
    shutil.rmtree(tmp_path / "site")
    assert "sites" not in good("status")


def test_pages_that_are_rendered_again_stay_within_the_budget(record: Record, tmp_path: Path) -> None:
    size = sum(map(len, site_files(record, tmp_path / "tight", 0).values()))
    name = publication_of(record, None).publication
    config = SiteConfig(budget=size - 1)
    export_site(record, name, list(DAYS), "site", tmp_path / "tight", config)
    assert site_size(tmp_path / "tight") < size
    assert all(folder.rendered for folder in export_again(record, config) if folder.channel == "site")
    assert site_size(tmp_path / "tight") < size


def test_a_large_site_is_measured_when_it_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 42 issues, two more are written before it is: a file that is not ours is not noticed until then."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotpapers.toml").write_text('[publish]\nbudget = 9\noutput = "site"\nchannels = ["site"]\n')
    days = [f"2021-0{1 + n // 22}-{1 + n % 22:02}" for n in range(44)]
    files = [classic_issues.file(tmp_path, day, [(9, 9)]) for day in days]
    good("import", "classic", *files)
    good("publish", *days[:42])
    good("publish", days[0])
    (tmp_path / "site" / "large").write_bytes(b"x" * 9 * MEGABYTE)
    good("publish", days[42])
    assert "raise publish.budget" in run("publish", days[43]).err
    assert "raise publish.budget" in run("publish", days[0]).err, "while it is full, each time"


def test_growth_follows_from_how_often_a_publication_appears(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"x" * 1000)
    assert size_budget.forecast_size(tmp_path, 0, 20, "daily").growth == 1000 * 250 // 20
    assert size_budget.forecast_size(tmp_path, 0, 20, "listing").growth == 0
    assert size_budget.forecast_size(tmp_path, 0, 11, "daily").growth is None


def test_a_record_without_sites_has_no_forecast(record: Record) -> None:
    assert site_forecasts(record, 1) == []


def test_days_that_are_written_in_part_are_not_part_of_the_growth(record: Record, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "page").write_bytes(b"x" * 1000)
    target = target_of(record.database, site)
    write(record, DAILY)
    keys = [DeliveryKey(DAILY.publication, f"2026-01-{day:02}", 1, "site", target) for day in range(1, 22)]
    *whole, part = keys
    delivery_states.finish_all(record, dict.fromkeys(whole, "written"), 1)
    delivery_states.begin_all(record, [part], 2)
    assert [forecast.growth for forecast in site_forecasts(record, MEGABYTE)] == [1000 * 250 // 20]

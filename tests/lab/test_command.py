"""`python -m lab outcomes`: tables, JSON, the page in the docs, and unusable folders."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.keep.transfer import streams
from lab.outcomes import studies
from lab.outcomes.files import EvaluationFiles, read_files
from lab.outcomes.studies import Study
from lab.outcomes.summary import overview_heads, overview_rows
from lab.text_tables import markdown_table
from tests.cli.run import failure, good, misuse
from tests.conftest import ROOT
from tests.lab import samples
from tests.lab.samples import Table

QUICK = ("--resamples", "40")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up folder; nothing may change it."""
    return samples.folder(tmp_path_factory.mktemp("evaluate") / "data")


def test_an_output_that_cannot_be_written_is_refused_before_any_work(folder: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "absent" / "page.md"
    message = f"{nowhere}: cannot be written: No such file or directory"
    for command in (("outcomes", "--data", folder), ("forecast", "--data", tmp_path), ("attacks", "--attack", "none")):
        assert misuse("lab", *command, "--output", nowhere) == message


@pytest.mark.long
def test_tables_on_the_terminal(folder: Path) -> None:
    out = good("lab", "outcomes", "--data", folder, *QUICK)
    [table] = re.findall(r"^the archive \(X\): citations, all papers\n(.*?)\n\n", out, re.M | re.S)
    size, heads, *rows = table.splitlines()
    assert size == "100 papers, talked about from 2020-09-01 to 2020-09-20."
    assert heads.split()[:3] == ["order", "papers", "Spearman"]
    # Rankings that give the same order and the same ties share a row.
    assert any("log-sum, altmetric, plain-sum" in row and "1.00 (1.00 to 1.00)" in row for row in rows)
    assert any("any order" in row and "–" in row for row in rows)
    assert "`classic/1` is below `rarity/1` beyond the 95 % interval in " in out


def test_json_has_every_cell(folder: Path) -> None:
    import json

    report: dict[str, Any] = json.loads(good("lab", "outcomes", "--data", folder, "--json", *QUICK))
    assert (report["against"], report["resamples"]) == ("rarity/1", 40)
    assert {(cell["cohort"], cell["outcome"]) for cell in report["cells"]} == {
        ("archive", "citations"), ("archive", "rating"), ("archive", "acceptance"), ("archive", "later story"),
        ("huggingface", "citations"), ("hackernews", "citations"), ("hackernews", "rating"),
        ("hackernews", "favorites on X"),
    }  # fmt: skip
    order = report["cells"][0]["orders"][0]
    assert order["name"] == "rarity/1" and order["spearman"].keys() == {"value", "low", "high"}


def test_the_page_says_what_the_tables_say(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    out = good("lab", "outcomes", "--data", folder, "--output", page, *QUICK)
    text = page.read_text("utf-8")
    assert text.startswith("# Rankings and what came later\n") and "40 resamples" in text
    assert "so every voice counts" in text, "nobody is known in these collections, and rarity/2 does without vouching"
    figures = re.compile(r"-?\d\.\d\d \(-?\d\.\d\d to -?\d\.\d\d\)")
    rows = re.findall(r"^\| (?:the archive|Hugging Face|Hacker News).*", text, re.M)
    figures_by_row = [figures.findall(row) for row in rows]
    assert len(rows) > 10 and sum(map(len, figures_by_row)) > 20
    assert {figure for row in figures_by_row for figure in row} <= set(figures.findall(out))
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


REMEDY = "run: python -m lab outcomes --data ../shared/data --output lab/docs/outcomes.md"
INTERVAL = r" \(-?\d\.\d+ to -?\d\.\d+\)"


def without_intervals(page: str) -> str:
    """A page without the results of resampling: intervals, and the table of those that exclude 0."""
    page = re.sub(r"^\| order .*?(?=^The number of printed)", "", page, flags=re.M | re.S)
    return re.sub(INTERVAL, "", page).replace(" 1,000 resamples ", " 40 resamples ")


@pytest.mark.long
def test_the_page_in_the_docs_is_what_the_command_writes(shared: Path, tmp_path: Path) -> None:
    """Except its intervals, which take many resamples."""
    page = tmp_path / "outcomes.md"
    good("lab", "outcomes", "--data", shared / "data", "--output", page, *QUICK)
    written = (ROOT / "lab" / "docs" / "outcomes.md").read_text("utf-8")
    assert len(re.findall(INTERVAL, written)) > 40
    assert without_intervals(page.read_text("utf-8")) == without_intervals(written), REMEDY


@pytest.mark.long
def test_intervals_in_the_docs_are_what_so_many_resamples_give(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked on two outcomes with few papers: each study draws its own resamples."""
    small_studies = {("archive", "acceptance"), ("hackernews", "favorites on X")}

    def selected_studies(files: EvaluationFiles) -> list[Study]:
        return [study for study in all_studies(files) if (study.cohort.name, study.target.name) in small_studies]

    all_studies = studies.studies
    monkeypatch.setattr(studies, "studies", selected_studies)
    report = studies.measure_outcomes(read_files(lambda name: streams.open_input(str(shared / "data" / name))), 1000)
    written = (ROOT / "lab" / "docs" / "outcomes.md").read_text("utf-8")
    rows = markdown_table(overview_heads(report), overview_rows(report)).splitlines()[2:]
    assert len(rows) == 4 and [row for row in rows if row not in written] == [], REMEDY


# ---- unusable input --------------------------------------------------------------------------------------------


def test_misuse(folder: Path, tmp_path: Path) -> None:
    assert misuse("lab", "outcomes", "--data", tmp_path / "gone") == f"{tmp_path / 'gone'}: no such folder"
    file = folder / "outcomes.csv"
    assert misuse("lab", "outcomes", "--data", file) == f"{file}: no such folder"
    nowhere = tmp_path / "gone" / "page.md"
    refusal = misuse("lab", "outcomes", "--data", folder, "--output", nowhere, *QUICK)
    assert refusal == f"{nowhere}: cannot be written: No such file or directory"


@pytest.mark.parametrize("name", sorted(samples.tables()))
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    data_folder = samples.folder(tmp_path / "data")
    (data_folder / name).unlink()
    reason = failure("lab", "outcomes", "--data", data_folder)
    assert reason == f"{data_folder / name}: cannot be read: No such file or directory"


@pytest.mark.parametrize("name", sorted(samples.tables().keys() - {"arxiv-metadata.jsonl.zst"}))
def test_an_empty_file_is_named(name: str, tmp_path: Path) -> None:
    data_folder = samples.folder(tmp_path / "data")
    if name.endswith(".csv"):
        (data_folder / name).write_text((data_folder / name).read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    else:
        samples.write_lines(data_folder / name, ())
    assert failure("lab", "outcomes", "--data", data_folder) == f"{name}: has no rows"


def _field(name: str, number: int, **values: Any) -> Callable[[dict[str, Table]], None]:
    def change(tables: dict[str, Table]) -> None:
        tables[name][number] |= values

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_field("archive-attention.csv", 3, favorites="many"), "archive-attention.csv:5: Expected `int`, got `str`"),
        (_field("archive-attention.csv", 3, favorites=-1), "archive-attention.csv:5: Expected `int` >= 0"),
        (_field("archive-attention.csv", 0, issue="2020-02-30"), "archive-attention.csv:2: Invalid RFC3339"),
        (_field("archive-attention.csv", 0, issue="0001-01-01"), "archive-attention.csv:2: 0001-01-01 is not between"),
        (_field("archive-attention.csv", 0, arxiv_id=""), "archive-attention.csv:2: Expected `str`, got `null`"),
        (_field("outcomes.csv", 1, citations=""), "outcomes.csv:3: Expected `int`, got `null`"),
        (_field("venues.csv", 1, rating_avg="nan"), "venues.csv:3: Expected `float`"),
        (_field("hf-daily.jsonl.zst", 2, observed_at="2020-09-01"), "hf-daily.jsonl.zst:3: Invalid RFC3339"),
        (_field("hf-daily.jsonl.zst", 2, observed_at="2020-09-01T10:00:00"), "hf-daily.jsonl.zst:3: Expected `date"),
        (_field("hf-daily.jsonl.zst", 2, upvotes=1.5), "hf-daily.jsonl.zst:3: Expected `int`"),
        (_field("hf-papers.jsonl.zst", 2, title=None), "hf-papers.jsonl.zst:3: Expected `str`"),
        (_field("hn-arxiv.jsonl.zst", 4, obs=[]), "hn-arxiv.jsonl.zst:5: Expected `array` of length >= 1"),
        (_field("hn-arxiv.jsonl.zst", 4, created=10**18), "hn-arxiv.jsonl.zst:5: Expected `int` <= 4294967296"),
        (_field("arxiv-metadata.jsonl.zst", 4, authors=7), "arxiv-metadata.jsonl.zst:5: Expected `array`"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_named(change: Callable[[dict[str, Table]], None], reason: str, tmp_path: Path) -> None:
    data_folder = samples.folder(tmp_path / "data", change)
    assert failure("lab", "outcomes", "--data", data_folder).startswith(reason)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("outcomes.csv", b"arxiv_id,venue\n", "outcomes.csv:1: missing columns: as_of, citations, title, year"),
        ("outcomes.csv", b"", "outcomes.csv:1: missing columns: arxiv_id, "),
        ("venues.csv", b"arxiv_id,venue,year,status,rating_avg\n\xff,a,b,c,\n", "venues.csv:1: is not CSV in UTF-8: "),
        ("venues.csv", b'arxiv_id,venue,year,status,rating_avg\na,b,c,"d\n', "venues.csv:2: is not CSV in UTF-8: "),
        ("hf-papers.jsonl.zst", b'{"id": "1", "title": "a"}\nno\n', "hf-papers.jsonl.zst:2: Input data was truncated"),
        ("hf-papers.jsonl.zst", b"\x28\xb5\x2f\xfdno", "{folder}hf-papers.jsonl.zst: cannot be unpacked: "),
    ],
)
def test_a_broken_file_is_named(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    data_folder = samples.folder(tmp_path / "data")
    (data_folder / name).write_bytes(content)
    refusal = failure("lab", "outcomes", "--data", data_folder)
    assert refusal.startswith(reason.format(folder=f"{data_folder}/")), refusal


def test_outcomes_of_no_known_paper_are_reported(tmp_path: Path) -> None:
    def change(tables: dict[str, Table]) -> None:
        tables["outcomes.csv"] = [{**samples.citation_row(0), "arxiv_id": ""}]
        tables["venues.csv"] = [{**samples.decision_row(0), "arxiv_id": ""}]
        tables["hn-arxiv.jsonl.zst"] = [{**samples.story_row(0), "arxiv_id": None}]
        tables["archive-attention.csv"] = tables["archive-attention.csv"][:1]

    data_folder = samples.folder(tmp_path / "data", change)
    assert failure("lab", "outcomes", "--data", data_folder) == (
        "outcomes.csv: none of its papers were talked about in the other files"
    )

"""Nobody's own files are replaced without being asked for; earlier output is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hotpapers.base.errors import UsageError
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.export_formats import WHOLE
from hotpapers.site import demo as week
from tests.cli.run import good, misuse, run

DAY = week.DAYS[-1]
OWN_PAGE = b"<h1>My own page</h1>\n" * 9


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused_folder(*command: str, folder: Path, name: str = "index.html") -> None:
    """A command that must leave a folder with somebody's own file as it is, unless it is told to write there; then it
    may write there again."""
    folder.mkdir(parents=True)
    (folder / name).write_bytes(OWN_PAGE)
    message = misuse(*command)
    assert name in message or "contains files" in message, message
    assert "--force" in message and contents(folder) == {name: OWN_PAGE}
    good(*command, "--force")
    assert len(contents(folder)) > 1
    good(*command)


@pytest.mark.parametrize("channel", ["site", "feeds", "markdown", "classic"])
def test_publishing_into_a_folder_of_somebody_s_own(site: Path, channel: str) -> None:
    command = ("publish", "--all", "--to", channel, "--output", "docs")
    refused_folder(*command, folder=site / "docs")


def test_publishing_into_a_diary(site: Path) -> None:
    refused_folder("publish", "--all", "--to", "markdown", "--output", "docs", folder=site / "docs", name=f"{DAY}.md")


def test_publishing_and_running_into_the_folder_of_the_settings(site: Path) -> None:
    (site / "public" / "markdown").mkdir(parents=True)
    (site / "public" / "markdown" / "notes.md").write_bytes(OWN_PAGE)
    message = (
        "public/markdown: contains notes.md, which this program did not write; choose another folder, or add --force "
        "to write into this one"
    )
    for command in (("publish", DAY, "--to", "markdown"), ("run", "--once")):
        assert misuse(*command) == message
    assert contents(site / "public") == {"markdown/notes.md": OWN_PAGE}
    good("publish", DAY, "--force")
    good("publish", DAY)
    assert (site / "public/markdown/notes.md").read_bytes() == OWN_PAGE


def test_previews_of_mail(site: Path) -> None:
    command = ("publish", DAY, "--to", "mailing", "--preview", "--output", "mail")
    (site / "mail").mkdir()
    (site / "mail" / "notes.txt").write_bytes(OWN_PAGE)
    assert "mail: contains notes.txt" in misuse(*command)
    good(*command, "--force")
    (site / "mail" / "notes.txt").unlink()
    good(*command)


@pytest.mark.parametrize("name", ["CNAME", ".nojekyll", ".git/config"])
def test_what_hosts_want_beside_pages_is_nobody_s_own_page(site: Path, name: str) -> None:
    file = site / "docs" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(OWN_PAGE)
    good("publish", DAY, "--to", "site", "--output", "docs")
    assert file.read_bytes() == OWN_PAGE and (site / "docs/index.html").is_file()


@pytest.mark.parametrize("channel", ["site", "feeds", "markdown"])
def test_a_folder_of_a_store_that_was_lost_is_known_by_its_files(site: Path, demo_folder: Path, channel: str) -> None:
    good("publish", "--all", "--to", channel, "--output", "docs")
    shutil.copy(demo_folder / week.FOLDER / "hotpapers.db", site / "hotpapers.db")
    good("publish", "--all", "--to", channel, "--output", "docs")


def test_a_folder_around_our_own_is_ours(site: Path) -> None:
    good("publish", DAY, "--output", "docs")
    good("publish", DAY, "--to", "site", "--output", "docs")
    assert (site / "docs/index.html").is_file() and (site / "docs/site/index.html").is_file()


# ---- files ---------------------------------------------------------------------------------------------

EXPORTS = [
    ("jsonl", "a.jsonl"), ("jsonl", "a.jsonl.zst"), ("csv", "a.csv"), ("csv", "a.csv.zst"), ("bibtex", "a.bib"),
    ("parquet", "a.parquet"), ("parquet", "a.parquet.zst"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "name"), EXPORTS)
def test_an_export_replaces_only_its_own_earlier_file(site: Path, form: str, name: str) -> None:
    import duckdb

    words = ("--all-words",) if form in WHOLE else ()
    command = ("export", "--format", form, *words, "--output", name)
    foreign_table = site / "foreign.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS paper, 'x' AS line) TO '{foreign_table}' (FORMAT parquet)")
    for content in (OWN_PAGE, b"@misc{doe2020,\n  author = {Jane Doe}\n}\n", b"{}\n", foreign_table.read_bytes()):
        (site / name).write_bytes(content)
        assert misuse(*command) == (
            f"{name}: already exists, and this command did not write it; name another file, or add --force to replace "
            "it"
        )
        assert (site / name).read_bytes() == content
    good(*command, "--force")
    first = (site / name).read_bytes()
    good(*command)
    assert first and (site / name).read_bytes()[:4] == first[:4]
    (site / name).write_bytes(b"")
    good(*command)


def test_a_comparison_file_and_a_page_of_a_comparison(site: Path) -> None:
    good("lab", "compare", "--new-key", "shared.key")
    commands = (
        ("lab", "compare", "--extract", "out.jsonl", "--key", "shared.key"),
        ("lab", "compare", "hotpapers.db", "hotpapers.db", "--output", "out.md"),
    )
    for command in commands:
        output = site / next(part for part in command if part.startswith("out."))
        output.write_bytes(OWN_PAGE)
        assert "already exists, and this command did not write it" in misuse(*command)
        assert output.read_bytes() == OWN_PAGE
        good(*command, "--force")
        good(*command)


def test_a_hyphen_is_standard_output(site: Path) -> None:
    good("lab", "compare", "--new-key", "shared.key")
    commands = (
        ("export",), ("export", "--format", "csv"), ("lab", "compare", "--extract", "out.jsonl", "--key", "shared.key"),
        ("lab", "compare", "hotpapers.db", "hotpapers.db", "--output", "out.md"),
    )  # fmt: skip
    for command in commands:
        words = [("-" if word.startswith("out.") else word) for word in command]
        printed = run(*words, *(() if "-" in words else ("--output", "-"))).out
        assert not run(*command, *(() if "-" in words else ("--output", "out.file"))).status
        output = next(site.glob("out.*"))
        assert len(printed.splitlines()) > 3
        assert (printed == output.read_bytes().decode()) is True, command
        output.unlink()
    assert not (site / "-").exists()
    assert misuse("export", "--format", "tables", "--output", "-") == "tables is a folder of files; add --output DIR"


def test_evaluations_refuse_before_they_begin(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(OWN_PAGE)
    for name, more in (("forecast", ("--data", tmp_path)), ("outcomes", ("--data", tmp_path)), ("attacks", ())):
        message = misuse("lab", name, *more, "--output", page)
        assert message.startswith(f"{page}: already exists, and this command did not write it"), name
    assert page.read_bytes() == OWN_PAGE
    page.write_bytes(b"# Forecasts\n\nAn earlier page.\n")
    streams.require_writable(page, own=re.compile(b"# Forecasts\n"), force=False)
    with pytest.raises(UsageError, match="did not write it"):
        streams.require_writable(page, own=re.compile(b"# Attacks"), force=False)


def test_a_backup_of_another_store_is_not_replaced(site: Path, demo_folder: Path) -> None:
    shutil.copy(demo_folder / "hotpapers.db", site / "other.db")
    before = (site / "other.db").read_bytes()
    assert misuse("backup", "other.db") == (
        "other.db: is another store, not a backup of this one; name another file, or add --force to replace it"
    )
    assert (site / "other.db").read_bytes() == before
    good("backup", "other.db", "--force")
    good("backup", "other.db")


def test_a_demo_does_not_fill_an_empty_store_of_one_s_own(cwd: Path) -> None:
    good("init", "mine")
    assert misuse("demo", "mine") == "mine: not a demo folder; name another one: hotpapers demo DIR"
    assert not (cwd / "mine" / "site").exists()

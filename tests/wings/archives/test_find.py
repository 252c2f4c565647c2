"""`find` lists the papers named in any text."""

from __future__ import annotations

import json
from pathlib import Path

from hotpapers.base.model import Paper, Publication
from hotpapers.record import Record
from tests.cli.run import good, misuse, run

AT = 1_741_600_000_000_000
TEXT = "é see arXiv:2101.04869v2\nand https://arxiv.org/abs/hep-th/9901001.\nnot 2113.00001"


def test_one_line_a_mention_from_standard_input() -> None:
    assert good("find", input=TEXT.encode()) == "2101.04869v2  prose at 7\nhep-th/9901001  abs at 30\n"
    assert good("find", "-", input=TEXT.encode()) == good("find", input=TEXT.encode())


def test_json_has_bare_ids_numbers_and_places_in_bytes() -> None:
    lines = [json.loads(line) for line in good("find", "--json", input=TEXT.encode()).splitlines()]
    assert lines == [
        {"id": "2101.04869", "version": 2, "start": 7, "end": 25, "form": "prose"},
        {"id": "hep-th/9901001", "version": None, "start": 30, "end": 66, "form": "abs"},
    ]
    assert [TEXT.encode()[line["start"] : line["end"]].decode() for line in lines] == [
        "arXiv:2101.04869v2", "https://arxiv.org/abs/hep-th/9901001",
    ]  # fmt: skip


ELSEWHERE = "see biorxiv.org/content/10.1101/2024.01.02.573921v2 and 10.1000/tea-182,\narXiv:2101.04869 too"


def test_papers_of_any_server(tmp_path: Path) -> None:
    assert good("find", input=ELSEWHERE.encode()) == "2101.04869  prose at 73\n"
    assert good("find", "--any-server", input=ELSEWHERE.encode()).splitlines() == [
        "10.1101/2024.01.02.573921v2  doi at 4",
        "10.1000/tea-182  doi at 56",
        "2101.04869  prose at 73",
    ]


def test_papers_of_the_servers_of_a_store(tmp_path: Path) -> None:
    store = tmp_path / "bio.db"
    with Record(str(store)) as record:
        publication = Publication(publication="bio", title="Bio", categories=("biorxiv.zoology",), observed_at=AT)
        paper = Paper(
            paper="doi:10.1101/2024.01.02.573999", title="Seven lost gloves of the north", authors=(), observed_at=AT
        )
        record.append([publication, paper], source="settings")
    lines = good("find", "--store", store, input=f"{ELSEWHERE}\nSeven lost gloves of the north".encode()).splitlines()
    assert lines == [
        "10.1101/2024.01.02.573921v2  doi at 4",
        "2101.04869  prose at 73",
        "10.1101/2024.01.02.573999  title in the line at 94",
    ]
    both = good("find", "--store", store, "--any-server", input=ELSEWHERE.encode())
    assert both == good("find", "--any-server", input=ELSEWHERE.encode())


def test_several_files_are_named(tmp_path: Path) -> None:
    first, second = tmp_path / "one.txt", tmp_path / "two.txt"
    first.write_text(TEXT, "utf-8")
    second.write_text("2105.04026 is no mention, arXiv:2105.04026 is", "utf-8")
    assert good("find", first, second).splitlines() == [
        f"{first}: 2101.04869v2  prose at 7",
        f"{first}: hep-th/9901001  abs at 30",
        f"{second}: 2105.04026  prose at 26",
    ]
    assert [json.loads(line)["file"] for line in good("find", "--json", second, second).splitlines()] == [
        str(second)
    ] * 2
    assert good("find", second) == "2105.04026  prose at 26\n"


def test_nothing_found_is_nothing_printed() -> None:
    assert good("find", input=b"no papers here") == ""
    assert good("find", input=b"") == ""


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    first = tmp_path / "one.txt"
    first.write_text(TEXT, "utf-8")
    result = run("find", tmp_path / "no.txt", first, tmp_path)
    assert result.status == 1 and result.out.count("\n") == 2
    assert result.err.splitlines() == [
        f"hotpapers: {tmp_path / 'no.txt'}: cannot be read: No such file or directory",
        f"hotpapers: {tmp_path}: cannot be read: Is a directory; name the files in it, such as {tmp_path}/*",
    ]


def test_bytes_that_are_no_text_are_passed_over() -> None:
    assert good("find", input=b"\xff\xfe arXiv:2101.04869 \x00\x80") == "2101.04869  prose at 3\n"


# ---- names that a store knows ----------------------------------------------------------------------------


NAMED = "Read “A Calendar for Very Forgetful Clocks” today.\nNothing here\nsee arXiv:2503.00001, A Calendar for Very \
Forgetful Clocks\n"


def test_a_store_adds_papers_by_title_doi_and_page(tmp_path: Path) -> None:
    store = tmp_path / "papers.db"
    with Record(str(store)) as record:
        paper = Paper(
            paper="arxiv:2503.00001", title="A Calendar for Very Forgetful Clocks", doi="10.1000/owls.7", observed_at=AT
        )
        record.append([paper], source="test")
    assert good("find", "--store", store, input=NAMED.encode()) == (
        "2503.00001  title in the line at 0\n2503.00001  prose at 72\n"
    )
    assert good("find", "--store", store, input=b"https://doi.org/10.1000/owls.7") == (
        "2503.00001  doi in the line at 0\n"
    )
    assert json.loads(good("find", "--json", "--store", store, input=b"doi:10.1000/owls.7")) == {
        "id": "2503.00001", "version": None, "start": 0, "end": None, "form": "doi",
    }  # fmt: skip
    assert good("find", "--store", store, input=TEXT.encode()) == good("find", input=TEXT.encode())


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "no such store" in misuse("find", "--store", tmp_path / "no.db", input=b"")
    assert misuse("find", "--store", "", input=b"") == "--store: is empty; write a path, such as hotpapers.db"
    assert not (tmp_path / "no.db").exists()

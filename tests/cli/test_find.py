"""`find` lists the papers named in any text."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import good, run

TEXT = "é see arXiv:2101.04869v2\nand https://arxiv.org/abs/hep-th/9901001.\nnot 2113.00001"


def test_one_line_a_mention_from_standard_input() -> None:
    assert good("find", input=TEXT.encode()) == "2101.04869v2  prose at 6\nhep-th/9901001  abs at 29\n"
    assert good("find", "-", input=TEXT.encode()) == good("find", input=TEXT.encode())


def test_json_has_bare_ids_numbers_and_code_points() -> None:
    lines = [json.loads(line) for line in good("find", "--json", input=TEXT.encode()).splitlines()]
    assert lines == [
        {"id": "2101.04869", "version": 2, "start": 6, "end": 24, "form": "prose"},
        {"id": "hep-th/9901001", "version": None, "start": 29, "end": 65, "form": "abs"},
    ]
    assert [TEXT[line["start"] : line["end"]] for line in lines] == [
        "arXiv:2101.04869v2", "https://arxiv.org/abs/hep-th/9901001",
    ]  # fmt: skip


def test_several_files_are_named(tmp_path: Path) -> None:
    first, second = tmp_path / "one.txt", tmp_path / "two.txt"
    first.write_text(TEXT, "utf-8")
    second.write_text("2105.04026 is no mention, arXiv:2105.04026 is", "utf-8")
    assert good("find", first, second).splitlines() == [
        f"{first}: 2101.04869v2  prose at 6",
        f"{first}: hep-th/9901001  abs at 29",
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

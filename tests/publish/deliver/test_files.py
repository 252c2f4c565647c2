"""Writing files to disk: atomically, only when they changed, and never outside the folder."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.errors import HotPapersError, UsageError
from hotpapers.base.model import RenderedFile
from hotpapers.publish.deliver.files import WriteCounts, check_owner, write_files

PAGES = (RenderedFile("index.html", b"one"), RenderedFile("2021/01/14/index.html", b"two"))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    assert write_files(tmp_path / "new" / "site", PAGES) == WriteCounts(2, 2)
    assert tree(tmp_path / "new" / "site") == {"index.html": b"one", "2021/01/14/index.html": b"two"}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write_files(tmp_path, PAGES)
    stats_before = {name: os.stat(tmp_path / name) for name in tree(tmp_path)}
    assert write_files(tmp_path, [PAGES[0], RenderedFile("2021/01/14/index.html", b"TWO")]) == WriteCounts(2, 1)
    stats_after = {name: os.stat(tmp_path / name) for name in tree(tmp_path)}
    unchanged = {name for name in stats_before if (stats_before[name].st_ino, stats_before[name].st_mtime_ns) == (stats_after[name].st_ino, stats_after[name].st_mtime_ns)}  # fmt: skip # noqa: E501
    assert unchanged == {"index.html"}
    assert tree(tmp_path)["2021/01/14/index.html"] == b"TWO"


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """The bytes go into a temporary file that is then renamed: a file already open does not change."""
    write_files(tmp_path, [RenderedFile("page", b"old" * 1000)])
    with (tmp_path / "page").open("rb") as reader:
        write_files(tmp_path, [RenderedFile("page", b"new")])
        assert reader.read() == b"old" * 1000
    assert (tmp_path / "page").read_bytes() == b"new"


def test_leftovers_of_a_crash_go_with_the_next_writing(tmp_path: Path) -> None:
    for name in (".hotpapers-0123456789abcdef.part", ".hotpapers-fedcba9876543210.part"):
        (tmp_path / name).write_bytes(b"half of a page")
    write_files(tmp_path, PAGES[:1])
    assert tree(tmp_path) == {"index.html": b"one"}


def test_a_file_without_bytes_is_removed(tmp_path: Path) -> None:
    write_files(tmp_path, PAGES)
    removed_files = [
        RenderedFile("index.html", b""),
        RenderedFile("2021/01/14/index.html", b""),
        RenderedFile("never/was.html", b""),
    ]
    assert write_files(tmp_path, removed_files) == WriteCounts(0, 2)
    assert tree(tmp_path) == {} and not (tmp_path / "2021/01/14").exists()
    assert write_files(tmp_path, [RenderedFile("a", b"1"), RenderedFile("a/b", b"")]) == WriteCounts(1, 1)


def write_often(folder: Path, name: str) -> None:
    for number in range(5):
        write_files(folder, [RenderedFile(f"{name}-{n}", f"{name} {number}".encode() * 99) for n in range(40)])


def test_the_folder_stays_when_its_last_file_goes(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_files(folder, PAGES[:1])
    write_files(folder, [RenderedFile("index.html", b""), PAGES[1]])
    assert tree(folder) == {"2021/01/14/index.html": b"two"}


def test_two_processes_write_one_after_the_other(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_often, args=(tmp_path, name)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert {name: data[:3].decode() for name, data in tree(tmp_path).items()} == {
        f"{name}-{n}": name for name in ("one", "two") for n in range(40)
    }


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_bytes(b"papers.example")
    write_files(tmp_path, PAGES)
    assert tree(tmp_path)["CNAME"] == b"papers.example"


@pytest.mark.parametrize("path", ["../out", "/etc/made-up", "a/../../out", "link/out", "", "."])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (inside / "link").symlink_to(outside)
    with pytest.raises(HotPapersError, match="outside its folder"):
        write_files(inside, [RenderedFile(path, b"!")])
    assert not tree(outside)
    assert not (tmp_path / "out").exists()


def test_a_folder_may_be_a_link_that_stays_within(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert write_files(
        tmp_path, [RenderedFile("link/new/page", b"1"), RenderedFile("link/new/page", b"2")]
    ) == WriteCounts(1, 1)
    assert tree(tmp_path / "real") == {"new/page": b"2"}


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"one")
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").symlink_to(target)
    assert write_files(site, PAGES[:1]).changed == 1
    assert not (site / "index.html").is_symlink()
    assert target.read_bytes() == b"one"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real")
    assert write_files(tmp_path / "site", PAGES) == WriteCounts(2, 2)
    assert "index.html" in tree(tmp_path / "real")


def test_a_path_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=r"file: cannot be written: File exists"):
        write_files(tmp_path / "file", PAGES)
    with pytest.raises(UsageError, match=r"cannot be written: Not a directory"):
        write_files(tmp_path, [RenderedFile("file/page", b"1")])
    (tmp_path / "page").mkdir()
    with pytest.raises(UsageError, match=r"page: cannot be written: Is a directory"):
        write_files(tmp_path, [RenderedFile("page", b"1")])


def test_what_is_no_feed_is_not_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "for").mkdir()
    (tmp_path / "for" / "9b1f.atom").write_text("<feed><generator>Hot Papers</generator></feed>")
    check_owner(tmp_path)
    os.mkfifo(tmp_path / "for" / "pipe.atom")
    with pytest.raises(UsageError, match="contains for, which this program did not write"):
        check_owner(tmp_path)
    (tmp_path / "for" / "pipe.atom").unlink()
    (tmp_path / "for" / "link.atom").symlink_to("nowhere")
    with pytest.raises(UsageError, match="contains for"):
        check_owner(tmp_path)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_a_failure_and_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def full(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(HotPapersError, match=os.strerror(error)) as problem:
        write_files(tmp_path, PAGES)
    assert type(problem.value) is HotPapersError


def test_a_page_that_fails_leaves_the_earlier_ones_whole(tmp_path: Path) -> None:
    def pages() -> Iterator[RenderedFile]:
        yield PAGES[0]
        raise HotPapersError("no such page")

    with pytest.raises(HotPapersError, match="no such page"):
        write_files(tmp_path, pages())
    assert tree(tmp_path) == {"index.html": b"one"}

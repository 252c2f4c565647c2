"""`hide`, `forget`, `prune` and `status`."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import cli
from hotpapers.base import keys, model
from hotpapers.base.networks import network_names
from hotpapers.cli import terminal
from hotpapers.publish.view import site_paths
from hotpapers.record import Record, current_time
from tests.cli.conftest import DAYS
from tests.cli.run import assert_matches_file, environment, good, misuse, replace_all, run, terminal_command
from tests.disks import small_disk
from tests.wings.classic import classic_issues

POST = f"x:{classic_issues.post(100).id}"
"""The first post of the second paper, in each of the three listings."""


@pytest.fixture
def pages(store: Path) -> Path:
    """A folder with the published store."""
    out = store.parent / "pages"
    good("publish", "--all", "--to", "classic", "--to", "site", "--output", out, "--store", store)
    return out


def folder_text(folder: Path) -> str:
    return "".join(f.read_text("utf-8") for f in sorted(folder.rglob("*")) if f.is_file())


# ---- keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("x:1341202937956233217", "x:1341202937956233217"), ("X:@SomeBody", "x:@somebody"), (" x:1 ", "x:1"),
        ("bluesky:did:plc:AbC", "bluesky:did:plc:AbC"), ("mastodon:@A@b.example", "mastodon:@a@b.example"),
    ],
)  # fmt: skip
def test_a_key_as_people_write_it(text: str, key: str) -> None:
    assert keys.parse_key(text) == key
    assert key.partition(":")[0] in network_names()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://twitter.com/somebody/status/1341?s=20", "x:1341"),
        ("https://www.x.com/i/status/1341", "x:1341"),
        ("https://bsky.app/profile/did:plc:abc/post/3lk1", "bluesky:at://did:plc:abc/app.bsky.feed.post/3lk1"),
        ("https://news.ycombinator.com/item?id=12", "hackernews:12"),
        ("https://lobste.rs/s/abc123/a_title", "lobsters:abc123"),
        ("https://www.reddit.com/r/math/comments/1abc/a_title/", "reddit:t3_1abc"),
        ("https://b.example/users/A/statuses/1", "mastodon:https://b.example/users/A/statuses/1"),
        ("https://b.example/@A/1", "mastodon:https://b.example/users/A/statuses/1"),
        ("https://b.example/@A/statuses/1", "mastodon:https://b.example/users/A/statuses/1"),
    ],
)
def test_the_address_of_a_post_means_its_key(address: str, key: str) -> None:
    assert keys.parse_key(address) == key


@pytest.mark.parametrize(
    "post",
    ["x:1341", "bluesky:at://did:plc:abc/app.bsky.feed.post/3lk1", "hackernews:12", "lobsters:abc123", "reddit:t3_1abc",
     "mastodon:https://b.example/users/a/statuses/1"],
)  # fmt: skip
def test_the_address_on_the_pages_means_the_post(post: str) -> None:
    assert keys.parse_key(site_paths.post_page(post)) == post


@pytest.mark.parametrize(
    "key",
    ["", "x", "x:", ":1", "friendster:1", "1341202937956233217", "x:@a\udcff", "https://x.com/somebody",
     "https://lobste.rs/s/abc1234", "https://bsky.app/profile/ada.example/post/3lk1", "https://[b.example"],
)  # fmt: skip
def test_what_is_no_key(store: Path, key: str) -> None:
    printable_key = key.replace("\udcff", "\ufffd")
    message = (
        f"{printable_key}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody,"
        " or give the post's address"
    )
    assert misuse("hide", key, "--reason", "why", "--store", store) == message
    assert misuse("forget", key, "--yes", "--store", store) == message


# ---- hide ----------------------------------------------------------------------------------------------


def test_hidden_is_off_all_pages_until_it_is_shown_again(store: Path, pages: Path) -> None:
    original = folder_text(pages)
    output = good("hide", POST, "--reason", "reported", "--store", store)
    assert output == f"{POST}: hidden\nrendered again: {pages / 'classic'}\nrendered again: {pages / 'site'}\n"
    assert "Kettle 100 is out" in original and "Kettle 100 is out" not in folder_text(pages)
    assert run("status", "--json", "--store", store).json["items"]["post"] == 9
    report = run("hide", POST, "--undo", "--reason", "mistaken", "--json", "--store", store).json
    assert report == {
        "key": POST,
        "judgement": "shown",
        "folders": [{"folder": str(pages / to), "channel": to, "rendered": True} for to in ("classic", "site")],
    }
    assert folder_text(pages) == original


def test_an_account_is_hidden_with_all_its_posts(store: Path, pages: Path) -> None:
    handle = classic_issues.post(100).handle
    good("hide", f"x:@{handle.upper()}", "--reason", "reported", "--store", store)
    assert f"@{handle}" not in folder_text(pages)


def test_a_folder_with_a_site_and_its_feeds_is_named_once(store: Path, pages: Path) -> None:
    good("publish", "--all", "--to", "site", "--to", "feeds", "--output", pages, "--store", store)
    output = good("hide", POST, "--reason", "reported", "--store", store)
    assert output.count(f"rendered again: {pages / 'site'}\n") == 1


def test_an_account_that_its_network_knows_by_an_id_is_hidden_by_its_handle(store: Path, pages: Path) -> None:
    account = model.Account(account="x:77001", handle="made_up_77", name="N", observed_at=1)
    with Record(str(store)) as record:
        post = model.Post(post="x:9900", network="x", account="x:77001", created_at=1, observed_at=1)
        record.append([account, post], source="net")
    good("hide", "x:@Made_Up_77", "--reason", "reported", "--store", store)
    with Record(str(store)) as record:
        assert [v.subject for v in record.view().items(model.Verdict) if v.rule == "hide"] == ["x:77001"]


def test_hiding_needs_a_reason_and_something_known(store: Path) -> None:
    assert misuse("hide", POST, "--reason", " ", "--store", store) == "missing reason: add --reason '…'"
    assert "Missing option '--reason'" in run("hide", POST, "--store", store).err
    assert misuse("hide", "x:1", "--reason", "why", "--store", store) == "x:1: no such post or account in the record"


def test_a_folder_that_could_not_be_rendered_is_a_failure(store: Path, pages: Path) -> None:
    page = pages / "classic" / f"{DAYS[0]}---Hot-Papers.md"
    page.unlink()
    page.mkdir()
    (pages / "site").rename(pages / "moved")
    result = run("hide", POST, "--reason", "reported", "--store", store)
    assert (result.status, result.out) == (1, f"{POST}: hidden\n")
    assert result.err.splitlines() == [
        f"hotpapers: {pages / 'classic'}: {page}: cannot be written: Is a directory; "
        "if its classic pages have moved, publish them again there",
        f"hotpapers: {pages / 'site'}: no longer exists; if its site pages have moved, publish them again there",
    ]


# ---- forget --------------------------------------------------------------------------------------------


def test_forgotten_is_gone_from_store_and_pages(store: Path, pages: Path) -> None:
    output = good("forget", POST, "--yes", "--store", store)
    assert re.match(rf"{POST}: forgotten, \d+ keys?, \d+ rows\nrendered again: ", output)
    assert POST.removeprefix("x:") not in folder_text(pages) and "Kettle 100 is out" not in folder_text(pages)
    contents = [file.read_bytes() for file in store.parent.glob("papers.db*") if file.is_file()]
    saved = [zlib.decompress(file.read_bytes()[32:]) for file in store.parent.glob("papers.db.vectors/*")]
    for part in (b"Kettle 100 is out", POST.removeprefix("x:").encode()):
        assert contents and all(part not in content for content in (*contents, *saved))
    result = run("forget", POST, "--yes", "--json", "--store", store)
    assert result.status == 0 and result.json["forgotten"] == [{"key": POST, "keys": 1, "rows": 0}]
    assert (result.json["other_rows"], result.json["raw_payloads"]) == (0, 0)


def test_a_post_of_which_little_is_known(demo: Path) -> None:
    """The demo's posts have neither author nor text: only the post itself is forgotten; no row loses words."""
    result = run("forget", "x:1349545832035491841", "--yes", "--store", demo)
    assert result.status == 0 and result.err.count("no longer exists") == 2, "the demo's folders were not copied"
    assert good("verify", "--all", "--store", demo).startswith("verified: 5 issues rebuilt, ")
    export = good("export", "--records", "--store", demo)
    assert "1349545832035491841" not in export
    assert export.count('"kind":"post"') == 90 and export.count('"account":""') == 90


def test_where_traces_cannot_be_erased_all_else_is_done_and_said(store: Path, tmp_path: Path) -> None:
    """There is space to forget, but too little to rewrite the file."""
    with small_disk(tmp_path / "disk", "8m") as disk:
        copy = Path(shutil.copy(store, disk / "papers.db"))
        with Record(str(copy)) as record:
            record.append(many_posts(3000), source="test")
        good("publish", "--all", "--to", "classic", "--output", tmp_path / "pages", "--store", copy)
        other_file = disk / "others"
        other_file.write_bytes(bytes(max(shutil.disk_usage(disk).free - 2**20, 0)))
        result = run("forget", POST, "--yes", "--store", copy)
        assert result.status == 1 and f"{POST}: forgotten, " in result.out and "rendered again: " in result.out, result
        assert re.fullmatch(
            r"hotpapers: .*: forgotten, but there is no disk space to rewrite the file, and copies may "
            r"remain in its unused parts; free some \d+ MB and run the same command again to finish\n", result.err,
        )  # fmt: skip
        assert "Kettle 100 is out" not in folder_text(tmp_path / "pages")
        assert not has_text(copy)
        other_file.unlink()
        assert good("forget", POST, "--yes", "--store", copy).startswith(f"{POST}: forgotten, 1 key, 0 rows")
        assert all(b"Kettle 100 is out" not in file.read_bytes() for file in disk.iterdir())


def test_what_there_is_no_room_to_forget_is_said_to_be_there_still(store: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        copy = Path(shutil.copy(store, disk / "papers.db"))
        with Record(str(copy)) as record:
            record.append(many_posts(3000), source="test")
            (disk / "others").write_bytes(bytes(shutil.disk_usage(disk).free - 40_000))
            result = run("forget", POST, "--yes", "--store", copy)
        assert result.status == 1 and result.out == ""
        assert f"{POST}: not forgotten: {copy}: no room left on the disk; nothing was changed" in result.err
        assert has_text(copy)


def has_text(store: Path) -> bool:
    with Record(str(store)) as record:
        return bool(record.database.rows("SELECT 1 FROM post WHERE text LIKE 'Kettle 100 is out' || char(10) || '_%'"))


def many_posts(number: int) -> Iterator[model.Post]:
    for n in range(number):
        yield model.Post(
            post=f"x:9{n:07}", network="x", account="x:@tansy", created_at=n, text=f"{n} kettles " * 20, observed_at=n
        )


def test_what_is_unknown_does_not_stop_the_rest(store: Path) -> None:
    other_post = f"x:{classic_issues.post(200).id}"
    result = run("forget", POST, "x:1", other_post, "--yes", "--store", store)
    assert result.status == 2 and result.out.count(": forgotten, ") == 2
    assert result.err == "hotpapers: x:1: no such post or account in the record\n"


def test_nobody_to_ask_and_no_yes(store: Path) -> None:
    assert misuse("forget", POST, "--store", store) == "not a terminal; pass --yes to delete permanently"
    assert "Kettle 100 is out" in good("export", "--records", "--store", store)


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1), (b"\x03", 130)])
def test_a_person_is_asked(store: Path, answer: bytes, status: int) -> None:
    primary, secondary = pty.openpty()
    child = subprocess.Popen(
        terminal_command("forget", POST, "--store", store), env=environment(), stdin=secondary, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(secondary)
    assert child.stderr is not None
    prompt = os.read(child.stderr.fileno(), 1000)
    assert prompt == f"Permanently delete {POST}? [y/N]: ".encode()
    os.write(primary, answer)
    while child.poll() is None and status == 130:  # Python may get the signal just before it starts to wait
        time.sleep(0.1)
        os.write(primary, answer)
    _, err = child.communicate(timeout=30)
    os.close(primary)
    assert child.returncode == status
    assert (b"nothing was deleted" in err) == (status == 1)
    deleted = "Kettle 100 is out" not in good("export", "--records", "--store", store)
    assert deleted == (status == 0)


@pytest.mark.parametrize(("answer", "status"), [(b"yes\n", 0), (b"no\n", 1)])
def test_a_person_is_asked_in_this_process(
    store: Path, answer: bytes, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    primary, secondary = pty.openpty()
    os.write(primary, answer)
    with os.fdopen(secondary, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert cli.run_command(["forget", POST, "--store", str(store)]) == status
    os.close(primary)
    assert capsys.readouterr().err.startswith(f"Permanently delete {POST}? [y/N]: ")


# ---- prune ---------------------------------------------------------------------------------------------


def test_prune_says_what_it_dropped(store: Path) -> None:
    assert good("prune", "--store", store) == "0 snapshots and 0 raw payloads deleted\n"
    assert run("prune", "--json", "--store", store).json == {"snapshots": 0, "raw_payloads": 0}


# ---- status --------------------------------------------------------------------------------------------


def test_the_status_of_a_small_store(store: Path) -> None:
    good("issue", "--store", store)
    figures = run("status", "--json", "--store", store).json
    output = good("status", "--store", store)
    time_text = re.findall(r"the last written (.*)\n", output)[0]
    size = re.findall(r"schema \d+, [\d.]+ [kM]B", output)[0]
    assert_matches_file(
        "status.txt", replace_all(output, [(str(store), "STORE"), (time_text, "MOMENT"), (size, "SIZE")])
    )
    assert (figures["database"], figures["batches"], figures["issues"], figures["sound"]) == ("sqlite", 4, 1, True)
    assert figures["damaged"] == [] and figures["items"]["place"] == 9 and isinstance(figures["size"], int)


def test_a_forecast_takes_four_weeks_of_batches(store: Path) -> None:
    assert run("status", "--json", "--store", store).json["year_forecast"] is None
    with Record(str(store)) as record:
        coverage = model.Coverage(network="x", from_at=0, until_at=1, state="complete", observed_at=1)
        record.append([coverage], source="test", at=current_time() + 73 * model.DAY)
    figures = run("status", "--json", "--store", store).json
    assert figures["size"] * 4.9 < figures["year_forecast"] < figures["size"] * 5.1
    assert "a year at this rate\n" in good("status", "--store", store)


def test_the_status_of_an_empty_store(cwd: Path) -> None:
    good("init")
    output = good("status")
    assert "record     0 items in 0 batches\n" in output and output.endswith("sound      yes\n")


def test_a_store_that_is_too_large_for_a_quick_look_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.site.inspection.CHECKED_FOR", -1)
    monkeypatch.setattr("hotpapers.record.sqlite.STEPS", 1)
    reason = "the database is too large for a quick check; the chain is checked up to batch 1"
    ending = f"sound      yes\n           not fully checked: {reason}; `hotpapers verify --all` checks everything\n"
    assert good("status", "--store", store).endswith(ending)
    assert run("status", "--json", "--store", store).json["unchecked"] == reason


def test_a_store_that_is_not_sound_says_what_is_wrong(store: Path) -> None:
    with Record(str(store)) as record:
        record.database.run("DELETE FROM batch WHERE position = 2")
    result = run("status", "--store", store)
    assert result.status == 1 and "sound      NO\n" in result.out and "removed: batch 2" in result.out
    json_result = run("status", "--json", "--store", store)
    assert json_result.status == 1 and json_result.json["sound"] is False and json_result.json["damaged"]


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (258_048, "258 kB"), (15_400_000, "15 MB"), (4 * 10**9, "4.00 GB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert terminal.format_size(size) == text

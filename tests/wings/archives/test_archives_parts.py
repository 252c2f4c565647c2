"""The building blocks of archive imports: dates as dumps write them, lines and frames, pages, papers known by title."""

from __future__ import annotations

import datetime
import io
import json
from codecs import BOM_UTF8
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.base.model import Mention, Paper, Post, Verdict
from hotpapers.base.networks import network_names
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.record import Record
from hotpapers.wings.archives import framing
from hotpapers.wings.archives.cli import commands as command
from hotpapers.wings.archives.format import UNREADABLE, ArchiveFormat, ImportTarget, moment_of
from hotpapers.wings.archives.formats import EVENTS, LINES
from hotpapers.wings.archives.framing import go_to, line_blocks, lines_of, short_digest
from tests.collect.sources import bluesky_events as bluesky
from tests.wings.archives.archive_helpers import DAY_START, NOW, SEEN_AT, import_one

SECOND = 1_000_000


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportTarget]:
    with Record(str(tmp_path_factory.mktemp("place") / "record.db")) as record:
        yield ImportTarget(record, NO_NAMES, SEEN_AT, NOW)


# ---- dates and times -----------------------------------------------------------------------------------


@given(st.integers(1_104_537_600, 4_000_000_000))
def test_a_moment_is_the_same_in_every_unit_and_as_text(seconds: int) -> None:
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    forms: list[float | str] = [
        seconds, float(seconds), f"{seconds}", f"{seconds}.0", f" {seconds} ", seconds * 10**3, seconds * 10**6,
        seconds * 10**9, time.isoformat(), f"{time:%Y-%m-%d %H:%M:%S} UTC", f"{time:%Y-%m-%dT%H:%M:%SZ}",
        f"{time:%Y-%m-%d %H:%M:%S}", time.astimezone(datetime.timezone(datetime.timedelta(hours=9))).isoformat(),
    ]  # fmt: skip
    assert {moment_of(form) for form in forms} == {seconds * SECOND}


@given(st.one_of(st.none(), st.integers(-(10**25), 10**25), st.floats(), st.text(), st.from_regex(r"[0-9.]+")))
def test_whatever_stands_there_is_a_moment_none_or_an_error_of_ours(value: float | str | None) -> None:
    try:
        moment = moment_of(value)
    except UNREADABLE:
        return
    assert moment is None or isinstance(moment, int)


def test_nothing_is_no_moment() -> None:
    assert moment_of(None) is moment_of("") is moment_of("  ") is None


def test_what_was_made_has_a_moment_that_can_be(target: ImportTarget) -> None:
    assert target.when_made(1_700_000_000) == 1_700_000_000 * SECOND
    for value in (None, 0, 1_000_000_000, NOW // SECOND + 2 * 86_400):
        with pytest.raises(InputError, match="impossible creation time"):
            target.when_made(value)


def test_it_was_seen_when_its_line_says_it_at_last(target: ImportTarget) -> None:
    assert target.when_seen(0, ()) == target.when_seen(0, (None, "")) == SEEN_AT
    assert target.when_seen(0, (1_700_000_000, "1700000300", None)) == 1_700_000_300 * SECOND
    assert target.when_seen(0, (NOW + 1, 1_700_000_000)) == 1_700_000_000 * SECOND  # nothing was seen in the future
    assert target.when_seen(SEEN_AT + 5, ()) == SEEN_AT + 5


# ---- lines -----------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line)), st.booleans(), st.integers(1, 90))
@example([BOM_UTF8, BOM_UTF8 + b"a"], False, 1)
def test_lines_come_in_blocks_with_their_places(parts: list[bytes], ends_line: bool, size: int) -> None:
    content = b"\n".join(parts) + (b"\n" if ends_line and parts else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "BLOCK", size)
        blocks = list(line_blocks(io.BytesIO(content)))
    assert b"".join(block.data for block in blocks) == content
    assert [block.start for block in blocks] == [0, *(block.end for block in blocks)][:-1]
    assert all(content[: block.end].endswith(block.tail) and block.tail for block in blocks)
    assert all(block.data.endswith(b"\n") == block.ended for block in blocks)
    units = [(block.start + unit.end, unit.content) for block in blocks for unit in lines_of(block.data)]
    assert all(content[:end].endswith(line) for end, line in units)
    lines = [part.removeprefix(BOM_UTF8) for part in parts]
    assert [line.rstrip(b"\n") for _, line in units] == [part for part in lines if part.strip()]


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 20))
def test_a_place_is_found_again_if_it_is_the_same(content: bytes, offset: int, length: int) -> None:
    length = min(length, offset)
    text = content[offset - length : offset]
    stream = io.BytesIO(content)
    assert go_to(stream, offset, length, short_digest(text + b"?" * (length - len(text)))) == (offset <= len(content))
    assert offset > len(content) or stream.read() == content[offset:]
    assert not go_to(io.BytesIO(content), offset, length, short_digest(text + b"."))


def test_far_places_are_found_in_blocks() -> None:
    content = bytes(framing.BLOCK * 2 + 10) + b"here"
    assert go_to(io.BytesIO(content), len(content), 4, short_digest(b"here"))


FORMATS: dict[str, type[ArchiveFormat]] = {**LINES, **EVENTS}


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_one_of_a_network_and_of_the_command(name: str, target: ImportTarget) -> None:
    network = FORMATS[name](target).network
    assert network == command.NETWORKS[name] and network in (*network_names(), "arxiv")
    assert FORMATS.keys() == command.NETWORKS.keys()


@pytest.mark.parametrize("name", FORMATS)
@given(line=st.one_of(st.binary(), st.text().map(str.encode)))
def test_whatever_a_line_is_it_is_taken_or_cannot_be_read(name: str, target: ImportTarget, line: bytes) -> None:
    try:
        payloads = FORMATS[name](target).take(line)
    except UNREADABLE:
        return
    assert all(payload.kind for payload in payloads)


NESTED = [b"[" * 5_000 + b"]" * 5_000, b'{"children":[' * 3_000, b'{"kind":"t1","data":{"replies":' * 3_000]


@pytest.mark.parametrize("line", NESTED)
@pytest.mark.parametrize("name", ["hackernews", "reddit", "x"])
def test_deeper_than_anybody_goes(target: ImportTarget, name: str, line: bytes) -> None:
    with pytest.raises(UNREADABLE):
        FORMATS[name](target).take(line)


def test_one_bad_entry_spoils_no_page_all_bad_ones_do(record: Record) -> None:
    comment = {
        "id": 5,
        "by": "cup",
        "type": "comment",
        "parent": 1,
        "time": 1_767_300_000,
        "text": "arxiv.org/abs/2512.00001",
    }
    page = {"hits": [comment, {"id": "six"}]}
    assert import_one(record, "hackernews", json.dumps(page).encode()).quarantined == 1
    with pytest.raises(InputError, match="item without an id"):
        import_one(record, "hackernews", json.dumps({"hits": [{"id": "six"}, 7]}).encode())


# ---- papers known by their title ------------------------------------------------------------------------------

TITLE = "A Kettle That Sings in Five Voices"


@pytest.mark.parametrize(
    ("paper", "is_found"), [("2606.01000", True), ("2601.01000", True), ("2511.01000", False), ("2608.01000", False)]
)
def test_a_title_names_a_paper_that_was_new_then(record: Record, paper: str, is_found: bool) -> None:
    """As when read live: only papers of the last months count; a later paper may reuse a title."""
    record.append([Paper(paper=f"arxiv:{paper}", title=TITLE, observed_at=DAY_START)], source="made")
    result = import_one(
        record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post(f"“{TITLE}” is out"), time=DAY_START)
    )
    assert (result.posts, result.mentions) == (int(is_found), int(is_found))
    assert [row.item.form for row in record.view().latest(Mention)] == ["title"] * is_found


def test_a_title_names_no_paper_whose_id_tells_no_month(record: Record) -> None:
    """It cannot be known whether the paper was new."""
    record.append([Paper(paper="doi:10.26434/chemrxiv-2026-3f6vk", title=TITLE, observed_at=DAY_START)], source="made")
    post = bluesky.create(bluesky.ANNA, bluesky.post(f"“{TITLE}” is out"), time=DAY_START)
    assert import_one(record, "jetstream", post).mentions == 0


def test_a_title_of_another_time_takes_nothing_from_a_post_that_names_a_paper_otherwise(record: Record) -> None:
    papers = [Paper(paper="arxiv:1911.01000", title=TITLE, observed_at=DAY_START)]
    record.append(papers, source="made")
    text = f"arxiv.org/abs/2606.01001 and {TITLE}"
    result = import_one(record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post(text), time=DAY_START))
    assert (result.posts, result.mentions, result.unknown) == (1, 1, 1)


@pytest.mark.parametrize("name", ["hackernews", "reddit", "x"])
def test_titles_are_looked_for_in_every_format(record: Record, name: str) -> None:
    record.append([Paper(paper="arxiv:2512.01000", title=TITLE, observed_at=DAY_START)], source="made")
    created_at = 1_767_300_000
    line = {
        "hackernews": {
            "id": 5,
            "by": "cup",
            "type": "story",
            "time": created_at,
            "title": TITLE,
            "url": "https://e.example",
        },
        "reddit": {"id": "zza", "author": "cup", "created_utc": created_at, "title": TITLE, "url": "https://e.example"},
        "x": {
            "id": "2006000000000000000",
            "created_at": "2026-01-01T10:00:00Z",
            "text": f"{TITLE}: new",
            "author_id": "7",
        },
    }[name]
    assert import_one(record, name, json.dumps(line).encode()).mentions == 1
    assert record.count(Post) == 1 and record.count(Verdict) == 0

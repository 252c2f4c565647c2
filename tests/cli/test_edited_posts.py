"""Posts that were edited after their issue was frozen: every channel has their current words, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR, Post
from hotpapers.issues.freeze import freeze_issue
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.query import BY_NAME, QuerySession
from hotpapers.publish.schedule.publishing import changed_issues
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record.record import Record
from hotpapers.wings.mail.issue_text import as_text, message_view
from tests.issues.made import DAILY, DAY, background, counts, frozen, key, moment, paper, post, write

TODAY = moment(DAY)
LATER = TODAY + 400 * HOUR
OLD_POST = "Oldpost: the scale of the third figure is surely careless, look closely"
OLD_ANSWER = "Oldanswer: this laboratory boils everything too fast, as everybody knows"
NEW_POST = "Newpost: the scale of the third figure is fine, my ruler was upside down"
NEW_ANSWER = "Newanswer: nothing boils too fast there, it was unfair to say so"


def answer(network: str, text: str, at: int) -> Post:
    return Post(
        post=f"{network}:answer", network=network, account=f"{network}:eve", created_at=TODAY + HOUR, text=text,
        handle="eve", reply_to=f"{network}:root", observed_at=at,
    )  # fmt: skip


@pytest.fixture(params=["bluesky", "mastodon", "lobsters"])
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(tmp_path: Path, network: str) -> Iterator[Record]:
    """An issue whose paper has a post, quoted, with an answer."""
    with Record(str(tmp_path / "hotpapers.db")) as opened:
        root = post(1, f"{network}:root", TODAY, text=OLD_POST)
        write(opened, DAILY, background(networks=(network,)), paper(1), root, counts(f"{network}:root", 50, TODAY))
        write(opened, answer(network, OLD_ANSWER, TODAY + HOUR))
        frozen(opened)
        yield opened


def edit(record: Record, network: str, post_text: str, answer_text: str, at: int) -> None:
    root, *_ = post(1, f"{network}:root", TODAY, text=post_text)
    write(record, msgspec.structs.replace(root, observed_at=at), answer(network, answer_text, at))


def words_by_channel(record: Record, folder: Path) -> dict[str, set[str]]:
    """Which of the words that begin posts each channel has."""
    texts = {}
    for channel in ("site", "markdown"):
        export_site(record, "daily", [DAY], channel, folder / channel)
        files = [path for path in (folder / channel).rglob("*") if path.is_file()]
        texts[channel] = " ".join(path.read_text("utf-8", "replace") for path in files)
    texts["mail"] = as_text(message_view(RecordIssueReader(record).issue("daily", DAY), SiteConfig(), 10))
    session = QuerySession(record)
    for name in ("posts", "conversation"):
        endpoint = BY_NAME[name]
        value = endpoint.ask(session, msgspec.convert({"paper": key(1)}, endpoint.params))
        texts[name] = msgspec.json.encode(value).decode()
    words = ("Oldpost", "Oldanswer", "Newpost", "Newanswer")
    return {channel: {word for word in words if word in text} for channel, text in texts.items()}


def test_all_channels_have_the_current_words(record: Record, network: str, tmp_path: Path) -> None:
    """And the issue stays as it was: its digest, its posts and their hashes."""
    before = RecordIssueReader(record).issue("daily", DAY)
    channels = words_by_channel(record, tmp_path / "before")
    both = {"Oldpost", "Oldanswer"}
    quotation = both - {"Oldanswer"}
    assert channels == {
        "site": both, "markdown": quotation, "mail": quotation, "posts": quotation, "conversation": both,
    }  # fmt: skip
    position = record.head.position
    edit(record, network, NEW_POST, NEW_ANSWER, LATER)
    assert changed_issues(record, position) == {("daily", DAY)}, "its pages are rendered again"
    edited = words_by_channel(record, tmp_path / "after")
    assert edited == {name: {word.replace("Old", "New") for word in words} for name, words in channels.items()}
    after = RecordIssueReader(record).issue("daily", DAY)
    assert (after.content, after.digest) == (before.content, before.digest)
    assert [quotation.hash for quotation in after.posts[key(1)]] == [
        quotation.hash for quotation in before.posts[key(1)]
    ]


def test_what_was_edited_back_is_as_before(record: Record, network: str, tmp_path: Path) -> None:
    before = words_by_channel(record, tmp_path / "before")
    edit(record, network, NEW_POST, NEW_ANSWER, LATER)
    edit(record, network, OLD_POST, OLD_ANSWER, LATER + HOUR)
    assert words_by_channel(record, tmp_path / "after") == before


def test_an_edit_that_is_gone_again_is_not_shown(record: Record, network: str, tmp_path: Path) -> None:
    edit(record, network, NEW_POST, NEW_ANSWER, LATER)
    gone = Post(
        post=f"{network}:root", network=network, account="", created_at=TODAY, gone="deleted", observed_at=LATER + HOUR
    )
    write(record, gone)
    assert {word for words in words_by_channel(record, tmp_path).values() for word in words} <= {"Newanswer"}


def test_the_same_words_again_change_no_page(record: Record, network: str) -> None:
    position = record.head.position
    root, *_ = post(1, f"{network}:root", TODAY, text=OLD_POST)
    write(record, msgspec.structs.replace(root, handle="", observed_at=LATER))
    assert changed_issues(record, position) == frozenset()


@pytest.mark.parametrize("text", [OLD_POST, NEW_POST])
@pytest.mark.parametrize(("name", "handle"), [("Oliver", "root"), ("", "oliver.example"), ("Oliver", "oliver.example")])
def test_who_changed_their_name_is_called_by_it(
    record: Record, network: str, tmp_path: Path, text: str, name: str, handle: str
) -> None:
    root, *_ = post(1, f"{network}:root", TODAY, text=OLD_POST, handle="olivia.example")
    write(record, msgspec.structs.replace(root, name="Olivia Wren", observed_at=LATER))
    position = record.head.position
    write(record, msgspec.structs.replace(root, name=name, handle=handle, text=text, observed_at=LATER + HOUR))
    assert changed_issues(record, position) == {("daily", DAY)}
    export_site(record, "daily", [DAY], "site", tmp_path / "site")
    pages = " ".join(path.read_text() for path in (tmp_path / "site").rglob("*.html"))
    assert (name or handle) in pages and "Olivia" not in pages and "olivia" not in pages


def test_a_correction_quotes_what_was_known(record: Record, network: str) -> None:
    """A rebuilt issue has the same posts, whatever their words are now."""
    before = RecordIssueReader(record).issue("daily", DAY).content.entries[0].posts
    edit(record, network, NEW_POST, NEW_ANSWER, LATER)
    freeze_issue(record, DAILY, DAY, again=True, reason="a slip", at=LATER + HOUR)
    assert RecordIssueReader(record).issue("daily", DAY, 1).content.entries[0].posts == before

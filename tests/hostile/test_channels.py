"""Hostile texts from networks to readers: read by the sources, recorded, frozen, and published by every channel."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import msgspec
import pytest
from markdown_it import MarkdownIt
from starlette.applications import Starlette

from hotpapers.base.errors import InputError
from hotpapers.base.model import Issue, PublishedIssue
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer import export_formats
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.publish.render import find_channel
from hotpapers.publish.view.key_sentence import key_sentence, split_sentences
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, current_time
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.wings.announce.announcement import build_announcement
from hotpapers.wings.announce.bluesky import build_thread
from hotpapers.wings.announce.chat import room_message
from hotpapers.wings.classic import format as classic
from hotpapers.wings.mail.messages import address_message, issue_message
from hotpapers.wings.summaries.llm_client import model_request, sentence_of
from tests.hostile.active_content import CONTROL_CHARACTERS, active_parts, own_elements
from tests.hostile.cases import CASES
from tests.hostile.hostile_record import fill
from tests.issues.made import DAY
from tests.publish.render.html import Page
from tests.serve.asgi import get
from tests.wings.announce.test_chat import PlainRoom
from tests.wings.mail.samples import SECRET, mail_config, reader

SITE_CONFIG = SiteConfig("desk@library.example", "https://papers.example/daily/")
ENTRIES_PER_MESSAGE = 20
"""Entries per mail or chat message: no message holds them all."""


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record(str(tmp_path_factory.mktemp("hostile") / "hotpapers.db")) as record:
        record.database.run("PRAGMA synchronous = OFF")
        fill(record, CASES)
        yield record


@pytest.fixture(scope="module")
def issue(record: Record) -> PublishedIssue:
    return RecordIssueReader(record).issue("daily", DAY)


def render_channel(record: Record, name: str) -> dict[str, bytes]:
    files = find_channel(name, SITE_CONFIG).render(RecordIssueReader(record), "daily", [DAY])
    return {file.path: file.data for file in files if file.data}


def slices(issue: PublishedIssue, size: int) -> Iterator[PublishedIssue]:
    """The same issue, this many entries at a time."""
    entries = issue.content.entries
    for start in range(0, len(entries), size):
        content = msgspec.structs.replace(issue.content, entries=entries[start : start + size])
        yield msgspec.structs.replace(issue, content=content)


def test_every_text_is_in_the_issue_with_a_quotation(issue: PublishedIssue) -> None:
    assert len(CASES) >= 200 and len(issue.content.entries) == len(CASES)
    assert all(len(issue.posts[entry.paper]) == 1 for entry in issue.content.entries)
    assert {quotation.post.network for quotations in issue.posts.values() for quotation in quotations} == {
        "mastodon", "bluesky", "hackernews", "feeds",
    }  # fmt: skip


# ---- pages, Markdown, feeds ------------------------------------------------------------------------------


@pytest.mark.long
def test_no_page_of_the_site_comes_alive(record: Record) -> None:
    files = render_channel(record, "site")
    pages = {path: Page(data) for path, data in files.items() if path.endswith(".html")}
    parts = {path: active_parts(page, own_elements(path, page)) for path, page in pages.items()}
    assert {path: active for path, active in parts.items() if active} == {}
    issue_page = pages[f"{DAY}/index.html"]
    assert sum(element.attributes.get("class") == "entry" for element in issue_page.all("article")) == len(CASES)
    assert sum(path.startswith("paper/") and path != "paper/index.html" for path in pages) == len(CASES)


@pytest.mark.long
def test_what_stands_beside_the_pages_is_whole(record: Record) -> None:
    files = render_channel(record, "site")
    cards = {path for path, data in files.items() if path.endswith(".png") and data.startswith(b"\x89PNG\r\n")}
    assert len(cards) == len(CASES) + 1
    for path in files.keys() - cards:
        text = files[path].decode("utf-8")
        if path.endswith(".json"):
            json.loads(text)
        if path.endswith((".bib", ".ris")):
            assert path.startswith(DAY) and not CONTROL_CHARACTERS.search(text.replace("\r\n", "\n").replace("\n", " "))
        if path.endswith(".bib"):
            assert len(re.findall(r"^@", text, re.M)) == len(CASES)
            assert all(block.count("{") == block.count("}") for block in re.split(r"^(?=@)", text, flags=re.M))
        if path.endswith(".ris"):
            assert re.findall(r"^(TY|ER) {2}- ", text, re.M) == ["TY", "ER"] * len(CASES)


def test_markdown_shows_nothing_but_text(record: Record) -> None:
    [text] = [data.decode("utf-8") for data in render_channel(record, "markdown").values()]
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    page = Page(f"<div>{html}</div>".encode())
    assert active_parts(page, ()) == []
    headings = [heading for heading in page.all("h2")]
    assert len(headings) == len(CASES) and not page.all("table") and not page.all("img") and not page.all("h1")[1:]
    assert not page.all("pre")


@pytest.mark.long
def test_feeds_are_whole_and_what_they_hold_is_dead(record: Record) -> None:
    for path, data in render_channel(record, "feeds").items():
        for html in _contents(path, data):
            assert active_parts(Page(f"<div>{html}</div>".encode()), ()) == [], path


def _contents(path: str, data: bytes) -> Iterator[str]:
    """The HTML in a feed, from strict parsers, and as many entries as another parser finds."""
    if path.endswith(".json"):
        items = json.loads(data)["items"]
        assert all(set(item) >= {"id", "content_html"} for item in items)
        yield from (item["content_html"] for item in items)
        return
    assert not CONTROL_CHARACTERS.search(data.decode("utf-8"))
    assert b"<!DOCTYPE" not in data and b"<!ENTITY" not in data
    tree = ElementTree.fromstring(data)
    entries = list(tree.iter("{http://www.w3.org/2005/Atom}entry")) or list(tree.iter("item"))
    assert len(feedparser.parse(data).entries) == len(entries), path
    assert entries or path.startswith("feeds/tops"), "tops come with the end of a week"
    contents = [*tree.iter("{http://www.w3.org/2005/Atom}content"), *tree.iter("description")]
    yield from (item.text or "" for item in contents if item.text and "<" in item.text)


# ---- classic, exports ------------------------------------------------------------------------------------


def test_classic_is_read_back_with_as_many_papers(record: Record) -> None:
    [text] = [data.decode("utf-8") for data in render_channel(record, "classic").values()]
    document = classic.parse_classic(text)
    assert len(document.items) == len(CASES)
    assert not CONTROL_CHARACTERS.search(text.replace("\n", " "))


@pytest.mark.long
def test_a_line_of_an_export_is_one_line_and_verifies_elsewhere(record: Record, tmp_path: Path) -> None:
    lines = b"".join(export_formats.EXPORTS["jsonl"].chunks(record)).split(b"\n")[:-1]
    assert all(isinstance(json.loads(line), dict) for line in lines)
    with Record(str(tmp_path / "elsewhere.db")) as other_record:
        import_lines(other_record, "export", [line + b"\n" for line in lines])
        [item] = [row.item for row in other_record.view().latest(Issue)]
        assert list(freeze.check_issue(other_record, item)) == []


def test_no_cell_of_a_table_is_a_formula(record: Record) -> None:
    text = b"".join(export_formats.EXPORTS["csv"].chunks(record)).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(CASES) + 1 and {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if re.match(r"[=+@\t\r]|-\D", cell)] == []


def test_no_entry_of_a_bibliography_begins_another(record: Record) -> None:
    text = b"".join(export_formats.EXPORTS["bibtex"].chunks(record)).decode("utf-8")
    assert len(re.findall(r"^@", text, re.M)) == len(CASES)
    assert all(block.count("{") == block.count("}") for block in re.split(r"^(?=@)", text, flags=re.M))


# ---- mail and rooms --------------------------------------------------------------------------------------

HEADERS = {
    "from", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post",
    "auto-submitted", "mime-version", "content-type", "content-transfer-encoding", "reply-to",
}  # fmt: skip


def test_no_message_has_a_header_a_recipient_or_a_part_that_is_not_ours(issue: PublishedIssue) -> None:
    for part in slices(issue, ENTRIES_PER_MESSAGE):
        message = address_message(
            issue_message(part, mail_config(), SITE_CONFIG), mail_config(), reader(), SECRET, part.frozen_at
        )
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00\x0b\x0c]|\n\.\r", message)
        parsed_message = email.message_from_bytes(message, policy=email.policy.SMTP)
        assert {name.lower() for name in parsed_message} <= HEADERS and len(parsed_message.keys()) == len(
            set(parsed_message.keys())
        )
        assert parsed_message["To"] == reader().address and not parsed_message.defects
        text, html = list(parsed_message.iter_parts())
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert not CONTROL_CHARACTERS.search(text.get_content().replace("\r\n", " "))
        assert [
            part_name
            for part_name in active_parts(Page(html.get_content().encode()), ("meta",))
            if "style" not in part_name
        ] == []


def test_nothing_that_is_said_in_a_room_is_a_link_a_mention_or_markup(issue: PublishedIssue) -> None:
    for part in slices(issue, 5):
        news = build_announcement(part, SITE_CONFIG)
        for text_format in ("plain", "markdown"):
            text = room_message(news, PlainRoom(text_format, 1500))
            assert 0 < len(text) <= 1500 and not CONTROL_CHARACTERS.search(text.replace("\n", " "))
            rest = re.sub(r"<?https://papers\.example/daily/[\w./-]*>?", "", text)
            assert not re.search(r"://|\bwww\.\w|@(?:everyone|here)\b|<[!@#]", rest), rest
        for post in build_thread(part, SITE_CONFIG).posts:
            features = [feature for facet in post.content.get("facets", ()) for feature in facet["features"]]
            assert all(feature["uri"].startswith("https://papers.example/daily/") for feature in features)


# ---- the API -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [f"publications/daily/issues/{DAY}", "papers/2405.00003", "papers/2405.00003/posts", "search?q=tea&limit=50"],
)
def test_an_answer_of_the_api_is_data_whoever_opens_it(record: Record, path: str) -> None:
    store = record.database.where
    with closing(Backend(lambda: Record(store, create=False), ServeConfig(rate=0))) as backend:
        response = get(Starlette(routes=Api(backend).routes), f"/api/v1/{path}")
    assert response.status == 200 and response.headers["content-type"].startswith("application/json")
    assert response.headers["x-content-type-options"] == "nosniff" and isinstance(response.json, dict)


# ---- a model's sentence, and the rule's ------------------------------------------------------------------


def test_a_model_gets_every_text_as_material_between_its_marks(issue: PublishedIssue) -> None:
    for paper in issue.papers.values():
        body = json.loads(model_request("tea-7b", paper.title, paper.abstract, "f00f" * 4))
        assert [prompt_message["role"] for prompt_message in body["messages"]] == ["system", "user"]
        lines = body["messages"][1]["content"].split("\n")
        assert len(lines) == 4 and lines[0] == lines[3] == "f00f" * 4
        assert "Ignore" not in body["messages"][0]["content"]


MARKUP = re.compile(r"://|www\.|[<>`{}\[\]$\\*_#|]|@\w", re.IGNORECASE)


def test_a_model_that_obeys_a_text_is_not_believed(issue: PublishedIssue) -> None:
    """It answers with the text that instructed it; only plain words from the abstract are accepted."""
    count = 0
    for paper, case in zip(issue.papers.values(), CASES, strict=False):
        body = json.dumps({"choices": [{"message": {"content": case}}]}).encode("utf-8", "replace")
        try:
            sentence = sentence_of(body, paper.title, paper.abstract)
        except InputError:
            continue
        count += 1
        assert not MARKUP.search(sentence) and len(sentence) <= 300
    assert count < len(CASES) // 10


@pytest.mark.parametrize("case", CASES)
def test_the_most_telling_sentence_is_one_of_the_abstract(case: str) -> None:
    line = " ".join(f"{case} We boil water. It sings.".split())
    assert key_sentence(line, case) in split_sentences(line)


def test_the_record_of_all_this_verifies(record: Record) -> None:
    [item] = [row.item for row in record.view().latest(Issue)]
    assert list(freeze.check_issue(record, item)) == []
    assert current_time() > item.observed_at

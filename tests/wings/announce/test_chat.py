"""Messages to rooms: complete, short enough for any room, and with no active markup."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hotpapers.base.model import HttpClient, IssueReader, Message
from hotpapers.wings.announce.announcement import MemberPaper, build_announcement
from hotpapers.wings.announce.apprise_client import MAX_MESSAGE_CHARS, AppriseClient, TextFormat
from hotpapers.wings.announce.chat import JOINER, UNKNOWN_RECEIPT, ChatSender, room_message, without_mentions
from tests.collect.sources.net import ScriptedClient
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tests.wings.announce.samples import DAY, EMPTY, FULL, FULL_READER, HOSTILE, HOSTILE_READER, SITE_CONFIG, matches

COMMONMARK = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
ACTIVE_MARKUP = re.compile(rf"[@#]\w|<[^\s{JOINER}]|\]\(|://|www\.\w|\w\.[a-z]{2}", re.IGNORECASE)
"""What rooms turn into mentions, tags and links."""


class PlainRoom(AppriseClient):
    """A room that accepts up to `largest` characters and keeps them."""

    def __init__(self, text_format: TextFormat = "plain", largest: int = MAX_MESSAGE_CHARS) -> None:
        self.text_format: TextFormat = text_format
        self._largest = largest
        self.received: list[str] = []

    @property
    def service(self) -> str:
        return "Parlour"

    def fits(self, text: str) -> bool:
        return len(text) <= self._largest

    def send(self, text: str) -> None:
        self.received.append(text)


class IssueToAnnounce(NamedTuple):
    """An issue to announce."""

    issue_reader: IssueReader
    publication: str
    day: str


ISSUES = {
    "daily": IssueToAnnounce(OWN_READER, "daily", DAY),
    "empty": IssueToAnnounce(OWN_READER, "daily", EMPTY),
    "silent": IssueToAnnounce(OWN_READER, "daily", "2021-01-15"),
    "full": IssueToAnnounce(FULL_READER, "daily", FULL),
    "corrected": IssueToAnnounce(LISTED_READER, "hot-papers", DAY),
}
MEMBERS = ("Tansy Overquill", "Odo Fennimore", "bluesky:did:plc:mine")


def chat(
    source: IssueToAnnounce, room: PlainRoom, members: tuple[str, ...] = MEMBERS
) -> tuple[ChatSender, list[Message]]:
    sender = ChatSender(
        "lab", source.publication, room, SITE_CONFIG, members, lambda accounts, papers: {"arxiv:2101.99902": "quill"}
    )
    return sender, list(sender.messages(source.issue_reader, source.publication, source.day))


@pytest.mark.parametrize("text_format", ["plain", "markdown"])
@pytest.mark.parametrize("name", sorted(ISSUES))
def test_messages_are_as_expected(name: str, text_format: TextFormat) -> None:
    _, [outgoing] = chat(ISSUES[name], PlainRoom(text_format))
    assert outgoing.target == "lab"
    matches(f"{name}.{'txt' if text_format == 'plain' else 'md'}", str(outgoing.payload))


@pytest.mark.parametrize("largest", [1000, 500, 280, 160, 60, 10])
def test_a_small_room_gets_the_most_important(largest: int) -> None:
    _, [outgoing] = chat(ISSUES["full"], PlainRoom(largest=largest))
    text = str(outgoing.payload)
    assert 0 < len(text) <= largest
    matches(f"full-{largest}.txt", text)


def test_a_room_too_small_for_anything_gets_nothing() -> None:
    assert room_message(build_announcement(FULL_READER.issue("daily", FULL), SITE_CONFIG), PlainRoom(largest=1)) == ""


def test_a_room_gets_only_its_own_publication() -> None:
    sender, _ = chat(ISSUES["daily"], PlainRoom())
    assert list(sender.messages(LISTED_READER, "hot-papers", DAY)) == []


def test_without_members_no_posters_are_read() -> None:
    _, [outgoing] = chat(ISSUES["daily"], PlainRoom(), members=())
    assert "By our members" not in str(outgoing.payload)


def test_many_members() -> None:
    announced_issue = build_announcement(FULL_READER.issue("daily", FULL), SITE_CONFIG)._replace(
        by_members=tuple(MemberPaper(n % 9, f"Paper {n}", "Odo") for n in range(1, 10))
    )
    assert "4. Paper 4 (Odo); 5. Paper 5 (Odo); and 4 more" in room_message(announced_issue, PlainRoom())
    assert "By our members: 1, 2, 3, 4, 5, 6, 7, 8, 1 still talked about." in room_message(
        announced_issue, PlainRoom(largest=600)
    )


def test_sending_gives_a_receipt_and_an_interrupted_one_is_not_sent_again() -> None:
    http: HttpClient = ScriptedClient({})
    room = PlainRoom()
    sender, [outgoing] = chat(ISSUES["daily"], room)
    assert sender.send(outgoing, http) == "taken by Parlour" and room.received == [outgoing.payload]
    assert sender.receipt_of(outgoing, http) == UNKNOWN_RECEIPT


# ---- hostile texts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text_format", ["plain", "markdown"])
@pytest.mark.parametrize("n", range(len(HOSTILE)))
def test_hostile_texts_stay_inactive(n: int, text_format: TextFormat) -> None:
    day = f"2021-02-{n + 1:02}"
    room = PlainRoom(text_format)
    _, [outgoing] = chat(IssueToAnnounce(HOSTILE_READER, "daily", day), room, members=(HOSTILE[n],))
    text = str(outgoing.payload)
    assert room.fits(text)
    own_links = re.compile(rf"<?https://papers\.example/daily/(?:paper/[\w.]+|{day})/>?")
    assert len(own_links.findall(text)) == 3
    remaining_text = own_links.sub("", text)
    assert not ACTIVE_MARKUP.search(remaining_text), ACTIVE_MARKUP.search(remaining_text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", remaining_text)
    if text_format == "markdown":
        tokens = [child for token in COMMONMARK.parse(text) for child in (token.children or [token])]
        kinds = {token.type for token in tokens}
        assert kinds <= {"paragraph_open", "paragraph_close", "text", "text_special", "hardbreak", "softbreak",
                         "link_open", "link_close"}  # fmt: skip
        links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
        assert len(links) == 3 and all(link.startswith("https://papers.example/daily/") for link in links)


@given(
    st.text(alphabet=st.sampled_from("@#<>]([)!:/w.ae \\`*_~|&"), max_size=60), st.sampled_from(["plain", "markdown"])
)
def test_defused_text_reads_the_same(text: str, text_format: TextFormat) -> None:
    safe_text = without_mentions(text, text_format)
    assert not ACTIVE_MARKUP.search(safe_text)
    if text_format == "plain":
        assert safe_text.replace(JOINER, "") == text

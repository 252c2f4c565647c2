"""Messages: whole ones as files, the same content in both forms, bounded, and safe whatever a paper's title."""

from __future__ import annotations

import os

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.model import PrintedCount, PublishedIssue
from hotpapers.base.model.items import Window
from hotpapers.base.settings import default_settings
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view import phrases
from hotpapers.publish.view.issue_view import issue_view
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.wings.mail.issue_text import as_text
from hotpapers.wings.mail.messages import (
    MAX_MESSAGE_BYTES,
    address_message,
    build_confirmation,
    issue_message,
    list_id,
    preview_message,
)
from hotpapers.wings.mail.settings import MailConfig
from hotpapers.wings.mail.tokens import TOKEN, MailToken, SentMessage, encode_token, message_id
from tests.conftest import DATA
from tests.publish.render.build import OWN, issue, listing_entry, own_entry, paper
from tests.publish.render.sample import BRIDGES, LISTED_READER, OWN_READER, READINGS
from tests.wings.mail.reading import of_html, of_text, part, preheader, read
from tests.wings.mail.samples import MARK, SECRET, SITE_CONFIG, mail_config, reader

DAYS = [("daily", day) for day in OWN_READER.days("daily")] + [
    ("hot-papers", day) for day in LISTED_READER.days("hot-papers")
]


def issue_of(publication: str, day: str) -> PublishedIssue:
    return (OWN_READER if publication == "daily" else LISTED_READER).issue(publication, day)


def message_bytes(
    published: PublishedIssue, config: MailConfig | None = None, site_config: SiteConfig = SITE_CONFIG
) -> bytes:
    config = config or mail_config()
    return address_message(issue_message(published, config, site_config), config, reader(), SECRET, published.frozen_at)


def assert_same(name: str, data: bytes) -> None:
    """Compares a whole message with its file; HOTPAPERS_REWRITE=1 rewrites the file."""
    file = DATA / "mailing" / name
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    assert data == file.read_bytes()


# ---- whole messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("publication", "day"), [DAYS[1], DAYS[2], DAYS[5]], ids=lambda value: value)
def test_a_whole_message(publication: str, day: str) -> None:
    assert_same(f"{publication}-{day}.eml", message_bytes(issue_of(publication, day)))


def test_a_whole_message_without_an_address_on_the_web() -> None:
    config = mail_config(base="", reply_to="desk@owls.example")
    assert_same("daily-2021-01-13.eml", message_bytes(issue_of("daily", "2021-01-13"), config, NOBODY))


def test_a_whole_message_that_asks_to_confirm() -> None:
    subscriber = reader()._replace(state="asked", since=1_610_625_600_000_000)
    assert_same("confirm.eml", build_confirmation(OWN, mail_config(), subscriber, SECRET))
    config = mail_config(base="", reply_to="desk@owls.example")
    publication = msgspec.structs.replace(OWN, title="Café “Dozen”")
    assert_same("confirm-by-answer.eml", build_confirmation(publication, config, subscriber, SECRET))


def test_a_message_is_the_same_bytes_whenever_it_is_made() -> None:
    assert message_bytes(issue_of(*DAYS[1])) == message_bytes(issue_of(*DAYS[1]))


def test_a_preview_has_no_real_recipient() -> None:
    file = preview_message(issue_of(*DAYS[1]), default_settings(), NOBODY)
    assert file.path == "2021-01-14.eml"
    assert read(file.data)["To"] == "reader@example.invalid"


# ---- both forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("publication", "day"), DAYS)
def test_text_and_html_say_the_same(publication: str, day: str) -> None:
    message = read(message_bytes(issue_of(publication, day)))
    text, html = of_text(part(message, "plain")), of_html(part(message, "html"))
    assert text.words == html.words and len(text.words) > 30
    assert text.links == html.links


def test_unread_networks_are_named_and_an_empty_day_says_why() -> None:
    text = " ".join(part(read(message_bytes(issue_of("daily", "2021-01-14"))), "plain").split())
    assert "1 not at all (Reddit: since 13 January 11:00 UTC)" in text
    assert "Nothing was announced." in part(read(message_bytes(issue_of("daily", "2021-01-13"))), "plain")
    quiet = issue_of("daily", "2021-01-15")
    text = part(read(message_bytes(quiet)), "plain")
    assert phrases.why_empty(quiet) and phrases.why_empty(quiet) in " ".join(text.split())
    leads = "- Suspension Bridges for Pocket Robots\n  <https://papers.example/daily/paper/2101.99901/>"
    assert f"Still talked about\n{leads}" in text, "to the site, as everywhere"


def test_why_a_paper_is_here_is_a_link_to_its_page() -> None:
    published = issue_of("daily", "2021-01-14")
    text = part(read(message_bytes(published)), "plain")
    addresses = ("https://papers.example/daily/paper/2101.99901/#discussed", "#on-2021-01-14")
    assert f"   Discussion <{addresses[0]}>\n" in text and text.count(addresses[1]) == 2, "where nobody is quoted"
    assert "Score" not in text and "other papers" not in text
    files = {file.path: file.data for file in SiteChannel(SITE_CONFIG).render(OWN_READER, "daily", ["2021-01-14"])}
    assert b'id="on-2021-01-14"' in files["paper/2101.99901/index.html"]
    without_site = message_bytes(published, mail_config(base=""), NOBODY)
    assert "Why here" not in part(read(without_site), "plain")


def test_counts_are_in_one_line_and_facts_are_told_last() -> None:
    counts = [
        PrintedCount(network=network, voices=voices, reposts=0, likes=0, until=0, known=known, authors=0)
        for network, voices, known in (("bluesky", 40, 7), ("reddit", 1204, 0), ("lobsters", 0, 0))
    ]
    entries = [own_entry(1, BRIDGES, counts, []), own_entry(2, paper("2101.99903", "Kettles"), counts[1:], [])]
    text = part(read(message_bytes(issue(OWN, "2021-01-14", entries, readings=READINGS))), "plain")
    assert "\n   People: Reddit\u00a01,204 · Bluesky\u00a040\n   arXiv:2101.99901 <https://arxiv.org/" in text
    assert text.index("arXiv:2101.99903") < text.index("2 networks read")


def test_html_is_readable_in_the_dark() -> None:
    html = part(read(message_bytes(issue_of("daily", "2021-01-14"))), "html")
    assert ":root { color-scheme: light dark }" in html and "@media (prefers-color-scheme: dark)" in html


def test_a_correction_says_why() -> None:
    text = part(read(message_bytes(issue_of("hot-papers", "2021-01-14"))), "plain")
    assert "Edition 2. Corrected: The survey was of to-do lists, and not a paper." in " ".join(text.split())


def test_each_paper_has_at_most_one_quotation() -> None:
    published = issue_of("daily", "2021-01-14")
    view = issue_message(published, mail_config(), SITE_CONFIG)
    quoted = {entry.place: entry.quoted for entry in view.entries if entry.quoted}
    posts = {entry.place: entry.posts for entry in issue_view(published).entries if entry.posts}
    assert quoted.keys() == posts.keys() and any(len(of_paper) > 1 for of_paper in posts.values())
    text = " ".join(part(read(message_bytes(published)), "plain").split())
    for entry in view.entries:
        if entry.quoted:
            url = f" <{entry.by.url}>" if entry.by.url else ""
            assert text.count(f"{entry.quoted} – {entry.by.text}{url}") == 1
            words = "".join(piece.text for piece in posts[entry.place][-1].pieces if not piece.url)[:20]
            assert len(posts[entry.place]) == 1 or words not in text


def test_what_stands_beside_the_subject_is_not_seen_in_the_message() -> None:
    message = read(message_bytes(issue_of("daily", "2021-01-14")))
    html, text = part(message, "html"), part(message, "plain")
    assert preheader(html) == issue_view(issue_of("daily", "2021-01-14")).introduction
    assert text.startswith("The Daily Dozen\n") and of_html(html).words[:3] == ["The", "Daily", "Dozen"]


@pytest.mark.parametrize(
    ("window", "kind", "times"),
    [
        (
            "daily",
            "a daily mail of papers",
            "One mail a day, Monday to Friday, after 08:00 UTC, when the issue is",
        ),
        ("weekly", "a weekly mail of papers", "One mail a week, when the week is over."),
        ("monthly", "a monthly mail of papers", "One mail a month, when the month is over."),
    ],
)
def test_a_confirmation_says_what_comes_and_how_often(window: Window, kind: str, times: str) -> None:
    publication = msgspec.structs.replace(OWN, window=window, hour=8, zone="UTC", categories=("quant-ph", "hep-th"))
    message = read(build_confirmation(publication, mail_config(reply_to="desk@owls.example"), reader(), SECRET))
    assert message["Subject"] == f"Confirm: {kind} (The Daily Dozen)"
    [reply] = message["Reply-To"].addresses
    assert reply.addr_spec == "desk@owls.example" and TOKEN.fullmatch(reply.display_name)
    text = " ".join(message.get_content().split())
    assert times in text and "New papers in quant-ph and hep-th that people talk about" in text


def test_tex_is_written_as_letters() -> None:
    published = issue(OWN, "2021-01-14", [own_entry(1, paper("2101.99903", r"On G\"odel's $\omega$-Kettles"), [], [])])
    assert "1. On Gödel's ω-Kettles" in part(read(message_bytes(published)), "plain")


def test_the_source_of_a_summary_is_named() -> None:
    text = " ".join(part(read(message_bytes(issue_of("daily", "2021-01-14"))), "plain").split())
    assert f"({phrases.opening(BRIDGES).mark})" in text and phrases.opening(BRIDGES).mark == "from the abstract"


def test_a_publication_s_note_comes_first() -> None:
    publication = msgspec.structs.replace(OWN, note="A test: nothing <here> is checked.")
    published = issue(publication, "2021-01-14", [own_entry(1, BRIDGES, [], [])])
    text = part(read(message_bytes(published)), "plain")
    assert text.index("A test: nothing <here> is checked.") < text.index("1 paper")


# ---- headers -------------------------------------------------------------------------------------------


def test_the_headers_of_a_list() -> None:
    message = read(message_bytes(issue_of("daily", "2021-01-14")))
    token = encode_token(SECRET, MailToken("unsubscribe", MARK))
    assert message["List-Id"] == "<daily.owls.example>"
    assert message["List-Unsubscribe"] == (
        f"<https://app.owls.example/mail/unsubscribe/{token}>, "
        f"<mailto:papers@owls.example?subject=unsubscribe%20{token}>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == message_id(SECRET, SentMessage("2021-01-14", 1, MARK), "owls.example")
    assert message["Auto-Submitted"] == "auto-generated" and "Precedence" not in message
    assert message["Subject"] == "Suspension Bridges for Pocket Robots and 2 more · 14 January"
    assert "Reply-To" not in message


def test_without_a_web_address_only_mail_unsubscribes() -> None:
    message = read(message_bytes(issue_of("daily", "2021-01-14"), mail_config(base="", reply_to="desk@owls.example")))
    assert message["List-Unsubscribe"].startswith("<mailto:desk@owls.example?subject=unsubscribe%20u")
    assert "List-Unsubscribe-Post" not in message and message["Reply-To"] == "desk@owls.example"


@pytest.mark.parametrize(
    ("name", "label"), [("Daily ML", "daily-ml"), ("..", "papers"), ("x" * 80, "x" * 63), ("a>\r\nb", "a-b")]
)
def test_a_list_has_a_label_that_can_stand_in_a_header(name: str, label: str) -> None:
    assert list_id(name, mail_config()) == f"<{label}.owls.example>"


# ---- bounds --------------------------------------------------------------------------------------------


def large_issue(number: int, size: int) -> PublishedIssue:
    title, abstract = "Kettle “and” Steam & <Tea> " * 20, "Ätherisch gekocht. " * size
    entries = [listing_entry(n, paper(f"2101.{n:05}", title, abstract), 90, 70, n, 1000) for n in range(1, number + 1)]
    return issue(OWN, "2021-01-14", entries, readings=READINGS)


@pytest.mark.long
@pytest.mark.parametrize(("number", "size"), [(2000, 1), (60, 900), (1, 100_000)])
def test_a_message_is_bounded_and_says_what_it_has_no_room_for(number: int, size: int) -> None:
    published = large_issue(number, size)
    data = message_bytes(published, site_config=SiteConfig("", "https://papers.example/"))
    assert len(data) <= MAX_MESSAGE_BYTES
    message_sent = issue_message(published, mail_config(), SITE_CONFIG)
    shown_count = len(message_sent.entries)
    expected_note = (
        f"{number - shown_count:,} more papers did not fit into this message." if number > shown_count else ""
    )
    assert shown_count and message_sent.more == expected_note
    message = read(data)
    assert of_text(part(message, "plain")).words == of_html(part(message, "html")).words
    if number > shown_count:
        assert len(data) > MAX_MESSAGE_BYTES * 0.8, "there was room"


# ---- hostile texts -------------------------------------------------------------------------------------

HOSTILE = [
    "Kettles\r\nBcc: everybody@example.org",
    "Kettles\n\n<script>alert(1)</script>",
    "</p></div><img src=https://evil.example/pixel.gif>",
    '"><a href="javascript:alert(1)">x</a>',
    "<style>*{display:none}</style>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "=?utf-8?q?=0D=0ABcc:_x@example.org?=",
    "\u202eelttek\u202c \x00\x07\x1b[31m",
    "Kettle\u2028two\u2029three\x85four",
    "--=_2021-01-14.1--",
    ".\r\n.\r\nMAIL FROM:<x@example.org>",
    "From nobody Thu Jan 14 12:00:00 2021",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "😀 \ud800 עברית 中文 " + "x" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["title", "authors", "abstract", "publication", "reason"])
def test_hostile_texts_stay_text(text: str, where: str) -> None:
    fields = {"title": "A Kettle", "authors": ("A",), "abstract": "Boils."} | (
        {where: (text,) if where == "authors" else text} if where in ("title", "authors", "abstract") else {}
    )
    shown_paper = msgspec.structs.replace(paper("2101.99903", "A Kettle"), **fields)
    publication = msgspec.structs.replace(OWN, title=text) if where == "publication" else OWN
    reason = text if where == "reason" else ""
    published = issue(
        publication, "2021-01-14", [own_entry(1, shown_paper, [], [])], reason=reason, edition=2 if reason else 1
    )
    data = message_bytes(published)
    message = read(data)
    assert message.keys() == read(message_bytes(issue_of("daily", "2021-01-14"))).keys()
    assert [address.addr_spec for address in message["From"].addresses] == ["papers@owls.example"]
    assert message["To"] == "reader@moth.example"
    assert [message_part.get_content_type() for message_part in message.iter_parts()] == ["text/plain", "text/html"]
    html, plain = of_html(part(message, "html")), of_text(part(message, "plain"))
    assert html.links == plain.links and all("evil" not in link and "javascript" not in link for link in html.links)
    assert html.words == plain.words
    confirmation_message = read(build_confirmation(publication, mail_config(), reader(), SECRET))
    assert confirmation_message.keys()[-1] == "Content-Transfer-Encoding" and len(confirmation_message.keys()) == 10


@settings(max_examples=60)
@given(st.text(max_size=400), st.text(max_size=100))
def test_any_title_is_the_same_in_both_forms(title: str, publication: str) -> None:
    shown_paper = msgspec.structs.replace(paper("2101.99903", "A Kettle"), title=title)
    published = issue(
        msgspec.structs.replace(OWN, title=publication), "2021-01-14", [own_entry(1, shown_paper, [], [])]
    )
    message = read(message_bytes(published))
    assert of_text(part(message, "plain")).words == of_html(part(message, "html")).words
    assert as_text(issue_message(published, mail_config(), SITE_CONFIG)).isprintable() is False  # has newlines

"""Plain Markdown: whole issues byte for byte, and texts that try to be markup, read by a CommonMark parser."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hotpapers.base.model import Quotation
from hotpapers.publish.render.markdown import MarkdownChannel, escape_markdown, issue_text, markdown_link
from hotpapers.publish.view.phrases import one_line
from tests.conftest import DATA
from tests.publish.render.build import LISTED, OWN, issue, link_only, listing_entry, own_entry, paper, post
from tests.publish.render.sample import LISTED_READER, OWN_READER, TEA

READERS = {"hot-papers": LISTED_READER, "daily": OWN_READER}
COMMONMARK = MarkdownIt("commonmark")
WITH_TABLES = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize("name", sorted(READERS))
def test_issues_are_as_expected(name: str) -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected files: check the diff before you keep them."""
    issue_reader, folder = READERS[name], DATA / "plain" / name
    files = {file.path: file.data for file in MarkdownChannel().render(issue_reader, name, issue_reader.days(name))}
    if os.environ.get("HOTPAPERS_REWRITE"):
        rewrite(folder, files)
    assert files == {file.name: file.read_bytes() for file in folder.iterdir()}


def rewrite(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        folder.joinpath(name).write_bytes(data)


def tokens_of(text: str, parser: MarkdownIt = COMMONMARK) -> list[Token]:
    """The tokens of a text, with paragraphs replaced by their contents."""
    return [child for token in parser.parse(text) for child in (token.children or [token])]


def targets(text: str) -> list[str]:
    return [str(token.attrs["href"]) for token in tokens_of(text) if token.type == "link_open"]


def test_every_link_is_ours() -> None:
    text = issue_text(LISTED_READER.issue("hot-papers", "2021-01-14"))
    assert targets(text) == [
        "https://x.com/i/status/1349700000000000001",
        "https://arxiv.org/abs/2101.99901", "https://arxiv.org/pdf/2101.99901",
        *(f"https://arxiv.org/list/{name}/recent" for name in ("cs.RO", "cs.LG", "math.IT")),
        "https://arxiv.org/abs/2101.99902", "https://arxiv.org/pdf/2101.99902", "https://arxiv.org/list/cs.CL/recent",
    ]  # fmt: skip


@given(st.text())
@example("1. one")
@example("- a\n- b")
@example("====")
@example("    code")
@example("<script>alert(1)</script> &lt; &#60; [a](b) ![c](d) `e` *f* _g_ ~~h~~ | i | <https://j.example>")
@example("[a]: https://b.example")
@example("# h")
@example("123456789) x")
@example("\\*")
@example("a\\\nb")
def test_an_escaped_text_is_just_that_text(text: str) -> None:
    for parser in (COMMONMARK, WITH_TABLES):
        assert {token.type for token in tokens_of(escape_markdown(text), parser)} <= {
            "paragraph_open",
            "paragraph_close",
            "text",
        }
        assert "".join(token.content for token in tokens_of(escape_markdown(text), parser)) == one_line(text)


@given(st.text(), st.from_regex(r"https://a\.example/[^\s\x00-\x20\x7f-\xa0]*", fullmatch=True))
def test_a_link_leads_to_one_place(text: str, target: str) -> None:
    tokens = tokens_of(f"{markdown_link('go', target)} {markdown_link(text, target)}")
    kinds = [token.type for token in tokens if token.type not in {"text", "paragraph_open", "paragraph_close"}]
    assert kinds == ["link_open", "link_close"] * 2
    assert all(href.startswith("https://a.example/") for href in targets(markdown_link("go", target)))


HOSTILE = (
    "x\n\n# heading\n> - [a](https://evil.example) <b>bold</b> <https://evil.example>\n"
    "***\n```\n1. `code` ![i](j)\n===="
)


def test_no_text_from_outside_comes_alive() -> None:
    hostile_paper = paper("2101.99901", HOSTILE, HOSTILE * 9, authors=(HOSTILE,) * 2, categories=(HOSTILE,))
    quotation = post("1", HOSTILE, name=HOSTILE, handle=HOSTILE)
    text = issue_text(issue(LISTED, "2021-01-14", [listing_entry(1, hostile_paper, 1, 2, 3, 400, quotation)]))
    tokens = tokens_of(text)
    assert len([token for token in tokens if token.type == "heading_open"]) == 2
    assert not {"html_inline", "html_block", "image", "fence", "ordered_list_open", "em_open"} & {
        t.type for t in tokens
    }
    assert all("evil" not in target for target in targets(text))
    assert [t.content for t in tokens if t.type == "code_inline"] == [
        re.findall("Digest `(.*?)`", text)[0], "hotpapers verify 2021-01-14",
    ]  # fmt: skip


def test_posts_that_are_to_be_read_elsewhere_are_one_line_a_network() -> None:
    def lines(*quotations: Quotation) -> list[str]:
        text = issue_text(issue(LISTED, "2021-01-14", [listing_entry(1, TEA, 1, 2, 3, 400, *quotations)]))
        assert "keeps" not in text and "Marrowby" not in text
        return [block for block in text.split("\n\n") if re.match(r"A post on|\d+ posts on", block)]

    first, second = (link_only(post(number, "Words that X keeps to itself.")) for number in ("11", "12"))
    unlinked = link_only(post("somewhere", "Words that nobody finds.", "mastodon"))
    assert lines() == []
    assert lines(unlinked, first) == [
        "A post on Mastodon from 14 January 2021",
        "A post on X (Twitter) from 14 January 2021 · [read it there](<https://x.com/i/status/11>)",
    ]
    assert lines(first, second) == [
        "2 posts on X (Twitter): [1](<https://x.com/i/status/11>) · [2](<https://x.com/i/status/12>)"
    ]


def test_a_paper_without_a_title_is_its_identifier() -> None:
    untitled = paper("2101.99901", "")
    text = issue_text(
        issue(OWN, "2021-01-14", [own_entry(1, untitled, [], [])], ongoing=[own_entry(1, untitled, [], [])])
    )
    assert "## 1. 2101\\.99901\n" in text and "- [2101\\.99901](<https://arxiv.org/abs/2101.99901>)" in text


def test_a_post_by_nobody_known_says_so() -> None:
    """Bluesky's stream has posts without the names of their authors."""
    text = issue_text(
        issue(LISTED, "2021-01-14", [listing_entry(1, TEA, 1, 2, 3, 400, post("11", "Tea.", handle="", name=""))])
    )
    assert "> — A post, [X (Twitter), 14 January 2021]" in text


def test_a_post_without_words_is_where_and_when_it_was() -> None:
    text = issue_text(issue(LISTED, "2021-01-14", [listing_entry(1, TEA, 1, 2, 3, 400, post("11", ""))]))
    link_text = "[read it there](<https://x.com/i/status/11>)"
    assert f"\n\nA post on X (Twitter) from 14 January 2021 · {link_text}\n\n" in text

"""What readers are told about an issue: on its page, in Markdown, mail and feeds, by the API and a webhook."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

NAMES = {
    "bluesky": "Bluesky", "feeds": "Blogs", "hackernews": "Hacker News", "huggingface": "Hugging Face",
    "lobsters": "Lobsters", "mastodon": "Mastodon", "reddit": "Reddit", "x": "X (Twitter)",
}  # fmt: skip
"""How networks are called."""
SERVERS = {"biorxiv": "bioRxiv", "chemrxiv": "ChemRxiv", "medrxiv": "medRxiv"}
"""How servers of papers are called."""
_NETWORK = "|".join(map(re.escape, NAMES.values()))
_COUNT = re.compile(rf"({_NETWORK}): ([\d,]+)\b(?! (?:repost|like))")
_COUNTS = re.compile(r"People: (.*)")
_FIGURE = re.compile(rf"({_NETWORK}) ([\d,]+)")
LEAST = 3
"""Places with all counts in one line leave out smaller numbers beside larger ones."""
_MARK = re.compile(r"^(\[(?:withdrawn|retracted|removed)\]|withdrawn|retracted|removed) ")
_ATOM = "{http://www.w3.org/2005/Atom}"

Voices = tuple[tuple[str, int], ...]
"""The voices of a paper by network, in order of their names."""


class IssueText(NamedTuple):
    """What one place says about an issue: the line of facts, and the entries in order: title and voices.

    `where`: the file or channel. `entries` is None where there are none. `further`: the titles that follow in a line
    each; None where they are only counted. `withdrawn`: the titles that are marked as withdrawn; `entries` and
    `further` have them without the mark. `least`: the smallest number that is told where there are larger ones.
    """

    where: str
    facts: str
    entries: tuple[tuple[str, Voices], ...] | None
    further: tuple[str, ...] | None = None
    withdrawn: frozenset[str] = frozenset()
    least: int = 1


def issue_text(
    where: str,
    facts: str,
    entries: Iterable[tuple[str, Voices]],
    further: Iterable[str] | None = None,
    least: int = 1,
) -> IssueText:
    """What a place says that marks titles: `[withdrawn] Kettles on Meshes`, on pages without brackets."""
    shown, listed = tuple(entries), None if further is None else tuple(further)
    withdrawn = frozenset(_MARK.sub("", title) for title in (*dict(shown), *(listed or ())) if _MARK.match(title))
    return IssueText(
        where,
        facts,
        tuple((_MARK.sub("", title), voices) for title, voices in shown),
        None if listed is None else tuple(_MARK.sub("", title) for title in listed),
        withdrawn,
        least,
    )


def text_of(markup: str) -> str:
    """A piece of HTML as text, with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def voices_in(text: str) -> Voices:
    """The voices in a text, by network: a sentence each, or all in one line. Places may leave out networks without
    any."""
    line = _COUNTS.search(text)
    counts = _FIGURE.findall(line[1]) if line else _COUNT.findall(text)
    numbers = ((name, int(number.replace(",", ""))) for name, number in counts)
    return tuple(sorted((name, number) for name, number in numbers if number))


def page(where: str, markup: str) -> IssueText:
    """An issue's page."""
    facts = re.search(r'<details class="facts">.*?<p>(.*?)</p>', markup, re.S)
    articles = re.findall(r'<article class="entry"[^>]*>(.*?)</article>', markup, re.S)
    list_of_further = re.search(r'<details class="further".*?<ol>(.*?)</ol>', markup, re.S)
    further = re.findall(r"<li[^>]*>(.*?)<span", list_of_further[1], re.S) if list_of_further else ()
    return issue_text(where, text_of(facts[1]) if facts else "", map(_article, articles), map(text_of, further))


def _article(markup: str) -> tuple[str, Voices]:
    title = re.search(r"<h[23][^>]*>(.*?)</h[23]>", markup, re.S)
    counts = re.search(r'<ul class="counts">(.*?)</ul>', markup, re.S)
    return text_of(title[1]) if title else "", voices_in(text_of(counts[1])) if counts else ()


def markdown(where: str, text: str) -> IssueText:
    """An issue in Markdown."""
    head, *parts = re.split(r"(?m)^## (?=\d+\. )", text)
    *parts, last = parts or [""]
    last, *others = re.split(r"(?m)^## ", last)
    lines = [line for line in head.splitlines() if " · " in line]
    entries = [_markdown_entry(part) for part in (*parts, last) if part]
    lists = "\n".join(part for part in others if " more above " in part)
    further = [_unescaped(title) for title in re.findall(r"(?m)^\d+\. \[(.*?)\]\(", lists)]
    return issue_text(where, _unescaped(lines[0]) if lines else "", entries, further)


def _markdown_entry(part: str) -> tuple[str, Voices]:
    title, _, rest = part.partition("\n")
    counts = "\n".join(line for line in rest.splitlines() if line.startswith("- "))
    return re.sub(r"^\d+\. ", "", _unescaped(title)), voices_in(counts)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", text).strip()


def mail(where: str, message: EmailMessage) -> IssueText:
    """An issue in a message, from its HTML."""
    body = message.get_body(("html",))
    assert body is not None
    markup = str(body.get_content())
    end = markup.partition("<hr>")[2]
    paragraphs = [text_of(part) for part in re.findall(r"<p[^>]*>(.*?)</p>", end, re.S)]
    facts = next((text for text in paragraphs if " · " in text), "")
    entries = []
    for part in re.split(r"<h2[^>]*>", markup)[1:]:
        title, _, rest = part.partition("</h2>")
        lines = [text_of(line) for line in re.findall(r"<p[^>]*>(.*?)</p>", rest, re.S)]
        counts = [line for line in lines if _COUNTS.match(line)]
        entries.append((re.sub(r"^\d+\. ", "", text_of(title)), voices_in(" ".join(counts))))
    return issue_text(where, facts, entries, least=LEAST)


def feed_item(where: str, content: str) -> IssueText:
    """An issue in a feed."""
    end = content.rpartition("</ol>")[2]
    facts = next((text for text in map(text_of, re.findall(r"<p>(.*?)</p>", end, re.S)) if " · " in text), "")
    entries = []
    for item in re.findall(r"<li[^>]*>(.*?)</li>", content, re.S):
        title, _, rest = item.partition("</a>")
        entries.append((text_of(title), voices_in(text_of(rest))))
    return issue_text(where, facts, entries, least=LEAST)


def feeds(folder: Path) -> Iterator[tuple[str, IssueText]]:
    """The issues in a site's feeds: each with its address."""
    for form in ("atom", "rss", "json"):
        file = folder / f"feeds/issues.{form}"
        if file.is_file():
            for address, content in _items(file.read_text("utf-8"), form):
                yield address, feed_item(f"feeds/issues.{form}", content)


def _items(text: str, form: str) -> Iterator[tuple[str, str]]:
    if form == "json":
        for item in json.loads(text)["items"]:
            yield item.get("url", item["id"]), item["content_html"]
    elif form == "atom":
        for entry in ElementTree.fromstring(text).iter(f"{_ATOM}entry"):
            link = entry.find(f"{_ATOM}link")
            yield link.attrib["href"] if link is not None else "", entry.findtext(f"{_ATOM}content") or ""
    else:
        for item in ElementTree.fromstring(text).iter("item"):
            encoded = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
            yield item.findtext("link") or "", encoded or item.findtext("description") or ""


def api(where: str, answer: dict[str, Any], titles: dict[str, str]) -> IssueText:
    """An issue from the API."""
    withdrawn = frozenset(titles[entry["paper"]] for entry in answer["entries"] if entry.get("withdrawn"))
    further = tuple(entry["title"] for entry in answer["further"])
    entries = tuple(_api_entries(answer["entries"], titles))
    return IssueText(where, " · ".join(answer["facts"]), entries, further, withdrawn)


def _api_entries(entries: Iterable[dict[str, Any]], titles: dict[str, str]) -> Iterator[tuple[str, Voices]]:
    for entry in entries:
        counts = ((NAMES[count["network"]], int(count["voices"])) for count in entry["counts"] if count["voices"])
        yield titles[entry["paper"]], tuple(sorted(counts))


def links(markup: str) -> Iterator[str]:
    """The links of a page to other pages of its site."""
    for target in re.findall(r'(?:href|src)="([^"#?]+)[^"]*"', markup):
        if not re.match(r"[a-z]+:|//", target):
            yield html.unescape(target)

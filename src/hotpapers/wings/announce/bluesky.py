"""Channel `bluesky`: each issue as a thread by the publication's own account, and as a document in that account for
other applications.

A thread is a first post and at most five papers; the same issue gives the same records. Before a post is created, it is
looked up by its key, which depends only on the issue (a TID, https://atproto.com/specs/tid). So an interrupted thread
is completed, and no post is made twice. Texts have at most 300 code points, and so at most 300 graphemes. Only facets
become links, mentions or tags on Bluesky (app.bsky.richtext.facet: offsets are bytes of UTF-8).

The documents follow https://standard.site: one `site.standard.publication`, and a `site.standard.document` for each
issue. They repeat the site's words, but never quote posts: a record in an account cannot be recalled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.model import HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.phrases import cut_text, one_line
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import DOCUMENT, PUBLICATION, document_key, publication_key, publication_uri
from hotpapers.wings.announce.announcement import EntryLine, build_announcement, entry_line
from hotpapers.wings.announce.atproto import AtprotoAccount, RecordDraft

COLLECTION = "app.bsky.feed.post"
MAX_POST_CHARS = 300
"""Code points of a post."""
MAX_ADDRESS_CHARS = 60


class _AccountSender:
    """A publication's account, and the site that its records link to."""

    name = "bluesky"

    def __init__(self, settings: BlueskyAccount, key: str, site_config: SiteConfig) -> None:
        """`key`: its setting. Raises SettingsError."""
        self._publication = settings.publication
        self._site_config = site_config
        self.account = AtprotoAccount(settings, key)

    def try_out(self, http: HttpClient) -> str:
        """Signs in."""
        self.account.find(http, COLLECTION, "self")
        return f"{self.account.host} lets {self.account.did} sign in"


class BlueskySender(_AccountSender):
    """Sends threads."""

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The thread of a day's issue, if this account announces the publication. Raises NotFound."""
        if publication == self._publication:
            issue = issue_reader.issue(publication, day)
            yield Message(self.account.did, build_thread(issue, self._site_config))

    def send(self, message: Message, http: HttpClient) -> str:
        """Creates the missing posts. The receipt is the first post's address. Raises RetryLater, RequestRefused,
        NetError."""
        payload: Thread = message.payload
        root = parent = None
        for post in payload.posts:
            content = {**post.content, "reply": {"root": root, "parent": parent}} if root else post.content
            existing = self.account.find(http, COLLECTION, post.rkey)
            parent = existing or self.account.put(http, RecordDraft(post.rkey, content), is_new=True)
            root = root or parent
        assert root is not None
        return root.uri

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """The first post's address if the thread is complete, or None. Raises RetryLater, RequestRefused, NetError."""
        payload: Thread = message.payload
        first = payload.posts[0]
        last = payload.posts[-1]
        if self.account.find(http, COLLECTION, last.rkey) is None:
            return None
        return f"at://{self.account.did}/{COLLECTION}/{first.rkey}"


# ---- threads ---------------------------------------------------------------------------------------------


class Thread(NamedTuple):
    """The posts of a thread in order, without references to each other. `str` gives the texts that readers see."""

    posts: tuple[RecordDraft, ...]

    def __str__(self) -> str:
        return "\n\n---\n\n".join(post.content["text"] for post in self.posts)


def build_thread(issue: PublishedIssue, site_config: SiteConfig) -> Thread:
    """The thread of an issue."""
    content = build_announcement(issue, site_config)
    # The first titles; how the issue was made is on the card below
    title = f"{cut_text(content.publication, 60)}, {content.day}"
    correction = cut_text(content.correction, 140)
    text = _fit([content.introduction, title, correction], 0, [content.url])
    parts = (f"{content.papers}.", content.provisional, content.unknown)
    facts = " ".join(part for part in parts if part)
    papers = map(_paper, content.lines)
    posts = [(text, content.url, {"title": title, "description": facts}), *papers]
    return Thread(tuple(_draft(issue, n, text, url, card) for n, (text, url, card) in enumerate(posts)))


def _draft(issue: PublishedIssue, n: int, text: str, url: str, card: dict[str, str]) -> RecordDraft:
    """The n-th post. The TID's clock ID distinguishes publications of one account frozen at the same moment."""
    content = issue.content
    seed = f"{content.publication.publication} {content.day} {content.edition}"
    hasher = hashlib.sha256(seed.encode())
    clock = int.from_bytes(hasher.digest()[:2], "big")
    moment = timestamps.as_utc(issue.frozen_at) + timedelta(milliseconds=n)
    created_at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": text,
        "langs": ["en"],
        "createdAt": created_at,
    }
    if url:
        # The link facet for the address in a text: the last place where it stands
        shown = _short_url(url)
        start = len(text[: text.rindex(shown)].encode())
        byte_range = {"byteStart": start, "byteEnd": start + len(shown.encode())}
        record["facets"] = [
            {
                "index": byte_range,
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": url}],
            }
        ]
        record["embed"] = {"$type": "app.bsky.embed.external", "external": {"uri": url, **card}}
    return RecordDraft(timestamps.make_tid(issue.frozen_at + n, clock), record)


def _short_url(url: str) -> str:
    """An address as shown to readers."""
    return cut_text(url.partition("://")[2].removesuffix("/"), MAX_ADDRESS_CHARS)


PostParts = tuple[str, str, dict[str, str]]
"""Text, link, and the card below it."""


def _paper(line: EntryLine) -> PostParts:
    """Title, lead, link, and the figures last."""
    title = cut_text(f"{line.place}. {line.title}", 180)
    counts = cut_text(line.counts, 100)
    text = _fit([title, line.lead], 1, [line.url, counts])
    description = cut_text(line.author, 60)
    return (
        text,
        line.url,
        {"title": cut_text(line.title, MAX_POST_CHARS), "description": description},
    )


def _fit(lines: list[str], longest: int, end: list[str]) -> str:
    """Lines, an address and the text after it within MAX_POST_CHARS: the line with index `longest` is cut."""
    url, *after = end
    words = filter(None, [_short_url(url) if url else "", *after])
    tail = "\n".join(words)
    others = [line for n, line in enumerate(lines) if line and n != longest]
    if tail:
        others.append(tail)
    room = MAX_POST_CHARS - sum(len(line) + 2 for line in others)
    fitted = [cut_text(line, room) if n == longest else line for n, line in enumerate(lines)]
    return "\n\n".join(filter(None, [*fitted, tail]))


# ---- documents -------------------------------------------------------------------------------------------

MAX_TITLE_CHARS, MAX_DESCRIPTION_CHARS = 128, 300
"""Limits in code points; the protocol counts graphemes, of which there are never more."""
MAX_TEXT_BYTES = 120_000
"""Bytes of a document's text as JSON: servers refuse requests above 150 kB."""


class IssueDocument(NamedTuple):
    """An issue's two records: its publication's and its own. `str` gives the document's text."""

    publication: RecordDraft
    document: RecordDraft

    def __str__(self) -> str:
        return str(self.document.content["textContent"])


class DocumentSender(_AccountSender):
    """Sends documents."""

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The records of a day's issue, if this account announces the publication. Raises NotFound."""
        if publication == self._publication:
            issue = issue_reader.issue(publication, day)
            if issue.content.edition == 1:
                first = issue
            else:
                first = issue_reader.issue(publication, day, 1)
            document = issue_document(issue, first.frozen_at, self.account.did, self._site_config)
            yield Message(f"{self.account.did} document", document)

    def send(self, message: Message, http: HttpClient) -> str:
        """Puts both records. The receipt is the document's address. Raises RetryLater, RequestRefused, NetError."""
        payload: IssueDocument = message.payload
        self.account.put(http, payload.publication)
        return self.account.put(http, payload.document).uri

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """None: putting the same records again changes nothing."""
        return None


def issue_document(issue: PublishedIssue, published_at: int, account: str, site_config: SiteConfig) -> IssueDocument:
    """The records of an issue on a site with a public address. `published_at`: when the first edition was frozen, µs
    UTC; `account`: a DID."""
    content = issue.content
    publication = content.publication
    text = build_announcement(issue, site_config)
    entries = (entry_line(issue, entry, site_config) for entry in content.entries)
    lines = [
        " · ".join(filter(None, (f"{entry.place}. {entry.title}", entry.author, entry.url, entry.counts)))
        for entry in entries
    ]
    document: dict[str, Any] = {
        "$type": DOCUMENT,
        "site": publication_uri(account, publication.publication),
        "path": f"/{site_paths.issue_path(content.day).removesuffix('index.html')}",
        "title": cut_text(f"{text.publication}, {text.day}", MAX_TITLE_CHARS),
        "description": cut_text(" · ".join(filter(None, (text.introduction, text.correction))), MAX_DESCRIPTION_CHARS),
        "textContent": _fitting(lines) or text.empty,
        "publishedAt": timestamps.format_rfc3339(published_at),
        **({"updatedAt": timestamps.format_rfc3339(issue.frozen_at)} if content.edition > 1 else {}),
    }
    title = cut_text(one_line(publication.title), MAX_TITLE_CHARS)
    record = {"$type": PUBLICATION, "url": site_config.base.removesuffix("/"), "name": title}
    name = publication.publication
    record_draft = RecordDraft(document_key(name, content.day), document)
    return IssueDocument(RecordDraft(publication_key(name), record), record_draft)


def _fitting(lines: list[str]) -> str:
    """As many lines as a document has room for, and how many more there are."""
    sizes = accumulate(len(msgspec.json.encode(line)) for line in lines)
    room = sum(size <= MAX_TEXT_BYTES for size in sizes)
    if room < len(lines):
        more = [f"{count_noun(len(lines) - room, 'more paper')} did not fit."]
    else:
        more = []
    return "\n".join([*lines[:room], *more])

"""Channel `bluesky`: each issue as a thread by the publication's own account, and as a document in that account for
other applications.

Before a post is created, it is looked up by the key that the issue determines. So an interrupted thread is completed,
and no post is made twice.

The documents follow https://standard.site: one `site.standard.publication`, and a `site.standard.document` for each
issue. They say what the site says, but never quote posts: a record in an account cannot be recalled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.ids import timestamps
from hotpapers.base.model import HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.issues.ranking import words
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.phrases import cut, one_line
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import DOCUMENT, PUBLICATION, document_key, publication_key, publication_uri
from hotpapers.wings.announce.announcement import announcement, entry_line
from hotpapers.wings.announce.atproto import AtprotoAccount, RecordRef
from hotpapers.wings.announce.thread import COLLECTION, Thread, thread


class _AccountSender:
    """A publication's account, and the site that its records link to."""

    name = "bluesky"

    def __init__(self, settings: BlueskyAccount, key: str, site_config: SiteConfig) -> None:
        """`key`: its setting. Raises SettingsError."""
        self._publication, self._site_config = settings.publication, site_config
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
            yield Message(self.account.did, thread(issue_reader.issue(publication, day), self._site_config))

    def send(self, message: Message, http: HttpClient) -> str:
        """Creates the missing posts. The receipt is the first post's address. Raises RetryLater, RequestRefused,
        NetError."""
        payload = message.payload
        assert isinstance(payload, Thread)
        root = parent = None
        for post in payload.posts:
            existing = self.account.find(http, COLLECTION, post.rkey)
            parent = existing or self.account.create(http, COLLECTION, post.rkey, _as_reply(post.record, root, parent))
            root = root or parent
        assert root is not None
        return root.uri

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """The first post's address if the thread is complete, or None. Raises RetryLater, RequestRefused, NetError."""
        payload = message.payload
        assert isinstance(payload, Thread)
        first, last = payload.posts[0], payload.posts[-1]
        if self.account.find(http, COLLECTION, last.rkey) is None:
            return None
        return f"at://{self.account.did}/{COLLECTION}/{first.rkey}"


def _as_reply(record: dict[str, Any], root: RecordRef | None, parent: RecordRef | None) -> dict[str, Any]:
    if root is None or parent is None:
        return record
    return {
        **record,
        "reply": {"root": {"uri": root.uri, "cid": root.cid}, "parent": {"uri": parent.uri, "cid": parent.cid}},
    }


MAX_TITLE_CHARS, MAX_DESCRIPTION_CHARS = 128, 300
"""Limits in code points; the protocol counts graphemes, of which there are never more."""
MAX_TEXT_BYTES = 120_000
"""Bytes of a document's text as JSON: servers refuse requests above 150 kB."""


class IssueDocument(NamedTuple):
    """An issue's two records: its publication's and its own. `str` gives the document's text."""

    publication: str
    day: str
    publication_record: Mapping[str, Any]
    document_record: Mapping[str, Any]

    def __str__(self) -> str:
        return str(self.document_record["textContent"])


class DocumentSender(_AccountSender):
    """Sends documents."""

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The records of a day's issue, if this account announces the publication. Raises NotFound."""
        if publication == self._publication:
            issue = issue_reader.issue(publication, day)
            first = issue if issue.content.edition == 1 else issue_reader.issue(publication, day, 1)
            document = issue_document(issue, first.frozen_at, self.account.did, self._site_config)
            yield Message(f"{self.account.did} document", document)

    def send(self, message: Message, http: HttpClient) -> str:
        """Puts both records. The receipt is the document's address. Raises RetryLater, RequestRefused, NetError."""
        document = message.payload
        assert isinstance(document, IssueDocument)
        key = publication_key(document.publication)
        self.account.put(http, PUBLICATION, key, dict(document.publication_record))
        key = document_key(document.publication, document.day)
        return self.account.put(http, DOCUMENT, key, dict(document.document_record)).uri

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """None: putting the same records again changes nothing."""
        return None


def issue_document(issue: PublishedIssue, published_at: int, account: str, site_config: SiteConfig) -> IssueDocument:
    """The records of an issue on a site with a public address. `published_at`: when the first edition was frozen, µs
    UTC; `account`: a DID."""
    content = issue.content
    publication = content.publication
    text = announcement(issue, site_config)
    document: dict[str, Any] = {
        "$type": DOCUMENT,
        "site": publication_uri(account, publication.publication),
        "path": f"/{site_paths.issue_path(content.day).removesuffix('index.html')}",
        "title": cut(f"{text.publication}, {text.day}", MAX_TITLE_CHARS),
        "description": cut(" · ".join(filter(None, (text.introduction, text.correction))), MAX_DESCRIPTION_CHARS),
        "textContent": _fitting(list(_lines(issue, site_config))) or text.empty,
        "publishedAt": timestamps.rfc3339(published_at),
        **({"updatedAt": timestamps.rfc3339(issue.frozen_at)} if content.edition > 1 else {}),
    }
    title = cut(one_line(publication.title), MAX_TITLE_CHARS)
    record = {"$type": PUBLICATION, "url": site_config.base.removesuffix("/"), "name": title}
    return IssueDocument(publication.publication, content.day, record, document)


def _lines(issue: PublishedIssue, site_config: SiteConfig) -> Iterator[str]:
    for entry in issue.content.entries:
        line = entry_line(issue, entry, site_config)
        yield " · ".join(filter(None, (f"{line.place}. {line.title}", line.author, line.url, line.counts)))


def _fitting(lines: list[str]) -> str:
    """As many lines as a document has room for, and how many more there are."""
    sizes = accumulate(len(msgspec.json.encode(line)) for line in lines)
    room = sum(size <= MAX_TEXT_BYTES for size in sizes)
    more = [f"{words.count_noun(len(lines) - room, 'more paper')} did not fit."] if room < len(lines) else []
    return "\n".join([*lines[:room], *more])

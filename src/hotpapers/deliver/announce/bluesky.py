"""Channel `bluesky`: each issue as a thread, by an account of the publication's own.

A post is looked for before it is made, by the key that the issue gives it. So a thread that broke off anywhere is
finished, and nothing in it stands twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.deliver.announce.atproto import AtprotoAccount, RecordRef
from hotpapers.deliver.announce.thread import COLLECTION, Thread, thread
from hotpapers.model import HttpClient, IssueReader, Message
from hotpapers.settings.announce import BlueskyAccount
from hotpapers.view.site_config import SiteConfig


class BlueskySender:
    """One account."""

    name = "bluesky"

    def __init__(self, settings: BlueskyAccount, key: str, site_config: SiteConfig) -> None:
        """`key`: where it stands in the settings. Raises SettingsError."""
        self._publication, self._imprint = settings.publication, site_config
        self.account = AtprotoAccount(settings, key)

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The thread of a day's issue, if this account tells of the publication. Raises NotFound."""
        if publication == self._publication:
            yield Message(self.account.did, thread(issue_reader.issue(publication, day), self._imprint))

    def send(self, message: Message, http: HttpClient) -> str:
        """Makes the posts that are not there; the receipt is the head's address. Raises RetryLater, RequestRefused,
        NetError."""
        payload = message.payload
        assert isinstance(payload, Thread)
        root = parent = None
        for post in payload.posts:
            there = self.account.find(http, COLLECTION, post.rkey)
            parent = there or self.account.create(http, COLLECTION, post.rkey, _replying(post.record, root, parent))
            root = root or parent
        assert root is not None
        return root.uri

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """The head's address, once all posts are there. Raises RetryLater, RequestRefused, NetError."""
        payload = message.payload
        assert isinstance(payload, Thread)
        first, last = payload.posts[0], payload.posts[-1]
        if self.account.find(http, COLLECTION, last.rkey) is None:
            return None
        return f"at://{self.account.did}/{COLLECTION}/{first.rkey}"


def _replying(record: dict[str, Any], root: RecordRef | None, parent: RecordRef | None) -> dict[str, Any]:
    if root is None or parent is None:
        return record
    return {
        **record,
        "reply": {"root": {"uri": root.uri, "cid": root.cid}, "parent": {"uri": parent.uri, "cid": parent.cid}},
    }

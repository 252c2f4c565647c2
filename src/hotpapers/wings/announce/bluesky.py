"""Channel `bluesky`: each issue as a thread by the publication's own account.

Before a post is created, it is looked up by the key that the issue determines. So an interrupted thread is completed,
and no post is made twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.base.model import HttpClient, IssueReader, Message
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.announce.atproto import AtprotoAccount, RecordRef
from hotpapers.wings.announce.thread import COLLECTION, Thread, thread


class BlueskySender:
    """A publication's account, and the site that its posts link to."""

    name = "bluesky"

    def __init__(self, settings: BlueskyAccount, key: str, site_config: SiteConfig) -> None:
        """`key`: its setting. Raises SettingsError."""
        self._publication, self._site_config = settings.publication, site_config
        self.account = AtprotoAccount(settings, key)

    def try_out(self, http: HttpClient) -> str:
        """Signs in."""
        self.account.find(http, COLLECTION, "self")
        return f"{self.account.host} lets {self.account.did} sign in"

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

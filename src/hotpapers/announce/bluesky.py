"""Channel `bluesky`: each issue as a thread, by an account of the publication's own.

A post is looked for before it is made, by the key that the issue gives it. So a thread that broke off anywhere is
finished, and nothing in it stands twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.announce.account import Account, Ref
from hotpapers.announce.thread import COLLECTION, Draft, Thread, thread
from hotpapers.model import Net, Parcel, Shelf
from hotpapers.publish.imprint import Imprint
from hotpapers.settings.announce import BlueskyAccount


class Bluesky:
    """One account."""

    name = "bluesky"

    def __init__(self, settings: BlueskyAccount, key: str, imprint: Imprint) -> None:
        """`key`: where it stands in the settings. Raises SettingsError."""
        self._publication, self._imprint = settings.publication, imprint
        self.account = Account(settings, key)

    def parcels(self, shelf: Shelf, publication: str, day: str) -> Iterator[Parcel]:
        """The thread of a day's issue, if this account tells of the publication. Raises NoSuch."""
        if publication == self._publication:
            yield Parcel(self.account.did, thread(shelf.issue(publication, day), self._imprint))

    def send(self, parcel: Parcel, net: Net) -> str:
        """Makes the posts that are not there; the receipt is the head's address. Raises Wait, Refused, NetError."""
        found = parcel.payload
        assert isinstance(found, Thread)
        root = parent = None
        for post in found.posts:
            parent = self._made(net, post, root, parent)
            root = root or parent
        assert root is not None
        return root.uri

    def receipt_of(self, parcel: Parcel, net: Net) -> str | None:
        """The head's address, once all posts are there. Raises Wait, Refused, NetError."""
        found = parcel.payload
        assert isinstance(found, Thread)
        first, last = found.posts[0], found.posts[-1]
        if self.account.find(net, COLLECTION, last.rkey) is None:
            return None
        return f"at://{self.account.did}/{COLLECTION}/{first.rkey}"

    def _made(self, net: Net, post: Draft, root: Ref | None, parent: Ref | None) -> Ref:
        there = self.account.find(net, COLLECTION, post.rkey)
        return there or self.account.create(net, COLLECTION, post.rkey, _replying(post.record, root, parent))


def _replying(record: dict[str, Any], root: Ref | None, parent: Ref | None) -> dict[str, Any]:
    if root is None or parent is None:
        return record
    return {
        **record,
        "reply": {"root": {"uri": root.uri, "cid": root.cid}, "parent": {"uri": parent.uri, "cid": parent.cid}},
    }

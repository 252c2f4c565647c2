"""What people type, and which account they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.wings.accounts.claims import parse_claim

DID = "did:plc:aaaabbbbccccddddeeee2345"
ADA = ("mastodon:@ada@social.example",)
OWN = "mastodon:https://social.example/users/Ada"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (DID, (f"bluesky:{DID}",)),
        ("did:web:ada.example", ("bluesky:did:web:ada.example",)),
        (f"at://{DID}/app.bsky.feed.post/3kabc", (f"bluesky:{DID}",)),
        (f"https://bsky.app/profile/{DID}/post/3kabc", (f"bluesky:{DID}",)),
        (" @Ada.Bsky.Social ", ("bluesky:@ada.bsky.social",)),
        ("https://bsky.app/profile/Ada.example?x=1#y", ("bluesky:@ada.example",)),
        ("@ada@social.example", ADA),
        ("Ada@Social.Example", ADA),
        ("ada@social.example:8443", ("mastodon:@ada@social.example:8443",)),
        ("https://social.example/@Ada", (*ADA, OWN)),
        ("https://social.example/@Ada/112233", (*ADA, OWN)),
        ("https://other.example/@ada@social.example/9", ADA),
        ("https://social.example/users/Ada/statuses/9", (OWN, *ADA)),
        ("https://social.example/ap/users/1163/statuses/9", ("mastodon:https://social.example/ap/users/1163",)),
    ],
)
def test_the_accounts_that_texts_name(text: str, keys: tuple[str, ...]) -> None:
    assert parse_claim(text) == keys


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ada", "@ada", "x:@ada", "https://x.com/ada/status/1", "https://news.ycombinator.com/user?id=ada",
        "https://bsky.app/", "https://bsky.app/profile", "https://bsky.app/search/ada.example", "did:plc:short",
        "https://social.example/", "https://social.example/about", "https://social.example/users/",
        "https://a:b@social.example/@ada", "https://[::1/@ada", "https://social.example/@", "ftp://social.example/@ada",
        "ada\x00.example", "ada\u202e.example", f"{'a' * 64}.example", "a." * 300 + "example", "javascript:alert(1)",
        "@ada@", "@@social.example", "a/../b@social.example", "https://social.example/ap/users/١٢/x",
    ],
)  # fmt: skip
def test_texts_that_name_no_account(text: str) -> None:
    assert parse_claim(text) == ()


@given(st.text(max_size=600) | st.text("ad.:/@%[]#?0123-_", max_size=80).map("https://".__add__))
def test_whatever_is_typed_is_read(text: str) -> None:
    """Never raises; the result is keys of one network, without spaces."""
    keys = parse_claim(text)
    assert len({key.partition(":")[0] for key in keys}) <= 1
    assert all(key.startswith(("bluesky:", "mastodon:")) and key.isprintable() and " " not in key for key in keys)

"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

WING = Wing(
    "accounts",
    "A page for authors of posts: proved by a code in their profile, they hide their posts or contest a verdict.",
    routes=loading("hotpapers.wings.accounts.my_posts:routes"),
    authors_path="mine",
)

"""Registers the wing's routes and its link from pages to the page for authors."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.publish.hooks import AuthorsPage
from hotpapers.serve.hooks import Routes

WING = Wing(
    "accounts",
    "A page for authors of posts: proved by a code in their profile, they hide their posts or contest a verdict.",
    hooks=(
        Routes(load_lazily("hotpapers.wings.accounts.my_posts:routes")),
        AuthorsPage("mine"),
    ),
)

"""Numbers, counted nouns and handles in sentences."""

from __future__ import annotations


def handle_text(handle: str) -> str:
    """`@ada.example`; for a feed, whose handle is its address, `blog.example/feed.xml`."""
    _, separator, address = handle.partition("://")
    return address if separator else handle and f"@{handle}"


def format_number(count: int) -> str:
    """1,204."""
    return f"{count:,}".replace("-", "−")


def count_noun(count: int, noun: str, plural: str = "") -> str:
    """`1 paper`, `1,204 papers`."""
    return f"{format_number(count)} {noun if count == 1 else plural or noun + 's'}"

"""Small icons of the networks, drawn by us in a square of 16 × 16, as SVG path data; the name is shown beside each.

They suggest a network without copying its logo.
"""

from __future__ import annotations

_DOT = "M8 4a4 4 0 1 0 .01 0z"
_MARKS = {
    "bluesky": "M8 8C6.5 5 4 2.7 2 3c-1 3 .3 6 4 6.2C4 9.5 3.5 12 6 13c1-.8 1.6-2.5 2-4 .4 1.5 1 3.2 2 4 "
    "2.5-1 2-3.5 0-3.8C13.7 9 15 6 14 3c-2-.3-4.5 2-6 5z",
    "mastodon": "M2.5 13V6.5a2.75 2.75 0 0 1 5.5 0V10 6.5a2.75 2.75 0 0 1 5.5 0V13",
    "hackernews": "M3 2.5 8 9l5-6.5M8 9v5",
    "lobsters": "M4.5 2.5v11h8",
    "reddit": "M3 9.5c0 5 10 5 10 0s-10-5-10 0zM5.8 9h.01M10.2 9h.01M8 5.8l1-3.3 2.5.6",
    "x": "M3 3l10 10M13 3 3 13",
    "huggingface": "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8zM5 9c1 3 5 3 6 0M6 6h.01M10 6h.01",
    "feeds": "M3 13h.01M3 8a5 5 0 0 1 5 5M3 3a10 10 0 0 1 10 10",
}


def mark(network: str) -> str:
    """The path data of a network's icon; a dot if it has none."""
    return _MARKS.get(network, _DOT)

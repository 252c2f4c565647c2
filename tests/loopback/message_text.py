"""How a message names a paper: in a link, in a card beside it, or in words. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tests.loopback.script import Message, PaperReference

ADDRESSES = {
    "abs": "https://arxiv.org/abs/{}",
    "pdf": "https://arxiv.org/pdf/{}",
    "html": "https://arxiv.org/html/{}",
    "doi": "https://doi.org/10.48550/arXiv.{}",
    "alphaxiv": "https://www.alphaxiv.org/abs/{}",
    "huggingface": "https://huggingface.co/papers/{}",
    "prose": "arXiv:{}",
}
"""The forms of hotpapers.base.papers.arxiv.addresses that the script uses."""
ON_SERVERS = {
    "biorxiv": "https://www.biorxiv.org/content/{}v1",
    "medrxiv": "https://www.medrxiv.org/content/{}v1.full",
    "chemrxiv": "https://chemrxiv.org/doi/full/{}",
    "psyarxiv": "https://doi.org/{}",
}
"""Addresses of papers on other servers, by their names, which are the forms of these references."""
SHOWN_LENGTH = 24
"""How many characters of an address apps show."""


class Piece(NamedTuple):
    """A part of a message; `target`: where it links to, empty for plain words."""

    text: str
    target: str = ""


def address(reference: PaperReference) -> str:
    """How the paper is named: an address, or words."""
    version = f"v{reference.version}" if reference.version else ""
    return (ADDRESSES | ON_SERVERS)[reference.form].format(reference.paper + version)


def shorten(url: str) -> str:
    """An address as apps show it: without its scheme, and shortened."""
    shortened = url.partition("://")[2] or url
    return shortened if len(shortened) <= SHOWN_LENGTH else shortened[:SHOWN_LENGTH] + "…"


def pieces(message: Message, now: int) -> list[Piece]:
    """A message at a moment: its words, then the papers that it links to or names."""
    parts = [Piece(message.words_at(now))]
    for reference in message.references:
        if reference.form == "prose":
            parts.append(Piece(f" {address(reference)}"))
        elif reference.place == "link":
            parts += [Piece(" "), Piece(shorten(address(reference)), address(reference))]
    return parts


def cards(message: Message) -> list[str]:
    """The addresses in cards beside a message."""
    return [address(reference) for reference in message.references if reference.place == "card"]


def targets(message: Message) -> list[str]:
    """Every address that a message links to."""
    return [address(reference) for reference in message.references if reference.form != "prose"]


def text(message: Message, now: int) -> str:
    """A message as plain text with complete addresses, for networks without links."""
    parts = [message.words_at(now), *map(address, message.references)]
    return " ".join(part for part in parts if part)

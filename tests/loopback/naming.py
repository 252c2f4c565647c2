"""How a message names a paper: in a link, in a card beside it, or in words. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tests.loopback.script import Naming, Said

ADDRESSES = {
    "abs": "https://arxiv.org/abs/{}",
    "pdf": "https://arxiv.org/pdf/{}",
    "html": "https://arxiv.org/html/{}",
    "doi": "https://doi.org/10.48550/arXiv.{}",
    "alphaxiv": "https://www.alphaxiv.org/abs/{}",
    "huggingface": "https://huggingface.co/papers/{}",
    "prose": "arXiv:{}",
}
"""The forms that the script uses, of those in hotpapers.ids.arxiv.addresses."""
SHOWN = 24
"""How many characters of an address apps show."""


class Piece(NamedTuple):
    """A part of a message; `target`: where it links to, empty for plain words."""

    text: str
    target: str = ""


def address(naming: Naming) -> str:
    """How the paper is named: an address, or words."""
    version = f"v{naming.version}" if naming.version else ""
    return ADDRESSES[naming.form].format(naming.paper + version)


def shown(url: str) -> str:
    """An address as apps show it: without its scheme, and shortened."""
    bare = url.partition("://")[2] or url
    return bare if len(bare) <= SHOWN else bare[:SHOWN] + "…"


def pieces(said: Said, now: int) -> list[Piece]:
    """A message at a moment: its words, followed by the papers that it links or names."""
    found = [Piece(said.words_at(now))]
    for naming in said.names:
        if naming.form == "prose":
            found.append(Piece(f" {address(naming)}"))
        elif naming.place == "link":
            found += [Piece(" "), Piece(shown(address(naming)), address(naming))]
    return found


def cards(said: Said) -> list[str]:
    """The addresses in cards beside a message."""
    return [address(naming) for naming in said.names if naming.place == "card"]


def targets(said: Said) -> list[str]:
    """Every address that a message links to."""
    return [address(naming) for naming in said.names if naming.form != "prose"]


def text(said: Said, now: int) -> str:
    """A message as plain text with complete addresses, for networks without links."""
    whole = [said.words_at(now), *map(address, said.names)]
    return " ".join(part for part in whole if part)

"""The card of the demo's latest issue, as a file to look at: on a site, cards need a public address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.publish.view.site_paths import issue_path
from hotpapers.record import Record
from hotpapers.wings.cards.card_contents import CardPages, card_path

MADE_UP = "https://papers.example/"
NOT_DRAWN = "not drawn: needs Pillow, which `pip install 'hotpapers[cards]'` installs"


def draw_card(record: Record, publication: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Draws the card, if the library is installed; where it is."""
    reader = RecordIssueReader(record)
    pages = CardPages(SiteContext(reader, publication, NOBODY._replace(base=MADE_UP)))
    days = reader.days(publication)
    picture = pages.page(card_path(issue_path(days[-1])))
    if picture is None:
        yield "card", NOT_DRAWN
        return
    (folder / "card.png").write_bytes(picture)
    yield "card", str(folder / "card.png")

"""Cards of issues and papers.

An image's address must be absolute, so there are cards only if the site's public address is known, and if Pillow is
installed to draw them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from hotpapers.base.model import SitePart
from hotpapers.publish.render.html.site_context import CardMeta, EntryAppearance, SiteContext
from hotpapers.publish.view import phrases
from hotpapers.publish.view.issue_view import AUTHORS, EntryView, IssueView
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import is_folded, issue_of, issue_path, page_of_card, paper_of
from hotpapers.publish.view.sparkline import Sparkline
from hotpapers.publish.view.tex import plain_line, tex_line
from hotpapers.wings.cards import drawing
from hotpapers.wings.cards.drawing import CardContent, drawable_text


def has_cards(site_config: SiteConfig) -> bool:
    """Whether a site has cards."""
    return bool(site_config.base) and drawing.is_available()


def card_path(path: str) -> str:
    """The card of a page."""
    return f"{path.removesuffix('index.html')}card.png"


def card_of(site: SiteContext, path: str, appearances: Sequence[EntryAppearance]) -> CardMeta | None:
    """The card of a page, for its metadata; None on a site without cards. `appearances`: of a paper in issues, oldest
    first; none for an issue's page."""
    if not has_cards(site.site_config):
        return None
    if appearances:
        entry = appearances[-1].entry
        curve = _curve(appearances)
        place = f"{places_line(appearances)}, {site.title}"
        authors = ", ".join(entry.authors[:AUTHORS])
        parts = (entry.plain_title, authors, place, curve.description if curve else "")
        text = ". ".join(filter(None, parts))
    else:
        day, _ = issue_of(path) or ("", 0)
        issue = site.issue(day)
        entries = islice(issue.entries, drawing.ROWS)
        places = [f"{entry.place} {entry.plain_title}" for entry in entries]
        content = "; ".join(places) or issue.empty
        text = f"{issue.publication}, {issue.title}. {content}"
    url = site.site_config.base + card_path(path)
    return CardMeta(url, phrases.cut_text(text, MAX_ALT_CHARS), drawing.WIDTH, drawing.HEIGHT)


MAX_ALT_CHARS = 400
"""Code points: nobody listens to more."""


class CardPages(SitePart):
    """The cards of a publication's site."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
        self._exist = has_cards(site.site_config)

    def has(self, path: str) -> bool:
        return bool(page_of_card(path))

    def day_paths(self, day: str) -> Iterator[str]:
        """The cards that change with a day's issue: the issue's own and its papers'."""
        if not self._exist:
            return
        issue = self._site.issue(day)
        yield card_path(issue_path(day))
        for path in (*(entry.path for entry in issue.listed if entry.path), *self._site.paths_of(issue.ongoing)):
            if not self._is_folded(paper_of(path)):
                yield card_path(path)

    def ended(self, path: str) -> Iterator[str]:
        """By the path of a paper's page: the path of a removed card that may still exist."""
        paper = paper_of(path) if self._exist else ""
        if paper and (self._is_folded(paper) or not self._site.has_paper(paper)):
            yield card_path(path)

    def page(self, path: str) -> bytes | None:
        page_path = page_of_card(path) if self._exist else ""
        day, edition = issue_of(page_path) or ("", 0)
        if day:
            if self._site.has(day) and not edition:
                return drawing.draw_card(issue_card(self._site.issue(day)))
            return None
        paper = paper_of(page_path)
        if paper and not self._is_folded(paper):
            appearances = self._site.appearances(paper)
        else:
            appearances = []
        return drawing.draw_card(paper_card(self._site.title, appearances)) if appearances else None

    def _is_folded(self, paper: str) -> bool:
        """Whether the paper's page is folded. Folded pages have no card, to save space."""
        since = self._site.site_config.whole_since
        days = self._site.days_with(paper) if since else []
        return bool(days) and is_folded(days[-1], since)


# ---- contents of a card ------------------------------------------------------------------------------------


def issue_card(issue: IssueView) -> CardContent:
    """Publication, day, number of papers, the first places."""
    entries = islice(issue.entries, drawing.ROWS)
    titles = ((str(entry.place), _title(entry)) for entry in entries)
    rows = tuple(titles)
    under = drawable_text(issue.facts.partition(" · ")[0])
    return CardContent(
        drawable_text(issue.publication),
        issue.title,
        under,
        rows or (("", drawable_text(issue.empty)),),
    )


def paper_card(publication: str, appearances: Sequence[EntryAppearance]) -> CardContent:
    """Title, authors, the place in the latest issue, and the attention curve as of then."""
    entry = appearances[-1].entry
    curve = _curve(appearances)
    # The first authors whose names can be drawn, and how many more there are
    names = entry.authors[: 2 * AUTHORS]
    drawable_names = filter(None, (drawable_text(plain_line(name)) for name in names))
    first_names = list(islice(drawable_names, AUTHORS))
    omitted = len(entry.authors) - len(first_names)
    points = (point.split(",") for point in curve.points.split()) if curve else ()
    return CardContent(
        drawable_text(publication),
        _title(entry),
        f"{', '.join(first_names)} and {omitted} more" if first_names and omitted else ", ".join(first_names),
        foot=places_line(appearances),
        curve=tuple((float(x), float(y)) for x, y in points),
    )


def places_line(appearances: Sequence[EntryAppearance]) -> str:
    """`Place 2, Thursday, 14 January 2021`: in the latest issue that ranks it."""
    ranked = [appearance for appearance in appearances if not appearance.is_ongoing]
    if not ranked:
        return f"Still talked about, {appearances[-1].issue.title}"
    place = ranked[-1].entry.place
    return f"Place {place}, {ranked[-1].issue.title}"


def _title(entry: EntryView) -> str:
    """The title, with formulas as TeX if they have letters that cannot be drawn, or the identifier if others have."""
    title = entry.plain_title
    if drawable_text(title) != title:
        title = phrases.marked_title(tex_line(entry.title), withdrawn=entry.withdrawn)
    return drawable_text(title) or drawable_text(phrases.paper_label(entry.key))


def _curve(appearances: Sequence[EntryAppearance]) -> Sparkline | None:
    """The latest known curve."""
    sparks = (appearance.entry.counts_view.spark for appearance in reversed(appearances))
    return next(filter(None, sparks), None)

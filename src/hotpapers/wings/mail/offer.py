"""Describes the mails to a publication's subscribers, and how often they come: for the page where they subscribe, and
the mail that asks them to confirm."""

from __future__ import annotations

from hotpapers.base.model import Publication
from hotpapers.base.papers.categories import category_title
from hotpapers.publish.view.phrases import one_line

MAX_NAMED = 5
"""Categories that are named; of more, their number."""
_OFTEN = {"daily": "a daily mail", "weekly": "a weekly mail", "monthly": "a monthly mail"}
_WHEN = {
    "weekly": "One mail a week, when the week is over.",
    "monthly": "One mail a month, when the month is over.",
}


def mail_kind(publication: Publication) -> str:
    """`a daily mail of papers`."""
    return f"{_OFTEN.get(publication.window, 'a mail')} of papers"


def contents(publication: Publication) -> str:
    """A sentence about the contents of a mail."""
    return (
        f"New papers{_fields(publication)} that people talk about, ranked, each with authors, a sentence or two of its "
        "abstract, counts, what somebody said about it, and links to the discussions."
    )


def times(publication: Publication) -> str:
    """When mails come."""
    hour = f"{publication.hour:02}:00 {one_line(publication.zone)}"
    daily = f"One mail a day, Monday to Friday, after {hour}, when the issue is ready."
    return _WHEN.get(publication.window, daily if publication.window == "daily" else "One mail for each issue.")


def _fields(publication: Publication) -> str:
    names = [category_title(one_line(name)) for name in publication.categories]
    if len(names) > MAX_NAMED:
        return f" of {len(names)} fields"
    if names:
        return f" in {' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))}"
    return ""

"""How readers contact the operator: to report an entry as wrong, or a post that should not be quoted."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlencode

from hotpapers.base.text import clean_text
from hotpapers.base.text.domains import ascii_address
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.post_views import LinkedPiece
from hotpapers.publish.view.site_config import SiteConfig

_MAIL = re.compile(
    r"(?<![\w.+!#$%&*=?^`{|}~/-])[A-Za-z0-9_][A-Za-z0-9_.+!#$%&'*=?^`{|}~/-]{0,63}"
    r"@[^\W_]+(?:[.-]+[^\W_]+)*\.[^\W_]+(?:-+[^\W_]+)*"
)
_PAGE = re.compile(r"https?://[^\s<>\"]+")
_MAILTO = "mailto:"


class ReportSubject(NamedTuple):
    """The subject of a reader's report: an entry of an issue, or a post quoted there."""

    publication: str
    day: str
    edition: int
    digest: str
    paper: str
    post: str = ""


class ContactLinks(NamedTuple):
    """Where readers can write: the app's forms, else the mail address in the operator's contact, else a page. `app`:
    the public address of the app, ending with `/`. All may be empty."""

    mail: str
    page: str
    app: str

    def wrong(self, about: ReportSubject) -> str:
        """Where to report that an entry is wrong; empty if unknown."""
        if self.app:
            return f"{self.app}wrong?{urlencode({'paper': about.paper, 'issue': about.digest})}"
        subject = f"Error: {about.paper} in {about.publication} of {about.day}"
        return self._to(subject, about)

    def report(self, about: ReportSubject) -> str:
        """Where to report that a post should not be quoted."""
        if self.app:
            query = {"post": about.post, "paper": about.paper, "issue": about.digest}
            return f"{self.app}report?{urlencode(query, errors='replace')}"
        return self._to(f"A quotation in {about.publication} of {about.day}", about)

    def _to(self, subject: str, about: ReportSubject) -> str:
        """A mailto link (RFC 6068) with a body that identifies the subject; else the contact page."""
        if not self.mail:
            return self.page
        issue = f"Issue: {about.publication} {about.day}, edition {about.edition}\r\nDigest: {about.digest}\r\n"
        subjects = f"Paper: {about.paper}\r\n" + (f"Post: {about.post}\r\n" if about.post else "")
        query = {"subject": subject, "body": f"{issue}{subjects}\r\nWhat is wrong:\r\n"}
        mail = quote(ascii_address(self.mail), safe="@")
        return f"mailto:{mail}?{urlencode(query, errors='replace', quote_via=quote)}"


def join_address(site_config: SiteConfig, publication: str) -> str:
    """Where to subscribe to a publication; empty if nobody can."""
    text = urlencode({"publication": publication})
    if site_config.app and site_config.join_path:
        return f"{site_config.app}{site_config.join_path}?{text}"
    return ""


def contact_links_of(contact: str, app: str = "") -> ContactLinks:
    """The links in an operator's public contact. `app`: the app's public address."""
    text = clean_text.one_line(contact)
    mail = _MAIL.search(_PAGE.sub(" ", text))
    page = _PAGE.search(text)
    return ContactLinks(
        mail[0] if mail else "", site_paths.outside_address(page[0].rstrip(".,;)")) if page else "", app
    )


def linked_contact(contact: str) -> tuple[LinkedPiece, ...]:
    """An operator's public contact in pieces, where a mail address, or else a page, is a link."""
    links = contact_links_of(contact)
    line = clean_text.one_line(contact)
    address = links.mail or links.page
    if not address:
        return (LinkedPiece(line, ""),) if line else ()
    text_before, _, text_after = line.partition(address)
    pieces = (
        (text_before.removesuffix(_MAILTO), ""),
        (address, f"{_MAILTO}{ascii_address(address)}" if links.mail else address),
        (text_after, ""),
    )
    return tuple(LinkedPiece(text, url) for text, url in pieces if text)

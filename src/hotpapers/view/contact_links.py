"""How readers reach the operator: to say that an entry is wrong, or that a post should not be quoted."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlencode

from hotpapers.view import clean_text, site_paths
from hotpapers.view.post_views import LinkedPiece
from hotpapers.view.site_config import SiteConfig

_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_PAGE = re.compile(r"https?://[^\s<>\"]+")
_MAILTO = "mailto:"


class ReportSubject(NamedTuple):
    """What somebody writes about: an entry of an issue, or a post quoted there."""

    publication: str
    day: str
    edition: int
    digest: str
    paper: str
    post: str = ""


class ContactLinks(NamedTuple):
    """Where a reader can write to: the app's forms, else of an operator's contact a mail address, else a page. `app`:
    the public address of the app, with a `/` at its end. All may be empty."""

    mail: str
    page: str
    app: str = ""

    def wrong(self, about: ReportSubject) -> str:
        """Where one says that an entry is wrong; empty where nowhere is known."""
        if self.app:
            return f"{self.app}wrong?{urlencode({'paper': about.paper, 'issue': about.digest})}"
        return self._to(f"This is wrong: {about.paper} in {about.publication} of {about.day}", about)

    def report(self, about: ReportSubject) -> str:
        """Where one says that a post should not be quoted."""
        if self.app:
            named = {"post": about.post, "paper": about.paper, "issue": about.digest}
            return f"{self.app}report?{urlencode(named, errors='replace')}"
        return self._to(f"A quotation in {about.publication} of {about.day}", about)

    def _to(self, subject: str, about: ReportSubject) -> str:
        """RFC 6068, with a body that names what is meant."""
        if not self.mail:
            return self.page
        named = [
            f"Issue: {about.publication} {about.day}, edition {about.edition}", f"Digest: {about.digest}",
            f"Paper: {about.paper}", *([f"Post: {about.post}"] if about.post else []), "", "What is wrong:", "",
        ]  # fmt: skip
        return f"mailto:{quote(self.mail, safe='@')}?subject={_encode(subject)}&body={_encode(chr(10).join(named))}"


def _encode(text: str) -> str:
    return quote(text.replace("\n", "\r\n").encode("utf-8", "replace"), safe=" ").replace(" ", "%20")


def join_address(site_config: SiteConfig, publication: str) -> str:
    """Where one asks for a publication by mail; empty where none is sent."""
    text = urlencode({"publication": publication})
    return f"{site_config.app}mail/join?{text}" if site_config.app and site_config.mails else ""


def contact_links_of(contact: str, app: str = "") -> ContactLinks:
    """What can be read from an operator's public contact; `app`: where the app with its forms is public."""
    text = clean_text.one_line(contact)
    mail, page = _MAIL.search(_PAGE.sub(" ", text)), _PAGE.search(text)
    return ContactLinks(mail[0] if mail else "", site_paths.outside(page[0].rstrip(".,;)")) if page else "", app)


def linked_contact(contact: str) -> tuple[LinkedPiece, ...]:
    """An operator's public contact in pieces: a mail address or else a page, is a link."""
    links, plain = contact_links_of(contact), clean_text.one_line(contact)
    address = links.mail or links.page
    if not address:
        return (LinkedPiece(plain, ""),) if plain else ()
    before, _, after = plain.partition(address)
    pieces = (
        (before.removesuffix(_MAILTO), ""),
        (address, f"{_MAILTO}{address}" if links.mail else address),
        (after, ""),
    )
    return tuple(LinkedPiece(text, url) for text, url in pieces if text)

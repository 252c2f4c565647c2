"""The page to subscribe to a publication by mail, `/mail/join`.

The page never reveals whether an address is known: the response is always the same, even if too many requests wait,
and is sent before the address is looked up. The limit counts submissions, not messages, because a limit on messages
would reveal who gets none. The address then gets a message, and its owner decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers.base.errors import HotPapersError, NetError, UsageError
from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.text.timestamps import as_utc
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.windows import has_ended
from hotpapers.publish.view import phrases
from hotpapers.record import current_time
from hotpapers.wings.forms.form_router import FormField, FormPage, FormRouter, FormSpec, Values
from hotpapers.wings.mail import offer, subscribers
from hotpapers.wings.mail.addresses import MAX_ADDRESS_CHARS, normalize_address, without_address
from hotpapers.wings.mail.plain_mailer import ask_to_confirm
from hotpapers.wings.mail.settings import MailConfig

PATH = "/mail/join"
MAX_SUBMISSIONS_AN_HOUR = 100
"""Submissions that are accepted at once, and then per hour, from all clients, whether or not a message follows."""
COST = 2
NO_ADDRESS = "This is not an email address. Write it like somebody@example.org."


class JoinPage(NamedTuple):
    """The page. `publication`: the default if none is named."""

    router: FormRouter
    mail_config: MailConfig
    publication: str
    clock: Callable[[], int] = current_time

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of the page."""
        return self.router.routes(PATH, self._show, self._submit, COST, self._refill, MAX_SUBMISSIONS_AN_HOUR)

    def _refill(self, values: Values) -> FormPage:
        """The form with the submitted values, without any look-ups."""
        return _form(self._named(values), "Issues", values, lines=())

    def _show(self, values: Values) -> FormPage:
        publication = self._publication(values)
        title = _title(publication)
        if self._has_ended(publication):
            return FormPage(f"{title} has ended", ("It will have no more issues.",))
        return _form(publication.publication, title, {}, lines=_offer(publication))

    def _named(self, values: Values) -> str:
        return values.get("publication") or self.publication

    def _publication(self, values: Values) -> Publication:
        with self.router.backend.open_record() as record:
            return publication_of(record, self._named(values))

    def _has_ended(self, publication: Publication) -> bool:
        return has_ended(publication, as_utc(self.clock()).date())

    def _submit(self, values: Values) -> FormPage:
        publication = self._publication(values)
        if self._has_ended(publication):
            return self._show(values)
        title = _title(publication)
        try:
            address = normalize_address(values.get("address", ""))
        except UsageError:
            return _form(publication.publication, title, values, NO_ADDRESS, lines=_offer(publication))
        if not self.router.run_later(partial(self._send, publication.publication, address, bool(values.get("skip")))):
            # nor does the answer change: how long requests wait depends on who gets a message
            reason = "too many are waiting for the relay"
            log_event("confirmation request dropped", level=logging.WARNING, reason=reason)
        lines = (
            f"If that address is not subscribed to {title} yet, a message is on its way. Open the link in it within "
            "a week to confirm.",
            "No message within an hour? Check your spam folder, or try again tomorrow.",
        )
        return FormPage("Check your inbox", lines)

    def _send(self, name: str, address: str, skip_empty: bool) -> None:
        """Sends the message, if needed. For confirmed subscribers nothing is sent or changed, since anybody may have
        filled in the form."""
        at = self.clock()
        with self.router.backend.open_record() as record:
            subscribers.delete_unconfirmed(record, at)
            subscriber = subscribers.find(record, subscribers.mark_of(record, name, address))
            if subscriber is not None and subscriber.state == "confirmed":
                return
            try:
                publication = publication_of(record, name)
                ask_to_confirm(record, self.mail_config, publication, address, at, skip_empty=skip_empty)
            except HotPapersError as problem:
                reason = without_address(str(problem), address)
                raise NetError(f"the confirmation request was not sent: {reason}") from None


def _title(publication: Publication) -> str:
    return phrases.one_line(publication.title)


def _offer(publication: Publication) -> Sequence[str]:
    return (offer.contents(publication), offer.times(publication))


def _form(publication: str, title: str, values: Values, error: str = "", *, lines: Sequence[str]) -> FormPage:
    address = values.get("address", "")[:MAX_ADDRESS_CHARS]
    form_field = FormField("address", "Your email address", "email", address, error=error, max_length=MAX_ADDRESS_CHARS)
    fields = (
        form_field,
        FormField("skip", "No issues without papers", "check", values.get("skip", "")),
    )
    form = FormSpec("join", "Subscribe", fields, (("publication", publication),), error=error)
    confirming = "You will get one message asking you to confirm. Every issue says how to unsubscribe."
    return FormPage(f"{title} by mail", (*lines, confirming), form, status=400 if error else 200)

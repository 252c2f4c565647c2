"""The page to subscribe to a publication by mail, `/mail/join`.

The page never reveals whether an address is known: the response is always the same, even if too many requests wait,
and is sent before the address is looked up. The limit counts submissions, not messages, because a limit on messages
would reveal who gets none. The address then gets a message, and its owner decides.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers.base.errors import HotPapersError, NetError, UsageError
from hotpapers.base.logs import log_event
from hotpapers.base.model import HOUR
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.view import phrases
from hotpapers.record import Record, now
from hotpapers.wings.forms import form_router as forms
from hotpapers.wings.forms.form_router import FormField, FormPage, FormRouter, FormSpec, Values
from hotpapers.wings.mail import opt_in, subscribers
from hotpapers.wings.mail.addresses import normalized, without_address
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.smtp import SmtpClient

PATH = "/mail/join"
MAX_SUBMISSIONS_AN_HOUR = 100
"""Submissions with an address accepted per hour, from all clients, whether or not a message follows."""
MAX_ADDRESS_CHARS = 254
COST = 2
NO_ADDRESS = "This is not an email address. Write it like somebody@example.org."
MANY = FormPage(
    "Try again later", ("Too many requests in the last hour. Please try again later.",), status=503, wait=3600
)


class JoinDependencies(NamedTuple):
    """What the page needs: the store, the mail configuration, a relay. `publication`: the default if none is named."""

    open_record: Callable[[], Record]
    mail_config: MailConfig
    publication: str
    relay: Callable[[MailConfig], SmtpClient] = SmtpClient
    clock: Callable[[], int] = now


class SubmissionCounter:
    """Counts submissions within the last hour, in this process. Kept in memory; it stores nothing about anybody."""

    def __init__(self) -> None:
        self._at: deque[int] = deque()
        self._lock = threading.Lock()

    def take(self, at: int) -> bool:
        """Counts a submission at a moment, µs UTC. Returns False, without counting it, if there were too many in the
        hour before."""
        with self._lock:
            while self._at and not at - HOUR < self._at[0] <= at:
                self._at.popleft()
            if len(self._at) >= MAX_SUBMISSIONS_AN_HOUR:
                return False
            self._at.append(at)
            return True


def routes(router: FormRouter, dependencies: JoinDependencies) -> Sequence[BaseRoute]:
    """The routes of the page."""
    submissions = SubmissionCounter()
    form = router.route(
        PATH,
        partial(_show, dependencies),
        partial(_submit, router, dependencies, submissions),
        COST,
        partial(_refill, dependencies),
    )
    return [form, forms.slash_redirect(PATH)]


def _refill(dependencies: JoinDependencies, values: Values) -> FormPage:
    """The form with the submitted values, without any look-ups."""
    return _form(values.get("publication") or dependencies.publication, "Issues", values)


def _show(dependencies: JoinDependencies, values: Values) -> FormPage:
    publication = values.get("publication") or dependencies.publication
    with dependencies.open_record() as record:
        title = _title(record, publication)
    return _form(publication, title, {})


def _title(record: Record, publication: str) -> str:
    return phrases.one_line(publication_of(record, publication).title)


def _form(publication: str, title: str, values: Values, error: str = "") -> FormPage:
    fields = (
        FormField(
            "address",
            "Your email address",
            "email",
            values.get("address", "")[:MAX_ADDRESS_CHARS],
            error=error,
            max_length=MAX_ADDRESS_CHARS,
        ),
        FormField("skip", "No mail on days without papers", "check", values.get("skip", "")),
    )
    form = FormSpec("join", "Subscribe", fields, (("publication", publication),), error=error)
    lines = ("You will get one message asking you to confirm. Every issue says how to unsubscribe.",)
    return FormPage(f"{title} by mail", lines, form, status=400 if error else 200)


def _submit(
    router: FormRouter, dependencies: JoinDependencies, submissions: SubmissionCounter, values: Values
) -> FormPage:
    publication = values.get("publication") or dependencies.publication
    at = dependencies.clock()
    with dependencies.open_record() as record:
        title = _title(record, publication)
    try:
        address = normalized(values.get("address", ""))
    except UsageError:
        return _form(publication, title, values, NO_ADDRESS)
    if not submissions.take(at):
        return forms.with_refusal(MANY, _form(publication, title, values))
    skip = bool(values.get("skip"))
    if not router.run_later(lambda: _send(dependencies, publication, address, at, skip_empty=skip)):
        # nor does the answer change: how long requests wait depends on who gets a message
        log_event("confirmation request dropped", level=logging.WARNING, reason="too many are waiting for the relay")
    lines = (
        f"If that address is not subscribed to {title} yet, a message is on its way. Open the link in it within "
        "a week to confirm.",
        "No message within an hour? Check your spam folder, or try again tomorrow.",
    )
    return FormPage("Check your inbox", lines)


def _send(dependencies: JoinDependencies, publication: str, address: str, at: int, *, skip_empty: bool) -> None:
    """Sends the message, if needed. For confirmed subscribers nothing is sent or changed, since anybody may have filled
    in the form."""
    with dependencies.open_record() as record:
        subscribers.tidy(record, at)
        subscriber = subscribers.find(record, subscribers.mark_of(record, publication, address))
        if subscriber is not None and subscriber.state == "confirmed":
            return
        relay = dependencies.relay(dependencies.mail_config)
        try:
            chosen_publication = publication_of(record, publication)
            opt_in.ask(record, dependencies.mail_config, relay, chosen_publication, address, at, skip_empty=skip_empty)
        except HotPapersError as problem:
            raise NetError(f"the confirmation request was not sent: {without_address(str(problem), address)}") from None
        finally:
            relay.close()

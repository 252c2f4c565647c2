"""The page on which one asks for a publication by mail, `/mail/join`.

Whether an address is known here is told to nobody: the answer is the same, and it is given before the address is looked
up. What is limited is how often the form is sent, not how many messages go out: that would tell who gets none. What
follows is a message to it, and it is its reader who decides.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers.deliver.email import opt_in, subscribers
from hotpapers.deliver.email.addresses import normalized, without_address
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.smtp import SmtpClient
from hotpapers.errors import HotPapersError, NetError, UsageError
from hotpapers.issues.freeze import publication_of
from hotpapers.model import HOUR
from hotpapers.store import Record, now
from hotpapers.view import phrases
from hotpapers.web import forms
from hotpapers.web.forms import FormField, FormPage, FormRouter, FormSpec, Values

PATH = "/mail/join"
MOST_AN_HOUR = 100
"""Forms with an address that are taken in an hour, whoever sends them and whether or not a message follows."""
LONGEST = 254
COST = 2
NO_ADDRESS = "This is not an email address. Write it as somebody@example.org."
MANY = FormPage(
    "Not now", ("There were too many requests within the hour. Please try again later.",), status=503, wait=3600
)


class JoinDependencies(NamedTuple):
    """What the page needs: stores, how mail is sent, a relay. `publication`: the one that is meant where none is
    named."""

    open_record: Callable[[], Record]
    mail_config: MailConfig
    publication: str
    relay: Callable[[MailConfig], SmtpClient] = SmtpClient
    clock: Callable[[], int] = now


class SubmissionCounter:
    """How often the form was sent within the hour, by this process. In memory, as it tells nothing of anybody."""

    def __init__(self) -> None:
        self._at: deque[int] = deque()
        self._lock = threading.Lock()

    def take(self, at: int) -> bool:
        """Counts one more at a moment, µs UTC, unless there were too many in the hour before it."""
        with self._lock:
            while self._at and not at - HOUR < self._at[0] <= at:
                self._at.popleft()
            if len(self._at) >= MOST_AN_HOUR:
                return False
            self._at.append(at)
            return True


def routes(router: FormRouter, dependencies: JoinDependencies) -> Sequence[BaseRoute]:
    """The page."""
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
    """The form with what was sent, of which nothing was looked up."""
    return _form(values.get("publication") or dependencies.publication, "Issues", values)


def _show(dependencies: JoinDependencies, values: Values) -> FormPage:
    with dependencies.open_record() as record:
        title = _title(record, values.get("publication") or dependencies.publication)
    return _form(values.get("publication") or dependencies.publication, title)


def _title(record: Record, publication: str) -> str:
    return phrases.one_line(publication_of(record, publication).title)


def _form(publication: str, title: str, values: Values | None = None, error: str = "") -> FormPage:
    filled = values or {}
    fields = (
        FormField(
            "address",
            "Your email address",
            "email",
            filled.get("address", "")[:LONGEST],
            error=error,
            max_length=LONGEST,
        ),
        FormField("skip", "No mail on days without papers", "check", filled.get("skip", "")),
    )
    form = FormSpec("join", "Subscribe", fields, (("publication", publication),), error=error)
    lines = ("You will get one message that asks you to confirm. Every issue says how to unsubscribe.",)
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
        return forms.BUSY
    lines = (
        f"If that address is not subscribed to {title} yet, a message is on its way. Open its link within a "
        "week to confirm.",
        "Nothing within the hour? Check your spam folder, or try again tomorrow.",
    )
    return FormPage("Check your inbox", lines)


def _send(dependencies: JoinDependencies, publication: str, address: str, at: int, *, skip_empty: bool) -> None:
    """The message, where one is needed. Who has confirmed gets none, and nothing of theirs is changed: whoever filled
    in the form may be anybody."""
    with dependencies.open_record() as record:
        subscribers.tidy(record, at)
        known = subscribers.find(record, subscribers.mark_of(record, publication, address))
        if known is not None and known.state == "confirmed":
            return
        relay = dependencies.relay(dependencies.mail_config)
        try:
            chosen = publication_of(record, publication)
            opt_in.ask(record, dependencies.mail_config, relay, chosen, address, at, skip_empty=skip_empty)
        except HotPapersError as problem:
            raise NetError(
                f"a message that asks to confirm was not sent: {without_address(str(problem), address)}"
            ) from None
        finally:
            relay.close()

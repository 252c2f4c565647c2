"""`hotpapers mail`: manages subscribers, processes bounces and checks the mail setup."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import click

from hotpapers.base.errors import NotFound, ReadOnlyStore, UsageError, require
from hotpapers.base.text.domains import is_mail_address
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli.common import Site, add_examples, publication_option, site_options, store_options
from hotpapers.cli.terminal import print_line, print_result
from hotpapers.keep.transfer import streams
from hotpapers.record import Record, current_time
from hotpapers.wings.mail import bounces, subscribers, tokens
from hotpapers.wings.mail.addresses import normalize_address
from hotpapers.wings.mail.plain_mailer import ask_to_confirm
from hotpapers.wings.mail.queries import count_subscribers
from hotpapers.wings.mail.settings import site_mail_config

MAX_MAILBOX_BYTES = 256_000_000
"""Bytes."""


@add_examples("""
  hotpapers mail subscribe somebody@example.org
  hotpapers mail list""")
@click.group()
def mail() -> None:
    """Manage mail subscribers, and read bounces.

    Issues are mailed by `hotpapers run`, or by `hotpapers publish DATE --to mailing`.
    """


@add_examples("""
  hotpapers mail subscribe somebody@example.org""")
@mail.command(short_help="Send an address a request to confirm.")
@click.argument("address", metavar="ADDRESS")
@click.option("--skip-empty", is_flag=True, help="Send no mail on days whose issue has no papers.")
@publication_option
@store_options
def subscribe(address: str, skip_empty: bool, publication: str | None, site: Site) -> None:
    """Send an address a message that asks to confirm a subscription.

    The address gets no other mail until it is confirmed, and is deleted if that does not happen within seven days.
    """
    chosen_publication = site.publication(publication)
    record = site.record
    mail_config = site_mail_config(site)
    subscribers.delete_unconfirmed(record, current_time())
    outcome = "confirmation message sent"
    if not ask_to_confirm(record, mail_config, chosen_publication, address, current_time(), skip_empty=skip_empty):
        outcome = "already confirmed, or asked within the last day; no message was sent"
    print_line(f"{normalize_address(address)}: {outcome}")


@add_examples("""
  hotpapers mail confirm c0123…-67f0…-89ab…""")
@mail.command()
@click.argument("token", metavar="TOKEN")
@store_options
def confirm(token: str, site: Site) -> None:
    """Confirm a subscription with the token from the message."""
    confirmation = subscribers.confirm(site.record, _read(site.record, token), current_time())
    print_line(f"{confirmation.address}: subscribed to {confirmation.publication}")


def _read(record: Record, token: str) -> tokens.MailToken:
    text = tokens.decode_token(record.hasher.secret, token.strip())
    if text is None:
        raise UsageError("not a valid token for this store; copy the whole token from the message")
    return text


@add_examples("""
  hotpapers mail unsubscribe somebody@example.org
  hotpapers mail unsubscribe u0123…-0-89ab…""")
@mail.command(short_help="Remove an address from the list.")
@click.argument("who", metavar="ADDRESS|TOKEN")
@publication_option
@store_options
def unsubscribe(who: str, publication: str | None, site: Site) -> None:
    """Remove an address from the list.

    Removes it from all publications, or only from the one named. A keyed hash of the address is kept, so that it
    gets no mail again without asking.
    """
    record = site.record
    text = who.strip()
    if is_mail_address(text):
        matching = subscribers.with_address(record, normalize_address(text))
        marks = [subscriber.mark for subscriber in matching if publication in (None, subscriber.publication)]
    else:
        marks = [_read(record, text).mark]
    publications = [ended.publication for mark in marks if (ended := subscribers.end(record, mark, current_time()))]
    if not publications:
        raise NotFound("no subscription with that address")
    print_line(f"unsubscribed from {', '.join(publications)}")


@add_examples("""
  hotpapers mail list""")
@mail.command("list", short_help="Show the number of subscribers.")
@click.option("--addresses", is_flag=True, help="Also list the addresses.")
@site_options
def list_(addresses: bool, as_json: bool, site: Site) -> None:
    """Show the number of subscribers of each publication, and how many cannot be reached."""
    record = site.record
    with suppress(ReadOnlyStore):
        subscribers.delete_unconfirmed(record, current_time())
    counts = count_subscribers(record)
    report: dict[str, Any] = {"counts": counts}
    lines = [
        f"{publication}: {', '.join(f'{number:,} {state}' for state, number in figures.items())}"
        for publication, figures in counts.items()
    ] or ["no subscribers yet"]
    if addresses:
        listed = [subscriber for subscriber in subscribers.all_subscribers(record) if subscriber.address]
        report["subscribers"] = [
            {name: value for name, value in row._asdict().items() if name != "mark"} for row in listed
        ]
        for row in listed:
            reason = f" ({row.reason})" if row.reason else ""
            lines.append(f"  {row.publication}  {row.address}  {row.state} since {minute_of(row.since)}{reason}")
    print_result(report, lines, as_json)


@add_examples("""
  hotpapers mail bounce /var/mail/papers
  hotpapers mail bounce < message.eml                (as a mail server's pipe calls it)""")
@mail.command(short_help="Process bounces and replies.")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@site_options
def bounce(file: Path | None, as_json: bool, site: Site) -> None:
    """Process bounces, unsubscribe requests and confirmations.

    Reads a message or a mailbox (mbox) from FILE or standard input, without changing it. Addresses that cannot be
    reached get no more mail.
    """
    with file.open("rb") if file else nullcontext(streams.standard_input()) as mailbox:
        data = mailbox.read(MAX_MAILBOX_BYTES)
    require(len(data) < MAX_MAILBOX_BYTES, "the mailbox is too large; process it in parts")
    summary = bounces.process_mailbox(site.record, data, current_time())
    text = (
        f"{summary.bounced:,} bounced, {summary.came_back:,} returned for other reasons, "
        f"{summary.confirmed:,} confirmed, {summary.left:,} unsubscribed, {count_noun(summary.other, 'other message')}"
    )
    print_result(summary, [text], as_json)

"""`hotpapers mail`: manages subscribers, processes bounces and checks the mail setup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from ipaddress import ip_address
from pathlib import Path

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import echo, print_error, print_json, show
from hotpapers.deliver.email import bounces, opt_in, subscribers, tokens
from hotpapers.deliver.email import queries as email_queries
from hotpapers.deliver.email.addresses import is_address, normalized
from hotpapers.deliver.email.config import mail_config_of
from hotpapers.deliver.email.dns import DnsResolver, server_of
from hotpapers.deliver.email.dns_checks import LARGEST, DnsFinding, check_domain, check_message
from hotpapers.deliver.email.smtp import SmtpClient
from hotpapers.errors import NotFound, ReadOnlyStore, UsageError
from hotpapers.ids.timestamps import minute_of
from hotpapers.issues import freeze
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now

LARGEST_MAILBOX = 256_000_000
"""Bytes."""


@common.examples("""
  hotpapers mail subscribe somebody@example.org
  hotpapers mail list
  hotpapers mail check""")
@click.group()
def mail() -> None:
    """Manage mail subscribers and check the mail setup.

    Issues are mailed by `hotpapers run`, or by `hotpapers publish DATE --to mailing`.
    """


@common.examples("""
  hotpapers mail subscribe somebody@example.org""")
@mail.command(short_help="Send an address a request to confirm.")
@click.argument("address", metavar="ADDRESS")
@click.option("--skip-empty", is_flag=True, help="Send no mail on days whose issue has no papers.")
@common.publication_option
@common.store_options
def subscribe(address: str, skip_empty: bool, publication: str | None, context: common.CommandContext) -> None:
    """Send an address a message that asks to confirm a subscription.

    The address gets no other mail until it is confirmed, and is deleted if that does not happen within seven days.
    """
    with common.open_record(context, publications=True) as record:
        chosen_publication = freeze.publication_of(record, publication)
        mail_config = mail_config_of(context.settings.mailing, context.folder)
        relay = SmtpClient(mail_config)
        subscribers.tidy(record, now())
        try:
            request = opt_in.ask(record, mail_config, relay, chosen_publication, address, now(), skip_empty=skip_empty)
        finally:
            relay.close()
    if request:
        echo(f"{normalized(address)}: confirmation message sent")
    else:
        echo(f"{normalized(address)}: already confirmed, or asked within the last day; no message was sent")


@common.examples("""
  hotpapers mail confirm c0123…-67f0…-89ab…""")
@mail.command()
@click.argument("token", metavar="TOKEN")
@common.store_options
def confirm(token: str, context: common.CommandContext) -> None:
    """Confirm a subscription with the token from the message."""
    with common.open_record(context) as record:
        confirmation = subscribers.confirm(record, _read(record, token), now())
    echo(f"{confirmation.address}: subscribed to {confirmation.publication}")


def _read(record: Record, token: str) -> tokens.MailToken:
    text = tokens.decode(record.hasher.secret, token.strip())
    if text is None:
        raise UsageError("not a valid token for this store; copy the whole token from the message")
    return text


@common.examples("""
  hotpapers mail unsubscribe somebody@example.org
  hotpapers mail unsubscribe u0123…-0-89ab…""")
@mail.command(short_help="Remove an address from the list.")
@click.argument("who", metavar="ADDRESS|TOKEN")
@common.publication_option
@common.store_options
def unsubscribe(who: str, publication: str | None, context: common.CommandContext) -> None:
    """Remove an address from the list.

    Removes it from all publications, or only from the one named. A keyed hash of the address is kept, so that it
    gets no mail again without asking.
    """
    with common.open_record(context) as record:
        ended_publications = _end_subscriptions(record, who.strip(), publication, now())
    if not ended_publications:
        raise NotFound("no subscription with that address")
    echo(f"unsubscribed from {', '.join(ended_publications)}")


def _end_subscriptions(record: Record, text: str, publication: str | None, at: int) -> list[str]:
    """Ends an address's subscriptions; the publications that it has now left."""
    if is_address(text):
        matching = [
            subscriber
            for subscriber in subscribers.all_subscribers(record)
            if subscriber.address.lower() == text.lower()
        ]
        marks = [subscriber.mark for subscriber in matching if publication in (None, subscriber.publication)]
    else:
        marks = [_read(record, text).mark]
    results = [subscribers.end(record, mark, at) for mark in marks]
    return [subscriber.publication for subscriber in results if subscriber is not None and subscriber.state != "ended"]


@common.examples("""
  hotpapers mail list""")
@mail.command("list", short_help="Show the number of subscribers.")
@click.option("--addresses", is_flag=True, help="Also list the addresses.")
@common.json_option
@common.store_options
def list_(addresses: bool, as_json: bool, context: common.CommandContext) -> None:
    """Show the number of subscribers of each publication, and how many cannot be reached."""
    with common.open_record(context) as record:
        with suppress(ReadOnlyStore):
            subscribers.tidy(record, now())
        counts = email_queries.count_subscribers(record)
        listed_subscribers = (
            [subscriber for subscriber in subscribers.all_subscribers(record) if subscriber.address]
            if addresses
            else []
        )
    if as_json:
        rows = [
            {name: value for name, value in subscriber._asdict().items() if name != "mark"}
            for subscriber in listed_subscribers
        ]
        print_json({"counts": counts, **({"subscribers": rows} if addresses else {})})
        return
    if not counts:
        echo("no subscribers yet")
    for publication, figures in counts.items():
        echo(f"{publication}: {', '.join(f'{number:,} {state}' for state, number in figures.items())}")
    for row in listed_subscribers:
        reason = f" ({row.reason})" if row.reason else ""
        echo(f"  {row.publication}  {row.address}  {row.state} since {minute_of(row.since)}{reason}")


@common.examples("""
  hotpapers mail bounce /var/mail/papers
  hotpapers mail bounce < message.eml                (as a mail server's pipe calls it)""")
@mail.command(short_help="Process bounces and replies.")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@common.json_option
@common.store_options
def bounce(file: Path | None, as_json: bool, context: common.CommandContext) -> None:
    """Process bounces, unsubscribe requests and confirmations.

    Reads a message or a mailbox (mbox) from FILE or standard input, without changing it. Addresses that cannot be
    reached get no more mail.
    """
    with file.open("rb") if file else nullcontext(streams.standard_input()) as mailbox:
        data = mailbox.read(LARGEST_MAILBOX)
    common.require(len(data) < LARGEST_MAILBOX, "the mailbox is too large; process it in parts")
    with common.open_record(context) as record:
        summary = bounces.process_mailbox(record, data, now())
    text = (
        f"{summary.bounced:,} bounced, {summary.came_back:,} returned for other reasons, "
        f"{summary.confirmed:,} confirmed, {summary.left:,} unsubscribed, {count_noun(summary.other, 'other message')}"
    )
    show(summary, [text], as_json)


@common.examples("""
  hotpapers mail check
  hotpapers mail check message.eml                   (a message as it arrived in a mailbox)""")
@mail.command(short_help="Check how receivers will treat your mail.")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--ip", "address", default="", metavar="ADDRESS", help="The relay's IP address.")
@click.option("--resolver", metavar="ADDRESS", help="The DNS resolver to use. [default: the system's]")
@common.json_option
@common.store_options
def check(file: Path | None, address: str, resolver: str | None, as_json: bool, context: common.CommandContext) -> None:
    """Check how receivers will treat your mail, and which DNS records are missing.

    Checks SPF, DKIM and DMARC of the sender's domain, their alignment, and the unsubscribe address; for a delivered
    message in FILE, its signature and the receiver's findings. Exit status 1 if something is wrong.
    """
    if address and not _is_ip_address(address):
        raise UsageError(f"--ip {address}: not an IP address; write it like 192.0.2.1")
    if file is not None:
        with file.open("rb") as message:
            findings = check_message(message.read(LARGEST))
    else:
        mail_config = mail_config_of(context.settings.mailing, context.folder)
        resolver_used = DnsResolver([server_of(resolver)] if resolver else ())
        findings = list(check_domain(mail_config, context.settings.mailing.selector, resolver_used, address))
    show({"findings": findings}, _finding_lines(findings), as_json)
    unknown = sum(finding.outcome == "unknown" for finding in findings)
    if unknown and not as_json:
        print_error(f"{count_noun(unknown, 'item')} could not be checked")
    if any(finding.outcome == "bad" for finding in findings):
        raise click.exceptions.Exit(1)


def _is_ip_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _finding_lines(findings: list[DnsFinding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.topic:<12} {finding.outcome:<8} {finding.text}"
        if finding.add:
            yield f"{'':<21} add: {finding.add}"

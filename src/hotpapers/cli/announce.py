"""The command that puts a publication's custom feed on Bluesky."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import print_json, say
from hotpapers.deliver.announce.atproto import AtprotoAccount
from hotpapers.deliver.announce.custom_feed import COLLECTION, feed_record, service_did
from hotpapers.http import PoliteHttpClient, user_agent
from hotpapers.issues import freeze


@click.command(
    epilog="""\b
Example:
  hotpapers feed-generator --publication daily"""
)
@common.publication_option
@common.json_option
@common.store_options
def feed_generator(publication: str | None, as_json: bool, home: common.CommandContext) -> None:
    """Put a publication's custom feed on Bluesky.

    Names it in the publication's own account, so that people find and follow it there; `hotpapers serve` says which
    posts are in it. Run again, it puts the name and description right.
    """
    report = []
    with common.open_record(home, publications=True) as record:
        chosen = freeze.publication_of(record, publication)
        tables = [
            (number, one)
            for number, one in enumerate(home.settings.bluesky, 1)
            if one.publication == chosen.publication and one.feed
        ]
        common.need(bool(tables), f"no [[bluesky]] of {chosen.publication} has a feed; see docs/bluesky.md")
    for number, one in tables:
        account, contact = AtprotoAccount(one, f"bluesky {number}"), home.settings.contact
        with PoliteHttpClient(user_agent(contact), base_addresses=(one.host,), secrets=(account.password,)) as net:
            described = feed_record(chosen, one.feed, home.imprint.base, net.now())
            put = account.put(net, COLLECTION, chosen.publication, described)
        report.append({"feed": put.uri, "service": service_did(one.feed)})
    if as_json:
        print_json(report)
    else:
        for done in report:
            say(f"{done['feed']}, asked of {done['service']}")

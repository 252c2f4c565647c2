"""`hotpapers feed-generator`: registers a publication's custom feed on Bluesky."""

from __future__ import annotations

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import print_result
from hotpapers.wings.announce.atproto import AtprotoAccount, RecordDraft
from hotpapers.wings.announce.feed_generator import feed_record, service_did


@common.command("""
  hotpapers feed-generator --publication daily""")
@common.publication_option
@common.site_options
def feed_generator(publication: str | None, as_json: bool, site: common.Site) -> None:
    """Register a publication's custom feed on Bluesky.

    Registers it in the publication's account, where people can find it; `hotpapers serve` provides its posts. Run it
    again to update the feed's name and description.
    """
    report = []
    chosen_publication = site.publication(publication)
    name = chosen_publication.publication
    for number, table in enumerate(site.settings.bluesky, 1):
        if table.publication != name or not table.feed:
            continue
        account = AtprotoAccount(table, f"bluesky {number}")
        with site.http((table.host,), secrets=(account.password,)) as http:
            feed = feed_record(chosen_publication, table.feed, site.site_config_of(name).base, http.now())
            put = account.put(http, RecordDraft(name, feed))
        report.append({"feed": put.uri, "service": service_did(table.feed)})
    require(bool(report), f"no [[bluesky]] for {name} has a feed; see `hotpapers docs wings/bluesky`")
    lines = (f"{row['feed']}, served by {row['service']}" for row in report)
    print_result(report, lines, as_json)

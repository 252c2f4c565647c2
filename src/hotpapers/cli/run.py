"""The commands that work on schedule until they are stopped: collect and run."""

from __future__ import annotations

import click

from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.base.wings import load_lazily
from hotpapers.cli import collect_as_usual, common
from hotpapers.cli.terminal import fail_for, fail_if, print_error, print_line
from hotpapers.jobs.loop import stopped_by_signals
from hotpapers.site import running
from hotpapers.site.run_notices import common_zone


@common.command("""
  hotpapers collect --once
  hotpapers collect arxiv bluesky""")
@click.argument("sources", metavar="[SOURCE]…", nargs=-1)
@click.option(
    "--once",
    is_flag=True,
    help="Read each source once (streams: what was missed, plus five minutes); exit status 1 if any failed.",
)
@common.store_options
def collect(sources: tuple[str, ...], once: bool, site: common.Site) -> None:
    """Read networks into the record.

    Reads the sources enabled in the settings and the sites of `[[follow]]`, or those named, until stopped. Failures are
    retried and do not affect other sources.
    """
    collect_as_usual()
    with stopped_by_signals() as stop:
        result = site.collect(sources, once=once, stop=stop)
    zone = common_zone(site)
    for state in result.states:
        text = f"{count_noun(state.items, 'item')} so far"
        if state.failing_since is not None:
            minute = minute_of(state.failing_since, zone)
            text = f"{state.state} since {minute}: {state.reason}"
        print_line(f"{state.source:<18} {text}")
    if result.is_offline:
        print_error(site.offline)
    for defect in result.defects:  # the exit status must tell a scheduler about it, or about a missing store
        raise defect
    fail_if(once and any(state.failing_since is not None for state in result.states))


@common.command("""
  hotpapers run
  hotpapers run --once                        (one round, for a scheduler)""")
@click.option(
    "--once",
    is_flag=True,
    help="Read each source once, then freeze, publish and send what is due; exit status 1 if none could be "
    "read, or if a later step failed.",
)
@common.store_options
def run(once: bool, site: common.Site) -> None:
    """Collect, freeze and publish on schedule until stopped.

    Each publication's issue is frozen and published when its day closes. Failures are retried and do not affect other
    jobs.
    """
    collect_as_usual()
    with stopped_by_signals() as stop:
        failures = running.run_site(site, stop, load_lazily("hotpapers.serve.monitoring:serve_monitoring"), once=once)
    fail_for(failures)

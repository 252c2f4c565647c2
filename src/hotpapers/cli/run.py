"""`hotpapers run`: collects, freezes and publishes on schedule."""

from __future__ import annotations

import click

from hotpapers.base.wings import loading
from hotpapers.cli import collect_as_usual, common
from hotpapers.cli.terminal import fail_for
from hotpapers.collect.jobs.stop_signals import stopped_by_signals
from hotpapers.site import running


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
        failures = running.run(site, stop, loading("hotpapers.serve.web.monitoring:monitor"), once=once)
    fail_for(failures)

"""`hotpapers follow`: verifies and imports the observations that another site publishes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click

from hotpapers.base.errors import LogError, NotAProof, SettingsError, UsageError, require
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_for, print_result, progress_bar
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.jobs.connection import OpenClient
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.site import configured_site
from hotpapers.site.hooks import Trial
from hotpapers.wings.peers.following.fetched_log import POLICY, FollowedSite, try_site
from hotpapers.wings.peers.following.follow_job import (
    FollowJob,
    FollowOutcome,
    follow_site,
    job_name,
)
from hotpapers.wings.peers.settings import FollowSettings, follow_problems, follow_tables
from hotpapers.wings.proof import alarms, commands, policies, site_logs

FOLLOWED = "followed"
"""The folder, next to the settings, for the state of followed sites."""


@common.command("""
  hotpapers follow https://papers.example/daily/
  hotpapers follow --acknowledge neighbor""")
@click.argument("url", required=False)
@click.option("--name", metavar="NAME", help="Your name for the site. [default: from its address]")
@click.option(
    "--policy",
    metavar="FILE",
    type=common.FILE,
    help="The key of its log, and the witnesses that must have cosigned. [default: as published by the site]",
)
@click.option("--acknowledge", metavar="NAME", help="Clear the alarms about a site.")
@common.site_options
def follow(
    url: str | None,
    name: str | None,
    policy: Path | None,
    acknowledge: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Import the observations that another site publishes.

    Everything is verified against its transparency log. Where this site could not read a network, the other's
    counts are used, under its name. `run` and `collect` read the sites of `[[follow]]` every ten minutes. Anything
    that cannot be verified raises an alarm in `status` and /health.
    """
    if acknowledge is not None:
        had_alarm = alarms.acknowledge(site.folder / FOLLOWED / acknowledge, acknowledge)
        require(had_alarm, f"no alarm about {acknowledge}; `hotpapers status` lists alarms")
        return
    if url is None:
        raise UsageError("missing URL: give a site's address, or --acknowledge NAME")
    other = named_site(url, name, policy, site)
    with site.opened(create=True) as record, site.site_client(other.url) as http:
        outcome = follow_site(other, record, http, site.terms, partial(progress_bar, "Fetching"))
    tables = follow_tables(site.settings)
    is_configured = any(table.name == other.name for table in tables)
    lines = _follow_lines(other, outcome, is_configured)
    print_result(
        {"source": other.name, "url": other.url, **outcome._asdict()},
        lines,
        as_json,
    )
    fail_for(outcome.problems)


def is_address(text: str) -> bool:
    """Whether a text is the address of a site."""
    return text.startswith(("http://", "https://"))


def named_site(url: str, name: str | None, policy: Path | None, site: common.Site) -> FollowedSite:
    """The site in the settings with this address, or a new one. Raises UsageError for a name or address that the
    settings could not have."""
    scheme, separator, place = url.strip().partition("://")
    address = f"{scheme.lower()}{separator}{place.rstrip('/')}/"
    matching_sites = (other for other in followed_sites(site) if other.url == address)
    configured = next(matching_sites, None)
    if configured is not None and name in (None, configured.name) and policy is None:
        return configured
    require(is_address(address), f"{url}: write an address that begins with https://")
    site_name = name or re.sub(r"[^A-Za-z0-9]+", "-", address.partition("://")[2]).strip("-")[:64]
    text = ""
    if policy is not None:
        commands.read_policy(policy)
        text = policy.read_text("utf-8")
    table = FollowSettings(name=site_name, url=address, policy=text)
    others = [other for other in follow_tables(site.settings) if other.url != address]
    for key, reason in follow_problems((*others, table)):
        raise UsageError(f"{key.rpartition(': ')[2]}: {reason}")  # a default name contains the address
    return _site(table, site)


def _site(table: FollowSettings, site: common.Site) -> FollowedSite:
    logs = site_logs.log_config(site)
    own_logs = logs.folder if logs else None
    folder = site.folder / FOLLOWED / table.name
    return FollowedSite(table.name, table.url, table.policy, folder, own_logs)


def followed_sites(site: common.Site) -> list[FollowedSite]:
    """The sites in the settings. Raises SettingsError for an invalid policy."""
    for table in follow_tables(site.settings):
        try:
            policies.parse_policy(table.policy if table.policy.strip() else "quorum none")
        except NotAProof as problem:
            raise SettingsError(f"{site.file}: follow {table.name!r}: policy: {problem}") from problem
    return [_site(table, site) for table in follow_tables(site.settings)]


def follow_jobs(site: common.Site) -> dict[str, Callable[[IngestContext], JobLoop]]:
    """The functions that make the jobs that follow the sites in the settings, by name. Raises SettingsError."""
    return {job_name(other.name): partial(_rounds, other, site) for other in followed_sites(site)}


def trials(site: common.Site) -> Iterator[Trial]:
    """For `check`: each site in the settings, whose log is asked for. Raises SettingsError."""
    for other in followed_sites(site):
        yield Trial(f"follow {other.name}", partial(_try_out, other), "wings/follow")


def _try_out(other: FollowedSite, open_client: OpenClient) -> str:
    with closing(open_client((other.url,), ())) as connection:
        return try_site(other, connection.http)


def site_alarms(site: common.Site) -> Iterator[tuple[str, str]]:
    """The open alarms about followed sites that failed verification, each with the command that acknowledges it."""
    for table in follow_tables(site.settings):
        try:
            folder = site.folder / FOLLOWED / table.name
            opened = [str(alarm) for alarm in alarms.open_alarms(folder)]
        except LogError as problem:
            opened = [f"{table.name}: {problem}"]
        yield from ((f"followed site {alarm}", "follow --acknowledge NAME") for alarm in opened)


def _rounds(other: FollowedSite, site: common.Site, ingest_context: IngestContext) -> JobLoop:
    site_pace = configured_site.site_pace(other.url)
    connection = make_connection((other.url,), (), ingest_context, site_pace)
    clock = Clock(connection.http.now, connection.http.sleep)
    make = partial(FollowJob, other, connection, site.terms)
    return JobLoop(job_name(other.name), make, ingest_context.record, ingest_context.leases, clock)


def _follow_lines(other: FollowedSite, outcome: FollowOutcome, is_configured: bool) -> Sequence[str]:
    files = count_noun(outcome.files, "file")
    parts = [
        files,
        count_noun(outcome.observations, "observation"),
        count_noun(outcome.counts, "count"),
    ]
    parts += [f"{outcome.withdrawn:,} forgotten"] if outcome.withdrawn else []
    lines = [f"{other.name}: {', '.join(parts)}"]
    if not other.policy:
        lines.append("verified with the keys that the site gave when it was first read; check that they are genuine:")
        text = (other.folder / POLICY).read_text("utf-8")
        lines += [f"  {connection}" for connection in text.splitlines()]
    if not is_configured:
        lines += ["to read it every ten minutes, add to hotpapers.toml:", "  [[follow]]"]
        lines += [f'  name = "{other.name}"', f'  url = "{other.url}"']
        if other.policy:
            lines += ['  policy = """', *other.policy.strip().splitlines(), '  """']
    return lines

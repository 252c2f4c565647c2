"""`hotpapers follow`: verifies and imports the observations that another site publishes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import bar, fail_for, print_error, show
from hotpapers.cli.verify_proof import read_policy
from hotpapers.errors import NotAProof, SettingsError, UsageError
from hotpapers.following.follow_job import RECORD, FollowJob, FollowOutcome, fetch_site, follow_site, job_name
from hotpapers.following.site_log import POLICY, FollowedSite
from hotpapers.ingest import IngestContext, make_connection
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.ranking.words import count_noun
from hotpapers.schedule.health import followed_alarms
from hotpapers.settings.following import FollowSettings, follow_problems
from hotpapers.store import Record
from hotpapers.transparency import alarms
from hotpapers.transparency.policies import parse_policy

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
@common.json_option
@common.store_options
def follow(
    url: str | None, name: str | None, policy: Path | None, acknowledge: str | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Import the observations that another site publishes.

    Everything is verified against its transparency log. Where this site could not read a network, the other's
    counts are used, under its name. `run` and `collect` read the sites of `[[follow]]` every ten minutes. Anything
    that cannot be verified raises an alarm in `status` and /health.
    """
    if acknowledge is not None:
        had_alarm = alarms.acknowledge(context.folder / FOLLOWED / acknowledge, acknowledge)
        common.require(had_alarm, f"no alarm about {acknowledge}; `hotpapers status` lists alarms")
        return
    if url is None:
        raise UsageError("missing URL: give a site's address, or --acknowledge NAME")
    site = _named_site(url, name, policy, context)
    with common.open_record(context, create=True) as record, context.site_client(site.url) as http:
        outcome = follow_site(site, record, http, context.terms, partial(bar, "Fetching"))
    is_configured = any(table.name == site.name for table in context.settings.follow)
    show({"source": site.name, "url": site.url, **outcome._asdict()}, _lines(site, outcome, is_configured), as_json)
    fail_for(outcome.problems)


def fetch_observations(url: str, folder: Path, context: common.CommandContext) -> Path:
    """A store in a folder with the verified observations that a site publishes; what could not be verified is printed.
    Raises UsageError if there are none, NetError if the site does not answer."""
    site = _named_site(url, None, None, context)._replace(folder=folder, own_logs=None)
    folder.mkdir()
    store = folder / RECORD
    with Record(str(store)) as peer, context.site_client(site.url) as http:
        observations = fetch_site(site, peer, http, context.terms, partial(bar, "Fetching"))
    for problem in observations.all_problems:
        print_error(problem)
    common.require(bool(observations.until), f"{url}: no observations published for the last 90 days")
    return store


def _named_site(url: str, name: str | None, policy: Path | None, context: common.CommandContext) -> FollowedSite:
    """The site in the settings with this address, or a new one. Raises UsageError for a name or address that the
    settings could not have."""
    address = url.rstrip("/") + "/"
    configured = next((site for site in followed_sites(context) if site.url == address), None)
    if configured is not None and name in (None, configured.name) and policy is None:
        return configured
    common.require(address.startswith(("http://", "https://")), f"{url}: write an address that begins with https://")
    site_name = name or re.sub(r"[^A-Za-z0-9]+", "-", address.partition("://")[2]).strip("-")[:64]
    text = ""
    if policy is not None:
        read_policy(policy)
        text = policy.read_text("utf-8")
    table = FollowSettings(name=site_name, url=address, policy=text)
    others = [other for other in context.settings.follow if other.url != address]
    for key, reason in follow_problems((*others, table)):
        raise UsageError(f"{key.rpartition(': ')[2]}: {reason}")  # a default name contains the address
    return _site(table, context)


def _site(table: FollowSettings, context: common.CommandContext) -> FollowedSite:
    logs = context.log_config
    own_logs = logs.folder if logs else None
    return FollowedSite(table.name, table.url, table.policy, context.folder / FOLLOWED / table.name, own_logs)


def followed_sites(context: common.CommandContext) -> list[FollowedSite]:
    """The sites in the settings. Raises SettingsError for an invalid policy."""
    for table in context.settings.follow:
        try:
            parse_policy(table.policy if table.policy.strip() else "quorum none")
        except NotAProof as problem:
            raise SettingsError(f"{context.file}: follow {table.name!r}: policy: {problem}") from problem
    return [_site(table, context) for table in context.settings.follow]


def follow_jobs(context: common.CommandContext, ingest_context: IngestContext) -> dict[str, Callable[[], JobLoop]]:
    """The jobs that follow the sites in the settings, by name."""
    return {job_name(site.name): partial(_rounds, site, context, ingest_context) for site in followed_sites(context)}


def site_alarms(context: common.CommandContext) -> Iterator[str]:
    """The open alarms about followed sites."""
    yield from followed_alarms(context.folder / FOLLOWED / table.name for table in context.settings.follow)


def follow_names(context: common.CommandContext) -> list[str]:
    """The names of these jobs."""
    return [job_name(table.name) for table in context.settings.follow]


def _rounds(site: FollowedSite, context: common.CommandContext, ingest_context: IngestContext) -> JobLoop:
    connection = make_connection((site.url,), (), ingest_context, common.site_pace(site.url))
    clock = Clock(connection.http.now, connection.http.sleep)
    make = partial(FollowJob, site, connection, context.terms)
    return JobLoop(job_name(site.name), make, ingest_context.record, ingest_context.leases, clock)


def _lines(site: FollowedSite, outcome: FollowOutcome, is_configured: bool) -> Sequence[str]:
    parts = [
        count_noun(outcome.files, "file"),
        count_noun(outcome.observations, "observation"),
        count_noun(outcome.counts, "count"),
    ]
    parts += [f"{outcome.withdrawn:,} forgotten"] if outcome.withdrawn else []
    lines = [f"{site.name}: {', '.join(parts)}"]
    if not site.policy:
        lines.append("verified with the keys that the site gave when it was first read; check that they are genuine:")
        lines += [f"  {connection}" for connection in (site.folder / POLICY).read_text("utf-8").splitlines()]
    if not is_configured:
        lines += ["to read it every ten minutes, add to hotpapers.toml:", "  [[follow]]"]
        lines += [f'  name = "{site.name}"', f'  url = "{site.url}"']
    return lines

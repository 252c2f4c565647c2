"""The command that reads networks: collect."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import say
from hotpapers.collect import Collector, chosen_sources, make_worker
from hotpapers.record import Record
from hotpapers.record import duty as duties


@click.command(
    epilog="""\b
Examples:
  hotpapers collect --once
  hotpapers collect arxiv bluesky
  hotpapers collect --config site/hotpapers.toml"""
)
@click.argument("sources", metavar="[SOURCE]…", nargs=-1)
@click.option("--once", is_flag=True, help="One round of each source, then end; of a stream five minutes.")
@common.store_options
def collect(sources: tuple[str, ...], once: bool, home: common.Home) -> None:
    """Read networks into the record.

    Those that the settings switch on, or those that are named; each in a thread of its own, until stopped. A network
    that cannot be read is asked again later and stops no other. With --once the exit status is 1 if one failed.
    """
    tables = home.settings.source
    choices = chosen_sources(tables, sources, str(home.file))
    names = [choice.name for choice in choices]
    common.need(bool(choices), "no source is on; switch one on in hotpapers.toml, or name it")
    with Record(home.store):
        pass  # made, and of this version, before threads share it
    stop = threading.Event()
    holder = f"{socket.gethostname()}:{os.getpid()}"
    workers = {
        choice.name: partial(make_worker, choice, home.store, home.settings.contact, stop, holder) for choice in choices
    }
    with _stopped_by_signals(stop):
        Collector(workers, stop).run(once=once)
    with Record(home.store) as record:
        failing = list(_tell(record, names))
    if once and failing:
        raise click.exceptions.Exit(1)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the rounds; what was read is kept."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(record: Record, names: list[str]) -> Iterator[str]:
    """Prints how each source is doing; the names of those that fail."""
    for duty in duties.all_duties(record):
        if duty.source not in names:
            continue
        said = f"{duty.items:,} items so far"
        if duty.failing_since is not None:
            since = datetime.datetime.fromtimestamp(duty.failing_since / 1e6, datetime.UTC)
            said = f"{duty.state} since {since:%Y-%m-%d %H:%M} UTC: {duty.reason}"
            yield duty.source
        say(f"{duty.source:<12} {said}")

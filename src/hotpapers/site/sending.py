"""The channels that send messages, and the work of `publish` with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpapers.base.errors import UsageError, require
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import without_duplicates
from hotpapers.base.text.words import count_noun
from hotpapers.base.wings import SendingChannel, load_object
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render import CHANNELS
from hotpapers.record import Record, current_time
from hotpapers.site.configured_site import ConfiguredSite

if TYPE_CHECKING:  # the sending code is imported only when something is sent
    from hotpapers.base.http import ClientLimits
    from hotpapers.jobs.connection import Connection, OpenClient
    from hotpapers.publish.deliver.send import SenderDestination


SENDERS = {channel.name: channel for channel in hooks_of(SendingChannel)}
"""Each channel that sends, by name, in the order of wings: mail after announcements, as thousands of messages take
hours."""

EVERY = (*CHANNELS, *SENDERS)
"""The names of all channels: first those that write files, then those that send."""


def selected_channels(to: Sequence[str], *, everything: bool, preview: bool) -> tuple[list[str], list[str]]:
    """The channels of `--to` that write files, none for those in the settings; and those that send. Raises UsageError
    for invalid combinations."""
    files, senders = ([name for name in to if name in kind] for kind in (CHANNELS, SENDERS))
    if preview:
        require(bool(senders) and not files, f"--preview works only with --to {' or '.join(SENDERS)}")
    elif senders:
        require(not everything, f"--to {senders[0]} does not go with --all; name the days to send")
    return files, senders


def preview_days(
    site: ConfiguredSite, publication: str, days: Sequence[str], names: Sequence[str], folder: Path
) -> list[dict[str, Any]]:
    """Previews what would be sent for some days: the messages, or files with them in a folder. Nothing is sent."""
    issue_reader = RecordIssueReader(site.record, site.terms)
    site_config = site.site_config.of(publication)
    result = []
    for name in names:
        if preview := SENDERS[name].preview:
            make = load_object(preview)
            files = (make(issue_reader.issue(publication, day), site.settings, site_config) for day in days)
            result.append({"channel": name, "output": str(folder), **write_files(folder, files)._asdict()})
            continue
        messages = []
        for destination in load_object(SENDERS[name].destinations)(site.record, site, client_opener(site)):
            with closing(destination):
                for day in days:
                    for message in destination.sender.messages(issue_reader, publication, day):
                        messages.append({"target": message.target, "text": str(message.payload)})
        result.append({"channel": name, "messages": messages})
    return result


def all_destinations(
    site: ConfiguredSite, open_client: OpenClient, record: Record
) -> Iterator[Iterator[SenderDestination]]:
    """All senders that the settings ask for, channel by channel."""
    return (
        load_object(channel.destinations)(record, site, open_client)
        for channel in SENDERS.values()
        if channel.is_configured(site.settings)
    )


def check_sending(site: ConfiguredSite, record: Record) -> None:
    """Raises SettingsError or UsageError now, rather than when the first issue is sent."""
    for destination in chain.from_iterable(all_destinations(site, client_opener(site), record)):
        destination.close()


def has_sender(site: ConfiguredSite) -> bool:
    """Whether the settings configure any channel that sends."""
    return any(channel.is_configured(site.settings) for channel in SENDERS.values())


def deliver_all(
    site: ConfiguredSite, publication: str, days: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Sends the issues of some days through channels. Raises UsageError for those whose settings are wrong, once the
    others have sent."""
    sent = list[dict[str, Any]]()
    problems = list[str]()
    for name in names:
        try:
            sent.append(deliver_days(site, publication, days, name))
        except UsageError as problem:
            problems.append(str(problem))
    require(not problems, "; ".join(problems))
    return sent


def deliver_days(site: ConfiguredSite, publication: str, days: Sequence[str], name: str) -> dict[str, Any]:
    """Sends the issues of some days through a channel, once to each target. Failures are listed in `problems`."""
    from hotpapers.publish.deliver.send import SendResult, idle_reason, keep_finished, send_issue

    results = list[SendResult]()
    attempts = 0
    problems = list[str]()
    reasons = list[str]()
    issue_reader = RecordIssueReader(site.record, site.terms)
    for destination in load_object(SENDERS[name].destinations)(site.record, site, client_opener(site)):
        attempts += 1
        with closing(destination):
            for day in days:
                result = send_issue(site.record, destination, issue_reader, publication, day)
                results.append(result)
                if result.problem:
                    problems.append(f"{destination.full_name} {day}: {result.problem}")
                if not result.sent:
                    reasons.append(idle_reason(site.record, destination.sender, issue_reader, publication, day))
    if not attempts:
        raise UsageError(f"{site.file}: {name}: no destination configured; see `hotpapers docs wings/{name}`")
    keep_finished(site.record, name, results, attempts, current_time())
    total = sum(result.sent for result in results)
    nobody = f"no destination is for {publication}, or all had an earlier edition"
    idle = without_duplicates(filter(None, reasons)) or (nobody,)
    return {"channel": name, "sent": total, "reasons": [] if total or problems else idle, "problems": problems}


def client_opener(site: ConfiguredSite, limits: ClientLimits | None = None) -> OpenClient:
    """Opens the clients of a short-lived command, by default with the usual limits."""
    from hotpapers.base.http import HostPacer
    from hotpapers.jobs.connection import Connection

    reserve = HostPacer()

    def open_client(own_addresses: tuple[str, ...], secrets: tuple[str, ...]) -> Connection:
        http = site.http(own_addresses, reserve=reserve, secrets=secrets, limits=limits)
        return Connection(http, close=http.close)

    return open_client


def summary_line(summary: dict[str, Any]) -> str:
    """Summarizes one channel's deliveries in a line; for a preview, the messages it would send, in full."""
    if "messages" in summary:
        texts = [f"{summary['channel']} to {item['target']}:\n\n{item['text']}" for item in summary["messages"]]
        return "\n\n".join(texts) or f"{summary['channel']}: no destination of the settings is for this publication"
    if "sent" in summary:
        reasons = f" ({'; '.join(summary['reasons'])})" if summary["reasons"] else ""
        return f"{summary['channel']}: {count_noun(summary['sent'], 'delivery', 'deliveries')}{reasons}"
    files = count_noun(summary["files"], "file")
    return f"{summary['channel']}: {files} in {summary['output']}, {summary['changed']:,} changed"

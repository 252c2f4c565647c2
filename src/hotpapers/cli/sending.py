"""The channels that send messages, and what `publish` does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotpapers.cli import common
from hotpapers.deliver.files import write_files
from hotpapers.errors import UsageError
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import HttpClient, distinct
from hotpapers.ranking.words import count_noun
from hotpapers.render import CHANNELS
from hotpapers.store import Record, now

if TYPE_CHECKING:  # the sending code is imported only when something is sent
    from hotpapers.schedule import SenderDestination


class ClientHandle(NamedTuple):
    """An HTTP client, and the function that closes it."""

    http: HttpClient
    close: Callable[[], object]


OpenClient = Callable[[tuple[str, ...], tuple[str, ...]], ClientHandle]
"""Opens a client, given the operator's own addresses, which may be internal, and secrets that no error may show."""


def _mailing(record: Record, context: common.CommandContext, open_client: OpenClient) -> Iterator[SenderDestination]:
    """Mail, if the settings name a relay."""
    from hotpapers.deliver.email.config import mail_config_of
    from hotpapers.deliver.email.sender import EmailSender
    from hotpapers.schedule import SenderDestination

    if context.settings.mailing.relay:
        sender = EmailSender(record, mail_config_of(context.settings.mailing, context.folder), context.site_config)
        client = open_client((), ())

        def close() -> None:
            sender.close()
            client.close()

        yield SenderDestination(sender, client.http, sender.check, sender.tidy, close)


OpenSenders = Callable[[Record, common.CommandContext, OpenClient], "Iterator[SenderDestination]"]


def _announcing(channel: str) -> OpenSenders:
    """Announcements: each destination has its own client."""

    def opened(record: Record, context: common.CommandContext, open_client: OpenClient) -> Iterator[SenderDestination]:
        from hotpapers.deliver.announce.destinations import DESTINATIONS
        from hotpapers.schedule import SenderDestination

        for target in DESTINATIONS[channel](context.settings, context.site_config, record):
            client = open_client(target.own, target.secrets)
            yield SenderDestination(target.sender, client.http, close=client.close, target=target.target)

    return opened


SENDERS = {**{name: _announcing(name) for name in ("chat", "webhook", "bluesky")}, "mailing": _mailing}
"""Each channel that sends, by name: the function that opens its destinations, which raises SettingsError. Mail comes
last, since thousands of messages take hours. A new channel is one line here."""

EVERY = (*CHANNELS, *SENDERS)
"""The names of all channels: first those that write files, then those that send."""


class SelectedChannels(NamedTuple):
    """The requested channels. `files` is empty for those in the settings, or none."""

    files: tuple[str, ...]
    senders: tuple[str, ...]

    @property
    def writes(self) -> bool:
        return bool(self.files) or not self.senders


def selected_channels(to: Sequence[str], *, everything: bool, preview: bool) -> SelectedChannels:
    """The channels of `--to`. Raises UsageError for invalid combinations."""
    channels = SelectedChannels(
        tuple(name for name in to if name in CHANNELS), tuple(name for name in to if name in SENDERS)
    )
    if preview:
        common.require(
            bool(channels.senders) and not channels.files, f"--preview works only with --to {' or '.join(SENDERS)}"
        )
    elif channels.senders:
        common.require(not everything, f"--to {channels.senders[0]} does not go with --all; name the days to send")
    return channels


def previews(
    record: Record,
    context: common.CommandContext,
    publication: str,
    days: Sequence[str],
    names: Sequence[str],
    folder: Path,
) -> list[dict[str, Any]]:
    """What would be sent for some days, mail as files in a folder. Nothing is sent."""
    return [
        _mail_files(record, context, publication, days, folder)
        if name == "mailing"
        else {"channel": name, "messages": list(_messages(record, context, publication, days, name))}
        for name in names
    ]


def _messages(
    record: Record, context: common.CommandContext, publication: str, days: Sequence[str], name: str
) -> Iterator[dict[str, str]]:
    issue_reader = RecordIssueReader(record, context.terms)
    for destination in SENDERS[name](record, context, _client_opener(context)):
        with closing(destination):
            for message in chain.from_iterable(
                destination.sender.messages(issue_reader, publication, day) for day in days
            ):
                yield {"target": message.target, "text": str(message.payload)}


def _mail_files(
    record: Record, context: common.CommandContext, publication: str, days: Sequence[str], folder: Path
) -> dict[str, Any]:
    from hotpapers.deliver.email.config import preview_config
    from hotpapers.deliver.email.messages import preview

    issue_reader, mail_config = RecordIssueReader(record, context.terms), preview_config(context.settings.mailing)
    site_config = context.site_config.of(publication)
    files = (preview(issue_reader.issue(publication, day), mail_config, site_config) for day in days)
    return {"channel": "mailing", "output": str(folder), **write_files(folder, files)._asdict()}


def all_destinations(
    context: common.CommandContext, open_client: OpenClient, record: Record
) -> Iterator[Iterator[SenderDestination]]:
    """All senders that the settings ask for, channel by channel."""
    return (make(record, context, open_client) for make in SENDERS.values())


def check(context: common.CommandContext, record: Record) -> None:
    """Raises SettingsError or UsageError now, rather than when the first issue is sent."""
    for destination in chain.from_iterable(all_destinations(context, _client_opener(context), record)):
        destination.close()


def sends(context: common.CommandContext) -> bool:
    """Whether the settings configure any channel that sends."""
    from hotpapers.deliver.announce import destinations

    return bool(context.settings.mailing.relay) or destinations.is_any(context.settings)


def deliver(
    record: Record, context: common.CommandContext, publication: str, days: Sequence[str], name: str
) -> dict[str, Any]:
    """Sends the issues of some days through a channel, once to each target. Failures are listed in `problems`."""
    from hotpapers.deliver.send import SendResult, idle_reason, keep_finished
    from hotpapers.schedule.sending import problem_lines, send_day

    results, attempts, problems, reasons = list[SendResult](), 0, list[str](), list[str]()
    issue_reader = RecordIssueReader(record, context.terms)
    for destination in SENDERS[name](record, context, _client_opener(context)):
        attempts += 1
        with closing(destination):
            for day in days:
                result = send_day(destination, issue_reader, record, publication, day)
                results.append(result)
                problems += problem_lines(name, day, result)
                if not result.sent:
                    reasons.append(idle_reason(record, destination.sender, issue_reader, publication, day))
    if not attempts:
        raise UsageError(f"{context.file}: {name}: no destination configured; see docs/how-to/{name}.md")
    keep_finished(record, name, results, attempts, now())
    total = sum(result.sent for result in results)
    idle = distinct(filter(None, reasons)) or (f"no destination is for {publication}",)
    return {"channel": name, "sent": total, "reasons": [] if total or problems else idle, "problems": problems}


def _client_opener(context: common.CommandContext) -> OpenClient:
    """Opens the clients of a short-lived command."""
    from hotpapers.http import HostPacer

    reserve = HostPacer()

    def open_client(own_addresses: tuple[str, ...], secrets: tuple[str, ...]) -> ClientHandle:
        http = context.http(own_addresses, reserve=reserve, secrets=secrets)
        return ClientHandle(http, http.close)

    return open_client


def summary_line(summary: dict[str, Any]) -> str:
    """What one channel did, in a line; for a preview, what it would send."""
    if "messages" in summary:
        return "\n\n".join(
            f"{summary['channel']} to {item['target']}:\n\n{item['text']}" for item in summary["messages"]
        )
    if "sent" in summary:
        reasons = f" ({'; '.join(summary['reasons'])})" if summary["reasons"] else ""
        return f"{summary['channel']}: {count_noun(summary['sent'], 'delivery', 'deliveries')}{reasons}"
    files = count_noun(summary["files"], "file")
    return f"{summary['channel']}: {files} in {summary['output']}, {summary['changed']:,} changed"

"""Two sites: one publishes its observations over HTTP, the other follows it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hotpapers.base import network_terms
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import DAY, HOUR, Announcement, Coverage, Item
from hotpapers.base.text.timestamps import as_utc
from hotpapers.jobs.attempts import NextAttempt
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.record import Record
from hotpapers.wings.peers.following.fetched_log import FollowedSite
from hotpapers.wings.peers.following.file_intake import ProgressBar, no_bar
from hotpapers.wings.peers.following.follow_job import RECORD, FollowJob, FollowOutcome, follow_site, job_name
from hotpapers.wings.proof import alarms, entries, log_files, log_keys, notes, observations
from hotpapers.wings.proof.entries import ObservedFile
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import Checkpoint, SigningKey
from hotpapers.wings.proof.publication_log import LogConfig, LogUpdate, update_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.base.http.server import FakeTime, client
from tests.issues.made import moment, paper, posts_about
from tests.wings.proof.logs import config_in

NAME = "daily"
FIRST = moment("2024-05-06")
NETWORKS = ("bluesky", "hackernews")


class Publisher:
    """A site that publishes its observations: `record`, its log, and `public`, the folder its web server serves.
    `start` is the midnight at which its first day begins."""

    def __init__(self, folder: Path, store: str = "", start: int = FIRST) -> None:
        folder.mkdir()
        self.start = start
        self.config: LogConfig = config_in(folder)._replace(observations=True)
        self.record = Record(store or str(folder / "hotpapers.db"))
        self.public = folder / "public"

    def close(self) -> None:
        self.record.database.close()

    def live(self, day: int, *more: Item, blind: Iterable[str] = ()) -> None:
        """One day, written at 23:00: two papers are announced and discussed, all networks but `blind` are read."""
        start = self.start + day * DAY
        label = as_utc(start).date().isoformat()
        items = [
            *paper(10 * day + 1, label), *posts_about(10 * day + 1, 5, start + HOUR),
            *posts_about(10 * day + 1, 8, start + HOUR, "hackernews"),
            *paper(10 * day + 2, label), *posts_about(10 * day + 2, 3, start + 2 * HOUR),
            *(reading(network, start, start + DAY, blind) for network in NETWORKS), *more,
        ]  # fmt: skip
        self.record.append(items, source="made-up", at=start + DAY - HOUR)

    def publish(self, day: int) -> LogUpdate:
        """Logs everything at 6:00 on a day, and renders it."""
        update = update_log(self.record.database, NAME, self.config, self.start + day * DAY + 6 * HOUR)
        render(self.config, self.public)
        return update

    def files(self) -> list[Path]:
        """The hourly files on the site."""
        return sorted((self.public / f"log/{NAME}/observations").glob("*.zst"))


def reading(network: str, start: int, end: int, blind: Iterable[str]) -> Coverage:
    return Coverage(
        network=network, from_at=start, until_at=end, state="refused" if network in blind else "complete",
        reason="answered 403 Forbidden" if network in blind else "", observed_at=end - 2 * HOUR,
    )  # fmt: skip


def render(config: LogConfig, public: Path) -> None:
    """The log's part of a site, like `LogPages`."""
    logs = SiteLogs(config).of(NAME)
    assert logs is not None
    files = {f"{NAME}/{path}": data for path, data in logs.files() if data}
    observed = observations.names_in(logs.observed)
    files |= {f"{NAME}/observations/{name}": (logs.observed / name).read_bytes() for name in observed}
    shutil.rmtree(public, ignore_errors=True)
    for path, data in {"policy.txt": logs.policy_text("").encode(), **files}.items():
        (public / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        (public / "log" / path).write_bytes(data)


class Follower:
    """A site that follows another; the tests control its clock."""

    def __init__(self, folder: Path, url: str, policy: str = "", store: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.record = Record(store or str(folder / "own.db"))
        self.site = FollowedSite("neighbour", url, policy, folder / "followed" / "neighbour", own_logs=None)
        self.time = FakeTime()

    def close(self) -> None:
        self.record.database.close()

    def client(self) -> PoliteHttpClient:
        return client(None, self.time, base_addresses=[self.site.url])

    def follow(self, day: int, hour: int = 7, progress: ProgressBar = no_bar) -> FollowOutcome:
        """A round at an hour of a day."""
        self.time.seconds = (FIRST + day * DAY + hour * HOUR) / 1e6
        return self.round(progress)

    def round(self, progress: ProgressBar = no_bar) -> FollowOutcome:
        """A round now."""
        with self.client() as http:
            return follow_site(self.site, self.record, http, network_terms.TERMS, progress)

    def attempt(self, at: int) -> NextAttempt:
        """A round of the job at a moment; returns the next attempt."""
        self.time.seconds = at / 1e6
        open_record = partial(Record, self.record.database.where)
        with self.client() as http:
            job = FollowJob(self.site, Connection(http), network_terms.TERMS)
            leases, clock = Leases(open_record, "one"), Clock(self.time.now, self.time.sleep)
            rounds = JobLoop(job_name(self.site.name), lambda: job, open_record, leases, clock)
            try:
                next_attempt = rounds.attempt()
            finally:
                rounds._close_store()
        assert next_attempt is not None
        return next_attempt

    @contextmanager
    def peer(self) -> Iterator[Record]:
        """The store of what was received from the other site."""
        with Record(str(self.site.folder / RECORD)) as record:
            yield record


def forge(publisher: Publisher, leaves: Sequence[bytes], files: Mapping[str, bytes]) -> None:
    """As a dishonest publisher could: replaces the log's leaves and files, signing with the publisher's own key."""
    config, key = publisher.config, log_keys.load_key(publisher.config.key_file)
    assert key is not None
    origin = log_keys.origin_of(key, config.base, NAME, 1)
    signing = SigningKey(origin, key.seed)
    shutil.rmtree(config.folder / NAME)
    log_files.add_entries(config.folder / NAME / "1", leaves, signing.verifier)
    tree = MerkleTree(map(leaf_hash, leaves))
    checkpoint = Checkpoint(origin, tree.size, tree.root(tree.size))
    signed = checkpoint._replace(signatures=(notes.sign_note(checkpoint.text, signing),))
    log_files.save_checkpoint(config.folder / NAME / "1", signed)
    folder = config.folder / NAME / observations.FOLDER
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    render(config, publisher.public)


def day_file(day: int, lines: Sequence[bytes], part: int = 1) -> tuple[bytes, str, bytes]:
    """A file with these lines for all hours of a day: its leaf, name and bytes."""
    hour = FIRST // HOUR + 24 * day + 23
    file = ObservedFile(day, hour - 23, hour, part, observations.root_of(map(leaf_hash, lines)))
    return entries.observation_entry(file), file.name + observations.SUFFIX, observations.pack_lines(lines)


def withdrawal_list(day: int, rows: Sequence[str]) -> tuple[bytes, str, bytes]:
    """A list of the start of a day with these rows: its leaf, name and bytes."""
    text = "".join(f"{row}\n" for row in rows).encode()
    leaf = entries.ListLeaf(FIRST // HOUR + 24 * day, hashlib.sha256(text).digest())
    return entries.observation_entry(leaf), leaf.name, text


def leaves_of(publisher: Publisher) -> list[bytes]:
    """The leaves of its log."""
    return list(log_files.read_logs(publisher.config.folder / NAME)[-1].entries)


def received_days(follower: Follower) -> set[str]:
    """The days from which anything was received."""
    with follower.peer() as peer:
        papers = [row.item.day for row in peer.view().latest(Announcement)]
    return {day[-2:] for day in papers}


def alarm_kinds(follower: Follower) -> list[str]:
    """The kinds of the open alarms about the site."""
    return [alarm.kind for alarm in alarms.open_alarms(follower.site.folder)]


def lines_in(file: Path) -> list[bytes]:
    return observations.remove_marked(file.name, file.read_bytes(), ())[0]

"""Fetches another publication's log from its site. Nothing in it counts until key, witnesses and history are checked.

NAME/policy.txt     whom we trust: from the settings, else as the site said when first asked
NAME/log/…          the checked leaves, and their checkpoint (see `log_files`)
NAME/withdrawn-…    the site's lists of what was withdrawn
NAME/record.db      the site's observations
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from hotpapers.base import file_modes
from hotpapers.base.errors import LogError, NotAProof, RequestRefused, RewrittenPast
from hotpapers.base.model import HttpClient
from hotpapers.base.text.words import count_noun
from hotpapers.wings.proof import log_files, merkle, mirrors, observations
from hotpapers.wings.proof.log_files import LogEntries, StoredLog
from hotpapers.wings.proof.notes import Checkpoint, VerifierKey, parse_checkpoint
from hotpapers.wings.proof.policies import POLICY_PATH, LogPolicy, find_cosigners, is_of_known_log, parse_policy

POLICY = "policy.txt"


class FollowedSite(NamedTuple):
    """A followed site. `name`: our name for it; `url`: its address, ending with `/`; `policy`: whom we trust, as C2SP
    tlog-policy, empty to use the policy that the site first publishes; `folder`: where its data is kept. `own_logs`:
    the folder of our own logs, which are not followed: nobody is a witness of their own counts."""

    name: str
    url: str
    policy: str
    folder: Path
    own_logs: Path | None


class LoggedFolder(NamedTuple):
    """The checked leaves of one of a site's logs, and the address of the files that they list."""

    entries: tuple[bytes, ...]
    files: str


class FetchedLogs(NamedTuple):
    """A site's logs. `problems`: what failed its checks; `others`: other problems."""

    logs: tuple[LoggedFolder, ...]
    problems: tuple[str, ...]
    others: tuple[str, ...]


def policy_of(site: FollowedSite, http: HttpClient) -> LogPolicy:
    """Whom we trust with a site's history: the policy in the settings, else the site's own, which is fetched once. Both
    are kept. Raises NotAProof, LogError if our own logs are damaged, NetError if the site does not answer."""
    file = site.folder / POLICY
    kept = file.read_text("utf-8") if file.exists() else ""
    text, policy = _policy(site if site.policy.strip() else site._replace(policy=kept), http)
    if text != kept:
        file_modes.write_atomically(file, text.encode())
    return policy


def check_new_site(site: FollowedSite, http: HttpClient) -> None:
    """Raises NotAProof if a site that is read for the first time has the key of one that is followed: a site counts
    once, whichever of its publications or addresses is followed. Otherwise raises like `policy_of`."""
    if (site.folder / POLICY).exists():
        return
    _, policy = _policy(site, http)
    keys = {log.public for log in policy.logs}
    for file in sorted(site.folder.parent.glob(f"*/{POLICY}")):
        known = parse_policy(file.read_text("utf-8"))
        if keys.intersection(log.public for log in known.logs):
            raise NotAProof(f"{site.name}: has the key of {file.parent.name}, which is followed; a site counts once")


def _policy(site: FollowedSite, http: HttpClient) -> tuple[str, LogPolicy]:
    """The text and the policy in the settings, else as the site has them now."""
    text = site.policy if site.policy.strip() else _published_policy(site, http)
    policy = parse_policy(text)
    if not policy.logs:
        raise NotAProof(f"{site.name}: the policy names no log; write a line `log KEY`")
    if site.own_logs and log_files.verifier_keys(site.own_logs).intersection(policy.logs):
        raise NotAProof(f"{site.name}: publishes this site's own log; follow only others")
    return text, policy


def _published_policy(site: FollowedSite, http: HttpClient) -> str:
    return http.get(f"{site.url}{POLICY_PATH}").body.decode("utf-8", "replace")


def key_changes(site: FollowedSite, policy: LogPolicy, http: HttpClient) -> list[str]:
    """Logs that the site now names and the policy does not, or the other way round: the site's key or the site itself
    changed, or it lost a log. Raises NetError, NotAProof."""
    logs = set(parse_policy(_published_policy(site, http)).logs)
    known = set(policy.logs)
    current = logs
    return [
        *(
            f"{site.name} names a log that is not in the policy: add `log {key}` to the policy if you trust that key"
            for key in sorted(current - known, key=str)
        ),
        *(
            f"{site.name} does not name its log {key.name} any more: if it was lost, remove `log {key}` from the policy"
            for key in sorted(known - current, key=str)
        ),
    ]


def try_site(site: FollowedSite, http: HttpClient) -> str:
    """Summarizes the size of a site's logs in a few words, by their checkpoints; nothing is kept. Raises NotAProof,
    LogError, NetError."""
    _, policy = _policy(site, http)
    sizes = [_checkpoint(site, log, policy, http, sys.maxsize).size for log in policy.logs]
    return f"{count_noun(len(sizes), 'log')} with {count_noun(sum(sizes), 'leaf', 'leaves')}"


def fetch_log(site: FollowedSite, log: VerifierKey, policy: LogPolicy, http: HttpClient, most: int) -> LoggedFolder:
    """Fetch a log's current state, check it and keep it. Another process that follows the same site waits meanwhile.
    `most`: how many leaves it may have. Raises NotAProof if the log fails its checks, RewrittenPast if its key signed
    another history, LogError while too few witnesses have cosigned, NetError if the site does not answer."""
    path = Path(mirrors.log_path(log.name))
    with log_files.lock_logs(site.folder / "log"):
        # with leaves beyond the last stored checkpoint: they were checked too, but the process was killed before it
        # stored their checkpoint
        stored = log_files.read_log(site.folder / path)
        signed = _checkpoint(site, log, policy, http, most)
        new_entries = _new_entries(f"{site.url}{path}/", stored, signed, http)
        if stored.last is None or signed.size > stored.last.size:
            log_files.add_entries(stored.folder, new_entries, log)
            log_files.save_checkpoint(stored.folder, signed)
            log_files.drop_checkpoints(stored.folder, (earlier.size for earlier in stored.checkpoints))
    files = f"{site.url}{path.parent}/{observations.FOLDER}/"
    return LoggedFolder((*stored.entries, *new_entries), files)


def _checkpoint(site: FollowedSite, log: VerifierKey, policy: LogPolicy, http: HttpClient, most: int) -> Checkpoint:
    name = log.name
    url = f"{site.url}{mirrors.log_path(name)}/{merkle.CHECKPOINT_PATH}"
    body = http.get(url).body
    signed = parse_checkpoint(body.decode("utf-8", "replace"))
    if signed.origin != name or not is_of_known_log(policy, signed):
        raise NotAProof(f"{name}: its checkpoint is not signed by the trusted key")
    if signed.size > most:
        raise NotAProof(f"{name}: has {signed.size:,} leaves, of which only {most:,} would be read")
    witnesses = find_cosigners(policy, signed)
    if not policy.is_met(witnesses):
        raise LogError(
            f"{name}: only {len(witnesses)} of {len(policy.witnesses)} witnesses cosigned its checkpoint, too few for "
            "the policy; new leaves wait for more"
        )
    return signed


def _rewritten(stored: StoredLog, signed: Checkpoint) -> RewrittenPast:
    reason = (
        f"{signed.origin}: has rewritten its past: its checkpoint of {signed.size:,} leaves does not extend what "
        "was seen before. Nothing from it is accepted; ask its operator."
    )
    checkpoints = (stored.last, signed)
    return RewrittenPast(
        reason,
        tuple(str(checkpoint.own) for checkpoint in checkpoints if checkpoint),
    )


def _new_entries(base: str, stored: StoredLog, signed: Checkpoint, http: HttpClient) -> LogEntries:
    """The leaves that are new, from their bundles. Together with the known leaves they must have the checkpoint's root,
    which proves that the known leaves are a prefix. An earlier state of the same history is an outdated copy and has no
    new leaves."""
    known = stored.entries
    if signed.size <= len(known):
        if not signed.is_of(stored.tree):
            raise _rewritten(stored, signed)
        return log_files.NO_ENTRIES
    first = len(known) // merkle.WIDTH
    bundles = _bundles(base, signed, first, http)
    known_bundles = known[: first * merkle.WIDTH]
    entries = LogEntries((*known_bundles, *bundles))
    if first and not signed.is_of(entries.tree):  # if the past was rewritten, earlier leaves differ
        entries = LogEntries(_bundles(base, signed, 0, http))
    if not signed.is_of(entries.tree):
        raise NotAProof(f"{signed.origin}: its leaves do not match its checkpoint")
    if entries[: len(known)] != known:
        raise _rewritten(stored, signed)
    return LogEntries(entries[len(known) :])


def _bundles(base: str, signed: Checkpoint, first: int, http: HttpClient) -> list[bytes]:
    """All leaves of a checkpoint from the `first` bundle on, as the site has them now. Raises NotAProof if some are
    withheld."""
    entries = []
    try:
        for level, index, width in merkle.list_tiles(signed.size):
            if level == 0 and index >= first:
                entries += _bundle(base, index, width, http)
    except RequestRefused as problem:
        raise NotAProof(f"{signed.origin}: withholds leaves that its checkpoint covers: {problem}") from problem
    except NotAProof as problem:
        raise NotAProof(f"{signed.origin}: {problem.reason}") from problem
    return entries


def _bundle(base: str, index: int, width: int, http: HttpClient) -> list[bytes]:
    """The leaves of a bundle. A partial one may be full and gone by now if the checkpoint comes from a cache. Raises
    NotAProof, RequestRefused."""
    try:
        tile_path = merkle.tile_path("entries", index, width)
        return merkle.entries_of(http.get(base + tile_path).body, width)
    except RequestRefused:
        if width == merkle.WIDTH:
            raise
        return _bundle(base, index, merkle.WIDTH, http)[:width]

"""A site's logs: where its settings want them, what is wrong with them, and what a command adds. For its pages: their
files, and the proof of each issue, with what a saved copy needs to be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hotpapers.base.errors import LogError, NotAProof, SettingsError, UsageError
from hotpapers.base.model import IssueContent, Paper, Place, Publication, PublishedIssue, SitePart
from hotpapers.base.settings import Settings, default_settings
from hotpapers.base.text.words import count_noun
from hotpapers.issues.build import digest_of
from hotpapers.publish.deliver.files import check_writable
from hotpapers.publish.view import site_paths
from hotpapers.record import Record, current_time
from hotpapers.record.commitments import canonical_json
from hotpapers.site.hooks import Trial
from hotpapers.site.site import Site
from hotpapers.wings.proof import (
    alarms,
    entries,
    log_files,
    log_keys,
    merkle,
    observations,
    policies,
    saved_issues,
    settings,
)
from hotpapers.wings.proof.notes import COSIGNATURE_MLDSA44, PROOF_TYPE, Checkpoint, LogProof
from hotpapers.wings.proof.policies import POLICY_PATH
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.saved_issues import CONTENT, PROOF

if TYPE_CHECKING:
    from hotpapers.publish.render.html.site_context import SiteContext


class IssueProof(NamedTuple):
    """A proof, and the witnesses of the policy that cosigned its checkpoint. `complete`: whether they are enough."""

    proof: LogProof
    witnesses: tuple[str, ...]
    complete: bool


class ProvedIssue(NamedTuple):
    """An issue with everything needed to check a saved copy. `content`: its SHA-256 is the digest. `metadata`: the
    items whose hashes are in the entries, by paper: title, authors, abstract; for a listing, its printed places."""

    content: IssueContent
    metadata: Mapping[str, Paper | Place]
    proof: LogProof
    witnesses: tuple[str, ...]
    complete: bool

    @property
    def text(self) -> str:
        return str(self.proof)

    @property
    def words(self) -> str:
        """`leaf 7 of papers.example/log/daily/1, cosigned by 2 witnesses: a, b`."""
        leaf = f"leaf {self.proof.leaf} of {self.proof.signed.origin}"
        if not self.witnesses:
            return leaf if self.complete else f"{leaf}, not yet cosigned"
        amount = count_noun(len(self.witnesses), "witness", "witnesses")
        cosigned = f"{leaf}, cosigned by {amount}: {', '.join(self.witnesses)}"
        return cosigned if self.complete else f"{cosigned}; not yet by enough"

    @property
    def blocks(self) -> tuple[tuple[str, str], ...]:
        """(type, text) of the page's data blocks."""
        content = canonical_json(self.content).decode().replace("<", "\\u003c")
        return (PROOF_TYPE, self.text), (saved_issues.CONTENT_TYPE, content)

    @property
    def file(self) -> bytes:
        """All of it as one JSON file."""
        return canonical_json({"content": self.content, "metadata": self.metadata, "proof": self.text}) + b"\n"


class PublicationLogs:
    """The logs of one publication as they were when read. `folder`: where they are. `observed`: the folder of published
    observations. `policy`: the witnesses whose cosignatures proofs contain; empty for none. Raises NotAProof for an
    invalid policy."""

    def __init__(self, folder: Path, logs: Sequence[log_files.StoredLog], policy: str) -> None:
        self.publication = folder.name
        self.stored = tuple(logs)
        self._policy_text = policy
        self.observed = folder / observations.FOLDER
        self._policy = policies.witness_policy(policy)
        self._cosigners: dict[tuple[str, int], Mapping[str, int]] = {}

    @cached_property
    def _places(self) -> Mapping[bytes, tuple[log_files.StoredLog, int]]:
        """Where each leaf first occurs."""
        rows = [(entry, (log, n)) for log in self.stored for n, entry in enumerate(log.entries)]
        return dict(reversed(rows))

    def proof(self, digest: str) -> IssueProof | None:
        """The proof of an issue, by its digest; None while no checkpoint covers it.

        Its checkpoint is the first that covers the issue and has enough cosignatures, or until there is one, the first
        that covers it. So a proof changes at most once.
        """
        log, leaf = self._places.get(entries.issue_entry(digest), (None, 0))
        if log is None or not (covering := log.covering(leaf)):
            return None
        enough = next((signed for signed in covering if self._policy.is_met(self._cosigners_of(signed))), None)
        signed = enough or covering[0]
        path = tuple(log.tree.inclusion(leaf, signed.size))
        cosigners = self._cosigners_of(signed)
        log_proof = LogProof(leaf, path, self._for_proof(signed, cosigners))
        return IssueProof(log_proof, tuple(cosigners), enough is not None)

    def proved(self, issue: PublishedIssue) -> ProvedIssue | None:
        """An issue with its proof. None while no checkpoint covers it, or if its content does not match the digest,
        since an older program may have encoded it differently."""
        proof = self.proof(issue.digest)
        content = issue.content
        # "<" could end its data block in a page
        if proof is None or "<" in str(proof.proof) or digest_of(content) != issue.digest:
            return None
        hashes = {entry.paper: entry.metadata for entry in content.all_entries}
        items = {paper: issue.places.get(paper) or issue.papers[paper] for paper in hashes}
        proved = {paper: item for paper, item in items.items() if digest_of(item) == hashes[paper]}
        return ProvedIssue(content, proved, *proof)

    def is_complete(self, digest: str) -> bool | None:
        """Whether an issue's proof has enough cosignatures, by its digest; None while it has no proof."""
        issue_entry = entries.issue_entry(digest)
        log, leaf = self._places.get(issue_entry, (None, 0))
        if log and log.covering(leaf):
            return leaf < self._complete_sizes[log.number]
        return None

    @cached_property
    def _complete_sizes(self) -> Mapping[int, int]:
        """By log, the size of its latest checkpoint with enough cosignatures: all leaves before it have complete
        proofs."""
        sizes = {}
        for log in self.stored:
            newest_first = reversed(log.checkpoints)
            complete = (signed for signed in newest_first if self._policy.is_met(self._cosigners_of(signed)))
            sizes[log.number] = next((signed.size for signed in complete), 0)
        return sizes

    def _cosigners_of(self, signed: Checkpoint) -> Mapping[str, int]:
        """The policy's witnesses that cosigned a checkpoint. Checked once, on demand."""
        where = (signed.origin, signed.size)
        if where not in self._cosigners:
            self._cosigners[where] = policies.find_cosigners(self._policy, signed)
        return self._cosigners[where]

    def _for_proof(self, signed: Checkpoint, cosigners: Mapping[str, int]) -> Checkpoint:
        """The checkpoint with the signatures of the log and the policy's witnesses; the long ones (ML-DSA-44) only if
        the short ones are not enough."""
        keys = {witness.name: witness.key for witness in self._policy.witnesses if witness.name in cosigners}
        short = {name: key for name, key in keys.items() if key.type != COSIGNATURE_MLDSA44}
        chosen = short if short and self._policy.is_met(short) else keys
        key_ids = {(key.name, key.key_id) for key in chosen.values()}
        lines = (line for line in signed.signatures if (line.name, line.key_id) in key_ids)
        return signed._replace(signatures=(*signed.own.signatures, *lines))

    def pages(self, site: SiteContext) -> LogPages:
        """The files of the logs and proofs on a site."""
        return LogPages(site, self)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """(path, bytes) of all files below `log/PUBLICATION/`: each log's latest checkpoint, tiles and bundles, with
        the partial ones of every checkpoint until they are full. Empty bytes: a partial one that is full by now, to be
        removed."""
        for log in self.stored:
            if log.last is not None:
                yield f"{log.number}/{merkle.CHECKPOINT_PATH}", str(log.last).encode()
            sizes = (signed.size for signed in log.checkpoints)
            names = dict.fromkeys(name for size in sizes for name in merkle.list_tiles(size))
            for path, data in merkle.files_of(log.tree, log.entries, names):
                yield f"{log.number}/{path}", data

    def policy_text(self, base: str) -> str:
        """The policy that readers need to check proofs, with these logs and the witnesses (C2SP tlog-policy). `base`:
        the site's address, or empty."""
        lines = [
            f"log {log.key}" + (f" {base}log/{self.publication}/{log.number}/" if base else "")
            for log in self.stored
            if log.key
        ]
        given = (line.strip() for line in self._policy_text.split("\n"))  # comments are private
        lines += [line for line in given if line and not line.startswith("#")] or [f"quorum {policies.NONE}"]
        return "".join(f"{line}\n" for line in lines)


class SiteLogs:
    """The logs of a site, read on demand, and again when they have changed."""

    def __init__(self, config: LogConfig) -> None:
        self.config = config
        self._read: dict[str, tuple[object, PublicationLogs]] = {}

    def version(self, publication: str) -> object:
        """A value that changes whenever a page's proof may change."""
        if log_files.is_name(publication):
            return log_files.version(self.config.folder / publication)
        return ()

    def of(self, publication: str) -> PublicationLogs | None:
        """A publication's logs; None if it has none. Raises LogError."""
        version = self.version(publication)
        if not version:
            return None
        known, logs = self._read.get(publication, (None, None))
        if logs is None or known != version:
            folder = self.config.folder / publication
            logs = PublicationLogs(folder, log_files.read_logs(folder), self.config.policy)
            self._read[publication] = version, logs
        return logs

    def readable(self, publication: str) -> PublicationLogs | None:
        """Like `of`, but None also if they cannot be read: the log's update reports that, and issues appear without
        proofs."""
        try:
            return self.of(publication)
        except (LogError, UsageError):
            return None

    @property
    def versions(self) -> tuple[object, ...]:
        """A value that changes whenever the proof of any publication's issue may change."""
        return tuple(map(self.version, log_files.logged_publications(self.config.folder)))

    def __reduce__(self) -> tuple[type[SiteLogs], tuple[LogConfig]]:
        return SiteLogs, (self.config,)


FOLDER = "log/"
_PROOF = re.compile(r"(\d{4}-\d\d-\d\d/(?:edition-[1-9]\d{0,3}/)?)(issue\.tlog-proof|issue\.json)", re.ASCII)


class LogPages(SitePart):
    """The files of a publication's log on its site, and the proof files beside each issue."""

    def __init__(self, site: SiteContext, logs: PublicationLogs) -> None:
        self._site = site
        self._logs = logs
        self._path = f"{FOLDER}{site.name}/"
        self._observed_path = f"{self._path}{observations.FOLDER}/"

    def paths(self, folder: Path | None = None) -> Iterator[str]:
        """The files of the log itself. Files that others refer to come first, so that a reader following along finds no
        gaps. `folder`: a site's folder; observation files that it already has are left out."""
        for name in observations.names_in(self._logs.observed):
            path = f"{self._observed_path}{name}"
            if folder is None or not _is_copy(folder / path, self._logs.observed / name):
                yield path
        files = [path for path, data in self._files.items() if data]
        yield from sorted(files, key=lambda path: path.endswith(f"/{merkle.CHECKPOINT_PATH}"))
        yield POLICY_PATH

    def ended(self, path: str) -> Iterator[str]:
        """For the policy's path: paths where partial tiles may exist that are full by now, or old observations."""
        if path == POLICY_PATH:
            yield from (path for path, data in self._files.items() if not data)
            leaves = [entry for log in self._logs.stored for entry in log.entries]
            names = observations.names_in(self._logs.observed)
            gone = observations.names_listed(leaves).keys() - names
            yield from (f"{self._observed_path}{name}" for name in sorted(gone))

    def has(self, path: str) -> bool:
        """Whether a path is a proof, an issue's JSON, or below the log's folder."""
        return path.startswith(FOLDER) or bool(_PROOF.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        return self.linked_paths(day)

    def linked_paths(self, day: str) -> Iterator[str]:
        """The proof files beside a day's issues, for all editions."""
        for edition in (0, *self._site.earlier_editions(day)):
            if self._logs.proof(self._site.issue(day, edition).digest) is not None:
                page = site_paths.issue_path(day, edition).removesuffix("index.html")
                yield from (page + name for name in (PROOF, CONTENT))

    def page(self, path: str) -> bytes | None:
        if path == POLICY_PATH:
            return self._logs.policy_text(self._site.site_config.base).encode()
        if path.startswith(self._observed_path):
            name = path.removeprefix(self._observed_path)
            file = self._logs.observed / name
            return file.read_bytes() if observations.is_name(name) and file.is_file() else None
        if path.startswith(FOLDER):
            return self._files.get(path) or None
        match = _PROOF.fullmatch(path)
        place = site_paths.issue_of(f"{match[1]}index.html") if match else None
        if not (match and place and self._site.has(*place)):
            return None
        proved = self._logs.proved(self._site.frozen(*place))
        if proved is None:
            return None
        return proved.text.encode() if match[2] == PROOF else proved.file

    @cached_property
    def _files(self) -> Mapping[str, bytes]:
        """Path and bytes of every file below the log's folder; no bytes for a partial tile that is full by now."""
        files = self._logs.files()
        return {f"{self._path}{path}": data for path, data in files}


def _is_copy(file: Path, original: Path) -> bool:
    """Whether a file is an up-to-date copy of another, judged by size and modification time: there are thousands of
    files, and few of them change within an hour."""
    if not file.is_file():
        return False
    own = original.stat()
    copy = file.stat()
    return copy.st_size == own.st_size and copy.st_mtime_ns >= own.st_mtime_ns


# ---- as the settings want them ------------------------------------------------------------------------------


def log_config(site: Site) -> LogConfig | None:
    """Where the logs of a site are: see `log_config_of`."""
    return log_config_of(site.settings, site.file)


def log_config_of(site_settings: Settings, file: Path) -> LogConfig | None:
    """Where the logs are; None without a settings file. Raises SettingsError for an invalid policy of witnesses."""
    if site_settings == default_settings():
        return None
    table = settings.transparency(site_settings)
    try:
        policies.witness_policy(table.policy)
    except NotAProof as problem:
        raise SettingsError(f"{file}: transparency.policy: {problem}") from problem
    key_file, folder = (file.parent / Path(path).expanduser() for path in (table.key, table.folder))
    base = site_settings.publish.base
    return LogConfig(key_file, folder, base, table.policy, table.observations, site_settings.bases)


def site_logs(site_settings: Settings, file: Path) -> SiteLogs | None:
    """The logs; None without a settings file. Raises SettingsError."""
    config = log_config_of(site_settings, file)
    return None if config is None else SiteLogs(config)


def check_observations(site: Site) -> None:
    """Raises SettingsError if observations are to be published, but cannot be."""
    log = log_config(site)
    if log is not None and log.observations and not log.key_file.exists():
        raise SettingsError(
            f"{site.file}: transparency.observations: nothing is published without a log;"
            " `hotpapers log --new-key` creates its key"
        )


def site_alarms(site: Site) -> Iterator[tuple[str, str]]:
    """Witnesses' open alarms about the logs, each with the command that acknowledges it. Raises SettingsError."""
    config = log_config(site)
    if config is None:
        return
    for name in log_files.logged_publications(config.folder):
        try:
            folder = config.folder / name
            texts = [f"witness {alarm}" for alarm in alarms.open_alarms(folder)]
        except LogError as problem:
            texts = [str(problem)]
        yield from ((f"log of {name}: {text}", "log --acknowledge WITNESS") for text in texts)


def trials(site: Site) -> Iterator[Trial]:
    """For `check`: whether the folder of a log that is kept can be written."""
    config = log_config(site)
    if config is not None and config.key_file.exists():

        def try_out(_: object) -> str:
            check_writable(config.folder)
            log_keys.load_key(config.key_file)
            return str(config.folder)

        yield Trial("transparency", try_out, "wings/proof")


def update_logs(site: Site, record: Record, names: Sequence[str]) -> list[str]:
    """Updates the logs of publications; returns problems, which do not stop issues from being published. The logs
    of the record's other publications, which the settings may have had once, get no new observations, only withdrawals.
    """
    try:
        if config := log_config(site):
            for name in names:
                update_log(record.database, name, config, current_time())
            known = {publication.publication for publication in record.view().items(Publication)}
            for name in known.intersection(log_files.logged_publications(config.folder)).difference(names):
                update_log(record.database, name, config._replace(observations=False), current_time())
    except (LogError, UsageError, OSError) as problem:
        return [f"published without the log: {problem}"]
    return []

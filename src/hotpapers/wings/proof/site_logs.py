"""A site's logs for its pages: their files, and the proof of each issue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hotpapers.base.errors import LogError, UsageError
from hotpapers.base.model import PublishedIssue, SitePart
from hotpapers.wings.proof import entries, log_files, observation_files, policies, tiles
from hotpapers.wings.proof.checkpoints import SignedCheckpoint
from hotpapers.wings.proof.issue_proof import IssueProof, ProvedIssue, proved_issue
from hotpapers.wings.proof.log_files import StoredLog
from hotpapers.wings.proof.notes import COSIGNATURE_MLDSA44, SignedNote
from hotpapers.wings.proof.policies import NONE, witness_policy
from hotpapers.wings.proof.proofs import LogProof
from hotpapers.wings.proof.publication_log import LogConfig

if TYPE_CHECKING:
    from hotpapers.publish.render.html.site_context import SiteContext


class PublicationLogs:
    """The logs of one publication as they were when read. `settings_policy`: the witnesses whose cosignatures proofs
    contain; empty for none. `observed`: the folder of published observations. Raises NotAProof for an invalid
    policy."""

    def __init__(
        self, publication: str, logs: Sequence[StoredLog], settings_policy: str = "", observed: Path | None = None
    ) -> None:
        self.publication, self.stored, self._settings_policy = publication, tuple(logs), settings_policy
        self._observed = observed
        self._policy = witness_policy(settings_policy)
        self._cosigners: dict[tuple[int, int], Mapping[str, int]] = {}

    @cached_property
    def _places(self) -> Mapping[bytes, tuple[StoredLog, int]]:
        """Where each leaf first occurs."""
        rows = [(entry, (log, n)) for log in self.stored for n, entry in enumerate(log.entries)]
        return dict(reversed(rows))

    def proof(self, digest: str) -> IssueProof | None:
        """The proof of an issue, by its digest; None while no checkpoint covers it.

        Its checkpoint is the first that covers the issue and has enough cosignatures, or until there is one, the first
        that covers it. So a proof changes at most once.
        """
        place = self._places.get(entries.issue_entry(digest))
        if place is None:
            return None
        log, leaf = place
        covering = log.covering(leaf)
        if not covering:
            return None
        enough = next((signed for signed in covering if self._policy.is_met(self._cosigners_of(log, signed))), None)
        signed = enough or covering[0]
        path = tuple(log.tree.inclusion(leaf, signed.checkpoint.size))
        signed_for_proof = signed._replace(note=self._note_for_proof(log, signed))
        return IssueProof(
            LogProof(leaf, path, signed_for_proof), tuple(self._cosigners_of(log, signed)), enough is not None
        )

    def proved(self, issue: PublishedIssue) -> ProvedIssue | None:
        """An issue with its proof; None while no checkpoint covers it."""
        return proved_issue(issue, self.proof(issue.digest))

    def is_complete(self, digest: str) -> bool | None:
        """Whether an issue's proof has enough cosignatures, by its digest; None while it has no proof."""
        log, leaf = self._places.get(entries.issue_entry(digest), (None, 0))
        return leaf < self._complete_sizes[log.number] if log and log.covering(leaf) else None

    @cached_property
    def _complete_sizes(self) -> Mapping[int, int]:
        """By log, the size of its latest checkpoint with enough cosignatures: all leaves before it have complete
        proofs."""
        sizes = {}
        for log in self.stored:
            newest_first = reversed(log.checkpoints)
            complete = (signed for signed in newest_first if self._policy.is_met(self._cosigners_of(log, signed)))
            sizes[log.number] = next((signed.checkpoint.size for signed in complete), 0)
        return sizes

    def _cosigners_of(self, log: StoredLog, signed: SignedCheckpoint) -> Mapping[str, int]:
        """The policy's witnesses that cosigned a checkpoint. Checked once, on demand."""
        where = (log.number, signed.checkpoint.size)
        if where not in self._cosigners:
            self._cosigners[where] = policies.cosigners(self._policy, signed)
        return self._cosigners[where]

    def _note_for_proof(self, log: StoredLog, signed: SignedCheckpoint) -> SignedNote:
        """The checkpoint with the signatures of the log and the policy's witnesses; the long ones (ML-DSA-44) only if
        the short ones are not enough."""
        cosigners = self._cosigners_of(log, signed)
        keys = {witness.name: witness.key for witness in self._policy.witnesses if witness.name in cosigners}
        short = {name: key for name, key in keys.items() if key.type != COSIGNATURE_MLDSA44}
        chosen = short if short and self._policy.is_met(short) else keys
        key_ids = {(key.name, key.key_id) for key in chosen.values()}
        own = [line for line in signed.note.signatures if line.name == signed.checkpoint.origin]
        return signed.note._replace(
            signatures=(*own, *(line for line in signed.note.signatures if (line.name, line.key_id) in key_ids))
        )

    def pages(self, site: SiteContext) -> SitePart:
        """The files of the logs and proofs on a site."""
        from hotpapers.wings.proof.log_pages import LogPages  # which needs the pages of a site

        return LogPages(site, self)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """(path, bytes) of all files below `log/PUBLICATION/`: each log's latest checkpoint, tiles and bundles, with
        the partial ones of every checkpoint until they are full. Empty bytes: a partial one that is full by now, to be
        removed."""
        for log in self.stored:
            if log.last is not None:
                yield f"{log.number}/{tiles.CHECKPOINT_PATH}", str(log.last.note).encode()
            sizes = (signed.checkpoint.size for signed in log.checkpoints)
            names = dict.fromkeys(name for size in sizes for name in tiles.widths(size))
            for path, data in tiles.files_of(log.tree, log.entries, names):
                yield f"{log.number}/{path}", data

    def observation_names(self) -> list[str]:
        """The names of the files of observations and of the lists of withdrawn ones."""
        return observation_files.names_in(self._observed) if self._observed else []

    def deleted_observations(self) -> list[str]:
        """The names of the files and lists that the logs name and that are no longer published."""
        leaves = (entry for log in self.stored for entry in log.entries)
        return sorted(observation_files.names_listed(leaves).keys() - set(self.observation_names()))

    def observations(self, name: str) -> bytes | None:
        """The content of such a file; None if there is none."""
        if self._observed is None or not observation_files.is_name(name) or not (self._observed / name).is_file():
            return None
        return (self._observed / name).read_bytes()

    def is_copied(self, name: str, file: Path) -> bool:
        """Whether a file is an up-to-date copy of the observations with a name, judged by size and modification time:
        there are thousands of files, and few of them change within an hour."""
        if self._observed is None or not file.is_file():
            return False
        own, copy = (self._observed / name).stat(), file.stat()
        return copy.st_size == own.st_size and copy.st_mtime_ns >= own.st_mtime_ns

    @property
    def last(self) -> SignedCheckpoint | None:
        """The latest checkpoint of the latest log."""
        return self.stored[-1].last if self.stored else None

    def policy_text(self, base: str) -> str:
        """The policy that readers need to check proofs, with these logs and the witnesses (C2SP tlog-policy). `base`:
        the site's address, or empty."""
        keys = [(log.number, log.key) for log in self.stored if log.key is not None]
        lines = [f"log {key}" + (f" {base}log/{self.publication}/{number}/" if base else "") for number, key in keys]
        settings = (line.strip() for line in self._settings_policy.split("\n"))  # comments are private
        lines += [line for line in settings if line and not line.startswith("#")] or [f"quorum {NONE}"]
        return "".join(f"{line}\n" for line in lines)


class SiteLogs:
    """The logs of a site, read on demand, and again when they have changed."""

    def __init__(self, config: LogConfig) -> None:
        self.config = config
        self._read: dict[str, tuple[object, PublicationLogs]] = {}

    def version(self, publication: str) -> object:
        """A value that changes whenever a page's proof may change."""
        return log_files.version(self.config.folder, publication) if log_files.is_name(publication) else ()

    def of(self, publication: str) -> PublicationLogs | None:
        """A publication's logs; None if it has none. Raises LogError."""
        version = self.version(publication)
        if not version:
            return None
        if publication not in self._read or self._read[publication][0] != version:
            logs = log_files.read_logs(self.config.folder, publication)
            observed = self.config.folder / publication / observation_files.FOLDER
            self._read[publication] = (version, PublicationLogs(publication, logs, self.config.policy, observed))
        return self._read[publication][1]

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
        return tuple(map(self.version, log_files.publications(self.config.folder)))

    def __getstate__(self) -> LogConfig:
        return self.config

    def __setstate__(self, config: LogConfig) -> None:
        self.__init__(config)  # type: ignore[misc]

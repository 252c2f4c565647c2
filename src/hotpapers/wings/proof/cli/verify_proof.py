"""`hotpapers verify FILE` and `--site`: whether saved issues are in the log."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from hotpapers.base.errors import InputError, NotFound, StoreError, UsageError, require
from hotpapers.cli.terminal import bar, show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.site.site import Site
from hotpapers.wings.proof.config import site_logs
from hotpapers.wings.proof.mirrors import POLICY_FILE, check_mirror
from hotpapers.wings.proof.policies import LogPolicy, parse_policy
from hotpapers.wings.proof.saved_answers import StoredIssue, stored_issue
from hotpapers.wings.proof.saved_issues import ProofVerdict, SavedIssue, check_saved, read_saved


def verify_saved(
    files: Sequence[Path], address: str | None, policy_file: Path | None, site: Site, as_json: bool
) -> None:
    """Checks saved issues, or a whole site."""
    if address is not None:
        return verify_site(address, policy_file, site, as_json)
    # Checks saved issues and prints what is proved about each. Exits with status 1 if a check fails.
    verdicts = [(file, _verdict(file, policy_file, site)) for file in files]
    value = [{"file": str(file), **_as_json(verdict)} for file, verdict in verdicts]
    show(value, (line for file, verdict in verdicts for line in _lines(file, verdict)), as_json)
    if any(isinstance(verdict, str) or verdict.problems for _, verdict in verdicts):
        raise click.exceptions.Exit(1)


def _verdict(file: Path, policy_file: Path | None, site: Site) -> ProofVerdict | str:
    """The verdict on a file, or why it cannot be read."""
    try:
        issue = read_saved(file)
    except InputError as problem:
        return str(problem)
    policy = read_policy(policy_file) if policy_file else _own_policy(site, issue.content.publication.publication)
    stored = _stored_issue(issue, site) if issue.answer else None
    return check_saved(issue, policy, stored)


def _stored_issue(issue: SavedIssue, site: Site) -> StoredIssue | None:
    """The issue as the site's store has it; None if it has no store, or another issue there."""
    content = issue.content
    with suppress(StoreError, NotFound):
        name = content.publication.publication
        return stored_issue(site.session, name, content.day, content.edition, issue.digest)
    return None


def read_policy(file: Path) -> LogPolicy:
    """Reads a policy from a file. Raises InputError, UsageError."""
    try:
        return parse_policy(file.read_text("utf-8"))
    except InputError as problem:
        raise InputError(problem.reason, file=str(file), line=problem.line) from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file}: cannot be read: not UTF-8") from problem
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem


def _own_policy(site: Site, publication: str) -> LogPolicy:
    """The policy for our own log. Raises UsageError if there is none."""
    own = site_logs(site)
    logs = own.of(publication) if own else None
    if logs is None:
        raise UsageError(
            "no log is known for this publication; add --policy FILE, such as the publication's log/policy.txt from a "
            "source you trust"
        )
    return parse_policy(logs.policy_text(""))


def _as_json(verdict: ProofVerdict | str) -> dict[str, object]:
    if isinstance(verdict, str):
        return {"verified": False, "problems": [verdict]}
    content, checkpoint = verdict.issue.content, verdict.issue.proof.signed.checkpoint
    return {
        "verified": not verdict.problems,
        "problems": verdict.problems,
        "publication": content.publication.publication,
        "day": content.day,
        "edition": content.edition,
        "digest": verdict.issue.digest,
        "log": checkpoint.origin,
        "leaf": verdict.issue.proof.leaf,
        "size": checkpoint.size,
        "witnesses": verdict.witnesses,
        "compared_with_store": verdict.is_compared,
        "entries": [{"place": entry.place, "paper": entry.paper, "score": entry.score} for entry in content.entries],
    }


def _lines(file: Path, verdict: ProofVerdict | str) -> list[str]:
    if isinstance(verdict, str):
        return [f"not verified: {verdict}"]
    content, checkpoint = verdict.issue.content, verdict.issue.proof.signed.checkpoint
    if verdict.problems:
        return [f"{file}: {text}" for text in verdict.problems] + [f"not verified: {file}"]
    edition = f"{content.publication.publication} {content.day} edition {content.edition}"
    position = f"leaf {verdict.issue.proof.leaf} of {checkpoint.size:,} in {checkpoint.origin}"
    cosigners = f"cosigned by {', '.join(verdict.witnesses) or 'nobody'}"
    lines = [f"verified: {edition}, digest {verdict.issue.digest}", f"  {position}, {cosigners}"]
    if verdict.issue.answer and not verdict.is_compared:
        lines.append("  no store here has this issue: posts, code, editions and later versions were not compared")
    return lines


def verify_site(address: str, policy_file: Path | None, site: Site, as_json: bool) -> None:
    """Checks a whole site, in a folder or at its address. Exits with status 1 if a check fails."""
    if not address.startswith(("http://", "https://")):
        require(
            Path(address).is_dir(), f"{address}: not a folder; name a folder or an address that begins with https://"
        )
        return _verify_folder(Path(address), policy_file, as_json)
    with TemporaryDirectory(prefix="hotpapers-") as folder:
        _download(f"{address.rstrip('/')}/", Path(folder), policy_file, site)
        _verify_folder(Path(folder), policy_file, as_json)


def _download(address: str, folder: Path, policy_file: Path | None, site: Site) -> None:
    """Fetches a site's log and issues into a folder."""
    from hotpapers.wings.proof.mirrors import SiteDownload

    with site.site_client(address) as http:
        download = SiteDownload(http, address, folder)
        policy = read_policy(policy_file or download.fetch_policy())
        days = download.days()
        with bar("Fetching", len(days)) as progress:
            for day in days:
                download.fetch_issue(day)
                progress(1)
        # last: the site may go on meanwhile, and an older log would lack what newer proofs name
        download.fetch_logs(policy)


def _verify_folder(folder: Path, policy_file: Path | None, as_json: bool) -> None:
    own_policy = folder / POLICY_FILE
    if policy_file is None and not own_policy.is_file():
        raise UsageError(f"{folder}: no {POLICY_FILE} found, so no log was published with this site")
    policy = read_policy(policy_file or own_policy)
    verdict = check_mirror(folder, policy)
    state = "not verified" if verdict.problems else "verified"
    missing = f", {count_noun(verdict.missing, 'issue')} in the log missing here" if verdict.missing else ""
    amounts = f"{count_noun(verdict.issues, 'issue')}, {count_noun(verdict.leaves, 'leaf', 'leaves')}"
    lines = [*verdict.problems, f"{state}: {amounts}{missing}"]
    if policy_file is None:
        lines.append("verified with the site's own keys; check that they are genuine, or use yours with --policy:")
        lines += [f"  {log.key}" for log in policy.logs]
    show({"verified": not verdict.problems, **verdict._asdict(), "own_word": policy_file is None}, lines, as_json)
    if verdict.problems:
        raise click.exceptions.Exit(1)

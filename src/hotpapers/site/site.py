"""The one public object: `import hotpapers`, and the verbs of the command line.

    import hotpapers

    with hotpapers.Site("hotpapers.db") as site:
        for entry in site.issue().entries:
            print(entry.place, entry.title)

Methods return values of `hotpapers.publish.query.schemas`, as the API does, and raise
`hotpapers.base.errors.HotPapersError`. docs/reference/library.md shows every verb. The modules of verbs are imported
when these are called, so that commands start fast.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hotpapers.base import network_terms
from hotpapers.base.errors import HotPapersError, NotFound, ReadOnlyStore, StoreError, UsageError, require
from hotpapers.base.installed import hooks_of
from hotpapers.base.keys import is_web_address, parse_key
from hotpapers.base.model import Post, Verdict
from hotpapers.base.suggestions import list_choices
from hotpapers.record import current_time
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.hooks import AfterChange, PastIssues

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.base.model import Judgement, PublishedIssue
    from hotpapers.discussion.moderation.bots.review import AccountReview, AuthorReview
    from hotpapers.issues.freeze import FrozenIssue
    from hotpapers.keep.search import PaperResults, PostResults
    from hotpapers.publish.deliver.export_site import RerenderedFolder
    from hotpapers.publish.query import schemas, status_schemas
    from hotpapers.record.verify import VerifyResult
    from hotpapers.site.inspection import Inspection
    from hotpapers.site.people import ForgetReport
    from hotpapers.site.publishing import PublishResult
    from hotpapers.site.running import CollectResult

    FoundPapers = tuple[PaperResults | PostResults, int]

LONG = 5_000
"""Rows to index from which progress is shown."""


class Site(ConfiguredSite):
    """A site: the verbs on its settings and its store."""

    # ---- reading -------------------------------------------------------------------------------------------

    def collect(
        self, sources: Sequence[str] = (), *, once: bool = True, stop: threading.Event | None = None
    ) -> CollectResult:
        """Reads sources into the record, by default those of the settings: `once`, or until `stop` is set."""
        from hotpapers.site.running import collect_sources

        return collect_sources(self, sources, stop or threading.Event(), once=once)

    # ---- issues ------------------------------------------------------------------------------------------

    def publications(self) -> tuple[schemas.PublicationSummary, ...]:
        """Every publication, by name."""
        return self._ask("publications").publications

    def issues(self, publication: str = "") -> Iterator[schemas.IssueSummary]:
        """A publication's frozen issues, the latest first. The name may be omitted if there is only one publication."""
        return self._all("issues", "issues", publication=publication)

    def issue(self, day: str = "latest", publication: str = "", edition: int = 0) -> schemas.IssueWithProof:
        """A frozen issue, the latest one by default; an earlier edition by its number."""
        return self._ask("issue", publication=publication, day=day, edition=edition)

    def content(self, day: str = "latest", publication: str = "", edition: int = 0) -> bytes:
        """The bytes whose SHA-256 is the issue's digest."""
        return bytes(self._ask("content", publication=publication, day=day, edition=edition))

    def verify(self, day: str = "latest", publication: str = "", edition: int = 0) -> schemas.Verification:
        """Rebuilds an issue from the record and compares. `hotpapers verify` also checks the record itself."""
        return self._ask("verification", publication=publication, day=day, edition=edition)

    def explain(
        self, paper: str, day: str = "latest", publication: str = "", edition: int = 0
    ) -> schemas.EntryExplanation:
        """How a paper's rank was calculated, by default in the latest issue with the paper."""
        return self._ask("explanation", paper=paper, publication=publication, day=day, edition=edition)

    def published(
        self, day: str | None = None, publication: str | None = None, edition: int | None = None
    ) -> PublishedIssue:
        """A frozen issue as channels publish it, with its papers and the posts that may be shown; by default that of
        the latest day that can have one."""
        from hotpapers.issues.freeze import check_day
        from hotpapers.site.publishing import latest_day

        chosen = self.publication(publication)
        day = check_day(day) if day else latest_day(self.record, chosen)
        return self.session.issue_reader().issue(chosen.publication, day, edition)

    def freeze(
        self, day: str | None = None, publication: str | None = None, *, again: bool = False, reason: str = ""
    ) -> FrozenIssue:
        """A day's issue, frozen now unless it was; by default of the latest day that can have one. `again`: freezes a
        new edition, which needs a `reason`."""
        from hotpapers.issues.freeze import has_same_papers, newer_listing
        from hotpapers.site.publishing import freeze_day, latest_day, warn_newer

        chosen = self.publication(publication)
        frozen = freeze_day(self, chosen, day or latest_day(self.record, chosen), again=again, reason=reason)
        if newer_listing(self.record, frozen):
            warn_newer(self, [frozen.content.day])
        if again and has_same_papers(self.record, frozen):
            self.warn("nothing but the reason is new; a verdict counts in older issues with `judge --since`")
        return frozen

    def publish(
        self,
        days: Sequence[str] = (),
        to: Sequence[str] = (),
        *,
        publication: str | None = None,
        output: Path | None = None,
        force: bool = False,
        preview: bool = False,
    ) -> PublishResult:
        """Freezes pending issues, writes them to the folders of channels, and sends them once.

        `days`: by default every day with a frozen issue or a listing. `to`: channels, by default those of the settings.
        `output`: another folder. `force`: also over strange files. `preview`: only shows the messages.
        """
        from hotpapers.issues.freeze import check_day
        from hotpapers.publish.deliver.files import check_owner
        from hotpapers.publish.schedule.publishing import render_by_rules
        from hotpapers.site import publishing, sending

        to = publishing.allowed_channels(publication, to, output)
        channels, senders = sending.selected_channels(to, everything=not days, preview=preview)
        chosen = self.publication(publication)
        name = chosen.publication
        folders = list[publishing.ChannelFolder]()
        if channels or not senders:
            folders = publishing.requested_folders(self, name, channels, output)
            if output is None:
                publishing.check_unmoved(self, self.record, name)
        days = sorted(set(map(check_day, days))) or publishing.published_days(self.record, chosen)
        publishing.freeze_days(self, chosen, days)
        self._tell_wings([name])
        rendered = render_by_rules(self.record, self.site_config, self.terms)
        folders_again = [folder for folder in rendered if folder.is_own and folder.folder.is_dir()]
        report = publishing.write_channels(self, name, days, folders, force=force)
        if preview:
            folder = output or self.folder / "preview"
            if not force:
                check_owner(folder)
            report += sending.preview_days(self, name, days, senders, folder)
        else:
            report += sending.deliver_all(self, name, days, senders)
        return publishing.PublishResult(name, days, report, folders_again)

    def history(
        self,
        first: str,
        last: str,
        *,
        publication: str | None = None,
        judge: bool = False,
        output: Path | None = None,
        force: bool = False,
    ) -> Any:
        """Freezes the issues that a past period would have had, in the publication NAME@history. `judge`: first judges,
        as of each day, which accounts are bots or authors. `output`: a folder to write them to. The result has the
        fields of `HistoryResult` in the wing `history`, which makes them. Raises UsageError without that wing."""
        for past in hooks_of(PastIssues):
            return past.freeze(self, first, last, publication, judge, output, force)
        raise UsageError("issues of past periods are made by the wing `history`, which is not installed")

    def _tell_wings(self, publications: Sequence[str]) -> None:
        """Tells wings that issues were published or something was forgotten. Problems do not stop it."""
        for hook in hooks_of(AfterChange):
            for problem in hook.act(self, self.record, publications):
                self.warn(problem)

    # ---- papers ------------------------------------------------------------------------------------------

    def paper(self, paper: str) -> schemas.PaperDetails:
        """A paper, by identifier or address: metadata, issues, attention over time."""
        return self._ask("paper", paper=paper)

    def posts(self, paper: str, network: str = "") -> Iterator[schemas.PostDetails]:
        """The posts about a paper that may be shown, the latest first."""
        return self._all("posts", "posts", paper=paper, network=network)

    def snapshots(self, paper: str, network: str = "") -> Iterator[schemas.PostCounts]:
        """The counts of these posts over time, the earliest first."""
        return self._all("snapshots", "snapshots", paper=paper, network=network)

    def search(self, query: str) -> Iterator[schemas.SearchHit]:
        """Papers, best first, as `hotpapers search` finds them."""
        from hotpapers.keep import search as searching

        searching.make_index(self.record, lambda rows: None)
        return self._all("search", "papers", q=query)

    def find_papers(self, query: str, *, limit: int = 10, posts: bool = False) -> FoundPapers:
        """The results of `hotpapers search`: the best papers, or posts, with the spans that match; and how many posts
        match instead if no paper does. Raises UsageError."""
        from hotpapers.keep import search as searching

        record = self.record
        rows = searching.outstanding_rows(record)
        with self.progress("making the index", rows if rows > LONG else 0) as step:
            searching.make_index(record, step)
        if posts:
            return searching.search_posts(record, query, limit=limit, allowed=self.terms), 0
        results = searching.search_papers(record, query, limit=limit)
        try:
            if results.total:
                instead = 0
            else:
                instead = searching.search_posts(record, query, limit=1, allowed=self.terms).total
        except UsageError:  # the query uses fields that only papers have
            instead = 0
        return results, instead

    # ---- the whole ---------------------------------------------------------------------------------------

    def status(self) -> status_schemas.SiteStatus:
        """The state of jobs and networks."""
        return self._ask("status")

    def inspect(self) -> Inspection:
        """The state of the store, of jobs and settings, as `hotpapers status` shows it."""
        from hotpapers.site.inspection import inspect_site

        return inspect_site(self)

    def verify_store(self, days: Sequence[str] = (), publication: str | None = None) -> tuple[VerifyResult, int]:
        """Checks the store, every batch and row, and rebuilds the issues of some `days`, or all. Returns what was
        found, and how many issues were rebuilt."""
        from hotpapers.site.inspection import check_store

        return check_store(self, days, publication)

    def export(
        self, format: str = "jsonl", *, records: bool = False, all_words: bool = False, target: str = ""
    ) -> Generator[bytes, None, None]:
        """The record in chunks, as jsonl, or parquet with the wing `tables`: in full, with the store's secret, or
        `records` only. As csv or bibtex, the papers of issues. `all_words`: whatever the terms. `target`: where the
        copy is kept, which `forget` then names.

        It reads a snapshot of the store until it is exhausted or closed. Until then nothing can be frozen, searched or
        exported over the same connection, which raises BusyStore. Raises UsageError for an unknown format.
        """
        from hotpapers.base.networks import network_title
        from hotpapers.base.text.words import count_noun
        from hotpapers.keep.transfer.export_formats import EXPORTS, WHOLE

        if format not in EXPORTS:
            raise UsageError(f"format: {format!r} is not one of {list_choices(format, EXPORTS)}")
        if target and format in WHOLE:
            self.note_export(target)
        withheld = () if all_words else network_terms.ids_only(self.terms)

        def warn_withheld(rows: Mapping[str, int]) -> None:
            if rows:
                networks = ", ".join(map(network_title, sorted(rows)))
                total = sum(rows.values())
                self.warn(
                    f"{count_noun(total, 'row')} exported without words and names, as required by the "
                    f"terms of {networks}; --all-words includes them"
                )

        options = {"records_only": records, "ids_only": withheld, "on_redacted": warn_withheld}
        yield from EXPORTS[format].chunks(self.record, **options)

    def note_export(self, target: str) -> None:
        """Records a copy, which `forget` later lists; a read-only store cannot forget anyway."""
        from hotpapers.keep.transfer.queries import note_copy

        with suppress(ReadOnlyStore):
            note_copy(self.record, "export", target)

    # ---- people --------------------------------------------------------------------------------------------

    def hide(self, key: str, reason: str, *, undo: bool = False) -> list[RerenderedFolder]:
        """Hides a post or account on all pages, or shows it again. Returns the folders that were rendered again."""
        from hotpapers.discussion.engagement.queries import is_recorded
        from hotpapers.discussion.moderation.bots.review import accounts_of
        from hotpapers.publish.deliver.export_site import export_again

        require(bool(reason.strip()), "missing reason: add --reason '…'")
        key = parse_key(key)
        accounts = accounts_of(self.record.view(), [key])
        names = [name for name in accounts[key] if is_recorded(self.record, name)]
        if not names:
            raise NotFound(f"{key}: no such post or account in the record")
        verdicts = [
            Verdict(
                subject=name,
                about="",
                rule="hide",
                judgement="shown" if undo else "hidden",
                version=1,
                reason=reason.strip(),
                observed_at=current_time(),
            )
            for name in names
        ]
        self.record.append(verdicts, source="operator")
        return export_again(self.record, self.site_config, self.terms)

    def forget(self, keys: Sequence[str]) -> ForgetReport:
        """Permanently deletes posts, accounts, and wings' data about people; published folders are rendered again.
        Raises UsageError for a text that is not a key."""
        from hotpapers.publish.schedule.publishing import render_by_rules
        from hotpapers.site.people import ForgetReport, forget_subjects, subject_of

        report = ForgetReport([], [], [])
        for key, outcome in forget_subjects(self.record, list(map(subject_of, keys))):
            if isinstance(outcome, HotPapersError):
                report.problems.append(outcome)
            else:
                report.forgotten.append((key, outcome))
        if report.forgotten:
            try:
                self.record.database.erase_traces()
            except StoreError as problem:  # pages are rendered even so
                report.problems.append(problem)
            try:
                self._tell_wings(self.own_publications)
                report.folders.extend(render_by_rules(self.record, self.site_config, self.terms))
            except StoreError as problem:  # what was forgotten is reported even so
                report.problems.append(problem)
        return report

    def judge(
        self,
        account: str,
        judgement: Judgement | None = None,
        *,
        paper: str = "",
        reason: str = "",
        since: str | None = None,
    ) -> list[tuple[AccountReview, list[AuthorReview]]]:
        """Whether an account counts as a bot or as a paper's author, and why. `judgement`: the operator's own, from
        now or `since` a day; an empty one withdraws it. Returns the account under each of its names, with the papers it
        may be an author of."""
        from hotpapers.discussion.moderation.bots import review
        from hotpapers.record.paper_names import paper_named
        from hotpapers.site.people import OF_ACCOUNTS, OF_PAPERS, operator_verdict

        record = self.record
        key = parse_key(account)
        paper_key = paper_named(record, paper) if paper else ""
        if is_web_address(account):
            if (post := record.view().item(Post, key)) is None:
                raise NotFound(f"{key}: no such post in the record")
            key = post.account
        if judgement is None:
            require(not (reason or since or paper), "--reason, --since and --paper go with a verdict such as --bot")
        elif judgement in (*OF_ACCOUNTS, *OF_PAPERS):
            verdict = operator_verdict(judgement, paper, reason, since)
            review.set_verdict(record, self.settings.bots, key, verdict, at=current_time(), paper=paper_key)
        else:
            require(not reason and not since, "--undo does not go with --reason or --since")
            review.withdraw_verdict(record, self.settings.bots, key, at=current_time(), paper=paper_key)
        return review.review_account(record, key)

    # ---- queries -------------------------------------------------------------------------------------------

    def _ask(self, question: str, **arguments: Any) -> Any:
        """The answer to a query, as the API gives it. Raises UsageError, NotFound."""
        from hotpapers.publish.query import BY_NAME
        from hotpapers.publish.query.request_params import check_params

        endpoint = BY_NAME[question]
        return endpoint.ask(self.session, check_params(endpoint.params, arguments))

    def _all(self, question: str, members: str, **arguments: str) -> Iterator[Any]:
        """The members of all pages; the first is fetched immediately, the others when they are needed."""
        from hotpapers.publish.query.request_params import MAX_PAGE_ROWS

        params = {**arguments, "limit": MAX_PAGE_ROWS}

        def members_from(page: Any) -> Iterator[Any]:
            yield from getattr(page, members)
            while page.next:
                page = self._ask(question, **params, cursor=page.next)
                yield from getattr(page, members)

        return members_from(self._ask(question, **params))

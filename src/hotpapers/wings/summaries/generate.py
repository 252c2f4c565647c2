"""Decides which papers get a sentence from the model, and keeps the sentences.

A sentence is kept as another observation of the paper, made when the issue closes, and its text includes a mark
(`view.phrases`). It is thus part of the data that the issue is frozen from: the issue contains it, `verify`
rebuilds the issue from the record alone, and the model is not asked again.
"""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import msgspec

from hotpapers.base.errors import HotPapersError, InputError, NetError
from hotpapers.base.http import ClientLimits, PoliteHttpClient, user_agent
from hotpapers.base.http.proxies import Proxies
from hotpapers.base.logs import log_event
from hotpapers.base.model import HttpClient, Paper, Publication
from hotpapers.base.text import timestamps
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.judged_freezing import BeforeFreezing
from hotpapers.issues.windows import moments_of
from hotpapers.jobs import isolation
from hotpapers.jobs import queries as jobs_queries
from hotpapers.publish.view.phrases import signed_sentence, split_mark
from hotpapers.record import Record
from hotpapers.wings.summaries.llm_client import ask_model, with_key
from hotpapers.wings.summaries.queries import summarized_papers
from hotpapers.wings.summaries.settings import SummarySettings

SOURCE = JOB = "summaries"
MAX_PAPERS = 100
"""Maximum papers per issue for which the model is asked."""
MAX_FAILURES = 3
"""Consecutive failed requests after which the rest of an issue goes without."""
TIMEOUT = 120.0
"""Seconds to wait for an answer: a model on a small machine is slow."""
MAX_MINUTES = 15
"""Minutes after which the rest of an issue goes without: the issue waits for the sentences."""
MINUTE = 60 * timestamps.SECOND
MAX_ANSWER_BYTES = 200_000
"""Maximum bytes of an answer."""


def make_summarizer(
    settings: SummarySettings, contact: str, stop: threading.Event | None, proxies: Proxies
) -> BeforeFreezing:
    """The function that writes sentences with the configured model. `stop`, `proxies`: as for any client."""
    model = with_key(settings)
    limits = ClientLimits(size=MAX_ANSWER_BYTES, read=TIMEOUT, whole=TIMEOUT)
    pace = {urlsplit(model.url).hostname or "": 0.0}  # no pause: the operator's own server, one request at a time

    def write(record: Record, publication: Publication, day: str, cut: int) -> None:
        with PoliteHttpClient(
            user_agent(contact),
            base_addresses=(model.url,),
            secrets=(model.key,),
            limits=limits,
            pace=pace,
            stop=stop,
            proxies=proxies,
        ) as http:
            summarize_entries(http, model, record, publication, day, cut)

    return write


def summarize_entries(
    http: HttpClient, model: SummarySettings, record: Record, publication: Publication, day: str, cut: int
) -> int:
    """Writes summaries for the entries of an upcoming issue that have none; returns how many. Failures are counted, and
    those entries go without. `model`: with the key itself."""
    view = record.view(cut)
    moments = moments_of(publication, day, cut)
    content = build_issue(record, IssueRecipe(publication, day, 1, record.head.position, moments=moments)).content
    in_issue = (view.item(Paper, entry.paper) for entry in content.all_entries)
    papers = [
        paper
        for paper in in_issue
        if paper and paper.abstract.strip() and not paper.summary and paper.observed_at < cut
    ]
    session = _SummarySession(http, model)
    summarized = list[Paper]()
    try:
        for paper in papers[:MAX_PAPERS]:
            if text := _earlier_summary(record, paper) or session.sentence_for(paper):
                summarized.append(msgspec.structs.replace(paper, summary=text, observed_at=cut))
    finally:  # keep what was written before a stop: the model is not asked again
        if summarized:
            record.append(summarized, source=SOURCE)
    _keep_count(record, session, http.now(), len(summarized))
    return len(summarized)


class _SummarySession:
    """Asks a model until it fails too often or takes too long, and counts failures."""

    def __init__(self, http: HttpClient, model: SummarySettings) -> None:
        self._http = http
        self._model = model
        self.failures = self._in_a_row = 0
        self.reason = ""
        started_at = http.now()
        self.day = timestamps.day_of(started_at)
        self._until = started_at + MAX_MINUTES * MINUTE

    def sentence_for(self, paper: Paper) -> str:
        """A sentence with its mark; empty on failure."""
        if self._in_a_row >= MAX_FAILURES or self._is_late():
            return ""
        try:
            text = ask_model(self._http, self._model, paper)
        except Exception as problem:
            if isinstance(problem, (InputError, NetError)):
                log_event("no summary", paper=paper.paper, reason=problem)
            elif isinstance(problem, HotPapersError):
                raise
            else:  # a bug here must not hold up the issue
                isolation.log_defect(JOB, problem)
            self.failures += 1
            self._in_a_row = 0 if isinstance(problem, InputError) else self._in_a_row + 1
            self.reason = isolation.describe_error(problem)
            return ""
        self._in_a_row = 0
        return signed_sentence(text, self._model.model, self.day)

    def _is_late(self) -> bool:
        """Whether the time for this issue is over: a failure, counted once."""
        if self._http.now() < self._until:
            return False
        reason = f"the model took more than {MAX_MINUTES} minutes for an issue"
        if self.reason != reason:
            self.failures = self.failures + 1
            self.reason = reason
            log_event("no more summaries", reason=reason)
        return True


def _earlier_summary(record: Record, paper: Paper) -> str:
    """An earlier summary of the same abstract: a source may have described the paper again since."""
    same = (
        known.summary for known in summarized_papers(record.view(), paper.paper) if known.abstract == paper.abstract
    )
    return next((summary for summary in same if split_mark(summary)[1]), "")


def _keep_count(record: Record, session: _SummarySession, at: int, count: int) -> None:
    """Saves how many were written and how many failed, for `hotpapers status`."""
    state = jobs_queries.load_state(record, JOB)
    failed = session.failures > 0
    status = msgspec.structs.replace(
        state,
        state="failing" if failed else "idle",
        started_at=state.started_at or at,
        success_at=state.success_at if failed and not count else at,
        failing_since=(state.failing_since or at) if failed else None,
        reason=session.reason,
        items=state.items + count,
        quarantined=state.quarantined + session.failures,
    )
    jobs_queries.save_state(record, status)

"""Every question that can be asked, once: the API's addresses, its document, and what tools and library call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from hotpapers import model
from hotpapers.query import issues, paper_posts, papers, request_params, schemas, status
from hotpapers.query.session import QuerySession


class Endpoint(NamedTuple):
    """A question.

    `path`: where the API answers it, with the parameters that stand in it in braces; the others stand in the query.
    `params`, `answer`: the struct of its parameters and of its answer. `cost`: how many simple ones it is worth.
    `moves`: its answer changes while nothing is written.
    """

    name: str
    path: str
    params: type[request_params.Params]
    answer: type[msgspec.Struct]
    ask: Callable[[QuerySession, Any], Any]
    cost: int = 1
    moves: bool = False

    @property
    def about(self) -> str:
        """What it answers, in one sentence."""
        return " ".join((self.ask.__doc__ or "").split())


_ISSUE = "/publications/{publication}/issues/{day}"
_PAPER = "/papers/{paper}"

QUESTIONS: tuple[Endpoint, ...] = (
    Endpoint("publications", "/publications", request_params.NoParams, schemas.PublicationList, issues.publications),
    Endpoint(
        "issues", "/publications/{publication}/issues", request_params.IssuesParams, schemas.IssuePage, issues.issues
    ),
    Endpoint("issue", _ISSUE, request_params.IssueParams, schemas.IssueWithProof, issues.issue_with_proof),
    Endpoint("content", f"{_ISSUE}/content", request_params.IssueParams, model.IssueContent, issues.content),
    Endpoint(
        "verification",
        f"{_ISSUE}/verification",
        request_params.IssueParams,
        schemas.Verification,
        issues.verification,
        20,
    ),
    Endpoint("posts", f"{_PAPER}/posts", request_params.PostsParams, schemas.PostPage, paper_posts.posts, 2),
    Endpoint(
        "snapshots", f"{_PAPER}/snapshots", request_params.PostsParams, schemas.PostCountsPage, paper_posts.snapshots, 2
    ),
    Endpoint(
        "explanation", f"{_PAPER}/explanation", request_params.EntryParams, schemas.EntryExplanation, issues.explanation
    ),
    Endpoint("paper", _PAPER, request_params.PaperParams, schemas.PaperDetails, papers.paper, 2),
    Endpoint("search", "/search", request_params.SearchParams, schemas.SearchPage, papers.search, 2),
    Endpoint("status", "/status", request_params.NoParams, schemas.SiteStatus, status.status, 5, moves=True),
)
"""In the order in which addresses are compared: an identifier may have a slash in it, so longer ones come first."""

BY_NAME: dict[str, Endpoint] = {question.name: question for question in QUESTIONS}
"""The same by name."""

EXPORT_PATH = "/export"
"""Where the record as a whole is handed out; it is no answer, but a stream."""
EXPORT_COST = 60

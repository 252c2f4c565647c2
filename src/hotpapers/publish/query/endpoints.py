"""Every query, defined once: used for the API's addresses, its document, the tools and the library."""

from __future__ import annotations

from functools import cache

from hotpapers.base import model
from hotpapers.base.installed import hooks_of
from hotpapers.publish.hooks import ApiQuestions
from hotpapers.publish.query import (
    conversation_schemas,
    conversations,
    issues,
    papers,
    request_params,
    schemas,
    status,
    status_schemas,
)
from hotpapers.publish.query.endpoint import Endpoint

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
    Endpoint(
        "top", "/publications/{publication}/tops/{period}", request_params.TopParams, schemas.TopDetails, issues.top, 5
    ),
    Endpoint(
        "conversation",
        f"{_PAPER}/conversation",
        request_params.ConversationParams,
        conversation_schemas.PaperConversationDetails,
        conversations.conversations_about,
        5,
    ),
    Endpoint("posts", f"{_PAPER}/posts", request_params.PostsParams, schemas.PostPage, papers.posts, 2),
    Endpoint(
        "snapshots", f"{_PAPER}/snapshots", request_params.PostsParams, schemas.PostCountsPage, papers.snapshots, 2
    ),
    Endpoint(
        "explanation", f"{_PAPER}/explanation", request_params.EntryParams, schemas.EntryExplanation, issues.explanation
    ),
    Endpoint("paper", _PAPER, request_params.PaperParams, schemas.PaperDetails, papers.paper, 2),
    Endpoint("search", "/search", request_params.SearchParams, schemas.SearchPage, papers.search, 2),
    Endpoint("status", "/status", request_params.NoParams, status_schemas.SiteStatus, status.status, 5, moves=True),
)
"""In matching order: an identifier may contain a slash, so longer addresses come first."""

BY_NAME = {question.name: question for question in QUESTIONS}
"""Queries by name."""


@cache
def all_questions() -> tuple[Endpoint, ...]:
    """In matching order, also those of wings."""
    return (*(question for hook in hooks_of(ApiQuestions) for question in hook.list()), *QUESTIONS)

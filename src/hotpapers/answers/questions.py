"""Every question that can be asked, once: the API's addresses, its document, and what tools and library call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from hotpapers import model
from hotpapers.answers import asked, issues, papers, searching, shapes, status, talk
from hotpapers.answers.desk import Desk


class Question(NamedTuple):
    """A question.

    `path`: where the API answers it, with the parameters that stand in it in braces; the others stand in the query.
    `asked`, `answer`: the struct of its parameters and of its answer. `cost`: how many simple ones it is worth.
    `moves`: its answer changes while nothing is written.
    """

    name: str
    path: str
    asked: type[asked.Asked]
    answer: type[msgspec.Struct]
    ask: Callable[[Desk, Any], Any]
    cost: int = 1
    moves: bool = False

    @property
    def about(self) -> str:
        """What it answers, in one sentence."""
        return " ".join((self.ask.__doc__ or "").split())


_ISSUE = "/publications/{publication}/issues/{day}"
_PAPER = "/papers/{paper}"

QUESTIONS: tuple[Question, ...] = (
    Question("publications", "/publications", asked.Nothing, shapes.Publications, issues.publications),
    Question("issues", "/publications/{publication}/issues", asked.OfIssues, shapes.Issues, issues.issues),
    Question("issue", _ISSUE, asked.OfIssue, shapes.Issue, issues.issue),
    Question("content", f"{_ISSUE}/content", asked.OfIssue, model.IssueContent, issues.content),
    Question("verification", f"{_ISSUE}/verification", asked.OfIssue, shapes.Verification, issues.verification, 20),
    Question("posts", f"{_PAPER}/posts", asked.OfTalk, shapes.Posts, talk.posts, 2),
    Question("snapshots", f"{_PAPER}/snapshots", asked.OfTalk, shapes.Snapshots, talk.snapshots, 2),
    Question("explanation", f"{_PAPER}/explanation", asked.OfPlace, shapes.Explanation, issues.explanation),
    Question("paper", _PAPER, asked.OfPaper, shapes.Paper, papers.paper, 2),
    Question("search", "/search", asked.OfSearch, shapes.Hits, searching.search, 2),
    Question("status", "/status", asked.Nothing, shapes.Status, status.status, 5, moves=True),
)
"""In the order in which addresses are compared: an identifier may have a slash in it, so longer ones come first."""

BY_NAME: dict[str, Question] = {question.name: question for question in QUESTIONS}
"""The same by name."""

EXPORT_PATH = "/export"
"""Where the record as a whole is handed out; it is no answer, but a stream."""
EXPORT_COST = 60

"""How well a reader's own order finds an author's next paper, beside scikit-learn's TF-IDF and the support vector
machine of arxiv-sanity-lite, in the same trials (`reader_trials`).

scikit-learn is not one of the project's dependencies: `requirements/lab.txt` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.wings.personal.own_order import closeness_to_liked, learn_words
from hotpapers.wings.personal.vectors import WeighedVector, vector_of, weigh_vector
from lab.reader_trials import NEAREST, SETTINGS, PaperText, ReaderTrial

Scoring = Callable[[ReaderTrial], Sequence[float]]
"""Scores of a trial's listed papers."""
FOLLOWED = 10_000
"""What an author in common adds to a closeness in ten-thousandths: such papers come first."""


class MethodShares(NamedTuple):
    """A method, and in which share of the trials of each setting it finds the next paper."""

    method: str
    any: float
    together: float


class ReaderGoal(NamedTuple):
    """What has to be reached in a setting: a share, and what it was compared with."""

    setting: str
    share: float
    least: float
    about: str

    @property
    def is_met(self) -> bool:
        return self.share >= self.least


def measure(papers: Sequence[PaperText], trials: Mapping[str, Sequence[ReaderTrial]]) -> Iterator[MethodShares]:
    """The shares of each method. Raises UsageError without scikit-learn."""
    for method, scoring in _methods(papers):
        shares = {setting: _share(trials[setting], scoring) for setting in SETTINGS}
        yield MethodShares(method, **shares)


def goals(shares: Sequence[MethodShares]) -> Iterator[ReaderGoal]:
    """What was to be reached."""
    by_method = {row.method: row for row in shares}
    for setting in SETTINGS:
        packed, svm, unpacked = (getattr(by_method[name], setting) for name in (PACKED, SVM, UNPACKED))
        yield ReaderGoal(setting, packed, svm - 0.02, f"{SVM} − 0.02")
        yield ReaderGoal(setting, packed, unpacked - 0.03, f"{UNPACKED} − 0.03")
    yield ReaderGoal("together", by_method[WITH_AUTHORS].together, 0.80, "0.80, with followed co-authors")


def _share(trials: Sequence[ReaderTrial], scoring: Scoring) -> float:
    return round(sum(_is_near(trial, scoring(trial)) for trial in trials) / max(len(trials), 1), 3)


def _is_near(trial: ReaderTrial, scores: Sequence[float]) -> bool:
    order = sorted(zip(scores, trial.listed, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return trial.next in [place for _, place in order[:NEAREST]]


PACKED, WITH_AUTHORS = "packed vectors", "packed vectors, and followed co-authors"
UNPACKED, SVM = "TF-IDF of scikit-learn", "SVM of arxiv-sanity-lite"


def _methods(papers: Sequence[PaperText]) -> Iterator[tuple[str, Scoring]]:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC
    except ImportError:
        raise UsageError("needs scikit-learn: pip install --require-hashes -r requirements/lab.txt") from None
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    near = _packed(papers)
    yield PACKED, near
    yield (
        WITH_AUTHORS,
        lambda trial: [
            score + FOLLOWED * (not trial.followed.isdisjoint(papers[place].authors))
            for score, place in zip(near(trial), trial.listed, strict=True)
        ],
    )
    yield UNPACKED, _three_nearest(TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts))
    peer = TfidfVectorizer(
        strip_accents="unicode",
        stop_words="english",
        token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
        ngram_range=(1, 2),
        max_features=20_000,
        sublinear_tf=True,
        max_df=0.1,
        min_df=5,
    ).fit_transform(texts)
    yield SVM, _svm(peer, lambda: LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.01))


def _packed(papers: Sequence[PaperText]) -> Scoring:
    @cache
    def of(place: int) -> WeighedVector:
        return weigh_vector(vector_of(papers[place].title, papers[place].abstract, papers[place].categories))

    def scores(trial: ReaderTrial) -> list[float]:
        others = list(map(of, trial.listed))
        words = learn_words(list(map(of, trial.starred)), others)
        return [closeness_to_liked(other, words) for other in others]

    return scores


def _three_nearest(matrix: Any) -> Scoring:
    def scores(trial: ReaderTrial) -> list[float]:
        cosines = (matrix[trial.listed] @ matrix[trial.starred].T).toarray()
        cosines.sort(axis=1)
        return list(cosines[:, -3:].mean(axis=1))

    return scores


def _svm(matrix: Any, make: Callable[[], Any]) -> Scoring:
    """One machine per reader: the starred papers against all listed ones."""

    def scores(trial: ReaderTrial) -> list[float]:
        rows = [*trial.starred, *trial.listed]
        machine = make().fit(matrix[rows], [1] * len(trial.starred) + [0] * len(trial.listed))
        return list(machine.decision_function(matrix[trial.listed]))

    return scores

"""Which comments and abstracts say that their paper is withdrawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import zstandard

from hotpapers.base.papers import arxiv
from hotpapers.collect.sources.arxiv.withdrawn import says_withdrawn
from tests.conftest import data

ID = "2601.01234"
WORKS = ["paper", "preprint", "manuscript", "article", "submission", "e-print", "note"]
SUBJECTS = ["The authors have", "All authors", "I hereby", "We", "I'm", "The author", "Both authors"]
# fmt: off
STATES = ["has been withdrawn", "is withdrawn", "was withdrawn", "have been withdraw", "is now being withdrawn",
    "has been permanently withdrawn", "has been retracted", "has been removed from arXiv", "was taken down"]
# fmt: on
REASONS = ["", " due to a gap in Lemma 2", " because a kettle was counted twice", " by the authors", ": see version 1"]
ANYWHERE = [
    "12 pages. The {work} {state}{reason}",
    "{Work} {state}{reason}",
    "This {work} {state}{reason}",
    "The {work} arXiv:2601.01234 {state}{reason}",
    "Note: the text arXiv:2601.01234v2 {state}{reason}",
]


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("state", STATES)
def test_a_statement_about_this_work(work: str, state: str) -> None:
    for form in ANYWHERE:
        for reason in REASONS:
            text = form.format(work=work, Work=work.capitalize(), state=state, reason=reason)
            assert says_withdrawn(text, "", ID), text
            if not text.startswith(("12", "Note")):
                assert says_withdrawn("", f"{text}.", ID), text
    assert says_withdrawn("", f"The {work} `Kettles that sing' (arXiv:{ID}) {state} due to an error.", ID)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("work", WORKS)
def test_whoever_withdraws_whatever_work_of_theirs_withdraws_it(subject: str, work: str) -> None:
    verb = {"I'm": "withdrawing", "The authors have": "withdrawn", "The author": "withdraws"}.get(subject, "withdraw")
    assert says_withdrawn(f"{subject} {verb} this {work}, as a lemma has a gap", "", ID)
    assert not says_withdrawn(f"{subject} {verb} a claim of version 1", "", ID)


CLAUSES = [
    "Due to an error in Lemma 2.3,", "Owing to a gap,", "Because a kettle leaked,", "Since Lemma 2 is false,", "Note:",
    "As our proof has a gap,", "In view of a mistake,", "In light of new data,", "Unfortunately,", "Regrettably",
    "After publication,", "On account of an error", "Due to an error",
]  # fmt: skip


@pytest.mark.parametrize("clause", CLAUSES)
def test_an_abstract_that_begins_with_a_reason(clause: str) -> None:
    for statement in (
        "this paper has been withdrawn", "this manuscript is now withdrawn",
        "we withdraw this paper", "our paper was retracted", "the authors have withdrawn this article",
        "we have decided to withdraw our preprint",
    ):  # fmt: skip
        assert says_withdrawn("", f"{clause} {statement}.", ID)
        assert says_withdrawn("", f"{statement.capitalize()}, as it has a gap.", ID)
        assert not says_withdrawn("", f"{clause} we study kettles. Then {statement}.", ID)


FROM = ["consideration", "publication", "further consideration", "circulation", "public view"]


@pytest.mark.parametrize("place", FROM)
def test_withdrawn_from_being_read_is_withdrawn_and_from_a_journal_is_not(place: str) -> None:
    for reason in ("due to an error", "because of a gap", "as Lemma 2 is false", "by the authors", "since it is wrong"):
        for form in (
            "This paper has been withdrawn from {} {}",
            "Withdrawn from {} {}",
            "12 pages; paper withdrawn from {} {}",
        ):
            assert says_withdrawn(form.format(place, reason), "", ID), (form, reason)
    for where in ("by Kettle Letters", "at the Kettle Conference", "in a journal of tea", "by the journal"):
        assert not says_withdrawn(f"This paper has been withdrawn from {place} {where}", "", ID)
        assert not says_withdrawn("", f"This paper has been withdrawn from {place} {where}.", ID)


@pytest.mark.parametrize(
    "comment",
    [
        "Withdrawn by the authors",
        "withdrawn by arXiv administrators",
        "Withdraw because of an error",
        "Withdrawal due to a gap",
        "Withdrawal of this note: see version 1",
        "[withdrawn] 7 pages",
        "9 pages, paper withdrawn",
        "Sent to a journal of kettles. Withdrawn since that journal asks for it",
        "Hence the withdrawal of the paper",
        "An older copy is arXiv:2501.00001, so withdrawal is appropriate",
        "Please withdraw this version from arXiv",
        "I ask to withdraw all versions",
        "We have decided to withdraw this paper, as its proof has a gap",
        "Retracted",
        "RETRACTED: the kettles were counted twice",
        "Retracted due to an error in the main theorem",
        "This paper has unfortunately been withdrawn",
        "The paper is therefore withdrawn",
        "This paper must be withdrawn",
        "The note needs to be withdrawn",
        "The authors have requested that this paper be withdrawn",
        "The authors request withdrawal of this paper",
        "We've withdrawn this paper",
        "5 pages. Withdrawn",
        "12 pages, 3 figures, withdrawn",
        "v2: withdrawn",
        "Withdrawal requested",
        "Withdrawal notice: a gap in the proof",
        "Paper has been removed due to an error",
    ],
)
def test_other_words_for_it(comment: str) -> None:
    assert says_withdrawn(comment, "", ID)


@pytest.mark.parametrize(
    ("comment", "abstract"),
    [
        ("", "Water is withdrawn from kettles. This paper measures how often."),
        ("", "Withdrawal of water from kettles is measured."),
        ("", "Withdrawal due to fear of burnt tea is modeled."),
        ("", "Withdrawn kettles are a danger."),
        ("", "Withdrawn arXiv papers are studied."),
        ("", "Withdraw or stay? A study of tea rooms."),
        ("", "The document is withdrawn when the kettle boils."),
        ("This paper was previously withdrawn because of an error in Lemma 2, which is now corrected", ""),
        ("Previously withdrawn, now corrected", ""),
        ("The paper was withdrawn due to an error, but the error has been fixed in this version", ""),
        ("Previous submission withdrawn; this is the corrected version", ""),
        ("Mends a paper withdrawn in 2024", ""),
        ("The data set was withdrawn by the authors", ""),
        ("The code of a paper withdrawn by its authors is studied", ""),
        ("The Article was retracted by Kettle Letters in 2023; we explain why", ""),
        ("Comment on a paper [withdrawn] by Brewster", ""),
        ("Withdraw strategies for kettles; 12 pages", ""),
        ("Withdrawn states in steam", ""),
        ("Withdrawn from the Kettle Conference and resubmitted elsewhere", ""),
        ("The first version of the paper was withdrawn; this one mends it", ""),
        ("All earlier versions of this paper have been withdrawn; this one is right", ""),
        ("Supersedes two papers that have been withdrawn", ""),
        ("Supersedes arXiv:2501.00001, which is withdrawn", ""),
        ("The paper arXiv:2501.00001 was withdrawn; this one replaces it", ""),
        ("This paper was withdrawn in 2025, and is now reinstated", ""),
        ("The claim of Section 2 is withdrawn. 7 pages", ""),
        ("No claims of version 1 are retracted", ""),
        ("", "Due to high demand, banks withdraw paper money. We ask why."),
        ("", "Due to mold, the paper was withdrawn from libraries. We study it."),
        ("", "We withdraw water from paper cups."),
        ("", "This paper was withdrawn from the Kettle Conference, and is presented here."),
        ("12 pages, accepted", "We withdraw funds from made-up banks."),
    ],
)
def test_what_does_not_say_it(comment: str, abstract: str) -> None:
    assert not says_withdrawn(comment, abstract, ID)


def labeled() -> list[tuple[str, str]]:
    """Papers whose comment or abstract has one of the words, each with its label."""
    lines = data("sources", "withdrawn.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return [(id, label) for id, label in rows]


def test_each_paper_has_one_label() -> None:
    ids = [id for id, _ in labeled()]
    assert len(set(ids)) == len(ids) and all(arxiv.parse(id) == (id, None) for id in ids)
    assert {label for _, label in labeled()} == {"withdrawn", "not", "unclear"}


def test_all_comments_with_such_words_are_labeled(shared: Path) -> None:
    """Each of 179,802 papers, by a list made by hand of those that have one of the words."""
    labels = dict(labeled())
    has_word = re.compile("withdr|retract", re.IGNORECASE)
    wrong, labeled_papers = [], set()
    with zstandard.open(shared / "data" / "arxiv-metadata.jsonl.zst", "rt", encoding="utf-8") as papers:
        for paper in map(json.loads, papers):
            comment, abstract = paper.get("comment") or "", paper.get("abstract") or ""
            if has_word.search(f"{comment} {abstract[:160]}") and paper["id"] in labels:
                labeled_papers.add(paper["id"])
            expected = labels.get(paper["id"], "not")
            if expected != "unclear" and says_withdrawn(comment, abstract, paper["id"]) != (expected == "withdrawn"):
                wrong.append(paper["id"])
    assert wrong == [] and labeled_papers == labels.keys()

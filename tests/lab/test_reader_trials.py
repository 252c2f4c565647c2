"""Trials of a reader's own order, and whether goals are reached."""

from __future__ import annotations

import msgspec

from lab.reader_order import PACKED, SVM, UNPACKED, WITH_AUTHORS, MethodShares, goals
from lab.reader_trials import LISTED, NEAREST, STARRED, PaperText, in_order, trials


def papers_of(count: int) -> list[PaperText]:
    """Papers of which every 50th is by Ada, with B. Baker up to the 9th and in the last."""
    papers = []
    for n in range(count):
        number, last = divmod(n, 50)
        named = ("Ada", *(["B. Baker"] if number < 9 or n == count - 50 else [])) if not last else ()
        papers.append(
            PaperText(f"2601.{n:05}", f"Paper {n}", (*named, f"Author {n}"), "", f"2026-01-{n // 100 + 1:02}")
        )
    return papers


def test_a_trial_has_ten_papers_and_the_next_among_a_thousand() -> None:
    papers = papers_of(1500)
    chosen = trials(papers, 5, 1)
    [trial] = chosen["any"]
    assert len(trial.starred) == STARRED and {papers[place].authors[0] for place in trial.starred} == {"Ada"}
    assert trial.next == trial.starred[-1] + 50 and trial.next in trial.listed
    assert not set(trial.starred) & set(trial.listed) and LISTED - STARRED <= len(trial.listed) <= LISTED
    assert "Ada" not in trial.followed and len(trial.listed) > NEAREST
    together = [t for seed in range(20) for t in trials(papers, 5, seed)["together"]]
    assert all(not t.followed.isdisjoint(papers[t.next].authors) for t in together)


def test_only_recent_papers_count_in_the_order_of_their_listing() -> None:
    identifiers = {"2601.00001": "2026-01-03", "2601.00002": "2026-01-02", "2401.00001": "2026-01-01", "math/2": "2026"}
    later, earlier, old, older = (PaperText(id, "", (), "", day) for id, day in identifiers.items())
    assert in_order([later, old, earlier, older]) == [earlier, later]


def test_goals_say_what_is_reached() -> None:
    shares = [
        MethodShares(PACKED, 0.50, 0.60), MethodShares(WITH_AUTHORS, 0.7, 0.79), MethodShares(UNPACKED, 0.53, 0.64),
        MethodShares(SVM, 0.51, 0.63),
    ]  # fmt: skip
    assert [(goal.setting, goal.is_met) for goal in goals(shares)] == [
        ("any", True), ("any", True), ("together", False), ("together", False), ("together", False),
    ]  # fmt: skip


def test_a_line_of_the_file_is_read() -> None:
    line = b'{"id": "2601.00001", "title": "T", "authors": ["A"], "abstract": "B", "listed": "2026-01-03", "src": "x"}'
    assert msgspec.json.decode(line, type=PaperText) == PaperText("2601.00001", "T", ("A",), "B", "2026-01-03")

"""rarity/1: exact values, an independent computation, the reference's width, and what must not matter."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import UsageError
from hotpapers.base.model import Attention, Candidate, RankingInput, ScoreComponent, VoiceHistogram
from hotpapers.base.papers.categories import group_of
from hotpapers.issues import ranking
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from tests.issues.ranking.inputs import attention, candidate, peers, ranking_inputs


def only_part(paper: Candidate, *references: VoiceHistogram) -> ScoreComponent:
    """The only part of the only candidate's score."""
    (scored,) = ranking.rank(RankingInput(candidates=(paper,), peers=references), "rarity/1")
    (part,) = scored.parts
    assert scored.score == part.score
    return part


# ---- the number --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("papers", "atleast", "expected"),
    [
        (4812, 31, 2177),  # DESIGN §7
        (0, 0, 0),
        (9, 0, 1000),
        (99, 9, 1000),
        (499, 499, 0),
        (1, 0, 301),
        (1_000_000, 0, 6000),
        (527, 60, 937),
        (9_007_199_254_740_990, 0, 15955),
    ],
)
def test_exact_values(papers: int, atleast: int, expected: int) -> None:
    assert rarity_millipoints(papers, atleast) == expected


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_millipoints_are_the_nearest_integer(a: int, b: int) -> None:
    """In integers only: m is nearest to 1000·log10(r) when 10^(2m-1) < r^2000 < 10^(2m+1). Ties are impossible."""
    papers, atleast = max(a, b), min(a, b)
    m = rarity_millipoints(papers, atleast)
    above, below = (papers + 1) ** 2000, (atleast + 1) ** 2000
    assert 10 * above > 10 ** (2 * m) * below
    assert above < 10 ** (2 * m + 1) * below


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_caller_s_decimal_settings_do_not_matter(a: int, b: int) -> None:
    papers, atleast = max(a, b), min(a, b)
    expected = rarity_millipoints.__wrapped__(papers, atleast)
    with localcontext() as rough_context:
        rough_context.prec, rough_context.rounding = 3, "ROUND_UP"
        assert rarity_millipoints.__wrapped__(papers, atleast) == expected
    with localcontext() as fine_context:
        fine_context.prec = 60
        exact = (Decimal(papers + 1) / Decimal(atleast + 1)).log10() * 1000
        assert abs(exact - expected) <= Decimal("0.5")
    assert getcontext().prec == 28


# ---- a part ------------------------------------------------------------------------------------------


def test_a_part_says_all_that_it_was_computed_from() -> None:
    part = only_part(candidate("2401.00001", attention(40)), peers({3: 4781, 40: 11, 90: 20}))
    assert part == ScoreComponent(
        network="bluesky", rule="rarity", score=2177, voices=40, papers=4812, atleast=31, among="cs", age=24,
        until=part.until, own=None,
    )  # fmt: skip


def test_more_than_all_others() -> None:
    part = only_part(candidate("2401.00001", attention(91)), peers({3: 4781, 90: 31}))
    assert (part.papers, part.atleast, part.score) == (4812, 0, 3682)


@pytest.mark.parametrize("voices", [0, 1, 2])
def test_fewer_than_three_voices_score_nothing(voices: int) -> None:
    part = only_part(candidate("2401.00001", attention(voices)), peers({3: 4812}))
    assert (part.score, part.voices, part.papers) == (0, voices, 4812)


def test_papers_with_fewer_than_three_voices_are_no_reference() -> None:
    part = only_part(candidate("2401.00001", attention(3)), peers({1: 700, 2: 800, 3: 600, 4: 400}))
    assert (part.papers, part.atleast) == (1000, 1000)


@pytest.mark.parametrize(("own", "papers", "atleast"), [(None, 600, 100), (40, 599, 99), (5, 599, 100), (2, 600, 100)])
def test_the_paper_itself_is_no_other_paper(own: int | None, papers: int, atleast: int) -> None:
    """`own` is its entry in the reference: the same voices, fewer, or none."""
    part = only_part(candidate("2401.00001", attention(40, own=own)), peers({2: 9, 5: 500, 40: 100}))
    assert (part.papers, part.atleast, part.own) == (papers, atleast, own)


def test_in_a_listing_every_listed_paper_is_compared_with() -> None:
    """Including those with fewer than three favorites: the sentence speaks of everything listed."""
    listing_reference = peers({0: 300, 2: 200, 40: 100}, age=0)
    part = only_part(candidate("2401.00001", attention(40, age=0, own=40)), listing_reference)
    assert (part.papers, part.atleast, part.score) == (599, 99, 778)
    unseen_part = only_part(candidate("2401.00001", attention(0, age=0, own=0)), listing_reference)
    assert (unseen_part.papers, unseen_part.atleast, unseen_part.score) == (599, 599, 0)


def test_another_age_and_another_network_are_no_reference() -> None:
    references = (peers({3: 700}, age=72), peers({3: 800}, network="mastodon"), peers({3: 500}))
    assert only_part(candidate("2401.00001", attention(3)), *references).papers == 500


@pytest.mark.parametrize(
    ("archive", "others", "among", "papers"),
    [
        ("hep-th", {"hep-th": 500, "cs": 9}, "hep-th", 500),
        ("hep-th", {"hep-th": 499, "gr-qc": 1, "cs": 9}, "physics group", 500),
        ("hep-th", {"hep-th": 499, "cs": 9}, "all", 508),
        ("hep-th", {"gr-qc": 300, "nlin": 200}, "physics group", 500),
        ("cs", {"cs": 499, "stat": 1, "": 3}, "all", 503),
        ("cs", {}, "all", 0),
        ("", {"": 600, "cs": 700}, "all", 1300),
    ],
)
def test_a_small_reference_is_widened(archive: str, others: dict[str, int], among: str, papers: int) -> None:
    histograms = [peers({7: count}, name) for name, count in others.items()]
    part = only_part(candidate("2401.00001", attention(7), archive=archive), *histograms)
    assert (part.among, part.papers) == (among, papers)


def test_the_paper_itself_does_not_fill_its_reference() -> None:
    part = only_part(candidate("2401.00001", attention(7, own=7)), peers({7: 500}), peers({7: 5}, "math"))
    assert (part.among, part.papers, part.atleast) == ("all", 504, 504)


# ---- the order ---------------------------------------------------------------------------------------


def test_score_then_voices_then_announcement_then_id() -> None:
    references = (peers({3: 500, 10: 499}), peers({3: 600}, network="mastodon"))
    first = candidate("2401.00009", attention(50), announced_at=9)
    wider = candidate("2401.00008", attention(10), attention(2, "mastodon"), announced_at=8)
    early = candidate("2401.00007", attention(10), announced_at=3)
    small, great = (candidate(f"2401.0000{n}", attention(10), announced_at=5) for n in (4, 6))
    ordered = ranking.rank(RankingInput(candidates=(great, early, small, wider, first), peers=references), "rarity/1")
    assert [entry.paper[-1] for entry in ordered] == ["9", "8", "7", "4", "6"]
    assert [entry.tied for entry in ordered] == [False, True, True, True, True]


def test_an_unknown_ranking_names_those_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"rarity/3: no such ranking; choose from classic/1, rarity/1, rarity/2; did you mean"
    ):
        ranking.rank(RankingInput(candidates=(), peers=()), "rarity/3")


def ranked_by_hand(inputs: RankingInput) -> list[tuple[str, int]]:
    """The ranking as DESIGN §7 states it, computed independently."""
    rows = []
    for paper in inputs.candidates:
        score = sum(_plain_part(inputs, paper.archive, a) for a in paper.attention)
        rows.append((-score, -sum(a.voices for a in paper.attention), paper.announced_at, paper.paper))
    return [(paper, -score) for score, _, _, paper in sorted(rows)]


def _plain_part(inputs: RankingInput, archive: str, a: Attention) -> int:
    measured_alike = [p for p in inputs.peers if (p.network, p.age) == (a.network, a.age)]
    same_archive = [p for p in measured_alike if p.archive == archive] if archive else []
    same_group = [p for p in measured_alike if group_of(p.archive) == group_of(archive)] if archive else []
    least = 0 if a.age == 0 else 3
    for reference in (same_archive, same_group, measured_alike):
        others = [(voices, papers) for p in reference for voices, papers in p.counts if voices >= least]
        own = 1 if a.own is not None and a.own >= least else 0
        total = sum(papers for _, papers in others) - own
        if total >= 500:
            break
    atleast = sum(papers for voices, papers in others if voices >= a.voices) - (own and (a.own or 0) >= a.voices)
    with localcontext() as context:
        context.prec = 50
        ratio = Decimal(total + 1) / Decimal(atleast + 1)
        return 0 if a.voices < 3 else int((ratio.log10() * 1000).to_integral_value())


@given(ranking_inputs())
def test_the_same_as_paper_by_paper(inputs: RankingInput) -> None:
    assert [(entry.paper, entry.score) for entry in ranking.rank(inputs, "rarity/1")] == ranked_by_hand(inputs)


@given(ranking_inputs(), st.sampled_from(["rarity/1", "classic/1"]))
def test_a_score_is_the_sum_of_its_parts_and_ties_are_of_neighbors(inputs: RankingInput, name: str) -> None:
    ordered = ranking.rank(inputs, name)
    assert [entry.score for entry in ordered] == [sum(part.score for part in entry.parts) for entry in ordered]
    assert [entry.voices for entry in ordered] == [sum(part.voices for part in entry.parts) for entry in ordered]
    scores = [entry.score for entry in ordered]
    assert [entry.tied for entry in ordered] == [scores.count(score) > 1 for score in scores]
    assert all(above >= below for above, below in pairwise(scores))


@given(ranking_inputs(), st.randoms(use_true_random=False), st.sampled_from(["rarity/1", "classic/1"]))
def test_the_order_in_which_things_come_does_not_matter(inputs: RankingInput, random: object, name: str) -> None:
    shuffled_candidates, shuffled_peers = list(inputs.candidates), list(inputs.peers)
    random.shuffle(shuffled_candidates)  # type: ignore[attr-defined]
    random.shuffle(shuffled_peers)  # type: ignore[attr-defined]
    shuffled = RankingInput(candidates=tuple(shuffled_candidates), peers=tuple(shuffled_peers))
    assert ranking.rank(shuffled, name) == ranking.rank(inputs, name)


@given(ranking_inputs())
def test_other_candidates_do_not_change_a_score(inputs: RankingInput) -> None:
    """A score depends on the papers compared, which the input names, not on the other candidates."""
    scores = {entry.paper: entry.score for entry in ranking.rank(inputs, "rarity/1")}
    alone = msgspec.structs.replace(inputs, candidates=inputs.candidates[:1])
    (first,) = ranking.rank(alone, "rarity/1")
    assert first.score == scores[first.paper]

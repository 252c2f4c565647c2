"""What a place would have cost: compared with every way to distribute a few accounts, and its bounds."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.model import Price, RankingInput, VoiceHistogram
from hotpapers.base.papers.categories import group_of
from hotpapers.issues import ranking
from hotpapers.issues.ranking import price, rarity_2
from hotpapers.issues.ranking.price import PriceList
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from tests.issues.ranking.inputs import attention, candidate, peers

NAMES = ("bluesky", "forum", "mastodon")
AGES = (24, 72)
FEW = 12


@st.composite
def references(draw: st.DrawFn) -> tuple[VoiceHistogram, ...]:
    """Reference papers: on up to three networks, at two ages, from up to three archives."""
    histograms = []
    for network in draw(st.sets(st.sampled_from(NAMES))):
        for age in draw(st.sets(st.sampled_from(AGES), min_size=1)):
            for archive in draw(st.sets(st.sampled_from(("cs", "hep-th", "astro-ph")), min_size=1)):
                counts = draw(st.dictionaries(st.integers(1, 14), st.sampled_from((1, 2, 40, 499, 501))))
                histograms.append(peers(counts, archive, network, age))
    return tuple(histograms)


def points(histograms: tuple[VoiceHistogram, ...], network: str, age: int, archive: str, voices: int) -> int:
    """A network's points for that many voices, computed independently."""
    measured_alike = [histogram for histogram in histograms if (histogram.network, histogram.age) == (network, age)]
    same_archive = [histogram for histogram in measured_alike if histogram.archive == archive]
    same_group = [histogram for histogram in measured_alike if group_of(histogram.archive) == group_of(archive)]
    for reference in (same_archive, same_group, measured_alike):
        counts = [(x, papers) for histogram in reference for x, papers in histogram.counts if x >= 3]
        if sum(papers for _, papers in counts) >= 500:
            break
    atleast = sum(papers for x, papers in counts if x >= voices)
    return min(rarity_millipoints(sum(papers for _, papers in counts), atleast), 20 * voices) if voices >= 3 else 0


def best_score(histograms: tuple[VoiceHistogram, ...], archive: str, ages: tuple[int, ...], accounts: int) -> int:
    """The highest score over all ways to distribute accounts: any number on each network, at any one age."""
    ways = product(range(accounts + 1), repeat=len(NAMES))
    splits = [way for way in ways if sum(way) <= accounts]
    table = {key: points(histograms, *key[:2], archive, key[2]) for key in product(NAMES, ages, range(accounts + 1))}
    return max(
        sum(table[name, age, n] for name, n in zip(NAMES, split, strict=True)) for age in ages for split in splits
    )


@settings(max_examples=40)
@given(references(), st.sampled_from(("cs", "hep-th", "")), st.sampled_from((AGES, AGES[:1])), st.booleans())
def test_the_same_as_by_every_way_to_spread_accounts(
    histograms: tuple[VoiceHistogram, ...], archive: str, ages: tuple[int, ...], known: bool
) -> None:
    prices = PriceList(histograms, ages, known=known)
    highest = [best_score(histograms, archive, ages, accounts) for accounts in range(FEW + 1)]
    for accounts, score in enumerate(highest):
        fewest = highest.index(score)
        entry_price = prices.price(score, archive)
        assert entry_price.known == (rarity_2.needed_voices(score) if known else 0)
        assert entry_price.accounts == max(fewest, entry_price.known)
        beyond = prices.price(score + 1, archive).accounts
        assert beyond is None or beyond > accounts or accounts == FEW or highest[accounts + 1] == score


@settings(max_examples=30)
@given(references(), st.booleans(), st.lists(st.integers(0, 5000), max_size=8))
def test_a_higher_score_costs_no_less(histograms: tuple[VoiceHistogram, ...], known: bool, scores: list[int]) -> None:
    prices = PriceList(histograms, AGES, known=known)
    prices_by_score = [prices.price(score, "cs") for score in sorted(scores)]
    for lower, higher in pairwise(prices_by_score):
        assert lower.known <= higher.known
        assert higher.accounts is None or (lower.accounts is not None and lower.accounts <= higher.accounts)
    shuffled = PriceList(tuple(reversed(histograms)), AGES, known=known)
    assert [shuffled.price(score, "cs") for score in sorted(scores)] == prices_by_score, "in any order of the reference"


def test_a_price_by_hand() -> None:
    """With few papers the forum gives 20 points a voice: 100 for 5. On Bluesky 8 voices give 160, in all 260. For 260
    points two accounts need standing; for 3 points, two of three."""
    histograms = (peers({3: 9, 5: 1}, network="forum"), peers({3: 999}))
    prices = PriceList(histograms, (24,), known=True)
    assert prices.price(260, "cs") == Price(accounts=13, known=2)
    assert prices.price(0, "cs") == Price(accounts=0, known=0)
    assert PriceList(histograms, (24,), known=False).price(260, "cs") == Price(accounts=13, known=0)


def test_standing_may_be_what_costs_most() -> None:
    """150 voices give 3,000 points, for which 13 vouch; for the 60 points of three voices, two."""
    prices = PriceList((peers({3: 999}),), (24,), known=True)
    assert prices.price(3000, "cs") == Price(accounts=150, known=13)
    assert prices.price(60, "cs") == Price(accounts=4, known=2), "as many as three are as good as all others"
    assert prices.price(3001, "cs") == Price(accounts=None, known=13), "log10(1000) is all that there is"


@pytest.mark.parametrize("known", [True, False])
def test_no_price_without_papers_to_compare_with(known: bool) -> None:
    assert PriceList((), AGES, known=known).price(1, "cs") == Price(accounts=None, known=2 * known)
    assert PriceList((), AGES, known=known).price(0, "cs") == Price(accounts=0, known=0)


@pytest.mark.parametrize(("rarest", "accounts"), [(3000, 3001), (4094, 4095), (4095, None), (5000, None)])
def test_no_price_beyond_so_many_accounts(rarest: int, accounts: int | None) -> None:
    """One paper in 2,000 is the rarest: matching it gives 3,000 points, for which 150 voices are enough; only exceeding
    it gives 301 more."""
    assert price.MAX_PRICE == 4096
    prices = PriceList((peers({3: 1999, rarest: 1}),), (24,), known=False)
    assert (rarity_millipoints(2000, 1), rarity_millipoints(2000, 0)) == (3000, 3301)
    assert prices.price(3000, "cs").accounts == 150
    assert prices.price(3001, "cs").accounts == prices.price(3301, "cs").accounts == accounts
    assert prices.price(3302, "cs").accounts is None


@settings(max_examples=40)
@given(references(), st.integers(1, 3000), st.booleans())
def test_a_paper_with_that_many_voices_does_stand_there(
    histograms: tuple[VoiceHistogram, ...], score: int, known: bool
) -> None:
    """Checked by ranking, for one network alone: the price reaches the score, and one voice less does not."""
    histograms = tuple(histogram for histogram in histograms if (histogram.network, histogram.age) == ("forum", 24))
    entry_price = PriceList(histograms, (24,), known=known).price(score, "cs")
    if entry_price.accounts is None:
        assert score_with(histograms, price.MAX_PRICE - 1, None) < score
        return
    assert score_with(histograms, entry_price.accounts, entry_price.known if known else None) >= score
    fewer = entry_price.accounts - 1
    assert score_with(histograms, fewer, min(fewer, entry_price.known - 1) if known else None) < score


def score_with(histograms: tuple[VoiceHistogram, ...], voices: int, known: int | None) -> int:
    paper = candidate("2401.00001", attention(voices, "forum", counted=voices, known=known))
    [scored] = ranking.rank(RankingInput(candidates=(paper,), peers=histograms), "rarity/2")
    return scored.score
